"""Mistakes that many rules share.

A rule ends with the lines `step = ...` and `w -= step`, so that a mistake in one comes together
with a mistake in the other. A rule that is divided by a root names that root, in a line of its own.
"""

from classroom.judging.written import (
    Mistake,
    counted_with_a_gradient,
    first_parameter_only,
    first_step_only,
    made_anew,
    no_biases,
    shared_by_shape,
    subject,
    until_one_has_none,
    zeros_for_none,
)

STATE_LINE = "state = (...): one array of zeros for each parameter"
M_LINE = "m <- beta m + (1 - beta) g"
H_LINE = "h <- h + g g"
T_LINE = "t counts steps, from 1"
V_LINE = "v <- beta v + (1 - beta) g g"


EVERYWHERE = (
    Mistake(
        "ascends",
        "w += step",
        "The step goes up the slope: the minus sign of w <- w - ... is missing.",
        "w <- w - (step)",
    ),
    Mistake(
        "update-lost",
        "w = w - step",
        "w never moves.",
        "w <- w - (step), in place",
        causes="`w = w - ...` makes a new array and forgets it when the method ends; the "
        "parameter's own array has to change, as `w -= ...` does. A memory that stays 0 does the "
        "same.",
    ),
    Mistake(
        "lr-frozen",
        "lr = first.lr",
        "lr was changed between two steps, and the rule still uses the first value. Read self.lr "
        "in every step.",
        "w <- w - lr ..., with the lr of this step",
    ),
    Mistake(
        "lr-ignored",
        "lr = 1.0",
        "The step does not contain lr: it is as if lr were 1.",
        "w <- w - lr ...",
    ),
    Mistake(
        "lr-twice",
        "lr = lr * lr",
        "lr stands in the step twice, as a square: once is enough.",
        "w <- w - lr ...",
    ),
    Mistake(
        "divided-by-lr",
        "lr = 1 / lr",
        "The step is divided by lr: it has to be multiplied by it.",
        "w <- w - lr ...",
    ),
    Mistake(
        "sign-for-size",
        "w -= lr * np.sign(step)",
        "Only the sign of the step is used: each weight moves by lr, however large its gradient.",
        "w <- w - (step), with its size",
    ),
    Mistake(
        "gradient-changed",
        "g *= 1.0",
        "The gradient g is changed in place. Others see it, too: compute with it, but write only "
        "to w and the state.",
        "g is read, w changes",
    ),
    *(
        Mistake(
            f"lr-hard-coded-{value}",
            f"lr = {value}",
            f"The rule uses {value} whatever lr is: read self.lr.",
            "w <- w - lr ...",
        )
        for value in (0.1, 0.01, 0.001)
    ),
    Mistake(
        "first-parameter-only",
        "",
        "Only the first parameter moves.",
        "for every parameter: w <- w - ...",
        causes="A `return` inside the loop over the parameters ends it after one.",
        wraps=(("visits", first_parameter_only),),
    ),
    Mistake(
        "biases-stay",
        "",
        "Parameters with one axis, the biases, never move.",
        "for every parameter: w <- w - ...",
        wraps=(("visits", no_biases),),
    ),
    Mistake(
        "first-step-only",
        "",
        "Only the first step moves the weights.",
        "for every parameter, in every step",
        causes="A generator of parameters is used up after one pass: keep list(parameters).",
        wraps=(("visits", first_step_only),),
    ),
    Mistake(
        "stops-at-a-missing-gradient",
        "",
        "When one parameter has no gradient, those after it do not move: skip it with `continue`, "
        "not `return` or `break`.",
        "for every parameter that has a gradient",
        wraps=(("visits", until_one_has_none),),
    ),
)


def hard_coded(name, value):
    """A number where a hyperparameter belongs, in a power of it, too."""
    power = f"\n{name}_t = {value} ** t" if name[:4] == "beta" else ""
    return Mistake(
        f"{name}-hard-coded-{value}",
        f"{name} = {value}{power}",
        f"The rule uses {value} whatever {name} is: read self.{name}.",
        f"every {name} is self.{name}",
    )


def in_the_state(text):
    """Mistakes in what a rule with this text remembers; an m starts like g, another like g * g."""
    integers = [
        line.replace(" += ", f"[...] = {subject(line)} + ", 1)
        for line in text.lines
        if subject(line) in text.state
    ]

    def starts(value):
        return "\n".join(f"{name} = {value}" for name in text.state)

    at_g = {name: "g.copy()" if name[0] == "m" else "g * g" for name in text.state}
    return (
        Mistake(
            "state-shared",
            "",
            "Parameters of the same shape share one state array. `[np.zeros(...)] * n` is n times "
            "the same array: make one for each parameter.",
            STATE_LINE,
            wraps=(("memory", shared_by_shape),),
        ),
        Mistake(
            "state-made-anew",
            "",
            "Nothing is remembered: each step starts from zeros again.",
            STATE_LINE,
            causes="Either the state is made anew in each step, or `m = ...` gives a new array the "
            "name m where m[...] = ... or m += ... would change the one that is kept. No "
            "experiment tells the two apart.",
            wraps=(("memory", made_anew),),
        ),
        Mistake(
            "state-out-of-line",
            "",
            "After a step in which a parameter had no gradient, the states belong to the wrong "
            "parameters: count all parameters, not only those with a gradient.",
            STATE_LINE,
            wraps=(("memory", counted_with_a_gradient),),
        ),
        Mistake(
            "state-starts-at-g",
            "",
            "The state starts as the first gradient: it has to start at zero.",
            STATE_LINE,
            start="\n".join(f"{name} = {value}" for name, value in at_g.items()),
        ),
        Mistake(
            "state-starts-at-one",
            "",
            "The state starts as ones: it has to start at zero.",
            STATE_LINE,
            start=starts("np.ones_like(w)"),
        ),
        Mistake(
            "integer-state",
            "\n".join(integers),
            "The state is an array of integers, which cannot hold a fraction: make it with "
            "np.zeros_like(w), not from whole numbers.",
            STATE_LINE,
            start=starts("np.zeros(w.shape, int)"),
        ),
        Mistake(
            "missing-taken-as-zero",
            "",
            "A parameter without a gradient is treated as if its gradient were 0. Skip it: neither "
            "w nor its state may change.",
            "for every parameter that has a gradient",
            wraps=(("visits", zeros_for_none),),
        ),
    )


def in_an_average(beta):
    """Mistakes in the line of m, a moving average of g."""
    return (
        Mistake(
            "betas-of-m-swapped",
            f"m += {beta} * (g - m)",
            "beta and 1 - beta have changed places in m: beta is the share that is kept.",
            M_LINE,
        ),
        Mistake(
            "m-after-the-step",
            "",
            "m is updated after the step, so each step uses the m of the step before.",
            "first m, then w",
            last="m",
        ),
        Mistake(
            "m-only-adds",
            "m += g",
            "m only adds up: the share beta that is kept is missing.",
            M_LINE,
        ),
    )


def in_squares(letter, line, step, beta=None):
    """Mistakes in the line of h or v, which collects g * g, and in the division by its root.

    line  the line about the letter, with {} for g * g; step: the line about the step, with {} for
    what is below the fraction; beta: the share that is kept, in an average
    """
    equation = (
        f"{letter} <- {letter} + g g" if beta is None else f"v <- {beta} v + (1 - {beta}) g g"
    )
    root_line = f"... / (sqrt({letter}) + eps)"
    under = "v_hat" if "m_hat" in step else letter
    found = [
        Mistake(
            "not-squared",
            line.format("g"),
            f"{letter} collects g, not g * g: it can become negative, and then its root is nan.",
            equation,
        ),
        Mistake(
            "abs-for-square",
            line.format("np.abs(g)"),
            f"{letter} collects |g|, not g * g.",
            equation,
        ),
        Mistake(
            "cube-for-square",
            line.format("g * g * g"),
            f"{letter} collects g * g * g, not g * g: a cube keeps the sign.",
            equation,
        ),
        Mistake(
            f"{letter}-negative",
            f"{letter} -= g * g",
            "The root is taken of a negative number, and w becomes nan.",
            equation,
            causes=f"A minus stands in the line of {letter} or, if there is one, in its "
            "correction. After the first nan no experiment tells the two apart.",
        ),
        Mistake(
            f"{letter}-divides",
            f"{letter} /= {letter}",
            "w becomes nan in the first step, whatever the gradient is: 0 is divided by 0.",
            equation,
            causes=f"Something is divided by {letter}, which starts at 0.",
        ),
        Mistake(
            f"{letter}-missing",
            f"# {letter}",
            f"{letter} never changes: the step divides by eps alone and becomes huge.",
            equation,
            causes="Its line is missing, or does nothing.",
        ),
        Mistake(
            "sum-of-squares",
            line.format("np.sum(g * g)"),
            f"All weights of a parameter share one number: g @ g, or a norm, adds up the squares. "
            f"{letter} has an entry for each weight, g * g.",
            equation,
        ),
        Mistake(
            "mean-of-squares",
            line.format("np.mean(g * g)"),
            f"All weights of a parameter share one number, the mean square. {letter} has an entry "
            "for each weight, g * g.",
            equation,
        ),
        Mistake(
            f"{letter}-replaced",
            f"{letter}[...] = g * g",
            f"{letter} is g * g of this step alone: what was before is lost.",
            equation,
            causes="It is replaced, or it is made anew in each step. "
            f"({letter} += ... adds to what is kept.)",
        ),
        Mistake(
            f"{letter}-after-the-step",
            "",
            f"{letter} is updated after the step, so each step divides by the {letter} of the step "
            "before, at first by 0.",
            f"first {letter}, then w",
            last=letter,
        ),
        Mistake(
            "root-missing",
            f"root = {under}",
            f"The root is missing: the step divides by {letter}, not by sqrt({letter}).",
            root_line,
        ),
        Mistake(
            "root-times",
            step.replace("/ {}", "* (root + eps)"),
            f"The step is multiplied by sqrt({letter}) + eps: it has to be divided by it.",
            root_line,
        ),
        Mistake(
            "eps-inside-the-root",
            f"root = np.sqrt({under} + eps)\n" + step.format("root"),
            f"eps stands inside the root: sqrt({letter} + eps). Where {letter} is tiny that is "
            "sqrt(eps), ten thousand times eps.",
            root_line,
        ),
        Mistake(
            "eps-multiplied",
            step.format("(root * eps)"),
            "The root is multiplied by eps: it has to be added.",
            root_line,
        ),
        Mistake(
            "eps-missing",
            step.format("root"),
            "eps is missing: a weight whose gradient has always been 0 divides 0 by 0.",
            root_line,
        ),
        Mistake(
            "eps-apart",
            step.replace("lr * ", "lr * (", 1).format("root + eps)"),
            "eps is added to the quotient, not to the root: brackets are missing.",
            root_line,
        ),
        Mistake(
            "eps-apart-from-lr",
            step.format("root + eps"),
            "eps is added to the whole step, after the division and without lr: brackets around "
            "the root and eps are missing.",
            root_line,
        ),
        Mistake(
            "eps-subtracted",
            step.format("(root - eps)"),
            "eps is subtracted from the root: it has to be added.",
            root_line,
        ),
    ]
    return (*found, *(_in_averaged_squares(beta, line, equation) if beta else ()))


def _in_averaged_squares(beta, line, equation):
    return (
        Mistake(
            "average-of-g",
            line.format("g") + "\nroot = np.abs(v)",
            "v is an average of g, and the step divides by its size: v averages g * g, and "
            "the step divides by its root.",
            equation,
        ),
        Mistake(
            "1-minus-beta-squared",
            f"v[...] = {beta} * v + (1 - {beta}) ** 2 * g * g",
            "1 - beta is squared, too: only g is, (1 - beta) g g.",
            equation,
        ),
        Mistake(
            "betas-of-v-swapped",
            f"v += {beta} * (g * g - v)",
            "beta and 1 - beta have changed places in v: beta is the share that is kept.",
            equation,
        ),
        Mistake(
            "v-without-1-minus-beta",
            f"v[...] = {beta} * v + g * g",
            "(1 - beta) is missing in v: it settles 1/(1 - beta) times too high.",
            equation,
        ),
        Mistake(
            "v-only-adds",
            "v += g * g",
            "v only adds up: the share that is kept is missing. That is AdaGrad's h.",
            equation,
        ),
    )


def without(mistakes, *slugs):
    """The mistakes but for these: those that do the same as another one in this rule."""
    return tuple(mistake for mistake in mistakes if mistake.slug not in slugs)
