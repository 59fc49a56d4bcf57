"""The first probe: is the first step, for a gradient of 1, as long as lr?"""

import functools

import numpy as np

from classroom.exercises import adagrad, adam, sgd
from classroom.judging.bench import black_box, steps
from classroom.judging.detector import Detector, in_any_probe, tried_on
from classroom.judging.function import WrongAnswer
from mytorch_core import Tensor, optim


def first_step_probe(rule):
    """Whether the first step for a gradient of 1 is other than lr, downhill."""
    return not np.isclose(steps(rule, [1.0])[0], 1, rtol=0.01)


BETAS = {"lr": 0.02, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}


def _adam(slug):
    return black_box("Adam", adam.EXERCISE, slug, **BETAS)


def _weight():
    return Tensor(np.zeros(1), requires_grad=True)


def _first(sees, g=1.0):
    """A probe that judges the first step for the gradient g."""
    return lambda rule: bool(sees(steps(rule, [g])[0]))


LOOK = "the first step, w before minus w after, is 1 lr"
EXERCISE = Detector(
    __name__,
    first_step_probe,
    calls=tried_on(
        {
            "SGD": optim.SGD,
            "AdaGrad": optim.AdaGrad,
            "Adam": optim.Adam,
            "Adam with beta2 0.999": functools.partial(optim.Adam, beta2=0.999),
        },
        {
            "an Adam that corrects v alone (its first step is 0.1 lr)": _adam("m-not-corrected"),
            "an Adam that corrects m alone (10 lr)": _adam("v-not-corrected"),
            "an Adam whose t is 2 in the first step (0.74 lr)": _adam("t-ahead"),
            "an AdaGrad that goes uphill (-1 lr)": black_box(
                "AdaGrad", adagrad.EXERCISE, "ascends", lr=0.02, eps=1e-8
            ),
            "an SGD with lr twice (0.02 lr)": black_box("SGD", sgd.EXERCISE, "lr-twice", lr=0.02),
            "an SGD with lr twice, whose lr is 1e-5": black_box(
                "SGD", sgd.EXERCISE, "lr-twice", lr=1e-5
            ),
        },
    ),
    mistakes=(
        *in_any_probe(first_step_probe),
        WrongAnswer(
            "sign-lost",
            _first(lambda step: abs(abs(step) - 1) > 0.01),
            "A size has no sign: a rule that goes uphill by lr passes.",
            LOOK,
        ),
        WrongAnswer(
            "sign-turned",
            _first(lambda step: abs(-step - 1) > 0.01),
            "Downhill from a gradient of 1 the weight falls: w after minus w before is -lr in a "
            "right rule.",
            LOOK,
        ),
        WrongAnswer(
            "tolerance-too-wide",
            _first(lambda step: not 0.5 < step < 2),
            "The tolerance is too wide: a step of 0.74 lr is not rounding. One per cent is plenty.",
            LOOK,
        ),
        WrongAnswer(
            "tolerance-without-lr",
            lambda rule: bool(abs(steps(rule, [1.0])[0] - 1) * rule([_weight()]).lr > 1e-3),
            "The tolerance is not in units of lr: where lr is small, it is wider than any step. "
            "Compare step / lr with 1.",
            LOOK,
        ),
        WrongAnswer(
            "no-tolerance",
            _first(lambda step: step != 1),
            "A right step differs from lr in its last digits, by rounding and by eps: compare with "
            "a tolerance, as np.isclose does.",
            LOOK,
        ),
        WrongAnswer(
            "too-long-only",
            _first(lambda step: step > 1.01),
            "Only steps that are too long are noticed.",
            LOOK,
        ),
        WrongAnswer(
            "too-short-only",
            _first(lambda step: step < 0.99),
            "Only steps that are too short are noticed.",
            LOOK,
        ),
        WrongAnswer(
            "gradient-is-not-one",
            _first(lambda step: abs(step - 1) > 0.01, g=2.0),
            "For SGD the first step is lr g: it is lr if the gradient is 1.",
            LOOK,
        ),
    ),
)
