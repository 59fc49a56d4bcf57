"""The rate of SGD that falls like a staircase."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer


def decay(lr, lr_decay, t):
    """lr_t = lr (1 - lr_decay)^((t - 1) // 100)."""
    return lr * (1 - lr_decay) ** ((t - 1) // 100)


LINE = "lr_t = lr * (1 - lr_decay) ** ((t - 1) // 100)"
LOOK = "lr_t = lr (1 - lr_decay)^((t - 1) // 100)"
# What goes wrong in a falling rate: (slug, the line as it is then, sentence).
STAIRCASES = (
    (
        "decay-forgotten",
        "lr_t = lr",
        "The rate never falls: lr_decay has no effect in any step.",
    ),
    (
        "decay-one-step-early",
        "lr_t = lr * (1 - lr_decay) ** (t // 100)",
        "The rate drops one step too early: t counts from 1, so the first drop is at t = 101.",
    ),
    (
        "decay-two-steps-early",
        "lr_t = lr * (1 - lr_decay) ** ((t + 1) // 100)",
        "The rate drops two steps too early, at t = 99: t - 1 is counted, not t + 1.",
    ),
    (
        "decay-smooth",
        "lr_t = lr * (1 - lr_decay) ** ((t - 1) / 100)",
        "The rate falls in every step: / gives a smooth curve, // the staircase.",
    ),
    (
        "decay-rounded",
        "lr_t = lr * (1 - lr_decay) ** round((t - 1) / 100)",
        "The number of drops is rounded to the nearest: the first comes in the middle of a "
        "hundred. // rounds down.",
    ),
    (
        "decay-rounded-up",
        "lr_t = lr * (1 - lr_decay) ** np.ceil((t - 1) / 100)",
        "The number of drops is rounded up: the first comes at t = 2. // rounds down.",
    ),
    (
        "decay-once",
        "lr_t = lr * (1 - lr_decay if t > 100 else 1)",
        "The rate drops once, at t = 101, and never again: there is a drop at 201, 301, ...",
    ),
    (
        "decay-every-step",
        "lr_t = lr * (1 - lr_decay) ** (t - 1)",
        "The rate drops at every step, not at every hundredth: // 100 is missing.",
    ),
    (
        "decay-linear",
        "lr_t = lr * (1 - lr_decay * ((t - 1) // 100))",
        "The drops are subtracted, not multiplied: each one takes a share of what is left.",
    ),
    (
        "decay-inverse",
        "lr_t = lr / (1 + lr_decay * ((t - 1) // 100))",
        "The rate is lr / (1 + lr_decay k), another schedule: here it is a power of 1 - lr_decay.",
    ),
    *(
        (
            f"decay-inverse-{slug}",
            f"lr_t = lr / (1 + lr_decay * {count})",
            "The rate falls like 1 / (1 + lr_decay t), in every step: here it is a staircase of "
            "powers of 1 - lr_decay.",
        )
        for slug, count in (("in-every-step", "t"), ("from-0", "(t - 1)"))
    ),
    (
        "decay-of-the-wrong-base",
        "lr_t = lr * lr_decay ** ((t - 1) // 100)",
        "The base of the power is lr_decay; it has to be 1 - lr_decay, what is left.",
    ),
)


def _rate(line):
    """The function that gives the lr_t of this line."""

    def answer(lr, lr_decay, t):
        names = {"np": np, "lr": lr, "lr_decay": lr_decay, "t": t}
        exec(line, names)
        return names["lr_t"]

    return answer


def _rates(times, lr=0.3, lr_decay=0.2):
    return lambda answer: np.array([answer(lr, lr_decay, t) for t in times])


EXERCISE = Function(
    __name__,
    decay,
    calls={
        "the first hundred steps": _rates([1, 2, 50, 52, 98, 99, 100]),
        "the drops at 101, 201 and 301": _rates([100, 101, 200, 201, 300, 301]),
        "other rates": _rates([1, 150, 1000], lr=2.0, lr_decay=0.05),
        "no decay": _rates([1, 500], lr_decay=0.0),
        "far beyond ten drops": _rates([701, 1101, 2500], lr=40.0, lr_decay=0.3),
        "thousands of steps": lambda f: 1e12 * np.array([f(40.0, 0.3, t) for t in (9001, 12101)]),
        "a small rate": _rates([1, 101, 301, 1050], lr=0.0123456, lr_decay=0.1),
    },
    mistakes=(
        *(WrongAnswer(slug, _rate(line), words, LOOK) for slug, line, words in STAIRCASES),
        WrongAnswer(
            "clamped",
            lambda lr, lr_decay, t: max(decay(lr, lr_decay, t), 0.01),
            "The rate stops at 0.01: nobody asked for a lower bound.",
            LOOK,
        ),
        WrongAnswer(
            "table-of-the-first",
            lambda lr, lr_decay, t: lr * (1 - lr_decay) ** min((t - 1) // 100, 3),
            "The rate stops falling after three drops: is there an `if` for each hundred? There "
            "is no last one; (t - 1) // 100 counts them all.",
            LOOK,
        ),
        WrongAnswer(
            "decay-exponential",
            lambda lr, lr_decay, t: lr * np.exp(-lr_decay * ((t - 1) // 100)),
            "The rate falls like exp(-lr_decay k), another schedule: here it is a power of "
            "1 - lr_decay.",
            LOOK,
        ),
        WrongAnswer(
            "rounded",
            lambda lr, lr_decay, t: round(decay(lr, lr_decay, t), 3),
            "The rate is rounded: return all its digits.",
            LOOK,
        ),
        WrongAnswer(
            "lr-forgotten",
            lambda lr, lr_decay, t: (1 - lr_decay) ** ((t - 1) // 100),
            "lr itself is missing: this is the factor alone.",
            LOOK,
        ),
    ),
)
