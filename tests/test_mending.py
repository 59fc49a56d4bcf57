"""Where no mistake fits, the reader's own line is found, and what is wrong in it."""

import itertools
import linecache
import re

import numpy as np
import pytest
from unnamed_answers import ANSWERS, update

from classroom.checks import check
from classroom.judging import worker
from mytorch_core import Tensor, nn, optim
from mytorch_core.optim import Optimizer

numbers = itertools.count()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The clock of a busy machine is no part of what is tested here."""
    monkeypatch.setattr(worker, "PATIENCE", 90.0, raising=False)


def typed(source, name="Answer"):
    """A class or function as it is typed into a cell: IPython keeps the text of its cells."""
    cell = f"/tmp/ipykernel_0/{next(numbers)}.py"
    linecache.cache[cell] = (len(source), None, source.splitlines(True), cell)
    space = {"Optimizer": Optimizer, "optim": optim, "np": np, "nn": nn, "Tensor": Tensor}
    space |= {"math": __import__("math"), "__name__": "__main__"}
    exec(compile(source, cell, "exec"), space)
    return space[name]


def lines_told(verdict):
    return tuple(map(int, re.findall(r"Line (\d+) of your cell", verdict.message)))


@pytest.mark.parametrize(
    ("exercise", "slug", "lines", "source"),
    ANSWERS,
    ids=[f"{i}-{answer[0]}-{answer[1]}" for i, answer in enumerate(ANSWERS)],
)
def test_what_goes_wrong_is_named_or_its_line_is_told(exercise, slug, lines, source):
    verdict = check(exercise, typed(source))
    assert not verdict.passed
    if slug == "mended":
        assert verdict.mistake.startswith("mended"), verdict.message
    elif slug:
        assert verdict.mistake == slug, verdict.message
    if slug == "mended" or lines_told(verdict):
        assert lines_told(verdict) == (lines or lines_told(verdict)), verdict.message


def test_an_edit_of_the_readers_own_words_is_told_rather_than_a_line_of_the_solution():
    verdict = check(
        "momentum", typed(update("momentum", "m += (2 - self.beta) * (g - m)\nw -= self.lr * m"))
    )
    assert "With `1` in place of `2` your rule is right." in verdict.message
    assert "The equation: m <- beta m + (1 - beta) g" in verdict.message


def test_an_answer_without_a_source_is_judged_as_well():
    space = {"Optimizer": Optimizer}
    exec(update("momentum", "m += (2 - self.beta) * (g - m)\nw -= self.lr * m"), space)
    assert check("momentum", space["Answer"]).mistake == "slip-2-for-1-in-m"


@pytest.mark.parametrize(
    ("exercise", "source"),
    [
        ("adam", "class Answer(optim.Adam):\n    pass\n"),
        (
            "adam",
            "class Answer(optim.Adam):\n    def update(self, *a):\n        super().update(*a)\n",
        ),
        (
            "sgd",
            "class Answer(optim.SGD):\n    def __init__(self, parameters, lr=0.1):\n"
            "        super().__init__(parameters, lr=lr)\n",
        ),
        (
            "decay",
            "from classroom.exercises.decay import decay\n\n\n"
            "def Answer(lr, lr_decay, t):\n    return decay(lr, lr_decay, t)\n",
        ),
    ],
)
def test_what_the_course_ships_is_no_answer(exercise, source):
    verdict = check(exercise, typed(source))
    assert (verdict.passed, verdict.mistake) == (False, "shipped"), verdict.message
