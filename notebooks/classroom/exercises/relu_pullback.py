"""The pullback of max(x, 0)."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def relu_pullback(g, x):
    """The gradient of x when g is that of max(x, 0)."""
    return g * (x > 0)


X = frozen([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
G = frozen([[2.0, -1.0, 4.0], [-3.0, 5.0, 0.5]])
EXERCISE = Function(
    __name__,
    relu_pullback,
    {
        "values of both signs, and 0": lambda f: f(G, X),
        "three axes": lambda f: f(
            np.arange(8.0).reshape(2, 2, 2) - 3.3, np.sin(np.arange(8.0)).reshape(2, 2, 2)
        ),
    },
    (
        WrongAnswer(
            "mask-of-g",
            lambda g, x: g * (g > 0),
            "The mask is taken from g: what counts is where x was above 0.",
            "relu'(x) = 1 where x > 0",
        ),
        WrongAnswer(
            "mask-missing",
            lambda g, x: g * 1.0,
            "Nothing is masked: where x was below 0, the slope is 0.",
            "relu'(x) = 1 where x > 0",
        ),
        WrongAnswer(
            "g-forgotten",
            lambda g, x: (x > 0) * 1.0,
            "This is relu's slope alone: it is multiplied by g.",
            "g times relu'(x)",
        ),
        WrongAnswer(
            "mask-turned",
            lambda g, x: g * (x < 0),
            "The mask is the wrong way round: g passes where x was above 0.",
            "relu'(x) = 1 where x > 0",
        ),
        WrongAnswer(
            "leaky",
            lambda g, x: g * np.where(x > 0, 1, 0.01),
            "Below 0 a little passes: that is the leaky relu. Here the slope is 0 there.",
            "relu'(x) = 1 where x > 0",
        ),
        WrongAnswer(
            "sign-for-mask",
            lambda g, x: g * np.sign(x),
            "Below 0 the slope of relu is 0: a sign gives -1 there.",
            "relu'(x) = 1 where x > 0",
        ),
        WrongAnswer(
            "value-for-slope",
            lambda g, x: g * np.maximum(x, 0),
            "g is multiplied by relu's value: it has to be its slope, 1 or 0.",
            "relu'(x) = 1 where x > 0",
        ),
        WrongAnswer(
            "slope-at-0",
            lambda g, x: g * (x >= 0),
            "At x = 0 the course takes relu'(0) = 0: > in place of >=.",
            "relu'(0) = 0",
        ),
    ),
)
