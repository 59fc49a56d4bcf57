"""How many decades of the learning rate are nearly as good as the best one."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from classroom.judging.probes import frozen


def plateau(rates, accuracy, within=0.02):
    """Decades of lr on which a rule comes within so much of its own best accuracy.

    rates, accuracy   of each trial, the rates in ascending order; between them the curve is a
                      straight line over log10(lr)
    """
    x = np.log10(rates)
    fine = np.linspace(x[0], x[-1], 10_001)
    good = np.interp(fine, x, accuracy) >= np.max(accuracy) - within
    return good.mean() * (x[-1] - x[0])


def _wrong(of_x=np.log10, best=np.max, near=np.greater_equal, result=None):
    """The same function with one part in another's place."""

    def answer(rates, accuracy, within=0.02):
        x = of_x(np.asarray(rates, float))
        fine = np.linspace(x[0], x[-1], 10_001)
        curve = np.interp(fine, x, accuracy)
        good = near(curve, best(accuracy) - within)
        return result(fine, good) if result else good.mean() * (x[-1] - x[0])

    return answer


def _points(rates, accuracy, within=0.02):
    good = np.asarray(accuracy) >= np.max(accuracy) - within
    return good.sum() * np.log10(rates[1] / rates[0])


def _between_points(rates, accuracy, within=0.02):
    good = np.flatnonzero(np.asarray(accuracy) >= np.max(accuracy) - within)
    return np.log10(rates[good[-1]] / rates[good[0]])


def _beside_the_best(rates, accuracy, within=0.02):
    good = np.asarray(accuracy) >= np.max(accuracy) - within
    first = last = int(np.argmax(accuracy))
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(good) - 1 and good[last + 1]:
        last += 1
    return np.log10(rates[last] / rates[first])


def _over_lr(rates, accuracy, within=0.02):
    fine = np.linspace(rates[0], rates[-1], 100_001)
    good = fine[np.interp(fine, rates, accuracy) >= np.max(accuracy) - within]
    return np.log10(good[-1] / good[0])


def _fixed(rates, accuracy, within=0.02):
    return plateau(rates, accuracy, 0.02)


def _falling(rates, accuracy, within=0.02):
    return plateau(rates, accuracy, within * np.max(accuracy))


RATES = frozen([0.001, 0.01, 0.1, 1.0])
TENT = frozen([0.5, 0.8, 0.9, 0.1])
CALLS = {
    "a peak": (RATES, TENT, 0.04),
    "a wider margin": (RATES, TENT, 0.15),
    "two peaks": (
        frozen(10.0 ** np.arange(-4, 3)),
        frozen([0.5, 0.9, 0.5, 0.5, 0.9, 0.5, 0.2]),
        0.1,
    ),
    "the usual margin": (
        frozen(10.0 ** np.arange(-4, 2)),
        frozen([0.5, 0.90, 0.91, 0.915, 0.91, 0.5]),
    ),
}


def _call(arguments):
    # To a twentieth of a decade: how fine the reader's grid is does not matter.
    return lambda answer: np.round(20 * float(answer(*arguments))) / 20


EXERCISE = Function(
    __name__,
    plateau,
    {shows: _call(arguments) for shows, arguments in CALLS.items()},
    (
        WrongAnswer(
            "natural-logarithm",
            _wrong(of_x=np.log),
            "The width is in powers of e: a decade is a factor of ten, log10.",
            "x = log10(lr)",
        ),
        WrongAnswer(
            "difference-of-rates",
            _wrong(of_x=lambda rates: rates),
            "The width is a difference of rates: on this axis factors count, so take log10 of the "
            "rates first.",
            "x = log10(lr)",
        ),
        WrongAnswer(
            "share-of-the-grid",
            _wrong(result=lambda fine, good: good.mean()),
            "This is the share of the grid that is good: times the grid's length it is a width.",
            "share times decades of the grid",
        ),
        WrongAnswer(
            "bad-for-good",
            _wrong(near=np.less),
            "This is the width of what is not good enough.",
            "accuracy >= best - within",
        ),
        WrongAnswer(
            "number-of-points",
            _points,
            "Each good point counts as a whole distance between two rates. Between the points the "
            "curve is a straight line: find where it passes the threshold.",
            "straight lines between the points",
        ),
        WrongAnswer(
            "from-point-to-point",
            _between_points,
            "The width ends at points of the grid. The line beyond the last good point is good for "
            "a while, too.",
            "straight lines between the points",
        ),
        WrongAnswer(
            "from-the-first-to-the-last",
            _wrong(result=lambda fine, good: np.ptp(fine[good])),
            "What lies between two good stretches counts, too: add up only where the curve is good "
            "enough.",
            "accuracy >= best - within",
        ),
        WrongAnswer(
            "good-points-beside-the-best",
            _beside_the_best,
            "The width goes from one point of the grid to another, on both sides of the best. The "
            "line beyond the last good point is good for a while, too, and so may be others.",
            "straight lines between the points",
        ),
        WrongAnswer(
            "lines-over-lr",
            _over_lr,
            "Between two rates the line is drawn over lr: it is straight over log10(lr).",
            "x = log10(lr)",
        ),
        WrongAnswer(
            "margin-ignored",
            _fixed,
            "The margin is 0.02 whatever `within` is.",
            "best - within",
        ),
        WrongAnswer(
            "margin-in-percent",
            _falling,
            "The margin is a share of the best accuracy: `within` is subtracted as it is.",
            "best - within",
        ),
        WrongAnswer(
            "mean-for-best",
            _wrong(best=np.mean),
            "The margin is counted from the mean accuracy: count from the best one.",
            "best - within",
        ),
        WrongAnswer(
            "last-for-best",
            _wrong(best=lambda accuracy: accuracy[-1]),
            "The margin is counted from the last accuracy: count from the best one.",
            "best - within",
        ),
        WrongAnswer(
            "grid-points-for-width",
            _wrong(result=lambda fine, good: good.sum()),
            "This counts points of the fine grid: their share, times the grid's length, is a "
            "width.",
            "share times decades of the grid",
        ),
    ),
)
