"""An exercise that asks for a function."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from classroom.judging.exercise import Exercise
from classroom.judging.failures import run_quietly
from classroom.judging.mended import mended
from classroom.judging.probes import watch_calls
from classroom.judging.stubs import is_stub, nothing
from classroom.judging.trials import task_of_function
from classroom.judging.verdict import IN_FUNCTIONS, Verdict, about_failure, not_yet
from classroom.judging.worker import in_worker


@dataclass(frozen=True, eq=False)
class WrongAnswer:
    """A known mistake: its slug, the broken function (or number), the sentence, where to look."""

    slug: str
    answer: Callable | float
    sentence: str
    look: str


@dataclass(frozen=True, eq=False)
class Function(Exercise):
    """One function as an exercise.

    calls     {what it shows: function of an answer}, which give what is compared
    mistakes  what readers get wrong, each as a function
    parts     names for what a call gives, if that is several things; one that ends in ? is yes or
              no
    """

    calls: dict
    mistakes: tuple
    parts: tuple = ()

    def verdict_on(self, answer):
        """The verdict on a reader's answer."""
        if nothing(answer):
            return not_yet()
        if not callable(answer):
            return Verdict(False, None, f"{self.name!r} asks for a function, not {answer!r}.")
        if is_stub(answer):
            return not_yet()
        seen = in_worker(watch_calls, self.calls, answer)
        if isinstance(seen, Verdict):
            return seen
        seen, printed = seen
        return self.verdict(seen, answer).with_prints(printed)

    def verdict(self, seen, answer=None):
        """The verdict on what was seen of an answer, {what a call shows: Seen}.

        Where no mistake that is known explains it, the answer itself is mended, if it is given.
        """
        expected = _expected(self, self.right)
        wrong = [name for name in expected if not _alike(seen[name], expected[name])]
        if not wrong:
            return Verdict(True, None, f"Right. Tried: {'; '.join(expected)}.")
        mistake, mend = _explained(self, seen), None
        if answer and not mistake:
            mend = mended(answer, task_of_function(self, seen, expected, wrong))
        return _told(self, seen, wrong, mistake, mend)


def _explained(exercise, seen):
    """The first known mistake that does the same in every call, or None."""
    for mistake in exercise.mistakes:
        theirs = _expected(exercise, mistake.answer)
        if all(_alike(seen[name], theirs[name]) for name in seen):
            return mistake
    return None


@functools.cache
def _expected(exercise, function):
    return run_quietly(watch_calls, exercise.calls, function)[0]


def _alike(seen, expected):
    errors = [(f.kind, f.message) if f else None for f in (seen.failure, expected.failure)]
    if errors[0] != errors[1]:
        return False
    mine, theirs = seen.steps[0] if seen.steps else [], expected.steps[0] if expected.steps else []
    return len(mine) == len(theirs) and all(map(_close, mine, theirs))


def _close(a, b):
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)


def _told(exercise, seen, wrong, mistake, mend):
    table = _compared(exercise, seen, wrong[0])
    if mistake:
        text = f"{table}\n\n{mistake.sentence}\n\nLook at: {mistake.look}"
        return Verdict(False, mistake.slug, text)
    for name in wrong:
        if seen[name].failure:
            verdict = about_failure(seen[name].failure, IN_FUNCTIONS)
            if mend:
                verdict.mistake = verdict.mistake or mend.slug
                verdict.message += f"\n\n{mend.told('function')}"
            return verdict
    if mend:
        return Verdict(False, mend.slug, f"{table}\n\n{mend.told('function')}")
    right = [name for name in seen if name not in wrong]
    text = f"{table}\n\nNo mistake that is known here does this. It goes wrong: {'; '.join(wrong)}."
    return Verdict(False, None, text + (f" It is right: {'; '.join(right)}." if right else ""))


def _compared(exercise, seen, name):
    """What was expected and what came, part by part if the parts have names."""
    right, mine = _expected(exercise, exercise.right)[name], seen[name]
    if exercise.parts and right.steps and mine.steps:
        rows = [
            f"{part}: expected {_shown(part, a)}, yours {_shown(part, b)}"
            for part, a, b in zip(exercise.parts, right.steps[0], mine.steps[0], strict=False)
            if not _close(a, b)
        ]
        return "\n".join([f"Not yet: {name}.", "", *rows])
    lines = [f"Not yet: {name}.", ""]
    for label, what in (("expected", right), ("yours", mine)):
        if what.failure:
            lines.append(f"{label:>9}  {what.failure.kind}: {what.failure.message}")
        else:
            arrays = (_shown("", a) for a in what.steps[0])
            lines.append(f"{label:>9}  " + "\n           ".join(", ".join(arrays).splitlines()))
    return "\n".join(lines)


def _shown(part, array):
    """An array in short; a part whose name is a question is answered by yes or no."""
    if part.endswith("?"):
        return "yes" if array else "no"
    return np.array2string(array, precision=4, threshold=12)
