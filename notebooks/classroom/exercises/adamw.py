"""AdamW: Adam, and a weight decay that no gradient divides or averages."""

from classroom.exercises import adam
from classroom.judging.rule import Rule
from classroom.judging.usual import in_squares
from classroom.judging.written import Mistake, Text
from mytorch_core import optim


class AdamW(optim.Adam):
    """w <- w - lr (m_hat / (sqrt(v_hat) + eps) + weight_decay w),   m_hat and v_hat as in Adam

    Every weight shrinks by the same share lr weight_decay in each step. Loshchilov & Hutter (2019),
    Algorithm 2, with their schedule multiplier taken into lr.
    """

    def __init__(self, parameters, lr=1e-2, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=1e-2):
        own = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
        optim.Optimizer.__init__(self, parameters, **own)

    def update(self, w, g, m, v):
        w -= self.lr * self.weight_decay * w
        super().update(w, g, m, v)


STEP = "w <- w - lr (m_hat / (sqrt(v_hat) + eps) + weight_decay w)"
ADAMS = "step = lr * m_hat / (root + eps)"
TEXT = Text(
    (*adam.TEXT.lines[:-2], "step = lr * (m_hat / (root + eps) + weight_decay * w)", "w -= step"),
    state=("m", "v"),
)


def of_adam():
    """What goes wrong in Adam goes wrong here, too, in the lines that both have."""
    for mistake in adam.EXERCISE.mistakes:
        if "step" not in mistake.touches:
            yield mistake
    step = "step = lr * (m_hat / {} + weight_decay * w)"
    for mistake in in_squares("v", "v += (1 - beta2) * ({} - v)", step, "beta2"):
        if "step" in mistake.touches and mistake.slug != "eps-apart-from-lr":
            yield mistake


EXERCISE = Rule(
    __name__,
    right=AdamW,
    settings={"lr": 0.3, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "weight_decay": 0.4},
    text=TEXT,
    look=adam.EXERCISE.look | {"w": STEP},
    mistakes=(
        Mistake(
            "decay-missing",
            ADAMS,
            "This is Adam: no weight decays. A line for weight_decay is missing, or changes "
            "nothing.",
            STEP,
        ),
        Mistake(
            "decay-in-the-gradient",
            "g = g + weight_decay * w\n" + ADAMS,
            "The decay is added to the gradient: Adam then averages it and divides it by "
            "sqrt(v_hat), so that weights with large gradients decay least. AdamW takes it off the "
            "weight itself.",
            STEP,
        ),
        Mistake(
            "decay-without-lr",
            "step = lr * m_hat / (root + eps) + weight_decay * w",
            "The decay is not multiplied by lr: in each step a weight loses the share "
            "lr weight_decay.",
            STEP,
        ),
        Mistake(
            "decay-with-lr-twice",
            "step = lr * (m_hat / (root + eps) + lr * weight_decay * w)",
            "lr stands twice in the decay: once is enough.",
            STEP,
        ),
        Mistake(
            "decay-alone",
            "step = lr * weight_decay * w",
            "Only the decay is left: Adam's own step is missing. Call the parent's update, too.",
            STEP,
        ),
        Mistake(
            "decay-after-the-step",
            ADAMS + "\nw -= step\nw -= lr * weight_decay * w",
            "The decay comes after Adam's step, and takes a share of the new weight. It is a share "
            "of the weight before the step: let it come first.",
            STEP,
        ),
        Mistake(
            "weights-grow",
            "step = lr * (m_hat / (root + eps) - weight_decay * w)",
            "The decay has the wrong sign: weights grow by it.",
            STEP,
        ),
        Mistake(
            "decay-divided-by-the-root",
            "step = lr * (m_hat + weight_decay * w) / (root + eps)",
            "The decay is divided by sqrt(v_hat) + eps: it stands beside the fraction, not above "
            "it.",
            STEP,
        ),
        Mistake(
            "decay-of-size-one",
            "step = lr * (m_hat / (root + eps) + weight_decay * np.sign(w))",
            "Every weight loses the same amount: it has to lose a share of itself, "
            "weight_decay times w.",
            STEP,
        ),
        Mistake(
            "decay-squared",
            "step = lr * (m_hat / (root + eps) + weight_decay * w * w)",
            "The decay takes w * w: the penalty is a square, its slope is not.",
            STEP,
        ),
        Mistake(
            "decay-keeps-its-share",
            ADAMS + "\nw *= lr * weight_decay\nw -= step",
            "Each weight is multiplied by lr weight_decay: that is the share it loses, and "
            "1 - lr weight_decay is the one it keeps.",
            STEP,
        ),
        Mistake(
            "decay-hard-coded",
            "step = lr * (m_hat / (root + eps) + 0.01 * w)",
            "The rule uses 0.01 whatever weight_decay is: read self.weight_decay.",
            "every weight_decay is self.weight_decay",
        ),
        *of_adam(),
    ),
    further=adam.EXERCISE.further,
)
