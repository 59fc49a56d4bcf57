"""Which mistakes explain what was seen of a rule?

Each mistake of the exercise and each slip of the pen is run on the experiments, as the answer was:
the one that moves the weights as the answer does is the one that was made.
"""

import contextlib
import functools
import itertools

import numpy as np

from classroom.judging.comparing import close, expected, same
from classroom.judging.failures import run_quietly
from classroom.judging.slips import Slip, slips, spellings, together
from classroom.judging.written import compatible, with_mistakes
from mytorch_core import Tensor

BEGINNING = 3  # steps that are looked at before an explanation is tried in full


def explained(rule, seen):
    """The mistakes that explain everything that was seen, or none.

    One of the exercise's own; or else one slip of the pen; or else two mistakes; or else a slip
    that is less likely than these. A legitimate variant may come on top of the mistakes: it is
    none, and hides none.
    """
    names = [probe.name for probe in rule.probes]
    # First the experiment that tells most apart: few candidates are left for the others.
    names.sort(key=lambda name: name not in ("several", "decay"))
    # An exception says where it is: a slip has nothing to add.
    stops = any(seen[name].failure for name in names)
    for candidates in (_single, _pairs) if stops else (_single, _slips, _pairs, _unlikely_slips):
        found = [
            group
            for begun in _beginning_alike(candidates, rule, seen["zeros"])
            for group in _that_begin_like(rule, begun)
            if all(same(seen[name], expected(rule, group, name)) for name in names)
        ]
        if found and isinstance(found[0][0], Slip):
            return [together([slip for (slip,) in found])]
        if found:
            return list(found[0])
    return []


# ------------------------------------------------------------------ candidates


def _single(rule):
    return _groups(rule, 1)


def _slips(rule):
    return [(slip,) for slip in slips(rule) if slip.likely]


def _pairs(rule):
    return _groups(rule, 2)


def _unlikely_slips(rule):
    return [(slip,) for slip in slips(rule) if not slip.likely]


def _groups(rule, size):
    """As many mistakes, alone and on top of a legitimate variant."""
    pool = rule.known if size == 1 else rule.mistakes
    alone = list(itertools.combinations(pool, size))
    variants = [m for m in rule.known if m.fine and not m.late]
    varied = [group + (m,) for group in alone for m in variants]
    return [group for group in alone + varied if compatible(group)]


def _that_begin_like(rule, group):
    """The group, and what shows only later: how beta^t is computed."""
    if isinstance(group[0], Slip):
        return [(slip,) for slip in spellings(group[0])]
    on_top = [group + (m,) for m in rule.known if m.late]
    return [group, *filter(compatible, on_top)]


# ------------------------------------------------------------------ all of them in one comparison


def _beginning_alike(candidates, rule, seen):
    """The candidates whose first steps in "zeros" are these: most fail in the first one."""
    groups = _candidates(candidates, rule)
    for steps in (1, BEGINNING):
        mine = _begun(seen, steps)
        begun = _beginnings(rule, groups, steps)
        with np.errstate(all="ignore"):
            alike = close(np.diff(begun, axis=1), np.diff(mine, axis=0))
        alike |= ~np.isfinite(begun[:, 1:]) & ~np.isfinite(mine[1:])
        fits = alike.all(axis=(1, 2))
        groups = tuple(itertools.compress(groups, fits))
    return groups


@functools.cache
def _candidates(candidates, rule):
    return tuple(candidates(rule))


@functools.lru_cache(maxsize=100)
def _beginnings(rule, groups, steps):
    """The first steps of each group of mistakes."""
    probe = next(probe for probe in rule.probes if probe.name == "zeros")

    def run():
        makes = [with_mistakes(rule.text, group).make for group in groups]
        return [_beginning(make, rule.settings, probe.gradients[:steps]) for make in makes]

    return np.array(run_quietly(run)[0]).reshape(-1, steps + 1, 2)


def _beginning(make, settings, gradients):
    """What `_begun` gives of `watch`, for thousands of rules that are ours."""
    begun = np.zeros((len(gradients) + 1, 2))
    begun[0] = 1.0
    w = Tensor(np.ones(2), requires_grad=True)
    with contextlib.suppress(Exception):  # what would follow stays 0
        optimizer = make([w], **settings)
        for t, (w.grad,) in enumerate(gradients, start=1):
            optimizer.step()
            if w.data.shape == (2,):
                begun[t] = w.data
    return begun


def _begun(seen, steps):
    """The two weights before and after each of the first steps; 0 where there are none."""
    begun = np.zeros((steps + 1, 2))
    begun[0] = 1.0
    for t, (w, *_) in enumerate(seen.steps[:steps], start=1):
        begun[t] = w if w.shape == (2,) else 0.0
    return begun
