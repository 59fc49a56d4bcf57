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


def is_shipped(answer, right):
    """Whether a reader's right answer lets the right one of the course do its work: it inherits
    all that it does, asks `super()`, or calls it by its name."""
    if is_ours(answer):
        return False
    if not inspect.isclass(answer):
        return _uses(answer, right)
    if all(is_ours(_maker(answer, name)) for name in ("step", "update")):
        return True
    methods = [f for f in vars(answer).values() if hasattr(f, "__code__")]
    asks = any("super" in f.__code__.co_names for f in methods if f.__name__ in ("step", "update"))
    return (asks and right in answer.__mro__) or any(_uses(f, right) for f in methods)


def _maker(answer, name):
    return next((base for base in answer.__mro__ if name in vars(base)), Optimizer)


def _uses(function, right):
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    held = [function.__globals__.get(name) for name in code.co_names]
    modules = [h for h in held if inspect.ismodule(h)]
    held += [getattr(module, name, None) for module in modules for name in code.co_names]
    return any(h is right for h in held)
