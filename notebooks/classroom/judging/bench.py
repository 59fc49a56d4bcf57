"""The bench that a rule is laid on: its steps for gradients of one's own, and rules as black boxes.

A probe of chapter 06 is a function of a rule, `probe(rule)`; a rule is whatever makes an optimizer
when it is called with a list of parameters.
"""

import numpy as np

from classroom.judging.written import Written, with_mistakes
from mytorch_core import Tensor
from mytorch_core.optim import Optimizer


def steps(rule, gradients):
    """The steps that a rule takes downhill, in units of its lr, for these gradients.

    gradients  (T,): in step t one parameter, of a single weight, gets gradients[t]; or (T, n): n
               parameters of the same shape, a single weight each
    returns    an array of the same shape. A step that lowers w by lr is 1. The weight is put back
               to 0 before each step, so that a tiny step is not lost beside a large weight.
    """
    gradients = np.asarray(gradients, float)
    rows = gradients.reshape(len(gradients), -1)
    parameters = [Tensor(np.zeros(1), requires_grad=True) for _ in rows[0]]
    optimizer = rule(parameters)
    found = np.empty_like(rows)
    with np.errstate(all="ignore"):
        for t, row in enumerate(rows):
            for p, g in zip(parameters, row, strict=True):
                p.data, p.grad = np.zeros(1), np.array([g])
            optimizer.step()
            found[t] = [-p.data[0] for p in parameters]
        return (found / optimizer.lr).reshape(gradients.shape)


def black_box(name, exercise, slug, **settings):
    """The rule of an exercise with one of its mistakes, as a class that does not tell which.

    name      what the class is called
    settings  all of its hyperparameters, with their defaults

    The class says as `claims` which rule it claims to be; `honest` is that rule, as it should be.
    """
    mistake = next(mistake for mistake in exercise.mistakes if mistake.slug == slug)
    text = with_mistakes(exercise.text, (mistake,))

    class Box(Written, Optimizer):
        """A black box: it can be constructed and stepped, and its lines are kept elsewhere."""

        honest, claims = exercise.right, exercise.right.__name__
        below_one = tuple(key for key in settings if key.startswith(("beta", "lr_decay")))

        def __init__(self, parameters, **hyperparameters):
            unknown = ", ".join(hyperparameters.keys() - settings.keys())
            if unknown:
                raise TypeError(f"{name} has no {unknown}; it takes {', '.join(settings)}")
            Optimizer.__init__(self, parameters, **settings | hyperparameters)  # checks them
            checked = {key: getattr(self, key) for key in settings}
            Written.__init__(self, text, self.parameters, **checked)

    Box.__name__ = Box.__qualname__ = name
    return Box
