"""An exercise that asks for a number."""

from dataclasses import dataclass

import numpy as np

from classroom.judging.stubs import nothing
from classroom.judging.verdict import Verdict, not_yet


@dataclass(frozen=True, eq=False)
class Value:
    """One number as an exercise.

    module    `__name__` of the exercise's file, whose last part is the exercise's name
    right     the right answer
    mistakes  what readers get wrong, each as a number
    """

    module: str
    right: float
    mistakes: tuple

    @property
    def name(self):
        """What `check` calls it."""
        return self.module.rpartition(".")[2]

    def verdict_on(self, answer):
        """The verdict on a reader's answer."""
        if nothing(answer):
            return not_yet()
        try:
            number = float(answer)
        except (TypeError, ValueError):
            return Verdict(False, None, f"{self.name!r} asks for a number, not {answer!r}.")
        if np.isclose(number, self.right, rtol=1e-3):
            return Verdict(True, None, f"Right: {self.right:g}.")
        for mistake in self.mistakes:
            if np.isclose(number, mistake.answer, rtol=1e-3):
                text = f"Not {number:g}. {mistake.sentence}\n\nLook at: {mistake.look}"
                return Verdict(False, mistake.slug, text)
        size = "larger" if number > self.right else "smaller"
        return Verdict(False, None, f"Not yet: {number:g} is {size} than the answer.")
