"""The second probe: does a gradient that stays 1 give steps that stay lr?"""

import functools

import numpy as np

from classroom.exercises import adam, sgd
from classroom.judging.bench import black_box, steps
from classroom.judging.detector import Detector, in_any_probe, tried_on
from classroom.judging.function import WrongAnswer
from mytorch_core import optim

STEPS = 300


def constant_probe(rule):
    """Whether a step of 300 for a gradient of 1 differs from lr by more than a fifth."""
    return bool(abs(steps(rule, np.ones(STEPS)) - 1).max() > 0.2)


BETAS = {"lr": 0.02, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
SHORTER = BETAS | {"beta1": 0.8, "beta2": 0.96}


def _adam(slug, settings=BETAS):
    return black_box("Adam", adam.EXERCISE, slug, **settings)


def _all(sees, count=STEPS):
    """A probe that judges all steps for so many gradients of 1."""
    return lambda rule: bool(sees(steps(rule, np.ones(count))))


LOOK = f"every one of {STEPS} steps is 1 lr, give or take a fifth"
EXERCISE = Detector(
    __name__,
    constant_probe,
    calls=tried_on(
        {
            "SGD": optim.SGD,
            "SGD with lr_decay 0.01": functools.partial(optim.SGD, lr_decay=0.01),
            "Adam": optim.Adam,
            "Adam with beta2 0.999": functools.partial(optim.Adam, beta2=0.999),
        },
        {
            "an uncorrected Adam with betas 0.8 and 0.96 (1 lr at first and at the end, twice that "
            "between)": _adam("no-bias-correction", SHORTER),
            "an Adam that divides by a sum of squares (its steps shrink)": _adam("v-only-adds"),
            "an Adam whose m lacks 1 - beta1 (always 10 lr)": _adam("m-without-1-minus-beta"),
            "an Adam whose t starts again after 100 steps": _adam("t-starts-again-after-100"),
            "an Adam that corrects v alone, with beta1 0.7 (its first steps are too short)": _adam(
                "m-not-corrected", BETAS | {"beta1": 0.7}
            ),
            "an SGD whose rate drops in every step, not every hundredth": black_box(
                "SGD", sgd.WITH_DECAY, "decay-every-step", lr=0.02, lr_decay=0.005
            ),
        },
    ),
    mistakes=(
        *in_any_probe(constant_probe),
        WrongAnswer(
            "first-step-only",
            _all(lambda steps: abs(steps[0] - 1) > 0.2),
            "Only the first step is looked at: that is the first probe.",
            LOOK,
        ),
        WrongAnswer(
            "last-step-only",
            _all(lambda steps: abs(steps[-1] - 1) > 0.2),
            "Only the last step is looked at: what goes wrong on the way may be over by then.",
            LOOK,
        ),
        *(
            WrongAnswer(
                slug,
                _all(lambda steps, most=most: abs(steps.mean() - 1) > most),
                "The mean of the steps is looked at, or the last one alone: a few that are wrong "
                "in between are not seen.",
                LOOK,
            )
            for slug, most in (("mean-of-the-steps", 0.2), ("mean-of-the-steps-finely", 0.02))
        ),
        WrongAnswer(
            "all-for-any",
            _all(lambda steps: (abs(steps - 1) > 0.2).all()),
            "It fires only if every step is wrong: one is enough, any(...).",
            LOOK,
        ),
        WrongAnswer(
            "too-few-steps",
            _all(lambda steps: abs(steps - 1).max() > 0.2, count=20),
            "There are too few steps: what goes wrong at every hundredth, or slowly, is not seen.",
            LOOK,
        ),
        WrongAnswer(
            "tolerance-too-narrow",
            _all(lambda steps: abs(steps - 1).max() > 0.01),
            "The tolerance is too narrow: a rate that decays as it should has lost two per cent by "
            "then.",
            LOOK,
        ),
        WrongAnswer(
            "compared-with-each-other",
            _all(lambda steps: steps.max() > 1.2 * steps.min()),
            "The steps are compared with each other, or with the first: all of them may be wrong "
            "by the same factor.",
            LOOK,
        ),
        WrongAnswer(
            "too-long-only",
            _all(lambda steps: steps.max() > 1.2),
            "Only steps that are too long are noticed.",
            LOOK,
        ),
        WrongAnswer(
            "too-short-only",
            _all(lambda steps: steps.min() < 0.8),
            "Only steps that are too short are noticed.",
            LOOK,
        ),
    ),
)
