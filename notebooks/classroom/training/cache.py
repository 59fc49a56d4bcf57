"""What runs have given before: results on disk, found again by the run's own code and arguments.

A run is described by its bytecode, by everything it refers to, by its arguments, and by the sources
of core and classroom. Whatever changes there, the run is made again.
"""

import contextlib
import dis
import functools
import hashlib
import inspect
import os
import sys
import types
import warnings
from pathlib import Path

import joblib
import numpy as np

import mytorch_core
from classroom.training import mnist

LIMIT = "500M"  # what the oldest results have to make room for
OWN = (Path(mytorch_core.__file__).parent, Path(__file__).parent)


def folder():
    """Where results are kept: MYTORCH_CACHE, or `.results` in the folder that one works in."""
    return Path(os.environ.get("MYTORCH_CACHE") or ".results")


class Results:
    """The results of run(**tasks[i]) on disk; TypeError for what cannot be described."""

    def __init__(self, run, tasks):
        code = described(run), _own_sources(), sys.version_info[:2], np.__version__
        self.keys = [_digest_of_text(repr((code, described(named)))) for named in tasks]
        self.memory = joblib.Memory(folder(), verbose=0)
        self.kept = self.memory.cache(_kept, ignore=["result"])

    def known(self):
        """{i: result} of the tasks whose result was kept."""
        found = {}
        for i, key in enumerate(self.keys):
            with quietly(), contextlib.suppress(KeyError):
                found[i] = self.kept(key, _missing)
        return found

    def keep(self, i, result):
        """Keep the result of tasks[i]; one that cannot be written is computed again next time."""
        with quietly():
            self.kept(self.keys[i], result)

    def make_room(self):
        """Drop the oldest results beyond the limit."""
        self.memory.reduce_size(bytes_limit=LIMIT)


@contextlib.contextmanager
def quietly():
    """A damaged or unwritable file costs time, not a warning: the run is made again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_missing = object()


def _kept(key, result):
    if result is _missing:
        raise KeyError(key)
    return result


# ------------------------------------------------------------------ what a run is


def described(thing):
    """Nested tuples of plain values whose text is equal for things that compute the same.

    Raises TypeError for what cannot be described, such as an open file.
    """
    return _describe(thing, {})


def _describe(thing, seen):
    if id(thing) in seen:  # a function that calls itself, an object that holds itself
        return ("again", seen[id(thing)][0])
    if isinstance(thing, (type(None), bool, int, float, complex, str, bytes, types.EllipsisType)):
        return (type(thing).__name__, thing)
    seen[id(thing)] = len(seen), thing  # held, so that no other thing gets its id
    inside = functools.partial(_describe, seen=seen)
    if isinstance(thing, mnist.Loaded) and thing.arguments:
        return ("digits", thing.arguments)  # their sums are checked when they are loaded
    if isinstance(thing, types.ModuleType) or _is_installed(thing):
        return ("of a module", _name(thing), _source_of(thing))
    if isinstance(thing, types.FunctionType):
        held = inspect.getclosurevars(thing).nonlocals
        return ("function", inside(thing.__code__), inside(thing.__defaults__),
                inside(thing.__kwdefaults__), inside(_globals_of(thing)), inside(held))  # fmt: skip
    if isinstance(thing, types.CodeType):
        return ("code", thing.co_code, thing.co_names, thing.co_varnames, inside(thing.co_consts))
    if isinstance(thing, dict):
        return ("dict", [(inside(key), inside(value)) for key, value in thing.items()])
    if isinstance(thing, (list, tuple)):
        return (type(thing).__name__, [inside(part) for part in thing])
    if isinstance(thing, (set, frozenset)):
        return ("set", sorted(repr(_describe(part, {})) for part in thing))
    if isinstance(thing, type):
        own = {k: v for k, v in vars(thing).items() if k not in _OF_EVERY_CLASS}
        return ("class", thing.__name__, inside(thing.__bases__), inside(own))
    if isinstance(thing, (property, staticmethod, classmethod, types.MethodType)):
        parts = [getattr(thing, name, None) for name in ("fget", "fset", "__func__", "__self__")]
        return (type(thing).__name__, [inside(part) for part in parts])
    return _describe_object(thing, inside)


def _describe_object(thing, inside):
    by_value = isinstance(thing, (np.ndarray, np.generic, np.random.Generator, np.dtype))
    if not by_value and hasattr(thing, "__dict__"):
        return ("object", inside(type(thing)), inside(vars(thing)))
    try:
        return ("value", joblib.hash(thing))
    except Exception as error:
        raise TypeError(f"{thing!r} cannot be described") from error


_OF_EVERY_CLASS = {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__qualname__",
                   "__static_attributes__", "__doc__", "__annotations__"}  # fmt: skip


def _globals_of(function):
    """The globals that a function reads, itself or in a function inside it."""
    names, codes = set(), [function.__code__]
    while codes:
        code = codes.pop()
        names |= {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return {name: function.__globals__[name] for name in sorted(names & set(function.__globals__))}


def _is_installed(thing):
    """Whether a function or class is found by its name in a module, other than a notebook."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    if module is None or module.__name__ == "__main__" or not hasattr(thing, "__qualname__"):
        return False
    found = functools.reduce(
        lambda at, name: getattr(at, name, None), thing.__qualname__.split("."), module
    )
    return found is thing


def _name(thing):
    return getattr(thing, "__module__", ""), getattr(thing, "__qualname__", thing.__name__)


def _source_of(thing):
    """The contents of the file of a module, or of the module of a function or class."""
    module = thing if isinstance(thing, types.ModuleType) else sys.modules[thing.__module__]
    file = getattr(module, "__file__", None)
    return _digest(file) if file and file.endswith(".py") else None


def _digest_of_text(text):
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _own_sources():
    """The sources of the core and of this room: a change in any of them may change a result."""
    return [_digest(str(path)) for place in OWN for path in sorted(place.glob("*.py"))]
