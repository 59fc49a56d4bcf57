"""The pullback of a matrix product."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def matmul_pullback(g, a, b):
    """The gradients of a and b when g is that of a @ b."""
    return g @ b.T, a.T @ g


X = frozen([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
G = frozen([[2.0, -1.0, 4.0], [-3.0, 5.0, 0.5]])
A = frozen(np.arange(6.0).reshape(2, 3) + 1)
B = frozen(np.arange(12.0).reshape(3, 4) - 5)
EXERCISE = Function(
    __name__,
    matmul_pullback,
    {
        "square matrices": lambda f: tuple(f(X[:, :2], A[:, :2], G[:, 1:])),
        "(2, 3) @ (3, 4)": lambda f: tuple(f(A @ B, A, B)),
    },
    (
        WrongAnswer(
            "sides-exchanged",
            lambda g, a, b: (b.T @ g, g @ a.T),
            "The factors stand on the wrong sides: a's gradient is g @ b.T, b's is a.T @ g.",
            "g b^T and a^T g",
        ),
        WrongAnswer(
            "transposes-missing",
            lambda g, a, b: (g @ b, a @ g),
            "The transposes are missing.",
            "g b^T and a^T g",
        ),
        WrongAnswer(
            "results-transposed",
            lambda g, a, b: (b @ g.T, g.T @ a),
            "Both gradients are transposed: each has the shape of its own matrix.",
            "g b^T and a^T g",
        ),
        WrongAnswer(
            "b-transposed",
            lambda g, a, b: (g @ b.T, g.T @ a),
            "The gradient of b is transposed: it has the shape of b.",
            "g b^T and a^T g",
        ),
        WrongAnswer(
            "gradients-exchanged",
            lambda g, a, b: (a.T @ g, g @ b.T),
            "The two gradients have changed places: the first belongs to a.",
            "g b^T and a^T g",
        ),
    ),
)
