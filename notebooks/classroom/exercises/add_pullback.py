"""The pullback of a sum in which one array is broadcast."""

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def add_pullback(g, a, b):
    """The gradients of a and b, an array and a row, when g is that of a + b."""
    return g, g.sum(axis=0)


X = frozen([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
G = frozen([[2.0, -1.0, 4.0], [-3.0, 5.0, 0.5]])
EXERCISE = Function(
    __name__,
    add_pullback,
    {"a matrix plus a row": lambda f: tuple(f(G, X, X[0]))},
    (
        WrongAnswer(
            "broadcasting-not-undone",
            lambda g, a, b: (g, g),
            "b was one row, used for every row of a: its gradient is the sum over the rows.",
            "grad of b = sum of g over the rows",
        ),
        WrongAnswer(
            "summed-over-columns",
            lambda g, a, b: (g, g.sum(axis=1)),
            "The sum goes along the rows: b has an entry for each column, so sum over the "
            "rows, axis=0.",
            "grad of b = sum of g over the rows",
        ),
        WrongAnswer(
            "summed-over-everything",
            lambda g, a, b: (g, g.sum()),
            "Everything is summed into one number: b has an entry for each column.",
            "grad of b = sum of g over the rows",
        ),
        WrongAnswer(
            "axis-kept",
            lambda g, a, b: (g, g.sum(axis=0, keepdims=True)),
            "The gradient of b has an axis too many: b has the shape of one row.",
            "the shape of a gradient is that of its array",
        ),
        WrongAnswer(
            "mean-for-sum",
            lambda g, a, b: (g, g.mean(axis=0)),
            "The rows of g are averaged: every use of b counts in full, a sum.",
            "grad of b = sum of g over the rows",
        ),
        WrongAnswer(
            "first-row-only",
            lambda g, a, b: (g, g[0]),
            "Only one row of g is used: every row used b.",
            "grad of b = sum of g over the rows",
        ),
    ),
)
