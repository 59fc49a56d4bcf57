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
        return f"{place}{self.kind}: {self.message}"


OURS = ("classroom", "mytorch_core", "site-packages")  # folders whose code is not the reader's


def failure(error):
    """What an exception says, and the line of the reader's code that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    readers = [f for f in frames if not set(OURS) & set(re.split(r"[/\\]", f.filename))]
    last = readers[-1] if readers else None
    return Failure(
        type(error).__name__,
        str(error),
        last.lineno if last else None,
        last.name if last else "",
    )


def one_line(error):
    """An exception in the reader's code as one line, with the line it happened in."""
    return str(failure(error))


def run_quietly(function, *arguments):
    """(result, what was printed) of a call, without warnings."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        result = function(*arguments)
    return result, printed.getvalue()
