"""Momentum: SGD with a moving average of the gradient."""

from classroom.judging.rule import Rule
from classroom.judging.spellings import averages, steps
from classroom.judging.usual import EVERYWHERE, M_LINE, hard_coded, in_an_average, in_the_state
from classroom.judging.written import Mistake, Text
from mytorch_core.optim import Optimizer


class Momentum(Optimizer):
    """m <- beta m + (1 - beta) g
    w <- w - lr m

    m: the moving average of the gradient (Polyak 1964, in the convention of a mean: m = beta m + g
    with a rate 1 - beta times as large is the same rule).
    """

    state = ("m",)
    below_one = ("beta",)

    def __init__(self, parameters, lr=0.1, beta=0.9):
        super().__init__(parameters, lr=lr, beta=beta)

    def update(self, w, g, m):
        m += (1 - self.beta) * (g - m)
        w -= self.lr * m


TEXT = Text(("m += (1 - beta) * (g - m)", "step = lr * m", "w -= step"), state=("m",))
STEP = "w <- w - lr m"
EXERCISE = Rule(
    __name__,
    right=Momentum,
    settings={"lr": 0.3, "beta": 0.8},
    text=TEXT,
    look={"w": STEP, "m": M_LINE},
    mistakes=(
        *EVERYWHERE,
        *in_the_state(TEXT),
        Mistake(
            "g-for-m",
            "step = lr * g",
            "The step uses g where m belongs.",
            STEP,
            causes="m is computed and then ignored, or g takes its place and the past is "
            "forgotten. No experiment tells the two apart.",
        ),
        *in_an_average("beta"),
        Mistake(
            "heavy-ball",
            "m[...] = beta * m + g",
            "This is m = beta m + g, without (1 - beta): a legitimate convention (PyTorch's), "
            "whose steps are 1/(1 - beta) times as large. With lr (1 - beta) in place of lr it is "
            "the chapter's rule.",
            M_LINE,
            fine=True,
        ),
        Mistake(
            "lr-inside-m",
            "m[...] = beta * m + lr * g\nstep = m",
            "This keeps lr inside the memory, v = beta v + lr g: a legitimate convention. A change "
            "of lr then acts on the gradients to come only.",
            M_LINE,
            fine=True,
        ),
        Mistake(
            "nesterov",
            "step = lr * (beta * m + (1 - beta) * g)",
            "The step is beta m + (1 - beta) g after m was updated: that is Nesterov's momentum, "
            "one look further ahead. Here the step is m alone.",
            STEP,
        ),
        hard_coded("beta", 0.9),
        Mistake(
            "corrected-like-adam",
            "step = lr * m / (1 - beta ** t)",
            "m is divided by 1 - beta^t: that is Adam's correction. Momentum has none.",
            STEP,
        ),
    ),
    others=(
        Mistake(
            "nesterov-of-pytorch",
            "step = lr * (beta * m + g)",
            "The step looks one step further ahead, with g in it once more: that is Nesterov's "
            "momentum. Here the step is m alone.",
            STEP,
        ),
    ),
    spellings=({"m": averages("m", "beta", "g"), "w": steps("lr * m")},),
)
