"""What a check says, and the likely causes of what stops an answer."""

import html
from dataclasses import dataclass


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


# (part of an exception's message, slug, likely cause)
CAUSES = (
    (
        "read-only",
        "gradient-changed",
        "The gradient g is changed in place. Others see it, too: "
        "compute with it, but write only to w and the state.",
    ),
    ("ellipsis", "stub-left", "A `...` of the stub is still there."),
    (
        "'NoneType'",
        "nothing-there",
        "Something is None: a function without `return`, or a gradient that is missing.",
    ),
    (
        "dtype('O')",
        "stub-left",
        "Something in it is no number: is a `...` of the stub still there?",
    ),
    (
        "Cannot cast ufunc",
        "integer-state",
        "An array of integers cannot take a fraction: make the "
        "state with np.zeros_like(w), not from whole numbers.",
    ),
    (
        "has no attribute 'update'",
        "update-missing",
        "The class has neither `update` nor `step`.",
    ),
    (
        "has no attribute",
        "never-set",
        "It was never set: name what the rule remembers in `state`, and "
        "hyperparameters in super().__init__(parameters, lr=lr, ...).",
    ),
    (
        "positional argument",
        "arguments-of-update",
        "`update` gets w, g and one array for each name in `state`, in that order.",
    ),
    ("is not defined", "name-unknown", "A name is misspelt, or `self.` is missing before it."),
    ("before assignment", "used-too-early", "The name gets its value only later in the function."),
    (
        "not associated with a value",
        "used-too-early",
        "The name gets its value only later in the function.",
    ),
    (
        "broadcast",
        "shapes-differ",
        "Two arrays do not have the same shape: w, g and the state of one parameter do.",
    ),
    (
        "must be a number, not",
        "hyperparameter-changed",
        "A hyperparameter gets another value: the rule reads it, and writes to w and the state.",
    ),
    (
        "must lie in",
        "hyperparameter-changed",
        "A hyperparameter gets another value: the rule reads it, and writes to w and the state.",
    ),
    (
        "'float' object",
        "number-for-array",
        "A number stands where an array belongs: numbers have no entries and no shape.",
    ),
    (
        "division by zero",
        "divided-by-zero",
        "A correction divides by 0: is t 0 in the first step?",
    ),
)


# What the same causes are called in a function, which has no w, no state and no hyperparameters.
IN_FUNCTIONS = {
    "never-set": "There is no attribute or method of that name: is it misspelt?",
    "arguments-of-update": "The function is called with the arguments that its stub names.",
    "shapes-differ": "Two arrays do not fit each other: print their .shape.",
    "gradient-changed": "An argument is changed in place. Others see it, too: work on a copy.",
    "integer-state": "An array of integers cannot take a fraction.",
    "divided-by-zero": "Something is divided by 0.",
}


def cause(failure):
    """(part of the message, slug, sentence) of the likely cause of an exception, if it has one."""
    if failure is None:
        return None
    return next((cause for cause in CAUSES if cause[0] in failure.message), (failure.kind,) * 3)


def about_failure(failure, words=None):
    """The verdict on an answer that stops with an exception."""
    if "MemoryError" in failure.kind:  # NumPy has one of its own
        return too_much_memory(f": line {failure.line} of {failure.where}" if failure.line else "")
    text = f"Your code stops with an error, {failure}"
    part, slug, sentence = cause(failure)
    if part == failure.kind:
        return Verdict(False, None, text, status="error")
    return Verdict(False, slug, f"{text}\n\n{(words or {}).get(slug, sentence)}", status="error")
