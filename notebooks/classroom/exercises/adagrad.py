"""AdaGrad: each weight's step is divided by the root of its summed squared gradients."""

from classroom.judging.rule import Rule
from classroom.judging.spellings import steps_over_root
from classroom.judging.usual import EVERYWHERE, H_LINE, in_squares, in_the_state, without
from classroom.judging.written import Mistake, Text
from mytorch_core import optim

TEXT = Text(
    ("h += g * g", "root = np.sqrt(h)", "step = lr * g / (root + eps)", "w -= step"),
    state=("h",),
)
EXERCISE = Rule(
    __name__,
    right=optim.AdaGrad,
    settings={"lr": 0.3, "eps": 1e-4},
    text=TEXT,
    look={"w": "w <- w - lr g / (sqrt(h) + eps)", "h": H_LINE},
    mistakes=(
        *EVERYWHERE,
        # A missing gradient taken as 0 adds nothing to h, and an h made anew is an h replaced.
        *without(in_the_state(TEXT), "missing-taken-as-zero", "state-made-anew"),
        *in_squares("h", "h += {}", "step = lr * g / {}"),
        Mistake(
            "h-averaged",
            "h += (1 - 0.9) * (g * g - h)",
            "h is a moving average (with 0.9), as in RMSProp: AdaGrad adds up.",
            H_LINE,
        ),
    ),
    spellings=(
        {
            "h": [["h += g * g"], ["h[...] = h + g ** 2"], ["h += np.abs(g) ** 2"]],
            "w": steps_over_root("h"),
        },
    ),
)
