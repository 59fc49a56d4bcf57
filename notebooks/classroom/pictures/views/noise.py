"""Views of noise: where a rule comes to rest under it, and how it depends on the batch."""

import copy

import numpy as np

from classroom.pictures.style import (
    GREY,
    INK,
    SERIES,
    decades,
    label_line,
    mosaic,
    note_above,
    of_rule,
    tame,
)
from classroom.pictures.surfaces import descend
from classroom.pictures.views.edges import point_to, wedge
from classroom.pictures.views.view import View, hyperparameters, only
from mytorch_core import optim


def noise_floor_view(rule, surface, rng, steps=400, copies=200, **settings):
    """Root mean square of copies of one weight under gradient noise 1, and what moved them.

    rule      a subclass of Optimizer; its hyperparameters are the values
    settings  what they are at first

    On the right the learning rate of SGD, and of other rules the typical length of a step.
    """
    figure, axes = mosaic([["rms", "rate"]], width_ratios=[3, 2])
    left, right = axes["rms"], axes["rate"]
    decades(left, "y")
    decades(right, "y")
    style = of_rule(rule.__name__) | {"linewidth": 1.8}
    what = r"$\mathrm{lr}_t$" if rule is optim.SGD else "typical step"
    left.set(xlabel="step", ylabel="root mean square of w", xlim=(0, steps), ylim=(0.01, 10))
    right.set(xlabel="step", ylabel=what, xlim=(0, steps), ylim=(1e-5, 30))
    (floor,) = left.plot([], [], color=INK, linestyle=":")
    (curve,) = left.plot([], [], **style)
    (rate,) = right.step([], [], where="post", **style)
    note, far = note_above(left), wedge(left, style["color"])
    start = (3.0,) * copies
    defaults = hyperparameters(rule, settings)
    only(settings, defaults)

    def update(**values):
        values = defaults | values
        noise = {"noise": 1.0, "rng": copy.deepcopy(rng)}
        path = descend(rule, surface, steps, start=start, **noise, **values)
        t = np.arange(1, steps + 1)
        with np.errstate(all="ignore"):
            rms = np.sqrt((path**2).mean(axis=1))
            curve.set_data(np.arange(steps + 1), tame(rms, 1e9))
            rates = np.sqrt((np.diff(path, axis=0) ** 2).mean(axis=1))
        if rule is optim.SGD:
            rates = values["lr"] * (1 - values["lr_decay"]) ** ((t - 1) // 100)
        rate.set_data(t, tame(rates, 1e9))
        level, told = _floor_of(rule, surface.L, rms, rates, values)
        floor.set_data(*(([0, steps], [level, level]) if level else ([], [])))
        note.set_text(f"dotted: theory, {level:.2g}" if level else "")
        off = np.flatnonzero(~(rms <= left.get_ylim()[1]))
        if len(off):
            note.set_text(f"off the chart at step {off[0]}")
        point_to(far, steps, rms[-1])
        return told

    return View(figure, [floor, curve, rate, note, far], update, defaults)


def _floor_of(rule, c, rms, rates, values):
    """(level of the noise floor, where theory knows it, or None, the sentence that says it)."""
    steps, lr = len(rates), values.get("lr", np.nan)
    name = f"lr {lr:g}" if "lr" in values else "The rule"
    size = f"w is {rms[-1]:.2g} in size"
    if not rms[-1] < 100:
        return None, f"{name} diverges" + (f": lr > 2/L = {2 / c:g}." if rule is optim.SGD else ".")
    if rule is not optim.SGD:
        return None, f"{name}: after {steps} steps {size}, and its steps are {rates[-1]:.2g}."
    if values["lr_decay"] or lr * c >= 2:
        lr_decay, last = values["lr_decay"], rates[-1]
        falls = f"the rate falls to {last:.2g}" if lr_decay else "from 2/L on there is no floor"
        return None, f"lr {lr:g}, lr_decay {lr_decay:g}: {falls}, {size} after {steps} steps."
    level = np.sqrt(lr / (2 - lr * c) / c)
    gone = (1 - lr * c) ** (2 * steps) * 9 < level**2
    where = "on the floor of" if gone else "still on its way to the floor of"
    return level, f"lr {lr:g}: after {steps} steps {size}, {where} {level:.2g}."


def batch_noise_view(gradients, rng, draws=60, B=10):
    """Gradients of many minibatches of one size beside the gradient of all samples.

    gradients  one row for each sample, (N, n)

    On the right the noise that theory gives, up to this size: the curve grows as B does.
    """
    n = len(gradients)
    gradients = gradients.astype(float)
    products = gradients @ gradients.T  # all that lengths and angles of means depend on
    with_full = products.mean(axis=1)
    length = np.sqrt(with_full.mean())
    sigma = np.sqrt(products.trace() / n / length**2 - 1)
    order = np.argsort(rng.random((draws, n)), axis=1).argsort(axis=1)  # ranks in each shuffle
    figure, axes = mosaic([["cloud", "curve"]], width_ratios=[1, 1])
    left, right = axes["cloud"], axes["curve"]
    reach = 0.75 * sigma
    left.set(xlabel="along $g$, in units of |$g$|", ylabel="off $g$, in units of |$g$|")
    left.set(xlim=(1 - reach, 1 + reach), ylim=(-0.1 * reach, 2 * reach), aspect="equal")
    left.plot(1, 0, marker="*", markersize=20, color="white", markeredgecolor=INK, zorder=5)
    sizes = np.unique(np.geomspace(1, n, 200).round())
    theory = sigma / np.sqrt(sizes) * np.sqrt((n - sizes) / (n - 1))
    (curve,) = right.plot([], [], color=SERIES[1])
    right.axhline(1, color=GREY, linestyle=":")
    label_line(right, 1.1, 1, "as long as $g$", GREY, va="bottom")
    decades(right)
    right.set(
        xlabel="batch size B",
        ylabel="noise, in units of |$g$|",
        xlim=(0.7, 1.5 * n),
        ylim=(sigma / 150, sigma * 3),
    )
    (cloud,) = left.plot([], [], "o", color=SERIES[0], markersize=6, alpha=0.6, mec="none")
    (dot,) = right.plot([], [], "o", color=SERIES[0], markersize=13, clip_on=False)
    far, said, told = wedge(right, SERIES[0]), note_above(right), note_above(left)

    def update(B=B):
        shares = (order < B) / B
        along = shares @ with_full / length**2
        squares = ((shares @ products) * shares).sum(axis=1) / length**2
        off = np.sqrt(np.maximum(squares - along**2, 0))
        noise = np.sqrt(np.mean((along - 1) ** 2 + off**2))
        cloud.set_data(along, off)
        point_to(far, B, noise if n > B else 0, dot)
        past = sizes <= min(B, n - 1)
        curve.set_data(sizes[past], theory[past])
        outside = np.sum((abs(along - 1) > reach) | (off > 2 * reach))
        told.set_text(f"{outside} of {draws} outside" if outside else "")
        said.set_text(f"B = {B:,}: noise {noise:.2g}")
        if n == B:
            said.set_text(f"B = {B:,}: no noise")
            return f"B = {B:,}: every batch is all of the data, and there is no noise."
        size = "longer" if noise > 1 else "shorter"
        return f"B = {B:,}: the typical error is {noise:.2g} times |g|, {size} than the gradient."

    return View(figure, [cloud, curve, dot, far, said, told], update)
