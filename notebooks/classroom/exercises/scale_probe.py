"""The third probe: gradients times 1,000 give the same steps, or steps times 1,000."""

import functools

import numpy as np

from classroom.exercises import adagrad, adam, momentum, rmsprop
from classroom.judging.bench import black_box, steps
from classroom.judging.detector import Detector, in_any_probe, tried_on
from classroom.judging.function import WrongAnswer
from classroom.judging.probes import frozen
from mytorch_core import optim

SMALL = frozen(np.full(20, 1e-5))


def scale_probe(rule):
    """Whether gradients times 1,000 make the steps neither 1 nor 1,000 times as long."""
    small, large = steps(rule, SMALL), steps(rule, 1000 * SMALL)
    return not any(np.allclose(large, factor * small, rtol=0.05) for factor in (1, 1000))


WITH_EPS = {"lr": 0.02, "eps": 1e-8}


def _ratios(sees, small=SMALL):
    """A probe that judges the ratios of the steps."""
    return lambda rule: bool(sees(steps(rule, 1000 * small) / steps(rule, small)))


def _neither(rtol, factors=(1, 1000)):
    return lambda ratio: not any(np.allclose(ratio, factor, rtol=rtol) for factor in factors)


def _adagrad(slug):
    return black_box("AdaGrad", adagrad.EXERCISE, slug, **WITH_EPS)


LOOK = "the ratio is 1 (what divides by a root) or 1,000 (what does not)"
EXERCISE = Detector(
    __name__,
    scale_probe,
    calls=tried_on(
        {
            "SGD": optim.SGD,
            "Momentum": momentum.Momentum,
            "AdaGrad": optim.AdaGrad,
            "RMSProp": rmsprop.RMSProp,
            "Adam": optim.Adam,
            "Adam with eps 1e-14": functools.partial(optim.Adam, eps=1e-14),
        },
        {
            "an AdaGrad with eps inside the root": _adagrad("eps-inside-the-root"),
            "an RMSProp with eps inside the root": black_box(
                "RMSProp", rmsprop.EXERCISE, "eps-inside-the-root", **WITH_EPS, beta=0.9
            ),
            "an AdaGrad without a root": _adagrad("root-missing"),
            "an Adam that averages |g|, not g g": black_box(
                "Adam", adam.EXERCISE, "abs-for-square", **WITH_EPS, beta1=0.9, beta2=0.99
            ),
        },
    ),
    mistakes=(
        *in_any_probe(scale_probe),
        WrongAnswer(
            "one-is-not-enough",
            _ratios(_neither(0.05, factors=(1,))),
            "SGD and Momentum take steps 1,000 times as long, and are right.",
            LOOK,
        ),
        WrongAnswer(
            "thousand-is-not-enough",
            _ratios(_neither(0.05, factors=(1000,))),
            "AdaGrad, RMSProp and Adam take the same steps, and are right: the factor cancels.",
            LOOK,
        ),
        WrongAnswer(
            "gradients-too-large",
            _ratios(_neither(0.05), small=np.full(20, 1.0)),
            "The gradients are too large: an eps of 1e-8, and its root 1e-4, vanish beside them. "
            "The smaller ones have to lie below 1e-4.",
            LOOK,
        ),
        WrongAnswer(
            "gradients-too-small",
            _ratios(_neither(0.05), small=np.full(20, 1e-9)),
            "The gradients are too small: below 1e-8 a right eps is most of the root, and every "
            "rule that divides by one looks wrong. The smaller ones have to lie well above eps.",
            LOOK,
        ),
        WrongAnswer(
            "eps-shows",
            _ratios(_neither(1e-4)),
            "A right eps shows in small gradients: near 1e-8 it is half of the root, at 1e-5 still "
            "a thousandth. Take larger gradients, or a tolerance of some per cent.",
            LOOK,
        ),
        WrongAnswer(
            "growth-only",
            _ratios(lambda ratio: _neither(0.05)(ratio) and ratio.max() > 1),
            "Only steps that grow are noticed: without a root they become shorter.",
            LOOK,
        ),
    ),
)
