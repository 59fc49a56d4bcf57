"""The exercises: one file for each, and nothing else to register.

A file holds everything about its exercise: the right answer, the experiments, and the mistakes with
their sentences, as `EXERCISE`. Its name is the exercise's name, `check("adam", ...)`.
"""

import importlib
import pkgutil


def names():
    """The names of all exercises."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name):
    """The exercise of this name. ValueError if there is none."""
    if name not in names():
        raise ValueError(f"there is no exercise {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}").EXERCISE
