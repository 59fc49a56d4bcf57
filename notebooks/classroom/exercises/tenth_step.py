"""The step in which AdaGrad's rate is a tenth of the first."""

from classroom.judging.function import WrongAnswer
from classroom.judging.value import Value

EXERCISE = Value(
    __name__,
    100,
    mistakes=(
        WrongAnswer(
            "without-the-root", 10, "h grows like t, and its root like sqrt(t).", "sqrt(h)"
        ),
        WrongAnswer("counted-from-0", 99, "The first step is t = 1, not t = 0.", "h = t g g"),
        WrongAnswer(
            "one-too-many", 101, "Step t has the length lr/sqrt(t), t = 1, 2, ...", "h = t g g"
        ),
    ),
)
