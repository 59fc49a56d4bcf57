"""The largest rate with which gradient descent does not diverge."""

from classroom.judging.function import WrongAnswer
from classroom.judging.value import Value

EXERCISE = Value(
    __name__,
    1.0,
    mistakes=(
        WrongAnswer(
            "one-over-c",
            0.5,
            "At this rate y is at the bottom after one step. A larger one overshoots, but does its "
            "distance grow?",
            "1 - lr c",
        ),
        WrongAnswer(
            "of-the-gentle-direction",
            20.0,
            "Up to this rate the path does not move away along x. And along y?",
            "the larger of the two curvatures",
        ),
        WrongAnswer(
            "one-over-the-gentle-c",
            10.0,
            "At this rate x is at the bottom after one step. And y?",
            "the larger of the two curvatures",
        ),
        WrongAnswer(
            "curvature-itself", 2.0, "That is the curvature along y, not a rate.", "1 - lr c"
        ),
        WrongAnswer(
            "best-rate",
            2 / 2.1,
            "With this rate the path arrives soonest in the long run; larger ones still arrive.",
            "1 - lr c",
        ),
        WrongAnswer(
            "root-of-the-curvature",
            2**0.5,
            "That is 2 over the root of a curvature, the limit of an oscillation in time: here the "
            "curvature itself divides.",
            "1 - lr c",
        ),
    ),
)
