"""Is an edited answer right? First the experiment in which it parted says so, then all of them."""

import ast
import itertools
from dataclasses import dataclass, replace

import numpy as np

from classroom.judging.comparing import CLOSE, TINY, expected, same
from classroom.judging.edits import Words, edits
from classroom.judging.equations import edits_to_function, edits_to_rule, one_for_each
from classroom.judging.failures import run_quietly
from classroom.judging.probes import Probe, watch, watch_calls
from classroom.judging.written import compatible


@dataclass
class RuleTrial:
    """The experiments on a rule, for its edited forms.

    first    the experiment that parts first, cut off after the step in which it does
    probes   all of them
    targets  what counts as right, the rule itself first: each {experiment's name: Seen}
    memory   what the right rule remembers in `first`: for each step its first parameter's arrays
    """

    first: Probe
    probes: list
    settings: dict
    targets: list
    memory: list

    def progress(self, make):
        """(how much of the memory is right, how many steps, whether all of them) of `first`."""
        kept, ways = [], [target[self.first.name].steps for target in self.targets]
        remembered, count = len(self.memory[0]), 0

        def step(t, weights):
            nonlocal remembered, count, ways
            ways = [way for way in ways if _goes_on(way, t, weights, kept)]
            remembered = min(remembered, len(self.remembered(kept[0], t)))
            kept.append(weights)
            count += bool(ways)
            return bool(ways)

        seen = watch(self.first, make, self.settings, kept.append, step)
        if seen.failure:
            return -1, count, False
        return remembered, count, count == len(self.first.gradients)

    def remembered(self, optimizer, t):
        """The names of what is remembered as by the right rule after this step."""
        if not self.memory[t]:
            return set()
        arrays = list(_arrays(vars(optimizer)))
        return {n for n, b in self.memory[t].items() if any(_alike(a, b) for a in arrays)}

    def right_names(self, make):
        """The names of what is remembered right in all steps of `first`, right or wrong."""
        kept, names = [], set(self.memory[0])

        def step(t, weights):
            names.intersection_update(self.remembered(kept[0], t))
            return True

        watch(self.first, make, self.settings, kept.append, step)
        return names

    def right(self, make):
        """Whether all experiments come out as one of the targets."""
        left = list(self.targets)
        for probe in self.probes:
            seen = watch(probe, make, self.settings)
            left = [target for target in left if same(seen, target[probe.name])]
            if not left:
                return False
        return True


def _goes_on(way, t, weights, kept):
    """Whether the step from the weights before, the last of those kept, is that of a way."""
    for i, (a, b) in enumerate(zip(weights, way[t], strict=True)):
        if a.shape != b.shape:
            return False
        change, wanted = (a - kept[-1][i], b - way[t - 1][i]) if t else (a - 1, b - 1)
        alike = np.abs(change - wanted) <= TINY + CLOSE * np.abs(wanted)
        if not alike.all() and not (alike | (~np.isfinite(a) & ~np.isfinite(b))).all():
            return False
    return True


def _arrays(things, depth=2):
    for value in things.values() if isinstance(things, dict) else things:
        if isinstance(value, np.ndarray):
            yield value
        elif depth and isinstance(value, (list, tuple, dict)):
            yield from _arrays(value, depth - 1)


def _alike(a, b):
    if a.shape != b.shape or a.dtype.kind not in "fiu":
        return False
    return bool((np.abs(a - b) <= 1e-12 + 1e-6 * np.abs(b)).all())


@dataclass
class FunctionTrial:
    """The calls of a function, for its edited forms; those that go wrong come first.

    calls    {what it shows: function of an answer}
    targets  what counts as right, the right answer itself first: each {what it shows: arrays}
    """

    calls: dict
    targets: list

    def progress(self, make):
        """(how many arrays are right, how many of their entries, all of them) of the first call."""
        name, call = next(iter(self.calls.items()))
        seen = watch_calls({name: call}, make)[name]
        right = self.targets[0][name]
        if seen.failure or len(seen.steps[0]) != len(right) or seen.changed:
            return -1, 0, False
        if self.fits(name, seen):
            return len(right), len(right), True
        alike = [_share(a, b) for a, b in zip(seen.steps[0], right, strict=True)]
        return sum(share == 1 for share in alike), sum(alike), False

    def right(self, make):
        """Whether every call gives what it should."""
        left = self.targets
        for name, call in self.calls.items():
            left = self.fits(name, watch_calls({name: call}, make)[name], left)
            if not left:
                return False
        return True

    def fits(self, name, seen, targets=None):
        """The targets that give what was seen in a call."""
        if seen.failure or seen.changed:
            return []
        mine = seen.steps[0]
        return [
            target
            for target in targets or self.targets
            if len(mine) == len(target[name])
            and all(_share(a, b) == 1 for a, b in zip(mine, target[name], strict=True))
        ]


def _share(a, b):
    """The share of entries that are right."""
    if a.shape != b.shape:
        return 0
    if not a.size:
        return 1
    alike = (np.abs(a - b) <= 1e-6 + 1e-4 * np.abs(b)) | (a == b) | (np.isnan(a) & np.isnan(b))
    return float(np.mean(alike))


@dataclass
class Task:
    """What is needed to mend an answer, besides the answer and its source.

    trial   says whether an edited answer is right
    words   hyperparameters and the like, as they are written in an answer
    text    of a rule: its lines
    names   of a rule: its hyperparameters
    right   of a function: the right one; of a rule: a class that is written as a reader would
    """

    trial: RuleTrial | FunctionTrial
    words: Words
    text: object = None
    names: tuple = ()
    right: object = None

    def own(self, reading):
        """Edits of the reader's own words, and of what is kept for each parameter."""
        for unit in reading.units:
            if isinstance(unit, ast.ClassDef) and self.text:
                yield from one_for_each(unit, self.text, self.names)
            yield from edits(unit, self.words, reading.is_class)

    def ours(self, reading):
        """Edits that take a line of the right answer."""
        for unit in reading.units:
            if isinstance(unit, ast.ClassDef) and self.text:
                yield from edits_to_rule(unit, self.text, self.names, self.right)
            elif self.right and unit is reading.last:
                yield from edits_to_function(unit, self.right)


def task_of_rule(rule, seen, wrong):
    """The task for an answer to a rule of which this was seen; wrong are the probes that fail."""
    fine = [m for m in rule.mistakes if m.fine]
    groups = [(), *((m,) for m in fine), *filter(compatible, itertools.combinations(fine, 2))]
    targets = [{p.name: expected(rule, group, p.name) for p in rule.probes} for group in groups]
    parting = {p.name: parts(seen[p.name], targets[0][p.name]) for p in wrong}
    first = min(wrong, key=lambda p: (parting[p.name], len(p.gradients[0])))
    steps = min(max(4, parting[first.name]), len(first.gradients))
    first = replace(first, gradients=first.gradients[:steps])
    others = sorted(rule.probes, key=lambda p: (p not in wrong, len(p.gradients)))
    trial = RuleTrial(first, others, rule.settings, targets, _memory(rule, first))
    words = Words(tuple(f"self.{name}" for name in rule.settings), ("self.t",))
    ours = rule.right if rule.right.__module__.startswith("classroom") else None
    return Task(trial, words, rule.text, tuple(rule.settings), ours)


def parts(seen, right):
    """The step, from 1, in which an answer first goes another way."""
    for t, weights in enumerate(seen.steps[: len(right.steps)]):
        if not _goes_on(right.steps, t, weights, seen.steps[t - 1 : t]):
            return t + 1
    return len(right.steps) if len(seen.steps) >= len(right.steps) else len(seen.steps) + 1


def _memory(rule, probe):
    kept, memory = [], []

    def step(t, weights):
        first = kept[0].memory.get(0, {})
        memory.append({name: np.array(value) for name, value in first.items()})
        return True

    run_quietly(watch, probe, rule.text.make, rule.settings, kept.append, step)
    return memory


def task_of_function(exercise, seen, wrong):
    """The task for an answer to a function; wrong are the calls that fail."""
    slow = {name: int(100 * seen[name].seconds) for name in exercise.calls}
    names = sorted(exercise.calls, key=lambda name: (name not in wrong, slow[name]))
    calls = {name: exercise.calls[name] for name in names}
    targets = [{name: t[name].steps[0] for name in names} for t in exercise.targets]
    return Task(FunctionTrial(calls, targets), Words(), right=exercise.right)
