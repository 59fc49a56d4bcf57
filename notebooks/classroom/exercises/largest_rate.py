"""The largest rate with which gradient descent does not diverge."""

from classroom.judging.function import WrongAnswer
from classroom.judging.value import Value

EXERCISE = Value(
    __name__,
    1.0,
    mistakes=(
        WrongAnswer("one-over-L", 0.5, "That is 1/L: beyond it the path zig-zags.", "2/L"),
        WrongAnswer("of-the-gentle-direction", 20.0, "That is 2/c of the gentle direction.", "2/L"),
        WrongAnswer(
            "best-rate",
            2 / 2.1,
            "That is 2 / (c + L), the rate with which it comes down fastest; it still comes down "
            "with larger ones.",
            "2/L",
        ),
        WrongAnswer(
            "root-of-the-curvature",
            2**0.5,
            "That is 2 / sqrt(L), the limit of an oscillation in time: here the curvature itself "
            "divides.",
            "2/L",
        ),
        WrongAnswer("curvature-itself", 2.0, "That is the curvature L itself.", "2/L"),
    ),
)
