"""SGD, and SGD with a rate that falls, which is checked if an answer takes `lr_decay`."""

from classroom.exercises import decay
from classroom.judging.probes import STAIRCASES
from classroom.judging.rule import Rule
from classroom.judging.spellings import steps
from classroom.judging.usual import EVERYWHERE, T_LINE
from classroom.judging.written import Mistake, Text
from mytorch_core import optim

WITH_DECAY = Rule(
    __name__,
    right=optim.SGD,
    settings={"lr": 0.3, "lr_decay": 0.3},
    text=Text((decay.LINE, "step = lr_t * g", "w -= step")),
    look={"w": f"w <- w - lr_t g,  {decay.LOOK}", "t": T_LINE},
    mistakes=(
        *EVERYWHERE,
        Mistake(
            "decay-compounds",
            "drop *= (1 - lr_decay) ** ((t - 1) // 100)\nlr_t = lr * drop",
            "The decay compounds: in each step the rate that has already fallen is multiplied by "
            "the whole power again. Start from lr each time.",
            decay.LOOK,
            start="drop = np.array(1.0)",
        ),
        Mistake(
            "lr-overwritten",
            "drop[...] = np.where(was == lr, drop, 1.0) * (1 - lr_decay * (t % 100 == 1 < t))\n"
            "was[...] = lr\nlr_t = lr * drop",
            "The drops are written into self.lr: when somebody sets lr, those before are lost. "
            "Read self.lr, and compute the rate of the step from it.",
            decay.LOOK,
            start="drop, was = np.array(1.0), np.array(np.nan)",
        ),
        *(Mistake(slug, line, words, decay.LOOK) for slug, line, words in decay.STAIRCASES),
    ),
    spellings=({"t": [["t += 1"]], "lr_t": [[decay.LINE]], "w": steps("lr_t * g")},),
    further=STAIRCASES,
    still=("lr_decay",),
)

EXERCISE = Rule(
    __name__,
    right=optim.SGD,
    settings={"lr": 0.3},
    text=Text(("step = lr * g", "w -= step")),
    look={"w": "w <- w - lr g"},
    mistakes=EVERYWHERE,
    spellings=({"w": steps("lr * g")},),
    taking={"lr_decay": WITH_DECAY},
)
