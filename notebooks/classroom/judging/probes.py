"""Experiments that tell mistakes apart: what a rule or a function does in small, telling cases.

An experiment is run on the reader's answer in a process of its own, and on every known mistake; two
answers that do the same in all of them cannot be told apart.
"""

import functools
import inspect
import time
from dataclasses import dataclass, field, fields

import numpy as np

from classroom.judging.failures import Failure, failure
from classroom.judging.written import Written
from mytorch_core import Tensor


@dataclass
class Seen:
    """What was seen in one experiment.

    steps    of a rule: the arrays of all parameters after each step; of a function: its results
    failure  the exception that ended it, or None
    kept     of a rule: what the first steps leave in its state, {name: an array per parameter}
    changed  of a function: which of its arguments are not as before, by their numbers
    given    of a function: the arguments of its first calls
    seconds  of a function: how long it took
    """

    steps: list = field(default_factory=list)
    failure: Failure | None = None
    kept: list = field(default_factory=list)
    changed: tuple = ()
    given: tuple = ()
    seconds: float = 0.0

    @functools.cached_property
    def shapes(self):
        """The shapes of all arrays, step by step."""
        return [a.shape for step in self.steps for a in step]

    @functools.cached_property
    def path(self):
        """Every weight after each step, for parameters that keep their shapes: (steps, weights)."""
        rows = [np.concatenate([np.ravel(a) for a in step]) for step in self.steps]
        return np.array(rows).reshape(len(rows), -1) if rows else np.zeros((0, 0))

    @functools.cached_property
    def moves(self):
        """What each step adds to every weight: they start as ones."""
        with np.errstate(all="ignore"):
            return np.diff(self.path, axis=0, prepend=1.0)


@dataclass(frozen=True)
class Probe:
    """One experiment on a rule.

    shows      the property that it tests, in words
    gradients  for each step one list: a gradient for each parameter, or None
    changes    {t: {name: value}}: hyperparameters set before step t
    twin       whether a second optimizer, with weights and gradients of its own, is used in turn
    """

    name: str
    shows: str
    gradients: list
    changes: dict = field(default_factory=dict)
    dtype: type = np.float64
    twin: bool = False

    def given(self, t, i):
        """The gradient of parameter i in step t, from 1; the second optimizer's come last."""
        row = self.gradients[t - 1]
        g = row[i % len(row)]
        return g if i < len(row) or g is None else SECOND * np.array(g)


SECOND = -0.3  # times as large are the gradients of a second optimizer


def _repeat(gradient, steps):
    return [[frozen(gradient)]] * steps


def _columns(*rows):
    return [[frozen(row)] for row in rows]


def frozen(numbers, dtype=float):
    """An array that nobody can write to: experiments and what they have to give are the same for
    every answer."""
    array = np.array(numbers, dtype)
    array.flags.writeable = False
    return array


TWO = ([[1.0, -2.0], [0.5, 3.0]], [[-1.0, 4.0], [2.0, 0.25]], [2.0, -0.5], [[[-3.0, 1.0]]])
SIGNS = _columns([2.0], [-1.0], [0.5], [-3.0], [0.25], [1.0])
SIZES = _columns(
    [10, 1e-2, 1e-5, 1e-8],
    [-5, 2e-2, -1e-5, 3e-8],
    [10, -1e-2, 3e-5, -1e-8],
    [8, 1e-2, 1e-5, 2e-8],
)
MIXED = [[frozen(factor * np.array(g)) for g in TWO] for factor in (1.0, -0.5, 2.0, 0.1, -1.0)]
MISSING = [
    [
        None if (t, i) in {(1, 0), (3, 1)} else frozen(factor * np.array(g))
        for i, g in enumerate(TWO[:3])
    ]
    for t, factor in enumerate((1.0, -0.5, 2.0, 0.1, -1.0, 0.7))
]
OTHER = {"lr": 0.07, "beta": 0.6, "beta1": 0.6, "beta2": 0.9, "eps": 1e-2}
NUMBER = Probe(
    "number", "a parameter that is a single number", [[frozen(g[0][0])] for g in SIGNS[:4]]
)
LONG = Probe("long", "more than 300 steps", _repeat([0.5], 310))


def _random(steps, entries):
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.integers(-1, 2, size=(steps, entries))
    return [[frozen(g)] for g in sizes * rng.normal(size=(steps, entries))]


# For rules in whose steps little of the numbers shows, such as a sign.
RANDOM = Probe("random", "many random gradients", _random(100, 40))
STAIRCASE = Probe("decay", "the staircase of the rate", _repeat([0.5], 1150))
STAIRCASES = (
    STAIRCASE,
    Probe("decay of several", "the staircase for several parameters", MIXED[:1] * 230),
    Probe("decay, lr moved", "lr changed after a drop", _repeat([0.5], 130), {110: {"lr": 0.07}}),
)
DRAWN = Probe("drawn", "random gradients of many sizes", _random(12, 5))


def usual(settings, still=()):
    """The experiments on a rule with these hyperparameters, the simplest first.

    Each hyperparameter is moved once, but for those that stand still.
    """
    found = [
        Probe("signs", "a gradient that changes its sign", SIGNS),
        Probe("constant", "a constant gradient", _repeat([0.5], 12)),
        Probe("sizes", "gradients from 10 down to 1e-8", SIZES),
        Probe("zeros", "a gradient that is exactly 0", _columns([0, 2], [0, -1], [1, 0], [0, 1])),
        Probe("several", "several parameters, two of the same shape", MIXED),
        Probe("two", "two optimizers at once", MIXED[:4], twin=True),
        DRAWN,
        LONG,
        Probe(
            "multiplied", "gradients multiplied by 1,000", [[frozen(1000 * g[0])] for g in SIGNS]
        ),
        Probe("missing", "a step in which a parameter has no gradient", MISSING),
        Probe("float32", "weights in float32", MIXED, dtype=np.float32),
    ]
    for name, value in settings.items():
        if name in still:
            continue
        other = OTHER.get(name, 0.7 * value)
        changes = {3: {name: other}, 5: {name: value}}
        found.append(Probe(f"{name} moved", f"{name} changed between two steps", SIGNS, changes))
        if name == "eps":
            found[-1] = Probe("eps moved", "eps changed between two steps", SIZES, {3: changes[3]})
    return found


def watch(probe, make, settings, made=None, stepped=None):
    """Seen: an optimizer class in one experiment.

    made is called with the optimizer, stepped after each step with its number, from 0, and the
    arrays of the parameters: it says whether to go on.
    """
    complete = next(row for row in probe.gradients if all(g is not None for g in row))
    shapes = [np.shape(g) for g in complete]
    several = [[Tensor(np.ones(s, probe.dtype), requires_grad=True) for s in shapes]]
    several += [[Tensor(np.ones_like(p.data), requires_grad=True) for p in several[0]]] * probe.twin
    parameters = [p for some in several for p in some]
    seen = Seen()
    try:
        optimizers = [make(some, **settings) for some in several]
        if made:
            made(optimizers[0])
        for t in range(1, len(probe.gradients) + 1):
            for name, value in probe.changes.get(t, {}).items():
                setattr(optimizers[0], name, value)
            for i, p in enumerate(parameters):
                g = probe.given(t, i)
                p.grad = None if g is None else np.array(g, probe.dtype)
                if g is not None:
                    p.grad.flags.writeable = False  # others see it, too
            for optimizer in optimizers:
                optimizer.step()
            seen.steps.append([np.array(p.data, float) for p in parameters])
            if t <= KEPT:
                seen.kept.append(_state(optimizers[0], several[0]))
            if stepped and not stepped(t - 1, seen.steps[-1]):
                break
    except BaseException as error:  # SystemExit, too: it is the reader's
        seen.failure = failure(error)
    return seen


KEPT = 8  # steps whose state is kept, for a table


def _state(optimizer, parameters):
    """{name: [an array for each parameter]} of what an optimizer remembers, as far as it is so."""
    if isinstance(optimizer, Written):
        held = optimizer.remembered()
    else:
        held = {name: getattr(optimizer, name, None) for name in getattr(optimizer, "state", ())}
    shapes = [p.shape for p in parameters]
    return {
        name: [np.array(a, float) for a in arrays]
        for name, arrays in held.items()
        if isinstance(arrays, list)
        and [a.shape if isinstance(a, np.ndarray) else None for a in arrays] == shapes
        and all(a.dtype.kind in "fiu" for a in arrays)
    }


def watch_rule(probes, make, settings):
    """{probe's name: Seen} of an optimizer class in all of these experiments."""
    return {probe.name: watch(probe, make, settings) for probe in probes}


def watch_calls(calls, answer):
    """{what it shows: Seen} of a function in these calls.

    calls is {what it shows: function of the answer that gives an array, a number or a tuple}.
    """
    found = {}
    for shows, call in calls.items():
        seen, start = Seen(), time.process_time()
        try:
            result = call(_noting(answer, seen))
            result = result if isinstance(result, tuple) else (result,)
            if any(part is None for part in result):
                raise TypeError("the function returns None: is the `return` missing?")
            seen.steps = [[np.array(part, float) for part in result]]
        except BaseException as error:
            seen.failure = failure(error)
        seen.seconds = time.process_time() - start
        found[shows] = seen
    return found


def complete(seen, names):
    """Whether this is what was seen in the experiments of these names, and nothing else: it comes
    from a process in which an answer could do what it liked."""
    if not isinstance(seen, dict) or list(seen) != list(names):
        return False
    failures = [one.failure for one in seen.values() if _whole(one, Seen)]
    return len(failures) == len(seen) and all(f is None or _whole(f, Failure) for f in failures)


def _whole(thing, kind):
    """Whether it is of this kind, with every field of it, and a Seen with nothing but arrays."""
    if type(thing) is not kind or list(vars(thing)) != [f.name for f in fields(kind)]:
        return False
    if kind is Failure:
        return all(isinstance(x, str) for x in (thing.kind, thing.message, thing.where))
    arrays = [a for step in thing.steps for a in step]
    arrays += [a for step in thing.kept for held in step.values() for a in held]
    given = [a for call in thing.given for a in call]
    return (
        all(type(a) is np.ndarray and a.dtype == float for a in arrays)
        and all(a is None or type(a) in (np.ndarray, int, float, bool) for a in given)
        and all(type(i) is int for i in thing.changed)
        and type(thing.seconds) is float
    )


def _noting(answer, seen):
    """The function, given copies of arrays; what it is given, and what it changes, is noted."""

    def call(*arguments):
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        if len(seen.given) < 12:
            seen.given = (*seen.given, tuple(_kept(a) for a in arguments))
        try:
            return answer(*copies)
        finally:
            pairs = enumerate(zip(arguments, copies, strict=True))
            changed = {i for i, (a, b) in pairs if isinstance(a, np.ndarray) and _differ(a, b)}
            seen.changed = tuple(sorted({*seen.changed, *changed}))
            for a, b in zip(arguments, copies, strict=True):
                if isinstance(a, np.ndarray) and a.flags.writeable:
                    a[...] = b  # where the call compares what has become of it

    return call


def _kept(thing):
    """What an argument is, for a table."""
    if isinstance(thing, np.ndarray):
        return thing.copy()
    return thing if type(thing) in (int, float, bool) else None


def _differ(a, b):
    return a.shape != b.shape or not np.allclose(a, b, rtol=1e-12, atol=1e-9, equal_nan=True)


def accepts(make, name):
    """Whether a class or function can be called with this keyword."""
    return names(make, name) or any(p.kind is p.VAR_KEYWORD for p in _parameters(make))


def names(make, name):
    """Whether this is one of its own parameters."""
    return any(p.name == name for p in _parameters(make))


def _parameters(make):
    try:
        return list(inspect.signature(make).parameters.values())
    except (TypeError, ValueError):
        return []
