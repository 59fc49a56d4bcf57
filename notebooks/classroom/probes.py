"""Experiments that tell mistakes apart: what a rule or a function does in small, telling cases.

An experiment is run on the reader's answer in a process of its own, and on every known mistake; two
answers that do the same in all of them cannot be told apart.
"""

import contextlib
import inspect
import io
import traceback
import warnings
from dataclasses import dataclass, field

import numpy as np

from mytorch_core import Tensor


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


@dataclass
class Seen:
    """What was seen in one experiment.

    steps    of a rule: the arrays of all parameters after each step; of a function: its results
    failure  the exception that ended it, or None
    """

    steps: list = field(default_factory=list)
    failure: Failure | None = None


@dataclass(frozen=True)
class Probe:
    """One experiment on a rule.

    shows      the property that it tests, in words
    gradients  for each step one list: a gradient for each parameter, or None
    changes    {t: {name: value}}: hyperparameters set before step t
    """

    name: str
    shows: str
    gradients: list
    changes: dict = field(default_factory=dict)
    dtype: type = np.float64


def _repeat(gradient, steps):
    return [[np.array(gradient, float)]] * steps


def _columns(*rows):
    return [[np.array(row, float)] for row in rows]


TWO = ([[1.0, -2.0], [0.5, 3.0]], [[-1.0, 4.0], [2.0, 0.25]], [2.0, -0.5], [[[-3.0, 1.0]]])
SIGNS = _columns([2.0], [-1.0], [0.5], [-3.0], [0.25], [1.0])
SIZES = _columns(
    [10, 1e-2, 1e-5, 1e-8],
    [-5, 2e-2, -1e-5, 3e-8],
    [10, -1e-2, 3e-5, -1e-8],
    [8, 1e-2, 1e-5, 2e-8],
)
MIXED = [[factor * np.array(g) for g in TWO] for factor in (1.0, -0.5, 2.0, 0.1, -1.0)]
MISSING = [
    [None if (t, i) in {(1, 0), (3, 1)} else factor * np.array(g) for i, g in enumerate(TWO[:3])]
    for t, factor in enumerate((1.0, -0.5, 2.0, 0.1, -1.0, 0.7))
]
# The values differ from every default, so that a number in place of a name shows.
SETTINGS = {
    "sgd": {"lr": 0.3},
    "momentum": {"lr": 0.3, "beta": 0.8},
    "adagrad": {"lr": 0.3, "eps": 1e-4},
    "rmsprop": {"lr": 0.3, "beta": 0.8, "eps": 1e-4},
    "adam": {"lr": 0.3, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
}
OTHER = {"lr": 0.07, "beta": 0.6, "beta1": 0.6, "beta2": 0.9, "eps": 1e-2}
NUMBER = Probe("number", "a parameter that is a single number", [[g[0][0]] for g in SIGNS[:4]])


def probes(rule, decay=False):
    """The experiments on a rule, the simplest first."""
    settings = SETTINGS[rule]
    found = [
        Probe("signs", "a gradient that changes its sign", SIGNS),
        Probe("constant", "a constant gradient", _repeat([0.5], 12)),
        Probe("sizes", "gradients from 10 down to 1e-8", SIZES),
        Probe("zeros", "a gradient that is exactly 0", _columns([0, 2], [0, -1], [1, 0], [0, 1])),
        Probe("several", "several parameters, two of the same shape", MIXED),
        Probe("multiplied", "gradients multiplied by 1,000", [[1000 * g[0]] for g in SIGNS]),
        Probe("missing", "a step in which a parameter has no gradient", MISSING),
        Probe("float32", "weights in float32", MIXED, dtype=np.float32),
    ]
    for name in settings:
        changes = {3: {name: OTHER[name]}, 5: {name: settings[name]}}
        found.append(Probe(f"{name} moved", f"{name} changed between two steps", SIGNS, changes))
        if name == "eps":
            found[-1] = Probe("eps moved", "eps changed between two steps", SIZES, {3: changes[3]})
    if rule == "adam":
        found.append(Probe("long", "many steps", _repeat([0.5], 105)))
    if decay:
        found.append(Probe("decay", "the staircase of the rate", _repeat([0.5], 320)))
    return found


def watch_rule(rule, make, with_decay=False):
    """{probe: Seen} of an optimizer class on every experiment."""
    here = settings(rule, with_decay)
    experiments = [*probes(rule, with_decay), NUMBER]
    return {probe.name: watch(probe, make, here) for probe in experiments}


def settings(rule, with_decay):
    """The hyperparameters of the experiments."""
    return SETTINGS[rule] | ({"lr_decay": 0.3} if with_decay else {})


def watch(probe, make, settings):
    """Seen: an optimizer class in one experiment."""
    complete = next(row for row in probe.gradients if all(g is not None for g in row))
    shapes = [np.shape(g) for g in complete]
    parameters = [Tensor(np.ones(shape, probe.dtype), requires_grad=True) for shape in shapes]
    seen = Seen()
    try:
        optimizer = make(parameters, **settings)
        for t, row in enumerate(probe.gradients, start=1):
            for name, value in probe.changes.get(t, {}).items():
                setattr(optimizer, name, value)
            for p, g in zip(parameters, row, strict=True):
                p.grad = None if g is None else np.array(g, probe.dtype)
                if g is not None:
                    p.grad.flags.writeable = False  # others see it, too
            optimizer.step()
            seen.steps.append([np.array(p.data, float) for p in parameters])
    except BaseException as error:  # SystemExit, too: it is the reader's
        seen.failure = failure(error)
    return seen


OURS = ("classroom", "mytorch_core", "site-packages")


def failure(error):
    """What an exception says, and the line of the reader's code that it comes from."""
    ours = (
        "/classroom/",
        "/mytorch_core/",
        "/site-packages/",
        "\\classroom\\",
        "\\site-packages\\",
    )
    frames = traceback.extract_tb(error.__traceback__)
    readers = [f for f in frames if not any(part in f.filename for part in ours)]
    last = readers[-1] if readers else None
    return Failure(
        type(error).__name__,
        str(error),
        last.lineno if last else None,
        last.name if last else "",
    )


def accepts(make, name):
    """Whether a class or function can be called with this keyword."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in parameters)


# ------------------------------------------------------------------ functions


def watch_calls(calls):
    """A function that calls an answer with each of these arguments: {what it shows: Seen}.

    calls is {shows: function of the answer}; it returns an array, a number or a tuple of them.
    """

    def watch(answer):
        found = {}
        for shows, call in calls.items():
            seen = Seen()
            try:
                result = call(answer)
                result = result if isinstance(result, tuple) else (result,)
                if any(part is None for part in result):
                    raise TypeError("the function returns None: is the `return` missing?")
                seen.steps = [[np.array(part, float) for part in result]]
            except BaseException as error:
                seen.failure = failure(error)
            found[shows] = seen
        return found

    return watch


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
