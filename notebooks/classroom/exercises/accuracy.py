"""The share of right answers."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def accuracy(z, y):
    """The share of rows of z whose largest entry stands at the label."""
    return (z.argmax(axis=1) == y).mean()


# The largest scores are whole numbers here and there, and no share is 0 or 1, so that what looks
# alike parts.
LOGITS = frozen(
    [
        [1.0, 2.0, 9.0, 0.5],
        [0.0, -1.0, 3.0, 2.0],
        [2.0, 2.5, 0.1, 1.0],
        [0.3, 0.2, 0.1, 0.0],
        [-1.0, 0.0, -2.0, 1.0],
        [1.5, 3.0, 2.0, 0.0],
        [0.7, 0.1, 0.2, 0.4],
        [-3.0, -1.0, -2.0, 0.5],
        [0.0, 1.0, 0.5, 0.2],
    ]
)
LABELS = frozen([2, 2, 0, 0, 1, 3, 0, 3, 2], int)
OTHERS = frozen([1, 3, 1, 2, 3, 1, 0, 0, 1], int)
EXERCISE = Function(
    __name__,
    accuracy,
    {
        "nine rows": lambda f: f(LOGITS, LABELS),
        "other labels": lambda f: f(LOGITS, OTHERS),
        "five rows": lambda f: f(LOGITS[4:] * 0.5, np.array([3, 1, 0, 2, 2])),
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
        WrongAnswer(
            "argmax-plus-one",
            lambda z, y: (z.argmax(axis=1) + 1 == y).mean(),
            "The places are counted from 1: digits are counted from 0, as argmax counts.",
            "argmax over each row, from 0",
        ),
        WrongAnswer(
            "zero-or-one",
            lambda z, y: float((z.argmax(axis=1) == y).all()),
            "This is 1 if all rows are right, and 0 else: // drops what comes after the point, or "
            "whole arrays are compared at once. No experiment tells the two apart.",
            "right / all",
        ),
        WrongAnswer(
            "divided-by-all-entries",
            lambda z, y: (z.argmax(axis=1) == y).sum() / z.size,
            "The count is divided by the number of all scores: there is one answer for each row.",
            "right / all rows",
        ),
        WrongAnswer(
            "divided-by-columns",
            lambda z, y: (z.argmax(axis=1) == y).sum() / z.shape[1],
            "The count is divided by the number of columns: there is one answer for each row.",
            "right / all rows",
        ),
        WrongAnswer(
            "last-row-missing",
            lambda z, y: (z.argmax(axis=1) == y)[:-1].sum() / len(y),
            "The last row is left out, and counts as wrong: range(n) goes to n - 1 already.",
            "right / all rows",
        ),
        WrongAnswer(
            "divided-by-ten",
            lambda z, y: (z.argmax(axis=1) == y).sum() / 10,
            "The count is divided by 10, whatever the number of rows is.",
            "right / all rows",
        ),
        WrongAnswer(
            "rounded",
            lambda z, y: np.round((z.argmax(axis=1) == y).mean(), 2),
            "The share is rounded: return all its digits.",
            "right / all",
        ),
    ),
)
