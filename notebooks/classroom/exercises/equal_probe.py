"""The fourth probe: two parameters with the same gradients move alike, and as one alone does."""

import numpy as np

from classroom.exercises import adagrad, momentum, rmsprop, sgd
from classroom.judging.bench import black_box, steps
from classroom.judging.detector import Detector, in_any_probe, tried_on
from classroom.judging.function import WrongAnswer
from classroom.judging.probes import frozen
from mytorch_core import Tensor, optim

GRADIENTS = frozen([1.0, 0.5, -0.5, 2.0])


def equal_probe(rule):
    """Whether two parameters with the same gradients differ from each other or from one alone."""
    alone = steps(rule, GRADIENTS)
    pair = steps(rule, np.stack([GRADIENTS, GRADIENTS], axis=1))
    return not np.allclose(pair, alone[:, None])


class CountsParameters(optim.Adam):
    """An Adam whose t is raised once for each parameter, before all of them."""

    def before_step(self):
        for _ in self.parameters:
            super().before_step()


class MovesTheLast(optim.SGD):
    """An SGD whose first parameters stay."""

    def update(self, w, g):
        if w is self.parameters[-1].data or len(self.parameters) == 1:
            super().update(w, g)


def _pairs(sees, gradients=GRADIENTS, factor=1):
    """A probe that judges (steps of one alone, of the first of two, of the second)."""

    def probe(rule):
        both = np.stack([gradients, factor * gradients], axis=1)
        return bool(sees(steps(rule, gradients), *steps(rule, both).T))

    return probe


def _other_shapes(rule):
    """A probe whose second parameter has another shape."""
    parameters = [Tensor(np.zeros(n), requires_grad=True) for n in (1, 2)]
    optimizer = rule(parameters)
    for g in GRADIENTS:
        for p in parameters:
            p.grad = np.full(p.shape, g)
        optimizer.step()
    alone = -steps(rule, GRADIENTS).sum() * optimizer.lr
    return not all(np.allclose(p.data, alone) for p in parameters)


LOOK = "alone, first of two, second of two: the same steps"
EXERCISE = Detector(
    __name__,
    equal_probe,
    calls=tried_on(
        {
            "SGD": optim.SGD,
            "Momentum": momentum.Momentum,
            "AdaGrad": optim.AdaGrad,
            "RMSProp": rmsprop.RMSProp,
            "Adam": optim.Adam,
        },
        {
            "an AdaGrad with one h for two parameters": black_box(
                "AdaGrad", adagrad.EXERCISE, "state-shared", lr=0.02, eps=1e-8
            ),
            "an RMSProp with one v for two parameters": black_box(
                "RMSProp", rmsprop.EXERCISE, "state-shared", lr=0.02, beta=0.9, eps=1e-8
            ),
            "an Adam that raises t once for each parameter, before all of them": CountsParameters,
            "an SGD that moves the first parameter only": black_box(
                "SGD", sgd.EXERCISE, "first-parameter-only", lr=0.02
            ),
            "an SGD that moves the last parameter only": MovesTheLast,
        },
    ),
    mistakes=(
        *in_any_probe(equal_probe, "Do both parameters get the same gradients?"),
        WrongAnswer(
            "compared-with-each-other-only",
            _pairs(lambda alone, first, second: not np.allclose(first, second)),
            "The two are compared with each other only: both may go astray alike. Compare them "
            "with one that is alone.",
            LOOK,
        ),
        WrongAnswer(
            "first-of-two-only",
            _pairs(lambda alone, first, second: not np.allclose(first, alone)),
            "Only the first of the two is looked at: the second may not move at all.",
            LOOK,
        ),
        WrongAnswer(
            "other-gradients",
            _pairs(lambda alone, first, second: not np.allclose(first, second), factor=2),
            "The two parameters get different gradients: that SGD and Momentum then differ is "
            "right.",
            LOOK,
        ),
        WrongAnswer(
            "other-shapes",
            _other_shapes,
            "The two parameters differ in shape: a state that is shared by all of one shape is not "
            "noticed.",
            LOOK,
        ),
    ),
)
