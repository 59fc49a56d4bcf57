"""Momentum and RMSProp as chapter 04 derives them: rules of a few lines each."""

import numpy as np

from mytorch_core.optim import Optimizer


class Momentum(Optimizer):
    """m <- beta m + (1 - beta) g
    w <- w - lr m

    m: the moving average of the gradient (Polyak 1964, in the convention of a mean: m = beta m + g
    with a rate 1 - beta times as large is the same rule).
    """

    state = ("m",)

    def __init__(self, parameters, lr=0.1, beta=0.9):
        super().__init__(parameters, lr=lr, beta=beta)

    def update(self, w, g, m):
        m += (1 - self.beta) * (g - m)
        w -= self.lr * m


class RMSProp(Optimizer):
    """v <- beta v + (1 - beta) g g
    w <- w - lr g / (sqrt(v) + eps)

    v: the moving average of the squared gradient, from zero and not corrected (Tieleman & Hinton
    2012, lecture 6.5); eps stands outside the root.
    """

    state = ("v",)

    def __init__(self, parameters, lr=1e-2, beta=0.9, eps=1e-8):
        super().__init__(parameters, lr=lr, beta=beta, eps=eps)

    def update(self, w, g, v):
        v += (1 - self.beta) * (g * g - v)
        w -= self.lr * g / (np.sqrt(v) + self.eps)
