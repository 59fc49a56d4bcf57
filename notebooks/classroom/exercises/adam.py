"""Adam: moving averages of the gradient and of its square, corrected for their start at zero."""

from classroom.judging.rule import Rule
from classroom.judging.spellings import averages, averages_of_squares
from classroom.judging.usual import (
    EVERYWHERE,
    STATE_LINE,
    T_LINE,
    hard_coded,
    in_an_average,
    in_squares,
    in_the_state,
    without,
)
from classroom.judging.written import Mistake, Text
from mytorch_core import optim

M1 = "m <- beta1 m + (1 - beta1) g"
V2 = "v <- beta2 v + (1 - beta2) g g"
M_HAT, V_HAT = "m_hat = m / (1 - beta1^t)", "v_hat = v / (1 - beta2^t)"
HATS = f"{M_HAT},  {V_HAT}"
STEP = "w <- w - lr m_hat / (sqrt(v_hat) + eps)"
POWERS = "beta1_t, beta2_t = beta1 ** t, beta2 ** t"
TEXT = Text(
    (
        "m += (1 - beta1) * (g - m)",
        "v += (1 - beta2) * (g * g - v)",
        "m_hat = m / (1 - beta1_t)",
        "v_hat = v / (1 - beta2_t)",
        "root = np.sqrt(v_hat)",
        "step = lr * m_hat / (root + eps)",
        "w -= step",
    ),
    state=("m", "v"),
)


def starts_again(steps):
    """A clock that goes back to 1."""
    return Mistake(
        f"t-starts-again-after-{steps}",
        f"t = (t - 1) % {steps} + 1\n{POWERS}",
        f"t goes back to 1 after {steps} steps, and the correction with it, though m and v are no "
        "longer near 0: t counts all steps.",
        HATS,
    )


AVERAGED = {
    "t": [["t += 1"]],
    "m": averages("m", "beta1", "g"),
    "v": averages_of_squares("beta2"),
}
SPELLINGS = (
    AVERAGED
    | {
        "m_hat": [["m_hat = m / (1 - beta1 ** t)"]],
        "v_hat": [["v_hat = v / (1 - beta2 ** t)"]],
        "w": [
            ["w -= lr * m_hat / (np.sqrt(v_hat) + eps)"],
            ["w[...] = w - lr / (v_hat ** 0.5 + eps) * m_hat"],
        ],
    },
    AVERAGED
    | {
        "lr_t": [["lr_t = lr * (1 - beta2 ** t) ** 0.5 / (1 - beta1 ** t)"]],
        "w": [
            ["w -= lr_t * m / (np.sqrt(v) + eps)"],
            ["w[...] = w - lr_t / (np.sqrt(v) + eps) * m"],
        ],
    },
    {
        "t": [["t += 1"]],
        "m": averages("m", "beta1", "g")[:1],
        "v": averages_of_squares("beta2")[:1],
        "rate": [["rate = lr / (1 - beta1 ** t)"]],
        "v_hat": [["v_hat = v / (1 - beta2 ** t)"]],
        "w": [["w -= rate * m / (np.sqrt(v_hat) + eps)"]],
    },
)

# Other rules, and other slips that only this one can have.
OTHERS = (
    Mistake(
        "betas-swapped-in-the-hats",
        "m_hat = m / (1 - beta2_t)\nv_hat = v / (1 - beta1_t)",
        "beta1 and beta2 have changed places in the corrections: m was averaged with beta1, v "
        "with beta2.",
        HATS,
    ),
    Mistake(
        "betas-swapped-in-the-memories",
        "m += (1 - beta2) * (g - m)\nv += (1 - beta1) * (g * g - v)",
        "beta1 and beta2 have changed places in m and v, but not in the corrections: beta1 "
        "belongs to m, beta2 to v.",
        "m <- beta1 m + ...,  v <- beta2 v + ...",
    ),
    Mistake(
        "nadam",
        "m_hat = (beta1 * m + (1 - beta1) * g) / (1 - beta1_t)",
        "m_hat looks one step further ahead, with g in it once more: that is NAdam. Adam's is "
        "m alone, corrected.",
        M_HAT,
    ),
    Mistake(
        "nadam-of-the-paper",
        "m_hat = beta1 * m / (1 - beta1_t * beta1) + (1 - beta1) * g / (1 - beta1_t)",
        "m_hat looks one step further ahead, with g in it once more: that is NAdam. Adam's is "
        "m alone, corrected.",
        M_HAT,
    ),
    *(
        Mistake(
            slug,
            f"root = np.sqrt(np.maximum(most, {of}, out=most){over})",
            "The step divides by the largest v so far: that is AMSGrad. Adam takes the present "
            "one.",
            V_HAT,
            start="most = np.zeros_like(w)",
        )
        for slug, of, over in (
            ("amsgrad", "v_hat", ""),
            ("amsgrad-corrected", "v", " / (1 - beta2_t)"),
            ("amsgrad-uncorrected", "v", ""),
        )
    ),
    *(
        Mistake(
            slug,
            f"v[...] = np.maximum(beta2 * v, {size})\nstep = lr * m_hat / {under}",
            "v is the largest |g| that is not yet forgotten: that is AdaMax. Adam averages g g, "
            "and takes the root.",
            V2,
        )
        for slug, size, under in (
            ("adamax", "np.abs(g)", "(v + eps)"),
            ("adamax-eps-in-v", "np.abs(g) + eps", "v"),
        )
    ),
    *(
        Mistake(
            slug,
            f"v += (1 - beta2) * ((g - m) * (g - m) - v){eps}",
            "v averages (g - m)^2, how far the gradient is from what was expected: that is "
            "AdaBelief. Adam averages g g.",
            V2,
        )
        for slug, eps in (("adabelief", ""), ("adabelief-with-eps", " + eps"))
    ),
)

EXERCISE = Rule(
    __name__,
    right=optim.Adam,
    settings={"lr": 0.3, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    text=TEXT,
    look={"w": STEP, "t": T_LINE, "m": M1, "v": V2, "m_hat": M_HAT, "v_hat": V_HAT},
    mistakes=(
        *EVERYWHERE,
        *in_the_state(TEXT),
        *in_an_average("beta1"),
        # A v that is 0 / 0 is one with t-late: both make every w nan at once.
        *without(
            in_squares("v", "v += (1 - beta2) * ({} - v)", "step = lr * m_hat / {}", "beta2"),
            "v-divides",
        ),
        hard_coded("beta1", 0.9),
        hard_coded("beta2", 0.99),
        hard_coded("beta2", 0.999),
        Mistake(
            "no-bias-correction",
            "m_hat = m\nv_hat = v",
            "Neither m nor v is corrected: both start at 0 and are too small at first.",
            HATS,
        ),
        Mistake(
            "m-not-corrected",
            "m_hat = m",
            "m is not corrected, v is.",
            HATS,
        ),
        Mistake(
            "v-not-corrected",
            "v_hat = v",
            "v is not corrected, m is.",
            HATS,
        ),
        Mistake(
            "correction-of-the-wrong-base",
            "m_hat = m / (1 - beta1) ** t\nv_hat = v / (1 - beta2) ** t",
            "The corrections divide by (1 - beta)^t: the power belongs to beta alone, 1 - beta^t.",
            HATS,
        ),
        Mistake(
            "m-correction-of-the-wrong-base",
            "m_hat = m / (1 - beta1) ** t",
            "m is divided by (1 - beta1)^t: the power belongs to beta1 alone, 1 - beta1^t.",
            HATS,
        ),
        Mistake(
            "v-correction-of-the-wrong-base",
            "v_hat = v / (1 - beta2) ** t",
            "v is divided by (1 - beta2)^t: the power belongs to beta2 alone, 1 - beta2^t.",
            HATS,
        ),
        Mistake(
            "v-corrected-with-beta1",
            "v_hat = v / (1 - beta1_t)",
            "v is corrected with beta1: it was averaged with beta2.",
            HATS,
        ),
        Mistake(
            "m-corrected-with-beta2",
            "m_hat = m / (1 - beta2_t)",
            "m is corrected with beta2: it was averaged with beta1.",
            HATS,
        ),
        Mistake(
            "correction-without-t",
            "m_hat = m / (1 - beta1)\nv_hat = v / (1 - beta2)",
            "The corrections divide by 1 - beta, the same at every step: t is missing or never "
            "raised.",
            HATS,
        ),
        Mistake(
            "correction-times-t",
            "m_hat = m / (1 - beta1 * t)\nv_hat = v / (1 - beta2 * t)",
            "The corrections divide by 1 - beta t: t is an exponent, beta^t.",
            HATS,
        ),
        Mistake(
            "corrections-multiplied",
            "m_hat = m * (1 - beta1_t)\nv_hat = v * (1 - beta2_t)",
            "m and v are multiplied by 1 - beta^t: divide by it, since both are too small at "
            "first.",
            HATS,
        ),
        Mistake(
            "v-corrected-outside-the-root",
            "root = np.sqrt(v) / (1 - beta2_t)",
            "sqrt(v) is divided by 1 - beta2^t: v itself is, and the root is taken of v_hat.",
            HATS,
        ),
        Mistake(
            "hats-written-back",
            "m_hat = m[...] = m / (1 - beta1_t)\nv_hat = v[...] = v / (1 - beta2_t)",
            "m_hat and v_hat are written back into m and v: the next step corrects them again. "
            "Give the hats names of their own.",
            HATS,
        ),
        Mistake(
            "betas-swapped",
            "beta1, beta2 = beta2, beta1\n" + POWERS,
            "beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v.",
            "m <- beta1 m + ...,  v <- beta2 v + ...",
        ),
        Mistake(
            "beta1-in-both",
            "beta2 = beta1\nbeta1_t, beta2_t = beta1 ** t, beta1 ** t",
            "beta1 is used for v, too: v has beta2.",
            V2,
        ),
        Mistake(
            "beta2-in-both",
            "beta1 = beta2\nbeta1_t, beta2_t = beta2 ** t, beta2 ** t",
            "beta2 is used for m, too: m has beta1.",
            M1,
        ),
        Mistake(
            "t-late",
            "t = t - 1\n" + POWERS,
            "t is one behind: in the first step it is 0, and 1 - beta^0 = 0 divides by 0. It "
            "starts at 0 and is raised before it is used (raised after use, or counted from 0: the "
            "same steps). Every w is nan from the first step on, so another division 0/0, or the "
            "root of a negative number, cannot be told from it.",
            HATS,
        ),
        Mistake(
            "t-ahead",
            "t = t + 1\n" + POWERS,
            "t is one ahead: in the first step it is 2.",
            HATS,
        ),
        *(starts_again(steps) for steps in (5, 10, 50, 100)),
        Mistake(
            "t-per-parameter",
            POWERS,
            "t is raised once for each parameter, so it runs ahead from the second one on. It "
            "counts steps: raise it once a step.",
            HATS,
            wraps=(("ticks", True),),
        ),
        Mistake(
            "g-for-m",
            "m_hat = g",
            "The step uses g where m_hat belongs: m is computed and then ignored.",
            STEP,
        ),
        Mistake(
            "g-for-m-corrected",
            "m[...] = g",
            "m_hat is made from g alone.",
            M1,
            causes="m is computed and then ignored, or g takes its place and the past is "
            "forgotten. No experiment tells the two apart.",
        ),
        Mistake(
            "v-from-m",
            "v += (1 - beta2) * (m * m - v)",
            "v collects m * m: it has to collect g * g.",
            V2,
        ),
        Mistake(
            "m-starts-at-one",
            "",
            "m starts as ones: it has to start at zero.",
            STATE_LINE,
            start="m = np.ones_like(w)",
        ),
        Mistake(
            "v-starts-at-one",
            "",
            "v starts as ones: it has to start at zero.",
            STATE_LINE,
            start="v = np.ones_like(w)",
        ),
        Mistake(
            "m-and-v-one-array",
            "",
            "m and v are one array under two names (m = v = zeros): give each its own.",
            STATE_LINE,
            start="v = m",
        ),
        Mistake(
            "m-without-1-minus-beta",
            "m[...] = beta1 * m + g",
            "(1 - beta1) is missing in m: the correction by 1 - beta1^t then no longer fits.",
            M1,
        ),
        Mistake(
            "lr-t-form",
            "step = lr * np.sqrt(1 - beta2_t) * m_hat / (np.sqrt(v) + eps)",
            "This is the form with lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t). It is accepted: "
            "only eps sits elsewhere, beside sqrt(v) in place of sqrt(v_hat), and weighs more in "
            "the first steps.",
            "w <- w - lr_t m / (sqrt(v) + eps)",
            fine=True,
        ),
        Mistake(
            "beta-to-the-t",
            POWERS,
            "beta^t is computed from the present beta. That is the paper's formula while beta "
            "stands still; when a slider moves it, the product of the betas so far is the exact "
            "correction.",
            HATS,
            fine=True,
            late=True,
        ),
        Mistake(
            "betas-frozen",
            "beta1, beta2 = first.beta1, first.beta2\n" + POWERS,
            "The betas are those that the optimizer was made with. While nobody moves them that is "
            "the formula; read self.beta1 and self.beta2 if a slider is to act on them.",
            HATS,
            fine=True,
            late=True,
        ),
    ),
    others=OTHERS,
    spellings=SPELLINGS,
)
