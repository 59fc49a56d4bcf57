"""RMSProp: AdaGrad with a moving average in place of the sum."""

import numpy as np

from classroom.judging.rule import Rule
from classroom.judging.spellings import averages_of_squares, steps_over_root
from classroom.judging.usual import EVERYWHERE, V_LINE, hard_coded, in_squares, in_the_state
from classroom.judging.written import Mistake, Text
from mytorch_core.optim import Optimizer


class RMSProp(Optimizer):
    """v <- beta v + (1 - beta) g g
    w <- w - lr g / (sqrt(v) + eps)

    v: the moving average of the squared gradient, from zero and not corrected (Tieleman & Hinton
    2012, lecture 6.5); eps stands outside the root.
    """

    state = ("v",)
    below_one = ("beta",)

    def __init__(self, parameters, lr=1e-2, beta=0.9, eps=1e-8):
        super().__init__(parameters, lr=lr, beta=beta, eps=eps)

    def update(self, w, g, v):
        v += (1 - self.beta) * (g * g - v)
        w -= self.lr * g / (np.sqrt(v) + self.eps)


TEXT = Text(
    (
        "v += (1 - beta) * (g * g - v)",
        "root = np.sqrt(v)",
        "step = lr * g / (root + eps)",
        "w -= step",
    ),
    state=("v",),
)
EXERCISE = Rule(
    __name__,
    right=RMSProp,
    settings={"lr": 0.3, "beta": 0.8, "eps": 1e-4},
    text=TEXT,
    look={"w": "w <- w - lr g / (sqrt(v) + eps)", "v": V_LINE},
    mistakes=(
        *EVERYWHERE,
        *in_the_state(TEXT),
        *in_squares("v", "v += (1 - beta) * ({} - v)", "step = lr * g / {}", "beta"),
        hard_coded("beta", 0.9),
        hard_coded("beta", 0.99),
        Mistake(
            "corrected-like-adam",
            "root = np.sqrt(v / (1 - beta ** t))",
            "v is divided by 1 - beta^t: that is Adam's correction. RMSProp has none.",
            V_LINE,
        ),
    ),
    spellings=({"v": averages_of_squares("beta"), "w": steps_over_root("v")},),
)
