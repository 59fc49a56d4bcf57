"""An exercise that asks for a probe: a function of a rule that says whether the rule is wrong.

The reader's probe is tried on right rules and on wrong ones that the reader has not seen.
"""

from dataclasses import dataclass

import numpy as np

from classroom.judging.causes import IN_FUNCTIONS
from classroom.judging.function import Function, WrongAnswer, expected, explained
from classroom.judging.mended import mended
from classroom.judging.trials import task_of_function
from classroom.judging.verdict import Verdict, about_failure


@dataclass(frozen=True, eq=False)
class Detector(Function):
    """A probe as an exercise.

    calls  {what the rule is: function of a probe}, as `tried_on` makes them: the right probe
           fires on the rules that are wrong, and on no other
    """

    def verdict(self, seen, answer=None):
        """The verdict on what a probe said of every rule, {what the rule is: Seen}."""
        right = expected(self, self.right)
        stopped = next((name for name in seen if seen[name].failure), None)
        if stopped:
            verdict = about_failure(seen[stopped].failure, IN_FUNCTIONS)
            verdict.message = f"Tried on {stopped}.\n\n{verdict.message}"
            mend = mended(answer, task_of_function(self, seen, [stopped]))
            return mend.added_to(verdict, "probe") if mend else verdict
        wrong = [name for name in right if _fires(right[name])]
        false = [name for name in right if name not in wrong and _fires(seen[name])]
        missed = [name for name in wrong if not _fires(seen[name])]
        if not false and not missed:
            silent = "; ".join(name for name in right if name not in wrong)
            text = f"Right. It is silent on: {silent}. It fires on {len(wrong)} wrong rules that "
            return Verdict(True, None, f"{text}you have not seen: {'; '.join(wrong)}.")
        found = explained(self, seen, answer)
        mend = None
        if not found or found.causes:
            mend = mended(answer, task_of_function(self, seen, false + missed))
        lines = [f"It fires on a right rule: {name}." for name in false]
        lines += [f"It is silent on a wrong rule: {name}." for name in missed]
        text = "\n".join(["Not yet.", "", *lines])
        if found:
            text += f"\n\n{found.sentence}"
        verdict = Verdict(False, found.slug if found else None, text)
        if mend:
            return mend.added_to(verdict, "probe", named=bool(found))
        if found:
            verdict.message += f" {found.causes}".rstrip() + f"\n\nLook at: {found.look}"
        else:
            verdict.message += f"\n\n{_in_general(false, missed)}"
        return verdict


def _in_general(false, missed):
    """No known mistake: what to do about it."""
    if false and missed:
        return "It tells some of them apart, but not the right ones from the wrong ones."
    if false:
        return "A probe that fires on a right rule is not believed when it fires on a wrong one."
    return "It blames nobody who is innocent. What do the rules that it misses do otherwise?"


def _fires(seen):
    return bool(seen.steps[0][0])


def tried_on(right, wrong):
    """The calls of a `Detector`: {what the rule is: rule} of right rules, and of wrong ones."""
    return {name: _call(rule) for name, rule in (right | wrong).items()}


def _call(rule):
    def call(probe):
        answer = probe(rule)
        if answer is not None and not isinstance(answer, (bool, np.bool_)):
            shown = f"{answer!r}"[:80]
            raise TypeError(f"a probe returns one True or False, not {shown} (.any() or .all()?)")
        return answer

    return call


def in_any_probe(right, hint=""):
    """Mistakes that every probe can have; right is the right one, hint a likely cause."""
    look = "True if something is wrong, else False"
    return (
        WrongAnswer(
            "never-fires",
            lambda rule: False,
            "Your probe never fires, whatever it is given.",
            look,
            "What does it compare, and does a wrong rule reach that line? A comparison with nan is "
            "always False.",
        ),
        WrongAnswer(
            "always-fires",
            lambda rule: True,
            "Your probe always fires, even on rules that are right.",
            look,
            f"{hint} Are numbers compared with == or != (rounding changes their last digits: "
            "np.isclose)? Is what was before kept as a copy (w.data.copy())? Are the steps taken "
            "downhill, and divided by lr? Of conditions joined by `or` one is enough.".lstrip(),
        ),
        WrongAnswer(
            "turned-round",
            lambda rule: not right(rule),
            "It says the opposite: True has to mean that something is wrong.",
            look,
        ),
    )
