"""An exercise that asks for a number."""

from dataclasses import dataclass

import numpy as np

from classroom.judging.exercise import Exercise
from classroom.judging.stubs import nothing
from classroom.judging.verdict import Verdict, not_yet, shown, unfit


@dataclass(frozen=True, eq=False)
class Value(Exercise):
    """One number as an exercise.

    mistakes  what readers get wrong, each as a number
    """

    mistakes: tuple

    def verdict_on(self, answer):
        """The verdict on a reader's answer."""
        if nothing(answer):
            return not_yet()
        try:
            number = float(answer)
        except Exception:  # whatever the answer is
            return unfit(f"{self.name!r} asks for a number, not {shown(answer)}.")
        if np.isclose(number, self.right, rtol=1e-3):
            return Verdict(True, None, f"Right: {self.right:g}.")
        for mistake in self.mistakes:
            if np.isclose(number, mistake.answer, rtol=1e-3):
                text = f"Not {number:g}. {mistake.sentence}\n\nLook at: {mistake.look}"
                return Verdict(False, mistake.slug, text)
        size = "larger" if number > self.right else "smaller"
        return Verdict(False, None, f"Not yet: {number:g} is {size} than the answer.")
