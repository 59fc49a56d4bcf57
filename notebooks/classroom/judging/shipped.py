"""Is an answer what the course ships, called by another name?"""

import inspect

from classroom.judging.reading import is_ours
from classroom.judging.verdict import Verdict
from mytorch_core.optim import Optimizer


def shipped(name):
    """The verdict on an answer that lets the course's own code do the work."""
    text = (
        f"This lets the course's own code do the work, which is right, of course: {name!r} asks "
        "for it in your own words. Write the lines of the equations, and compare afterwards."
    )
    return Verdict(False, "shipped", text)


def is_shipped(answer):
    """Whether a reader's class inherits all that it does from a rule of the course."""
    if is_ours(answer):
        return False
    makers = [_maker(answer, name) for name in ("step", "update")]
    return all(is_ours(maker) for maker in makers) and any(
        maker is not Optimizer for maker in makers
    )


def _maker(answer, name):
    return next((base for base in answer.__mro__ if name in vars(base)), Optimizer)


def calls_shipped(answer, right):
    """Whether a reader's answer uses the right one of the course, by its name or by `super()`."""
    if is_ours(answer):
        return False
    functions = [answer]
    if inspect.isclass(answer):
        functions = [f for name, f in vars(answer).items() if name in ("step", "update")]
        rules = [b for b in answer.__mro__ if is_ours(b) and "update" in vars(b)]
        if rules and any("super" in getattr(f, "__code__", f).co_names for f in functions):
            return True
        functions = [f for f in vars(answer).values() if hasattr(f, "__code__")]
    return any(_uses(function, right) for function in functions)


def _uses(function, right):
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    held = [function.__globals__.get(name) for name in code.co_names]
    held += [getattr(h, right.__name__, None) for h in held if inspect.ismodule(h)]
    return any(h is right for h in held)
