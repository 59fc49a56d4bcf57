"""Do two rules move the weights alike?"""

import functools

import numpy as np

from classroom.judging.causes import cause
from classroom.judging.failures import run_quietly
from classroom.judging.probes import watch
from classroom.judging.written import with_mistakes

CLOSE = 2e-5  # relative difference of two steps that counts as none
TINY = 3e-6  # the same, absolute: the last digits of float32 weights near 1


@functools.lru_cache(maxsize=50_000)
def expected(rule, mistakes, name):
    """What the rule with these mistakes does in the experiment of this name."""
    probe = next(probe for probe in rule.experiments if probe.name == name)
    made = with_mistakes(rule.text, mistakes).make
    seen = run_quietly(watch, probe, made, rule.settings)[0]
    for array in (a for step in seen.steps for a in step):
        array.flags.writeable = False  # it is kept
    return seen


def close(steps, others):
    """Which entries of two steps count as the same."""
    with np.errstate(all="ignore"):
        return np.isclose(steps, others, rtol=CLOSE, atol=TINY, equal_nan=True)


def same(seen, other):
    """Whether the weights went the same way, and ended alike."""
    if cause(seen.failure) != cause(other.failure) or len(seen.steps) != len(other.steps):
        return False
    if seen.shapes != other.shapes:
        return False
    alike = close(seen.moves, other.moves)
    alike |= ~np.isfinite(seen.path) & ~np.isfinite(other.path)  # both have left the numbers
    return bool(alike.all())
