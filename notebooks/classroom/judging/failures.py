"""The reader's code may fail in any way: it is run quietly, and an exception becomes one line."""

import contextlib
import io
import re
import traceback
import warnings
from dataclasses import dataclass

import numpy as np


@dataclass
class Failure:
    """An exception in the reader's code, as it can be told in another process."""

    kind: str
    message: str
    line: int | None
    where: str

    def __str__(self):
        place = f"line {self.line} of {self.where}: " if self.line else ""
        return f"{place}{self.kind}: {shortened(self.message)}"


def shortened(text, most=300):
    """A text, or its beginning."""
    return text if len(text) <= most else f"{text[:most].rstrip()}..."


MESSAGE = 1000  # characters of an exception's text that are kept
OURS = ("classroom", "mytorch_core", "site-packages")  # folders whose code is not the reader's


def failure(error):
    """What an exception says, and the line of the reader's code that it comes from."""
    walk = traceback.walk_tb(error.__traceback__)
    frames = traceback.StackSummary.extract(walk, lookup_lines=False)  # their text is not needed
    readers = [f for f in frames if not set(OURS) & set(re.split(r"[/\\]", f.filename))]
    last = readers[-1] if readers else None
    return Failure(
        type(error).__name__,
        _message(error),
        last.lineno if last else None,
        last.name if last else "",
    )


def _message(error):
    """What an exception says, as a plain string, even if it is one of the reader's own making."""
    try:
        return "".join(str(error))[:MESSAGE]
    except Exception as another:
        return f"(its message cannot be shown: {type(another).__name__})"


def one_line(error):
    """An exception in the reader's code as one line, with the line it happened in."""
    return str(failure(error))


class Printed(io.TextIOBase):
    """Keeps the first characters that are printed, in a file if one is given."""

    KEPT = 2000

    def __init__(self, file=None):
        self.file, self.text, self.room = file, [], self.KEPT

    def writable(self):
        return True

    def write(self, text):
        kept = text[: self.room]
        self.room -= len(kept)
        if self.file and kept:  # at once: what comes next may be the end of the process
            self.file.write(kept.encode(errors="replace"))
            self.file.flush()
        elif kept:
            self.text.append(kept)
        return len(text)

    def getvalue(self):
        """What was kept, if not in a file."""
        return "".join(self.text)


def run_quietly(function, *arguments, printed=None):
    """(result, what was printed) of a call, without warnings."""
    printed = printed or Printed()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        result = function(*arguments)
    return result, printed.getvalue()
