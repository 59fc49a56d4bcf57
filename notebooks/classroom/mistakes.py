"""The catalogue of known mistakes: what readers really get wrong, each as code that runs.

A rule that goes wrong is a right rule with one choice made differently, so mistakes combine. Two
mistakes that no experiment can tell apart are one entry, and its sentence says so. `checks` runs
them all on its probes and names the one that moves the weights as the reader's rule does.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mytorch_core.optim import Optimizer


@dataclass(frozen=True, eq=False)  # each is itself: choices have no hash
class Mistake:
    """One wrong choice.

    slug      its name, for `Verdict.mistake`
    choices   what is chosen differently: {choice: value}, see `Broken`
    sentence  what is wrong, to the reader, in the chapter's symbols
    look      the equation's line to look at
    fine      whether it is a legitimate variant: accepted, and named
    """

    slug: str
    choices: dict
    sentence: str
    look: str
    fine: bool = False


# ------------------------------------------------------------------ rules


class Broken(Optimizer):
    """A rule with some choices made differently; `choices` has those, the others are right."""

    choices: ClassVar = {}

    def __init__(self, parameters, lr=0.1, **hyperparameters):
        super().__init__(parameters, lr=lr, **hyperparameters)
        self.first = {"lr": lr} | hyperparameters
        self.memory, self.ticks = {}, {}
        self.products = {name: 1.0 for name in hyperparameters if name.startswith("beta")}

    def get(self, name):
        """A hyperparameter, as it is now or as the choice has it."""
        how = self.choices.get(name)
        if how == "at construction":
            return self.first[name]
        if how == "twice":
            return getattr(self, name) ** 2
        if how == "below":
            return 1 / getattr(self, name)
        return getattr(self, name) if how is None else how

    def step(self):
        """One step, with every choice in its place."""
        self.t += 1
        if self.choices.get("reach") == "first step only" and self.t > 1:
            return
        for name in self.products:
            self.products[name] *= getattr(self, name)
        present = [p for p in self.parameters if p.grad is not None]
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                if self.choices.get("missing") == "stop":
                    return
                if self.choices.get("missing") != "zero":
                    continue
            if self.choices.get("reach") == "no biases" and p.data.ndim < 2:
                continue
            g = np.zeros_like(p.data) if p.grad is None else p.grad
            key = i
            if self.choices.get("state") == "by place":
                key = next((k for k, q in enumerate(present) if q is p), i)
            if self.choices.get("state") == "shared":
                key = p.shape
            if self.choices.get("gradient") == "changed":
                g *= 1.0
            change = self.move(g, self.slot(key, g), self.clock(i))
            if self.choices.get("step") == "sign":
                change = self.get("lr") * np.sign(change)
            if self.choices.get("reach") != "nowhere":
                p.data += change if self.choices.get("sign") == "+" else -change
            if self.choices.get("reach") == "first parameter only":
                return

    def slot(self, key, g):
        """The state of one parameter: a dictionary of arrays."""
        if self.choices.get("state") == "made anew":
            self.memory.pop(key, None)
        if key not in self.memory:
            zeros = [np.zeros_like(g) for _ in ("m", "v")]
            self.memory[key] = dict(zip(("m", "v"), zeros, strict=True))
            if self.choices.get("state") == "one array":
                self.memory[key]["v"] = self.memory[key]["m"]
            if self.choices.get("state") == "starts at g":
                self.memory[key] = {"m": g.copy(), "v": g * g}
            if self.choices.get("state") == "starts at 1":
                self.memory[key] = {"m": np.ones_like(g), "v": np.ones_like(g)}
            if self.choices.get("state") in ("m starts at 1", "v starts at 1"):
                self.memory[key][self.choices["state"][0]] += 1.0
            if self.choices.get("state") == "integers":
                self.memory[key] = {"m": np.zeros(g.shape, int), "v": np.zeros(g.shape, int)}
        return self.memory[key]

    def clock(self, i):
        """The t that the rule uses."""
        how = self.choices.get("t")
        self.ticks["all"] = self.ticks.get("all", 0) + 1
        if how == "per parameter":
            return self.ticks["all"]
        if isinstance(how, int):
            return (self.t - 1) % how + 1
        return {"late": self.t - 1, "still": 1, "ahead": self.t + 1}.get(how, self.t)

    # ---- the parts of the rules

    def beta_of(self, which):
        """The beta of m or of v."""
        names = [name for name in self.first if name.startswith("beta")]
        if not names:
            return 0.9
        name = names[0] if which == "m" else names[-1]
        if self.choices.get("betas") == "swapped":
            name = names[-1] if which == "m" else names[0]
        elif self.choices.get("betas") in names:
            name = self.choices["betas"]
        return self.get(name)

    def average(self, array, new, beta, how):
        """A moving average in place, or what is made of it."""
        if how == "swapped":
            beta = 1 - beta
        if how == "last":
            array[...] = new
        elif how == "sum":
            array[...] = array + new
        elif how == "0 / 0":
            array[...] = np.nan
        elif how == "minus":
            array[...] = array - new
        elif how == "no (1 - beta)":
            array[...] = beta * array + new
        elif how == "(1 - beta)^2":
            array[...] = beta * array + (1 - beta) ** 2 * new
        elif how != "nothing":
            array[...] = array + (1 - beta) * (new - array)

    def correction(self, which, t):
        """1 - beta^t, or what stands there instead."""
        how = self.choices.get(f"{which}_hat")
        if how == "missing":
            return 1.0
        if how == "the other beta":
            return 1 - self.products["beta1" if which == "v" else "beta2"]
        beta = self.beta_of(which)
        names = [name for name in self.first if name.startswith("beta")]
        name = names[0] if which == "m" else names[-1]
        if how == "(1 - beta)^t":
            return (1 - beta) ** t
        if how == "1 - beta":
            return 1 - beta
        if how == "times t":
            return 1 - beta * t
        plain = not {"t", "betas", name} & set(self.choices) and self.choices.get("power") is None
        right = 1 - (self.products[name] if plain else beta**t)
        return right ** {"outside": 2, "multiplied": -1}.get(how, 1)

    def squared(self, s, g):
        """What v is an average of: g * g, or what stands there instead."""
        how = self.choices.get("square")
        if how == "sum":
            return np.full_like(g, (g * g).sum())
        if how == "mean":
            return np.full_like(g, (g * g).mean())
        return {"abs": abs(g), "g": g, "cube": g**3, "m": s["m"] * s["m"]}.get(how, g * g)

    def over_root(self, m, v):
        """m / (sqrt(v) + eps), or what stands there instead."""
        how, eps = self.choices.get("eps"), self.eps
        roots = {"missing": lambda v: v, "size": np.abs}
        root = roots.get(self.choices.get("root"), np.sqrt)(v)
        if self.choices.get("root") == "times":
            return m * (root + eps)
        if how == "inside":
            return m / np.sqrt(v + eps)
        if how == "times":
            return m / (root * eps)
        if how == "missing":
            return m / root
        if how == "minus":
            return m / (root - eps)
        if how == "apart":
            return m / root + eps
        if how == "apart, without lr":
            return m / root + eps / self.get("lr")
        return m / (root + eps)


class BrokenSGD(Broken):
    """w <- w - lr_t g."""

    def move(self, g, s, t):
        how, k = self.choices.get("decay"), (t - 1) // 100
        lr, decay = self.get("lr"), getattr(self, "lr_decay", 0.0)
        if how == "compounds":
            s["drop"] = s.get("drop", 1.0) * (1 - decay) ** k
            return lr * s["drop"] * g
        left = how or (lambda decay, t: (1 - decay) ** k)
        return lr * left(decay, t) * g


class BrokenMomentum(Broken):
    """m <- beta m + (1 - beta) g;  w <- w - lr m."""

    def move(self, g, s, t):
        lr, beta, how = self.get("lr"), self.beta_of("m"), self.choices.get("m")
        old = s["m"].copy()
        if how == "lr inside":
            self.average(s["m"], lr * g, beta, "no (1 - beta)")
            return s["m"]
        self.average(s["m"], g, beta, how)
        if how == "g":
            return lr * g
        if how == "after":
            return lr * old
        if how == "nesterov":
            return lr * (beta * s["m"] + (1 - beta) * g)
        return lr * s["m"]


class BrokenAdaGrad(Broken):
    """h <- h + g g;  w <- w - lr g / (sqrt(h) + eps)."""

    usual = "sum"

    def move(self, g, s, t):
        how = self.choices.get("v", self.usual)
        old = s["v"].copy()
        self.average(s["v"], self.squared(s, g), self.beta_of("v"), how)
        v = old if how == "after" else s["v"]
        return self.get("lr") * self.over_root(g, v)


class BrokenRMSProp(BrokenAdaGrad):
    """v <- beta v + (1 - beta) g g;  w <- w - lr g / (sqrt(v) + eps)."""

    usual = None

    def over_root(self, m, v):
        corrected = self.choices.get("v_hat") == "there"
        return super().over_root(m, v / (1 - self.beta**self.t) if corrected else v)


class BrokenAdam(Broken):
    """m, v: moving averages of g, g g;  w <- w - lr m_hat / (sqrt(v_hat) + eps)."""

    def move(self, g, s, t):
        m_how, v_how = self.choices.get("m"), self.choices.get("v")
        old = s["m"].copy(), s["v"].copy()
        self.average(s["m"], g, self.beta_of("m"), m_how)
        self.average(s["v"], self.squared(s, g), self.beta_of("v"), v_how)
        m = old[0] if m_how == "after" else s["m"]
        v = old[1] if v_how == "after" else s["v"]
        m_hat, v_hat = m / self.correction("m", t), v / self.correction("v", t)
        if self.choices.get("hats") == "kept":
            s["m"], s["v"] = m_hat.copy(), v_hat.copy()
        if m_how == "g":
            m_hat = g
        if self.choices.get("eps") == "lr_t":
            c = np.sqrt(self.correction("v", t))
            return self.get("lr") * m_hat * c / (np.sqrt(v) + self.eps)
        return self.get("lr") * self.over_root(m_hat, v_hat)


RULES = {
    "sgd": BrokenSGD,
    "momentum": BrokenMomentum,
    "adagrad": BrokenAdaGrad,
    "rmsprop": BrokenRMSProp,
    "adam": BrokenAdam,
}


def broken(rule, *mistakes):
    """An optimizer class that makes these mistakes."""
    choices = {}
    for mistake in mistakes:
        choices |= mistake.choices
    return type(f"Broken{rule.title()}", (RULES[rule],), {"choices": choices})


# ------------------------------------------------------------------ the catalogue of the rules

STATE_LINE = "state = (...): one array of zeros for each parameter"

EVERYWHERE = [
    Mistake(
        "ascends",
        {"sign": "+"},
        "The step goes up the slope: the minus sign of w <- w - ... is missing.",
        "w <- w - (step)",
    ),
    Mistake(
        "update-lost",
        {"reach": "nowhere"},
        "w never moves. `w = w - ...` makes a new array and forgets it when the method ends; the "
        "parameter's own array has to change, as `w -= ...` does. A memory that stays 0 does the "
        "same.",
        "w <- w - (step), in place",
    ),
    Mistake(
        "lr-frozen",
        {"lr": "at construction"},
        "lr was changed between two steps, and the rule still uses the first value. Read self.lr "
        "in every step.",
        "w <- w - lr ..., with the lr of this step",
    ),
    Mistake(
        "lr-ignored",
        {"lr": 1.0},
        "The step does not contain lr: it is as if lr were 1.",
        "w <- w - lr ...",
    ),
    Mistake(
        "lr-twice",
        {"lr": "twice"},
        "lr stands in the step twice, as a square: once is enough.",
        "w <- w - lr ...",
    ),
    Mistake(
        "divided-by-lr",
        {"lr": "below"},
        "The step is divided by lr: it has to be multiplied by it.",
        "w <- w - lr ...",
    ),
    Mistake(
        "sign-for-size",
        {"step": "sign"},
        "Only the sign of the step is used: each weight moves by lr, however large its gradient.",
        "w <- w - (step), with its size",
    ),
    Mistake(
        "gradient-changed",
        {"gradient": "changed"},
        "The gradient g is changed in place. Others see it, too: compute with it, but write only "
        "to w and the state.",
        "g is read, w changes",
    ),
    Mistake(
        "lr-hard-coded-0.1",
        {"lr": 0.1},
        "The rule uses 0.1 whatever lr is: read self.lr.",
        "w <- w - lr ...",
    ),
    Mistake(
        "lr-hard-coded-0.01",
        {"lr": 0.01},
        "The rule uses 0.01 whatever lr is: read self.lr.",
        "w <- w - lr ...",
    ),
    Mistake(
        "lr-hard-coded-0.001",
        {"lr": 0.001},
        "The rule uses 0.001 whatever lr is: read self.lr.",
        "w <- w - lr ...",
    ),
    Mistake(
        "first-parameter-only",
        {"reach": "first parameter only"},
        "Only the first parameter moves. A `return` inside the loop over the parameters ends it "
        "after one.",
        "for every parameter: w <- w - ...",
    ),
    Mistake(
        "biases-stay",
        {"reach": "no biases"},
        "Parameters with one axis, the biases, never move.",
        "for every parameter: w <- w - ...",
    ),
    Mistake(
        "first-step-only",
        {"reach": "first step only"},
        "Only the first step moves the weights. A generator of parameters is used up after one "
        "pass: keep list(parameters).",
        "for every parameter, in every step",
    ),
    Mistake(
        "stops-at-a-missing-gradient",
        {"missing": "stop"},
        "When one parameter has no gradient, those after it do not move: skip it with `continue`, "
        "not `return` or `break`.",
        "for every parameter that has a gradient",
    ),
]

STATE = [
    Mistake(
        "state-shared",
        {"state": "shared"},
        "Parameters of the same shape share one state array. `[np.zeros(...)] * n` is n times the "
        "same array: make one for each parameter.",
        STATE_LINE,
    ),
    Mistake(
        "state-made-anew",
        {"state": "made anew"},
        "Nothing is remembered: each step starts from zeros again. Either the state is made anew "
        "in each step, or `m = ...` gives a new array the name m where m[...] = ... or m += ... "
        "would change the one that is kept. No experiment tells the two apart.",
        STATE_LINE,
    ),
    Mistake(
        "state-out-of-line",
        {"state": "by place"},
        "After a step in which a parameter had no gradient, the states belong to the wrong "
        "parameters: count all parameters, not only those with a gradient.",
        STATE_LINE,
    ),
    Mistake(
        "state-starts-at-g",
        {"state": "starts at g"},
        "The state starts as the first gradient: it has to start at zero.",
        STATE_LINE,
    ),
    Mistake(
        "state-starts-at-one",
        {"state": "starts at 1"},
        "The state starts as ones: it has to start at zero.",
        STATE_LINE,
    ),
    Mistake(
        "integer-state",
        {"state": "integers"},
        "The state is an array of integers, which cannot hold a fraction: make it with "
        "np.zeros_like(w), not from whole numbers.",
        STATE_LINE,
    ),
    Mistake(
        "missing-taken-as-zero",
        {"missing": "zero"},
        "A parameter without a gradient is treated as if its gradient were 0. Skip it: neither w "
        "nor its state may change.",
        "for every parameter that has a gradient",
    ),
]

DECAY_LINE = "lr_t = lr (1 - lr_decay)^((t - 1) // 100)"
# What goes wrong in a falling rate: (slug, the share of lr that is left in step t, sentence).
STAIRCASES = (
    (
        "decay-forgotten",
        lambda decay, t: 1.0,
        "The rate never falls: lr_decay has no effect in any step.",
    ),
    (
        "decay-one-step-early",
        lambda decay, t: (1 - decay) ** (t // 100),
        "The rate drops one step too early: t counts from 1, so the first drop is at t = 101.",
    ),
    (
        "decay-two-steps-early",
        lambda decay, t: (1 - decay) ** ((t + 1) // 100),
        "The rate drops two steps too early, at t = 99: t - 1 is counted, not t + 1.",
    ),
    (
        "decay-smooth",
        lambda decay, t: (1 - decay) ** ((t - 1) / 100),
        "The rate falls in every step: / gives a smooth curve, // the staircase.",
    ),
    (
        "decay-rounded",
        lambda decay, t: (1 - decay) ** round((t - 1) / 100),
        "The number of drops is rounded to the nearest: the first comes in the middle of a "
        "hundred. // rounds down.",
    ),
    (
        "decay-rounded-up",
        lambda decay, t: (1 - decay) ** np.ceil((t - 1) / 100),
        "The number of drops is rounded up: the first comes at t = 2. // rounds down.",
    ),
    (
        "decay-once",
        lambda decay, t: 1 - decay if t > 100 else 1.0,
        "The rate drops once, at t = 101, and never again: there is a drop at 201, 301, ...",
    ),
    (
        "decay-every-step",
        lambda decay, t: (1 - decay) ** (t - 1),
        "The rate drops at every step, not at every hundredth: // 100 is missing.",
    ),
    (
        "decay-linear",
        lambda decay, t: 1 - decay * ((t - 1) // 100),
        "The drops are subtracted, not multiplied: each one takes a share of what is left.",
    ),
    (
        "decay-inverse",
        lambda decay, t: 1 / (1 + decay * ((t - 1) // 100)),
        "The rate is lr / (1 + lr_decay k), another schedule: here it is a power of 1 - lr_decay.",
    ),
    (
        "decay-of-the-wrong-base",
        lambda decay, t: float(decay) ** ((t - 1) // 100),
        "The base of the power is lr_decay; it has to be 1 - lr_decay, what is left.",
    ),
)
DECAY = [
    Mistake(
        "decay-compounds",
        {"decay": "compounds"},
        "The decay compounds: in each step the rate that has already fallen is multiplied by the "
        "whole power again. Start from lr each time.",
        DECAY_LINE,
    ),
    *[Mistake(slug, {"decay": left}, words, DECAY_LINE) for slug, left, words in STAIRCASES],
]

M_LINE = "m <- beta m + (1 - beta) g"
FIRST = [
    Mistake(
        "g-for-m",
        {"m": "g"},
        "The step uses g where m belongs: m is computed and then ignored, or g takes its place and "
        "the past is forgotten. No experiment tells the two apart.",
        "w <- w - lr m",
    ),
    Mistake(
        "betas-of-m-swapped",
        {"m": "swapped"},
        "beta and 1 - beta have changed places in m: beta is the share that is kept.",
        M_LINE,
    ),
    Mistake(
        "m-after-the-step",
        {"m": "after"},
        "m is updated after the step, so each step uses the m of the step before.",
        "first m, then w",
    ),
    Mistake(
        "m-only-adds",
        {"m": "sum"},
        "m only adds up: the share beta that is kept is missing.",
        M_LINE,
    ),
]
HEAVY_BALL = Mistake(
    "heavy-ball",
    {"m": "no (1 - beta)"},
    "This is m = beta m + g, without (1 - beta): a legitimate convention (PyTorch's), whose steps "
    "are 1/(1 - beta) times as large. With lr (1 - beta) in place of lr it is the chapter's rule.",
    M_LINE,
    fine=True,
)
MOMENTUM_ONLY = [
    HEAVY_BALL,
    Mistake(
        "lr-inside-m",
        {"m": "lr inside"},
        "This keeps lr inside the memory, v = beta v + lr g: a legitimate convention. A change of "
        "lr then acts on the gradients to come only.",
        M_LINE,
        fine=True,
    ),
    Mistake(
        "nesterov",
        {"m": "nesterov"},
        "The step is beta m + (1 - beta) g after m was updated: that is Nesterov's momentum, one "
        "look further ahead. Here the step is m alone.",
        "w <- w - lr m",
    ),
]


def hard_coded(name, value):
    """A number where a hyperparameter belongs."""
    return Mistake(
        f"{name}-hard-coded-{value}",
        {name: value},
        f"The rule uses {value} whatever {name} is: read self.{name}.",
        f"every {name} is self.{name}",
    )


def second(letter, line, averaged):
    """Mistakes in h or v, in the letter of the rule."""
    found = [
        Mistake(
            "not-squared",
            {"square": "g"},
            f"{letter} collects g, not g * g: it can become negative, and then its root is nan.",
            line,
        ),
        Mistake(
            "abs-for-square",
            {"square": "abs"},
            f"{letter} collects |g|, not g * g.",
            line,
        ),
        Mistake(
            "cube-for-square",
            {"square": "cube"},
            f"{letter} collects g * g * g, not g * g: a cube keeps the sign.",
            line,
        ),
        Mistake(
            f"{letter}-negative",
            {"v": "minus"},
            f"The root is taken of a negative number, and w becomes nan: a minus stands in the "
            f"line of {letter} or, if there is one, in its correction. After the first nan no "
            "experiment tells the two apart.",
            line,
        ),
        Mistake(
            f"{letter}-divides",
            {"v": "0 / 0"},
            f"w becomes nan in the first step, whatever the gradient is: 0 is divided by 0. "
            f"Something is divided by {letter}, which starts at 0.",
            line,
        ),
        Mistake(
            f"{letter}-missing",
            {"v": "nothing"},
            f"{letter} never changes: its line is missing, or does nothing. The step divides by "
            "eps alone and becomes huge.",
            line,
        ),
        Mistake(
            "sum-of-squares",
            {"square": "sum"},
            f"All weights of a parameter share one number: g @ g, or a norm, adds up the squares. "
            f"{letter} has an entry for each weight, g * g.",
            line,
        ),
        Mistake(
            "mean-of-squares",
            {"square": "mean"},
            f"All weights of a parameter share one number, the mean square. {letter} has an entry "
            "for each weight, g * g.",
            line,
        ),
        Mistake(
            f"{letter}-replaced",
            {"v": "last"},
            f"{letter} is g * g of this step alone: what was before is lost. It is replaced, "
            f"or it is made anew in each step. ({letter} += ... adds to what is kept.)",
            line,
        ),
        Mistake(
            f"{letter}-after-the-step",
            {"v": "after"},
            f"{letter} is updated after the step, so each step divides by the {letter} of the step "
            "before, at first by 0.",
            f"first {letter}, then w",
        ),
        Mistake(
            "root-missing",
            {"root": "missing"},
            f"The root is missing: the step divides by {letter}, not by sqrt({letter}).",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "root-times",
            {"root": "times"},
            f"The step is multiplied by sqrt({letter}) + eps: it has to be divided by it.",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "eps-inside-the-root",
            {"eps": "inside"},
            f"eps stands inside the root: sqrt({letter} + eps). Where {letter} is tiny that is "
            "sqrt(eps), ten thousand times eps.",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "eps-multiplied",
            {"eps": "times"},
            "The root is multiplied by eps: it has to be added.",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "eps-missing",
            {"eps": "missing"},
            "eps is missing: a weight whose gradient has always been 0 divides 0 by 0.",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "eps-apart",
            {"eps": "apart"},
            "eps is added to the quotient, not to the root: brackets are missing.",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "eps-apart-from-lr",
            {"eps": "apart, without lr"},
            "eps is added to the whole step, after the division and without lr: brackets around "
            "the root and eps are missing.",
            f"... / (sqrt({letter}) + eps)",
        ),
        Mistake(
            "eps-subtracted",
            {"eps": "minus"},
            "eps is subtracted from the root: it has to be added.",
            f"... / (sqrt({letter}) + eps)",
        ),
    ]
    if averaged:
        found += [
            Mistake(
                "average-of-g",
                {"square": "g", "root": "size"},
                "v is an average of g, and the step divides by its size: v averages g * g, and "
                "the step divides by its root.",
                line,
            ),
            Mistake(
                "1-minus-beta-squared",
                {"v": "(1 - beta)^2"},
                "1 - beta is squared, too: only g is, (1 - beta) g g.",
                line,
            ),
            Mistake(
                "betas-of-v-swapped",
                {"v": "swapped"},
                "beta and 1 - beta have changed places in v: beta is the share that is kept.",
                line,
            ),
            Mistake(
                "v-without-1-minus-beta",
                {"v": "no (1 - beta)"},
                "(1 - beta) is missing in v: it settles 1/(1 - beta) times too high.",
                line,
            ),
            Mistake(
                "v-only-adds",
                {"v": "sum"},
                "v only adds up: the share that is kept is missing. That is AdaGrad's h.",
                line,
            ),
        ]
    else:
        found.append(
            Mistake(
                "h-averaged",
                {"v": None},
                "h is a moving average (with 0.9), as in RMSProp: AdaGrad adds up.",
                line,
            )
        )
    return found


def starts_again(steps):
    """A clock that goes back to 1."""
    return Mistake(
        f"t-starts-again-after-{steps}",
        {"t": steps},
        f"t goes back to 1 after {steps} steps, and the correction with it, though m and v are no "
        "longer near 0: t counts all steps.",
        HATS,
    )


HATS = "m_hat = m / (1 - beta1^t),  v_hat = v / (1 - beta2^t)"
ADAM_ONLY = [
    Mistake(
        "no-bias-correction",
        {"m_hat": "missing", "v_hat": "missing"},
        "Neither m nor v is corrected: both start at 0 and are too small at first.",
        HATS,
    ),
    Mistake("m-not-corrected", {"m_hat": "missing"}, "m is not corrected, v is.", HATS),
    Mistake("v-not-corrected", {"v_hat": "missing"}, "v is not corrected, m is.", HATS),
    Mistake(
        "correction-of-the-wrong-base",
        {"m_hat": "(1 - beta)^t", "v_hat": "(1 - beta)^t"},
        "The corrections divide by (1 - beta)^t: the power belongs to beta alone, 1 - beta^t.",
        HATS,
    ),
    Mistake(
        "m-correction-of-the-wrong-base",
        {"m_hat": "(1 - beta)^t"},
        "m is divided by (1 - beta1)^t: the power belongs to beta1 alone, 1 - beta1^t.",
        HATS,
    ),
    Mistake(
        "v-correction-of-the-wrong-base",
        {"v_hat": "(1 - beta)^t"},
        "v is divided by (1 - beta2)^t: the power belongs to beta2 alone, 1 - beta2^t.",
        HATS,
    ),
    Mistake(
        "v-corrected-with-beta1",
        {"v_hat": "the other beta"},
        "v is corrected with beta1: it was averaged with beta2.",
        HATS,
    ),
    Mistake(
        "m-corrected-with-beta2",
        {"m_hat": "the other beta"},
        "m is corrected with beta2: it was averaged with beta1.",
        HATS,
    ),
    Mistake(
        "correction-without-t",
        {"m_hat": "1 - beta", "v_hat": "1 - beta"},
        "The corrections divide by 1 - beta, the same at every step: t is missing or never raised.",
        HATS,
    ),
    Mistake(
        "correction-times-t",
        {"m_hat": "times t", "v_hat": "times t"},
        "The corrections divide by 1 - beta t: t is an exponent, beta^t.",
        HATS,
    ),
    Mistake(
        "corrections-multiplied",
        {"m_hat": "multiplied", "v_hat": "multiplied"},
        "m and v are multiplied by 1 - beta^t: divide by it, since both are too small at first.",
        HATS,
    ),
    Mistake(
        "v-corrected-outside-the-root",
        {"v_hat": "outside"},
        "sqrt(v) is divided by 1 - beta2^t: v itself is, and the root is taken of v_hat.",
        HATS,
    ),
    Mistake(
        "hats-written-back",
        {"hats": "kept"},
        "m_hat and v_hat are written back into m and v: the next step corrects them again. Give "
        "the hats names of their own.",
        HATS,
    ),
    Mistake(
        "betas-swapped",
        {"betas": "swapped"},
        "beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v.",
        "m <- beta1 m + ...,  v <- beta2 v + ...",
    ),
    Mistake(
        "beta1-in-both",
        {"betas": "beta1"},
        "beta1 is used for v, too: v has beta2.",
        "v <- beta2 v + (1 - beta2) g g",
    ),
    Mistake(
        "beta2-in-both",
        {"betas": "beta2"},
        "beta2 is used for m, too: m has beta1.",
        "m <- beta1 m + (1 - beta1) g",
    ),
    Mistake(
        "t-late",
        {"t": "late"},
        "t is one behind: in the first step it is 0, and 1 - beta^0 = 0 divides by 0. It starts at "
        "0 and is raised before it is used (raised after use, or counted from 0: the same steps). "
        "Every w is nan from the first step on, so another division 0/0, or the root of a "
        "negative number, cannot be told from it.",
        HATS,
    ),
    Mistake("t-ahead", {"t": "ahead"}, "t is one ahead: in the first step it is 2.", HATS),
    *[starts_again(steps) for steps in (5, 10, 50, 100)],
    Mistake(
        "t-per-parameter",
        {"t": "per parameter"},
        "t is raised once for each parameter, so it runs ahead from the second one on. It counts "
        "steps: raise it once a step.",
        HATS,
    ),
    Mistake(
        "g-for-m",
        {"m": "g"},
        "The step uses g where m_hat belongs: m is computed and then ignored.",
        "w <- w - lr m_hat / (sqrt(v_hat) + eps)",
    ),
    Mistake(
        "g-for-m-corrected",
        {"m": "last"},
        "m_hat is made from g alone: m is computed and then ignored, or g takes its place and the "
        "past is forgotten. No experiment tells the two apart.",
        "m <- beta1 m + (1 - beta1) g",
    ),
    Mistake(
        "v-from-m",
        {"square": "m"},
        "v collects m * m: it has to collect g * g.",
        "v <- beta2 v + (1 - beta2) g g",
    ),
    Mistake(
        "m-starts-at-one",
        {"state": "m starts at 1"},
        "m starts as ones: it has to start at zero.",
        STATE_LINE,
    ),
    Mistake(
        "v-starts-at-one",
        {"state": "v starts at 1"},
        "v starts as ones: it has to start at zero.",
        STATE_LINE,
    ),
    Mistake(
        "m-and-v-one-array",
        {"state": "one array"},
        "m and v are one array under two names (m = v = zeros): give each its own.",
        STATE_LINE,
    ),
    Mistake(
        "m-without-1-minus-beta",
        {"m": "no (1 - beta)"},
        "(1 - beta1) is missing in m: the correction by 1 - beta1^t then no longer fits.",
        "m <- beta1 m + (1 - beta1) g",
    ),
    Mistake(
        "lr-t-form",
        {"eps": "lr_t"},
        "This is the form with lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t). It is accepted: only "
        "eps sits elsewhere, beside sqrt(v) in place of sqrt(v_hat), and weighs more in the first "
        "steps.",
        "w <- w - lr_t m / (sqrt(v) + eps)",
        fine=True,
    ),
    Mistake(
        "beta-to-the-t",
        {"power": "beta^t"},
        "beta^t is computed from the present beta. That is the paper's formula while beta stands "
        "still; when a slider moves it, the product of the betas so far is the exact correction.",
        HATS,
        fine=True,
    ),
]

V_LINE = "v <- beta v + (1 - beta) g g"
CATALOGUE = {
    "sgd": [*EVERYWHERE, *DECAY],
    "momentum": [
        *EVERYWHERE,
        *STATE,
        *FIRST,
        *MOMENTUM_ONLY,
        hard_coded("beta", 0.9),
    ],
    "adagrad": [
        *EVERYWHERE,
        # A missing gradient taken as 0 adds nothing to h, and an h made anew is an h replaced.
        *[m for m in STATE if m.slug not in ("missing-taken-as-zero", "state-made-anew")],
        *second("h", "h <- h + g g", averaged=False),
    ],
    "rmsprop": [
        *EVERYWHERE,
        *STATE,
        *second("v", V_LINE, averaged=True),
        hard_coded("beta", 0.9),
        hard_coded("beta", 0.99),
        Mistake(
            "corrected-like-adam",
            {"v_hat": "there"},
            "v is divided by 1 - beta^t: that is Adam's correction. RMSProp has none.",
            V_LINE,
        ),
    ],
    "adam": [
        *EVERYWHERE,
        *STATE,
        *[mistake for mistake in FIRST if mistake.slug != "g-for-m"],
        # A v that is 0 / 0 is one with t-late: both make every w nan at once.
        *[
            m
            for m in second("v", "v <- beta2 v + (1 - beta2) g g", averaged=True)
            if m.slug != "v-divides"
        ],
        hard_coded("beta1", 0.9),
        hard_coded("beta2", 0.99),
        hard_coded("beta2", 0.999),
        *ADAM_ONLY,
    ],
}
