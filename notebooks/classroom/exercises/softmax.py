"""Each row of scores as probabilities."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def softmax(z):
    """Each row of z as probabilities: exp(z) over the sum of the row."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _shifted(z):
    return np.exp(z - z.max(axis=1, keepdims=True))


def _unshifted(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


LOGITS = frozen([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [2.0, 2.5, 0.1], [0.3, 0.2, 0.1]])
EXERCISE = Function(
    __name__,
    softmax,
    {
        "four rows": lambda f: f(LOGITS),
        "large logits": lambda f: f(LOGITS * 1000),
        "a square of logits": lambda f: f(LOGITS[:3] + np.eye(3)),
    },
    (
        WrongAnswer(
            "wrong-axis",
            lambda z: softmax(z.T).T,
            "The columns add up to 1: each row is a sample, and its entries have to.",
            "p_i = exp(z_i) / sum over the row",
        ),
        WrongAnswer(
            "over-everything",
            lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
            "All entries together add up to 1: each row has to.",
            "p_i = exp(z_i) / sum over the row",
        ),
        WrongAnswer(
            "divided-by-the-sum-of-all",
            lambda z: _shifted(z) / _shifted(z).sum(),
            "Each row is divided by the sum of all rows: sum over the row alone, axis=1.",
            "p_i = exp(z_i) / sum over the row",
        ),
        WrongAnswer(
            "without-the-shift",
            _unshifted,
            "One thing to know: from logits of 710 on exp overflows, and the rows become nan. "
            "Subtract the row's largest entry first, which changes nothing else.",
            "exp(z - max z)",
            fine=True,
        ),
        WrongAnswer(
            "shifted-by-the-largest-of-all",
            lambda z: _unshifted(z - z.max()),
            "Each row is shifted by the largest entry of all rows: in a row of much smaller "
            "ones every exp is 0, and 0 / 0 is nan. Subtract the row's own largest.",
            "exp(z - max z), with the max of the row",
        ),
        WrongAnswer(
            "exp-missing",
            lambda z: z / z.sum(axis=1, keepdims=True),
            "exp is missing: z can be negative, a probability cannot.",
            "p_i = exp(z_i) / sum over the row",
        ),
        WrongAnswer(
            "not-divided",
            _shifted,
            "Nothing is divided by the sum: the entries of a row have to add up to 1.",
            "p_i = exp(z_i) / sum over the row",
        ),
        WrongAnswer(
            "log-probabilities",
            lambda z: (
                z
                - z.max(axis=1, keepdims=True)
                - np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
            ),
            "These are logarithms of probabilities: asked for are the probabilities.",
            "p_i = exp(z_i) / sum over the row",
        ),
        WrongAnswer(
            "twice",
            lambda z: softmax(softmax(z)),
            "Softmax is applied twice.",
            "p_i = exp(z_i) / sum over the row",
        ),
    ),
)
