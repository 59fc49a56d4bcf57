"""The pullback of a mean."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def mean_pullback(g, x):
    """The gradient of x when g is that of x.mean(), a number."""
    return g * np.ones_like(x) / x.size


X = frozen([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
EXERCISE = Function(
    __name__,
    mean_pullback,
    {
        "six entries": lambda f: f(2.0, X),
        "one entry": lambda f: f(3.0, X[:1, :1]),
        "three axes": lambda f: f(-0.7, np.arange(24.0).reshape(2, 3, 4)),
    },
    (
        WrongAnswer(
            "one-over-n-missing",
            lambda g, x: g * np.ones_like(x),
            "The mean of N numbers divides by N, and so does its pullback.",
            "d mean / d x_i = 1/N",
        ),
        WrongAnswer(
            "flat-pullback",
            lambda g, x: g * np.ones(x.size) / x.size,
            "The result is one long row: it has the shape of x.",
            "one gradient for every entry of x",
        ),
        WrongAnswer(
            "one-number",
            lambda g, x: g / x.size,
            "The result is one number: every entry of x has a gradient, an array like x.",
            "d mean / d x_i = 1/N, for every i",
        ),
        WrongAnswer(
            "g-forgotten",
            lambda g, x: np.ones_like(x) / x.size,
            "g is missing: the slope 1/N is multiplied by the gradient of the mean.",
            "g times d mean / d x_i",
        ),
        WrongAnswer(
            "times-x",
            lambda g, x: g * x / x.size,
            "x itself does not belong into the slope of a mean: it is 1/N for every entry.",
            "d mean / d x_i = 1/N",
        ),
        WrongAnswer(
            "multiplied-by-n",
            lambda g, x: g * np.ones_like(x) * x.size,
            "The gradient is multiplied by N: the mean divides by it.",
            "d mean / d x_i = 1/N",
        ),
        WrongAnswer(
            "divided-by-columns",
            lambda g, x: g * np.ones_like(x) / x.shape[1],
            "x.shape[1] counts columns: N is the number of all entries, x.size.",
            "d mean / d x_i = 1/N",
        ),
        WrongAnswer(
            "divided-by-rows",
            lambda g, x: g * np.ones_like(x) / len(x),
            "len(x) counts rows: N is the number of all entries, x.size.",
            "d mean / d x_i = 1/N",
        ),
    ),
)
