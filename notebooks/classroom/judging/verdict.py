"""What a check says."""

import html
from dataclasses import dataclass

from classroom.judging.causes import cause, in_numpy


@dataclass
class Verdict:
    """What a check found.

    passed   whether the answer is right
    mistake  the slug of the mistake, the variant, the slip or the likely cause, or None
    message  what is shown, as text
    exercise the name of what was checked
    status   in one word, for a grader or a test:
             right      it does what is asked for
             variant    it does so in another, legitimate way, which `mistake` names: passed, too
             wrong      it runs, and does something else
             error      it cannot be judged: it stops with an exception, or is not what is asked for
                        (another type, a hyperparameter that it does not take)
             stopped    it was not let end: it takes too long, waits, takes too much memory, or ends
                        its process; or the machine was too busy to run it
             untouched  the stub, or nothing
    """

    passed: bool
    mistake: str | None
    message: str
    exercise: str = ""
    status: str = ""

    def __post_init__(self):
        if not self.status:
            passed = "variant" if self.mistake else "right"
            self.status = passed if self.passed else "wrong"

    def as_dict(self):
        """The verdict as a dictionary of strings, a bool and perhaps None: json.dumps takes it."""
        return {
            "exercise": self.exercise,
            "status": self.status,
            "passed": self.passed,
            "slug": self.mistake,
            "message": self.message,
        }

    def _repr_mimebundle_(self, **_):
        color = "#009E73" if self.passed else "#D55E00"
        style = f"border-left: 4px solid {color}; padding-left: 12px; font-size: 15px; margin: 0"
        text = html.escape(self.message)
        return {"text/plain": self.message, "text/html": f'<pre style="{style}">{text}</pre>'}

    def with_prints(self, printed):
        """The same, with what the answer printed."""
        if printed:
            self.message += f"\n\nYour code printed:\n{printed[:1000].rstrip()}"
        return self


def not_yet():
    """The verdict on a stub that was not touched."""
    return Verdict(False, None, "not attempted yet", status="untouched")


def unfit(text):
    """The verdict on something that is not what is asked for."""
    return Verdict(False, None, text, status="error")


def shown(answer):
    """Any object in few characters, even if it cannot show itself."""
    try:
        text = "".join(repr(answer))
    except Exception:
        text = f"a {type(answer).__name__}"
    return text if len(text) <= 100 else text[:100] + "..."


MEMORY = 2 * 2**30  # bytes that an answer may take


def too_much_memory(place=""):
    """The verdict on an answer that wants more bytes than it may have."""
    text = f"Stopped: your code wants more than {MEMORY / 2**30:g} GB of memory{place}."
    return Verdict(False, None, text, status="stopped")


def about_failure(failure, words=None, likely=True):
    """The verdict on an answer that stops with an exception; with its likely cause, or without."""
    if "MemoryError" in failure.kind:  # NumPy has one of its own
        return too_much_memory(f": line {failure.line} of {failure.where}" if failure.line else "")
    text = f"Your code stops with an error, {failure}"
    _, slug, sentence = cause(failure)
    if slug == failure.kind or not likely:
        return Verdict(False, None, text, status="error")
    likely = (words or {}).get(slug, sentence) + in_numpy(failure)
    return Verdict(False, slug, f"{text}\n\n{likely}", status="error")
