"""The slope of a function along each weight, by a central difference."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer


def numerical_gradient(f, w, h=1e-5):
    """(f(w + h e_i) - f(w - h e_i)) / (2 h) for every entry i of the array w."""
    gradient = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        kept = w[i]
        w[i] = kept + h
        above = f(w)
        w[i] = kept - h
        below = f(w)
        w[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def _differences(above, below, divide, restore=True, entries=slice(None)):
    """A numerical gradient from f at above(w_i, h) and below(w_i, h)."""

    def answer(f, w, h=1e-5):
        gradient = np.zeros_like(w)
        for i in list(np.ndindex(w.shape))[entries]:
            kept = w[i]
            w[i] = above(kept, h)
            high = f(w)
            w[i] = below(kept, h)
            low = f(w)
            if restore:
                w[i] = kept
            gradient[i] = (high - low) / divide(h)
        return gradient

    return answer


def _one_sided_and_left(once):
    """Each entry goes up by h and stays there; f before that is taken once, or for each entry."""

    def answer(f, w, h=1e-5):
        gradient, start = np.zeros_like(w), f(w)
        for i in np.ndindex(w.shape):
            start = start if once else f(w)
            w[i] += h
            gradient[i] = (f(w) - start) / h
        return gradient

    return answer


def _curvature(f, w, h=1e-5):
    each = np.eye(w.size).reshape(-1, *w.shape) * h
    found = [(f(w + step) - 2 * f(w) + f(w - step)) / h**2 for step in each]
    return np.reshape(found, w.shape)


def _richardson(f, w, h=1e-5):
    return (4 * numerical_gradient(f, w, h / 2) - numerical_gradient(f, w, h)) / 3


def _moved_all(f, w, h=1e-5):
    return np.full_like(w, (f(w + h) - f(w - h)) / (2 * h))


def _rows_moved(f, w, h=1e-5):
    gradient = np.zeros_like(w)
    for i in range(len(w)):
        high, low = w.copy(), w.copy()
        high[i] += h
        low[i] -= h
        gradient[i] = (f(high) - f(low)) / (2 * h)
    return gradient


def _rounded(f, w, h=1e-5):
    w = w.astype(np.float32)
    gradient = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        high, low = w.copy(), w.copy()
        high[i] += np.float32(h)
        low[i] -= np.float32(h)
        gradient[i] = np.float32(np.float32(f(high)) - np.float32(f(low))) / np.float32(2 * h)
    return gradient


def _gradient_of(f, w, h=1e-5):
    def call(answer):
        here = np.array(w, float)

        def asked(w):
            if np.shape(w) != here.shape:
                raise ValueError(f"f takes an array of w's shape {here.shape}, not {np.shape(w)}")
            return f(w)

        gradient = answer(asked, here, h)
        return gradient, here

    return call


CENTRAL = "df/dw_i ~ (f(w + h e_i) - f(w - h e_i)) / (2 h)"
PLUS, MINUS, SAME = (lambda w, h: w + h), (lambda w, h: w - h), (lambda w, h: w)
EXERCISE = Function(
    __name__,
    numerical_gradient,
    {
        "f(w) = w^3 at one weight, h = 0.1": _gradient_of(
            lambda w: float((w**3).sum()), [2.0], 0.1
        ),
        "f(w) = w^5 at one weight, h = 1": _gradient_of(lambda w: float((w**5).sum()), [2.0], 1.0),
        "three weights, each with a slope of its own": _gradient_of(
            lambda w: float((w**2) @ np.array([1.0, 2.0, 3.0]) + w[0] * w[2]), [1.2345, -2.1, 0.57]
        ),
        "an array of three axes": _gradient_of(
            lambda w: float((w**3).sum() + w.ravel()[0] * w.ravel()[-1]),
            [[[0.31, -1.27]], [[2.213, 0.7]], [[-0.9, 1.1]]],
        ),
        "a matrix of weights": _gradient_of(lambda w: float((w * w).sum()), [[1.0, 2], [3, 4]]),
        "a tiny h": _gradient_of(lambda w: float((w**2).sum()), [1.0, 3.0], 1e-7),
    },
    (
        WrongAnswer(
            "forward-difference",
            _differences(PLUS, SAME, lambda h: h),
            "This is the forward difference (f(w + h) - f(w)) / h: its error falls like h, that of "
            "the central difference like h squared.",
            CENTRAL,
        ),
        WrongAnswer(
            "backward-difference",
            _differences(SAME, MINUS, lambda h: h),
            "This is the backward difference: its error falls only like h.",
            CENTRAL,
        ),
        WrongAnswer(
            "half-missing",
            _differences(PLUS, MINUS, lambda h: h),
            "The two points are 2 h apart, and the difference is divided by h.",
            CENTRAL,
        ),
        WrongAnswer(
            "h-multiplied",
            _differences(PLUS, MINUS, lambda h: 2 / h),
            "`/ 2 * h` divides by 2 and multiplies by h: put 2 * h into brackets.",
            CENTRAL,
        ),
        WrongAnswer(
            "not-divided",
            _differences(PLUS, MINUS, lambda h: 1.0),
            "The difference is not divided by anything: a slope is rise over run.",
            CENTRAL,
        ),
        WrongAnswer(
            "wrong-way",
            _differences(MINUS, PLUS, lambda h: 2 * h),
            "The sign is wrong: f(w + h) comes first.",
            CENTRAL,
        ),
        WrongAnswer(
            "weight-not-restored",
            _differences(PLUS, MINUS, lambda h: 2 * h, restore=False),
            "w is left changed: set each entry back before you move the next.",
            "w_i <- w_i + h, then - h, then back",
        ),
        WrongAnswer(
            "up-and-back",
            _differences(PLUS, SAME, lambda h: 2 * h),
            "w goes up by h and back again, and the difference is divided by 2 h: half the slope. "
            "Go down by h below w: - 2 h from above, or from a copy.",
            CENTRAL,
        ),
        WrongAnswer(
            "last-entry-missing",
            _differences(PLUS, MINUS, lambda h: 2 * h, entries=slice(-1)),
            "The last entry has no gradient: range(n) goes to n - 1 already.",
            CENTRAL,
        ),
        WrongAnswer(
            "rounded",
            lambda f, w, h=1e-5: np.round(numerical_gradient(f, w, h), 2),
            "The slopes are rounded: return all their digits.",
            CENTRAL,
        ),
        WrongAnswer(
            "integer-gradient",
            lambda f, w, h=1e-5: np.trunc(numerical_gradient(f, w, h)),
            "The slopes are whole numbers: an array of integers cuts off what comes after the "
            "point. np.zeros_like(w) is one of floats.",
            CENTRAL,
        ),
        WrongAnswer(
            "first-entry-only",
            _differences(PLUS, MINUS, lambda h: 2 * h, entries=slice(1)),
            "Only the first entry has a gradient: go through all of them (np.ndindex).",
            CENTRAL,
        ),
        WrongAnswer(
            "complex-step",
            lambda f, w, h=1e-5: np.zeros_like(w),
            "f takes real numbers: the imaginary part of what it is given is lost, and with it the "
            "slope.",
            CENTRAL,
            reads=r"\dj\b|\bcomplex|imag",
        ),
        WrongAnswer(
            "richardson",
            _richardson,
            "This is Richardson's (4 D(h/2) - D(h)) / 3 of central differences D, whose error "
            "falls like the fourth power of h: more than was asked for.",
            CENTRAL,
            fine=True,
        ),
        WrongAnswer(
            "second-derivative",
            _curvature,
            "f(w + h) - 2 f(w) + f(w - h) over h squared is the second derivative: a slope is the "
            "difference of two values over 2 h.",
            CENTRAL,
        ),
        *(
            WrongAnswer(
                slug,
                _one_sided_and_left(once),
                "w is left changed, and the difference is one-sided: take f(w + h) - f(w - h), "
                "over 2 h, and set each entry back.",
                CENTRAL,
            )
            for slug, once in (("forward-and-left", False), ("forward-from-the-first", True))
        ),
        WrongAnswer(
            "first-entry-missing",
            _differences(PLUS, MINUS, lambda h: 2 * h, entries=slice(1, None)),
            "The first entry has no gradient: range(1, n) begins with the second.",
            CENTRAL,
        ),
        WrongAnswer(
            "no-copy",
            lambda f, w, h=1e-5: np.zeros_like(w),
            "The gradient is 0 everywhere: f gives the same at both points.",
            CENTRAL,
            "Is f called twice with the same array? `up = w` is no copy of w, and what is added to "
            "one is taken away again: w.copy() is one.",
        ),
        WrongAnswer(
            "first-axis-only",
            _rows_moved,
            "Whole rows are moved: range(len(w)) goes along the first axis. np.ndindex(w.shape) "
            "goes through all entries.",
            CENTRAL,
        ),
        WrongAnswer(
            "flat",
            lambda f, w, h=1e-5: numerical_gradient(f, w, h).ravel(),
            "The result is one long row: it has the shape of w.",
            "one slope for each entry of w",
        ),
        WrongAnswer(
            "h-ignored",
            lambda f, w, h=1e-5: numerical_gradient(f, w, 1e-5),
            "h is 1e-5 whatever is asked for: use the argument h.",
            CENTRAL,
        ),
        WrongAnswer(
            "h-halved",
            _differences(lambda w, h: w + h / 2, lambda w, h: w - h / 2, lambda h: h),
            "The points are h apart, half a step to each side: here they are 2 h apart.",
            CENTRAL,
        ),
        WrongAnswer(
            "divided-by-h-squared",
            _differences(PLUS, MINUS, lambda h: 2 * h * h),
            "The difference is divided by h twice: once gives the slope.",
            CENTRAL,
        ),
        WrongAnswer(
            "sum-of-slopes",
            lambda f, w, h=1e-5: (f(w + h) - f(w - h)) / (2 * h),
            "w + h moves all weights at once, and the result is one number: the sum of all slopes. "
            "Move one entry at a time, and put its slope into an array like w.",
            CENTRAL,
        ),
        WrongAnswer(
            "returned-in-the-loop",
            lambda f, w, h=1e-5: numerical_gradient(f, w, h).ravel()[0],
            "One number is returned, the slope of the first entry: does `return` stand inside the "
            "loop?",
            "one slope for each entry of w",
        ),
        WrongAnswer(
            "all-moved-at-once",
            _moved_all,
            "All weights are moved at once: that is the slope along (1, 1, ...), the sum of all. "
            "Move one at a time.",
            CENTRAL,
        ),
        WrongAnswer(
            "float32-with-a-tiny-h",
            _rounded,
            "The difference is taken in float32, where w + h and w are one number when h is tiny: "
            "compute in float64.",
            "h = 1e-8 needs float64",
        ),
    ),
    parts=("the gradient", "w afterwards"),
)
