"""A rule as a few lines of text, and a mistake as the same lines with one of them gone wrong.

    Text(("m += (1 - beta) * (g - m)", "step = lr * m", "w -= step"), state=("m",))

The lines run once for each parameter in each step. They see the parameter's array w, its gradient
g, the arrays of the state, the hyperparameters, t, the product of the betas so far (beta_t) and
`first`, which holds the hyperparameters that the rule was made with.
"""

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

# ------------------------------------------------------------------ what wraps the lines


def with_a_gradient(optimizer):
    """Every parameter that has a gradient, as (its number, the parameter, its gradient)."""
    for i, p in enumerate(optimizer.parameters):
        if p.grad is not None:
            yield i, p, p.grad


def until_one_has_none(optimizer):
    """The parameters before the first that has no gradient."""
    for i, p in enumerate(optimizer.parameters):
        if p.grad is None:
            return
        yield i, p, p.grad


def zeros_for_none(optimizer):
    """Every parameter; a gradient that is missing is taken as zeros."""
    for i, p in enumerate(optimizer.parameters):
        yield i, p, np.zeros_like(p.data) if p.grad is None else p.grad


def first_parameter_only(optimizer):
    """The first parameter that has a gradient, and no other."""
    yield from list(with_a_gradient(optimizer))[:1]


def no_biases(optimizer):
    """The parameters of at least two axes."""
    return (visit for visit in with_a_gradient(optimizer) if visit[1].data.ndim >= 2)


def first_step_only(optimizer):
    """Every parameter in the first step, and none later."""
    return with_a_gradient(optimizer) if optimizer.t == 1 else ()


def of_its_own(optimizer, i, p):
    """One state for each parameter."""
    return optimizer.memory.setdefault(i, {})


def shared_by_shape(optimizer, i, p):
    """One state for all parameters of the same shape."""
    return optimizer.memory.setdefault(p.shape, {})


def made_anew(optimizer, i, p):
    """A new state in each step."""
    return {}


def counted_with_a_gradient(optimizer, i, p):
    """The state of the place among the parameters that have a gradient in this step."""
    present = [q for q in optimizer.parameters if q.grad is not None]
    return optimizer.memory.setdefault(next((k for k, q in enumerate(present) if q is p), i), {})


# ------------------------------------------------------------------ a rule


@dataclass(frozen=True)
class Text:
    """A rule as it is written.

    lines   what happens to one parameter in one step
    state   names of the arrays that are kept for each parameter; they start as zeros
    start   lines that make the state otherwise
    once    what happens once in each step, before the parameters
    visits  which parameters the lines run for, and with which gradient
    memory  which state a parameter gets
    ticks   whether t is raised for each parameter, in place of once
    given   what `__init__` passes on under a wrong name: pairs (name, whose value)
    """

    lines: tuple
    state: tuple = ()
    start: tuple = ()
    once: tuple = ("t += 1",)
    visits: Callable = with_a_gradient
    memory: Callable = of_its_own
    ticks: bool = False
    given: tuple = ()

    @property
    def make(self):
        """The rule, to be called like a class of optimizers."""
        return functools.partial(Written, self)


class Written:
    """The optimizer that a text describes. Thousands of them are run to explain one answer, so it
    has the parts of `Optimizer` that lines can see, and none of its checks."""

    def __init__(self, text, parameters, **hyperparameters):
        hyperparameters |= {name: hyperparameters.get(other, other) for name, other in text.given}
        self.hyperparameters = tuple(hyperparameters)
        vars(self).update(hyperparameters)
        self.parameters, self.t = list(parameters), 0
        self.text, self.clock, self.memory = text, 0, {}
        self.first = SimpleNamespace(**hyperparameters)
        self.betas = {f"{name}_t": 1.0 for name in hyperparameters if name.startswith("beta")}

    def remembered(self):
        """{name: an array for each parameter}, like the state of an `Optimizer`."""
        count = range(len(self.parameters))
        return {n: [self.memory.get(i, {}).get(n) for i in count] for n in self.text.state}

    def step(self):
        """One step of the lines."""
        self.t += 1
        numbers = {name: getattr(self, name) for name in self.hyperparameters}
        for name in self.betas:
            self.betas[name] *= numbers[name.removesuffix("_t")]
        numbers |= self.betas
        numbers |= {"np": np, "first": self.first}
        if not self.text.ticks:
            self._tick(numbers)
        for i, p, g in self.text.visits(self):
            if self.text.ticks:
                self._tick(numbers)
            here = {"w": p.data, "g": g, "t": self.clock}
            state = self._state(i, p, here)
            _run(self.text.lines, numbers | state | here)

    def _tick(self, numbers):
        names = numbers | {"t": self.clock}
        _run(self.text.once, names)
        self.clock = names["t"]

    def _state(self, i, p, here):
        state = self.text.memory(self, i, p)
        if not state:
            state |= {name: np.zeros_like(p.data) for name in self.text.state}
            if self.text.start:
                names = state | here | {"np": np}
                _run(self.text.start, names)
                state |= {name: value for name, value in names.items() if name in _left_of(self)}
        return state


def _left_of(optimizer):
    return {*optimizer.text.state, *(n for x in optimizer.text.start for n in names_set_by(x))}


def _run(lines, names):
    for line in lines:
        exec(_compiled(line), names)


@functools.cache  # rules with a mistake share most of their lines
def _compiled(line):
    return compile(line, "rule", "exec")


@functools.cache
def names_set_by(line):
    """The names on the left of a line, the one it is about first: "m[...] = x" sets m."""
    statement = ast.parse(line).body[0]
    targets = getattr(statement, "targets", None) or [statement.target]
    return tuple(
        dict.fromkeys(
            node.id
            for target in targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name) and node.id != "np"
        )
    )


def subject(line):
    """The name that a line is about."""
    return names_set_by(line)[0]


# ------------------------------------------------------------------ a mistake


@dataclass(frozen=True, eq=False)  # each is itself
class Mistake:
    """A rule as a reader would have written it who has misunderstood one thing.

    slug      its name, for `Verdict.mistake`
    lines     the lines that are otherwise, one below the other: each takes the place of the line
              about the same name, or comes first if the rule has none; "# h" has no line about h
    sentence  what is wrong, to the reader, in the chapter's symbols
    look      the equation's line to look at
    start     lines that make the state otherwise
    last      the name whose line stands last, where it should not
    wraps     what is otherwise around the lines: pairs (field of `Text`, its value)
    fine      whether it is a legitimate variant: accepted, and named
    late      whether a variant shows only when a hyperparameter is moved
    causes    what may have led to it, if much can: said unless the reader's own line is found
    """

    slug: str
    lines: str
    sentence: str
    look: str
    start: str = ""
    last: str = ""
    wraps: tuple = ()
    fine: bool = False
    late: bool = False
    causes: str = ""

    @functools.cached_property
    def touches(self):
        """What it changes: two mistakes that touch the same do not come together."""
        found = {name for name, _ in self.wraps}
        found |= {self.last} if self.last else set()
        found |= {"memory"} if self.start else set()
        for line in _split(self.lines):
            found |= {_gone(line)} if _gone(line) else set(names_set_by(line))
        return found

    def applied(self, text):
        """The text with this mistake in it."""
        lines = _put_in(text.lines, _split(self.lines))
        if self.last:
            lines = sorted(lines, key=lambda line: subject(line) == self.last)
        start = (*text.start, *_split(self.start))
        return replace(text, lines=tuple(lines), start=start, **dict(self.wraps))


def _split(lines):
    return [line.strip() for line in lines.strip().splitlines()]


def _gone(line):
    """The name in "# name": a line that is not there."""
    return line.removeprefix("# ") if line.startswith("# ") else None


def _put_in(lines, others):
    """The lines with others in the place of those about the same name."""
    about = {}
    for line in others:
        name = _gone(line) or subject(line)
        about.setdefault(name, []).extend([] if _gone(line) else [line])
    known = {subject(line) for line in lines}
    new = [line for name in about if name not in known for line in about[name]]
    for name in dict.fromkeys(subject(line) for line in lines):
        new += about.get(name, [line for line in lines if subject(line) == name])
    return new


def compatible(mistakes):
    """Whether they touch different lines, and so can come together."""
    touched = [name for mistake in mistakes for name in mistake.touches]
    return len(touched) == len(set(touched))


@functools.lru_cache(maxsize=50_000)
def with_mistakes(text, mistakes):
    """The text with all of these in it."""
    return mistakes[-1].applied(with_mistakes(text, mistakes[:-1])) if mistakes else text
