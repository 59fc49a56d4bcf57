"""The share of right answers."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer


def accuracy(z, y):
    """The share of rows of z whose largest entry stands at the label."""
    return (z.argmax(axis=1) == y).mean()


LOGITS = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [2.0, 2.5, 0.1], [0.3, 0.2, 0.1]])
LABELS = np.array([1, 2, 0, 0])
EXERCISE = Function(
    __name__,
    accuracy,
    {
        "four rows": lambda f: f(LOGITS, LABELS),
        "other labels": lambda f: f(LOGITS, np.array([2, 1, 0, 0])),
    },
    (
        WrongAnswer(
            "count-for-share",
            lambda z, y: (z.argmax(axis=1) == y).sum(),
            "This is how many are right: the share is the mean.",
            "right / all",
        ),
        WrongAnswer(
            "percent",
            lambda z, y: 100 * (z.argmax(axis=1) == y).mean(),
            "This is in percent: the share lies between 0 and 1.",
            "right / all",
        ),
        WrongAnswer(
            "one-answer-for-each-row",
            lambda z, y: (z.argmax(axis=1) == y) * 1.0,
            "This says of each row whether it is right: the share is their mean.",
            "right / all",
        ),
        WrongAnswer(
            "error-for-accuracy",
            lambda z, y: (z.argmax(axis=1) != y).mean(),
            "This is the share of wrong ones.",
            "right / all",
        ),
        WrongAnswer(
            "argmax-down-the-columns",
            lambda z, y: (z.argmax(axis=0) == y).mean(),
            "axis=0 goes down the columns: there is one answer for each row, axis=1.",
            "argmax over each row",
        ),
        WrongAnswer(
            "score-for-its-place",
            lambda z, y: (z.max(axis=1) == y).mean(),
            "max gives the largest score; argmax gives its place, which is the answer.",
            "argmax over each row",
        ),
        WrongAnswer(
            "argmax-of-everything",
            lambda z, y: (z.argmax() == y).mean(),
            "argmax without an axis gives one index for the whole array: axis=1.",
            "argmax over each row",
        ),
        WrongAnswer(
            "smallest-for-largest",
            lambda z, y: (z.argmin(axis=1) == y).mean(),
            "argmin finds the least likely digit.",
            "argmax over each row",
        ),
    ),
)
