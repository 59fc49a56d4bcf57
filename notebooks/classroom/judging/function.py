"""An exercise that asks for a function."""

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from classroom.judging.causes import IN_FUNCTIONS
from classroom.judging.exercise import Exercise
from classroom.judging.failures import run_quietly, shortened
from classroom.judging.mended import mended
from classroom.judging.probes import complete, watch_calls
from classroom.judging.reading import source_of
from classroom.judging.shipped import is_shipped, shipped
from classroom.judging.stubs import is_stub, nothing
from classroom.judging.trials import task_of_function
from classroom.judging.verdict import (
    Verdict,
    about_failure,
    not_yet,
    shown,
    unfit,
)
from classroom.judging.worker import in_worker, tampered


@dataclass(frozen=True, eq=False)
class WrongAnswer:
    """A known mistake.

    slug      its name, for `Verdict.mistake`
    answer    the broken function, or the number
    sentence  what is wrong, to the reader
    look      where to look
    causes    what may have led to it, if much can: said unless the reader's own line is found
    reads     a pattern that the reader's text has, where another mistake does the same
    fine      whether it is a legitimate variant: accepted, and named
    """

    slug: str
    answer: Callable | float
    sentence: str
    look: str
    causes: str = ""
    reads: str = ""
    fine: bool = False


@dataclass(frozen=True, eq=False)
class Function(Exercise):
    """One function as an exercise.

    calls     {what it shows: function of an answer}, which give what is compared
    mistakes  what readers get wrong, each as a function
    parts     names for what a call gives, if that is several things; one that ends in ? is yes or
              no
    words     {one of these names: {number: what it stands for}}
    """

    calls: dict
    mistakes: tuple
    parts: tuple = ()
    words: dict = field(default_factory=dict)

    def verdict_on(self, answer):
        """The verdict on a reader's answer."""
        if nothing(answer):
            return not_yet()
        if not callable(answer):
            return unfit(f"{self.name!r} asks for a function, not {shown(answer)}.")
        if is_stub(answer):
            return not_yet()
        seen = in_worker(watch_calls, self.calls, answer)
        if isinstance(seen, Verdict):
            return seen
        seen, printed = seen
        if not complete(seen, self.calls):
            return tampered()
        verdict = self.verdict(seen, answer)
        if verdict.passed and is_shipped(answer, self.right):
            return shipped(self.name)
        return verdict.with_prints(printed)

    def verdict(self, seen, answer=None):
        """The verdict on what was seen of an answer, {what a call shows: Seen}.

        Where no mistake that is known explains it, the answer itself is mended, if it is given.
        """
        right = expected(self, self.right)
        wrong = [name for name in right if not _alike(seen[name], right[name])]
        if not wrong:
            return Verdict(True, None, f"Right. Tried: {'; '.join(right)}.")
        mistake, mend = explained(self, seen, answer), None
        if mistake and mistake.fine:
            return Verdict(True, mistake.slug, f"Right. {mistake.sentence}")
        if answer and not (mistake and not mistake.causes):
            mend = mended(answer, task_of_function(self, seen, wrong))
        return _told(self, seen, wrong, mistake, mend)

    @property
    def targets(self):
        """What counts as right, the right answer first: each {what a call shows: Seen}."""
        fine = [mistake.answer for mistake in self.mistakes if mistake.fine]
        return [expected(self, answer) for answer in (self.right, *fine)]


def explained(exercise, seen, answer=None):
    """The first known mistake that does the same in every call, or None."""
    source = source_of(answer)
    for mistake in exercise.mistakes:
        if mistake.reads and not (source and re.search(mistake.reads, source.text)):
            continue
        theirs = expected(exercise, mistake.answer)
        if all(_alike(seen[name], theirs[name]) for name in seen):
            return mistake
    return None


@functools.cache
def expected(exercise, function):
    """What a function does in the exercise's calls: {what a call shows: Seen}."""
    found = run_quietly(watch_calls, exercise.calls, function)[0]
    for array in (a for seen in found.values() for step in seen.steps for a in step):
        array.flags.writeable = False  # it is kept
    return found


def _alike(seen, other):
    if seen.changed != other.changed:
        return False
    errors = [(f.kind, f.message) if f else None for f in (seen.failure, other.failure)]
    if errors[0] != errors[1]:
        return False
    mine, theirs = seen.steps[0] if seen.steps else [], other.steps[0] if other.steps else []
    return len(mine) == len(theirs) and all(map(_close, mine, theirs))


def _close(a, b):
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)


def _told(exercise, seen, wrong, mistake, mend):
    if not mistake and all(_gives_the_same(exercise, seen, name) for name in wrong):
        return _told_of_changed(exercise, seen, wrong[0])
    name = next((n for n in wrong if not seen[n].failure), wrong[0])  # numbers tell more
    table = _compared(exercise, seen, name)
    if mistake and mend and not mend.lines[1:]:
        verdict = Verdict(False, mistake.slug, f"{table}\n\n{mistake.sentence}")
        return mend.added_to(verdict, "function", named=True)
    if mistake:
        words = f"{mistake.sentence} {mistake.causes}".rstrip()
        return Verdict(False, mistake.slug, f"{table}\n\n{words}\n\nLook at: {mistake.look}")
    for name in wrong:
        if seen[name].failure:
            verdict = about_failure(seen[name].failure, IN_FUNCTIONS, not (mend and mend.kind))
            return mend.added_to(verdict, "function") if mend else verdict
    if mend:
        return mend.added_to(Verdict(False, None, table), "function")
    right = [name for name in seen if name not in wrong]
    text = f"{table}\n\nNo mistake that is known here does this. It goes wrong: {'; '.join(wrong)}."
    return Verdict(False, None, text + (f" It is right: {'; '.join(right)}." if right else ""))


def _gives_the_same(exercise, seen, name):
    return _alike(replace(seen[name], changed=()), expected(exercise, exercise.right)[name])


def _told_of_changed(exercise, seen, name):
    """What is given back is right, and an array that was given is not what it was."""
    arguments = _arguments(exercise)
    which = " and ".join(arguments[i] for i in seen[name].changed)
    text = (
        f"Not yet: {name}.\n\nWhat your function returns is right. But it changes {which}, which "
        "belongs to the caller, who may need it once more: work on a copy, or write `x = x - ...` "
        "where `x -= ...` changes the array itself."
    )
    return Verdict(False, "arguments-changed", text)


def _arguments(exercise):
    return list(inspect.signature(exercise.right).parameters)


def _compared(exercise, seen, name):
    """What went in, what was expected and what came, part by part if the parts have names."""
    right, mine = expected(exercise, exercise.right)[name], seen[name]
    begun = [f"Not yet: {name}.", "", *_given(exercise, mine)]
    if exercise.parts and right.steps and mine.steps:
        rows = [
            f"{part}: expected {_shown(exercise, part, a)}, yours {_shown(exercise, part, b)}"
            for part, a, b in zip(exercise.parts, right.steps[0], mine.steps[0], strict=False)
            if not _close(a, b)
        ]
        return "\n".join([*begun, *rows])
    lines = begun
    for label, what in (("expected", right), ("yours", mine)):
        if what.failure:
            lines.append(f"{label:>9}  {what.failure.kind}: {shortened(what.failure.message, 200)}")
        else:
            arrays = (_shown(exercise, "", a) for a in what.steps[0])
            lines.append(f"{label:>9}  " + "\n           ".join(", ".join(arrays).splitlines()))
    return "\n".join(lines)


def _given(exercise, seen):
    """The arguments, so that the reader can compute what is expected."""
    found = []
    for name, values in zip(_arguments(exercise), zip(*seen.given, strict=False), strict=False):
        value = values[0]
        if isinstance(value, (int, float)) and len(set(values)) > 1:
            value = list(values)
        if value is not None and np.size(value) <= 40:
            text = np.array2string(np.asarray(value), precision=4, threshold=40, separator=", ")
            found.append(f"{name:>9}  " + "\n           ".join(text.splitlines()))
    return [*found, ""] if found and seen.given else []


def _shown(exercise, part, array):
    """An array in short; some parts are answered in words, and a question by yes or no."""
    if part.endswith("?"):
        return "yes" if array else "no"
    words = exercise.words.get(part)
    if words:
        return " and ".join(words[int(code)] for code in np.atleast_1d(array))
    return np.array2string(array, precision=4, threshold=12)
