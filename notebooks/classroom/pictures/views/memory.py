"""Views of what a rule remembers: the past gradients of chapters 03 and 04."""

import numpy as np

from classroom.pictures.style import (
    GREY,
    INK,
    RULES,
    decades,
    label_line,
    mosaic,
    new,
    note_above,
)
from classroom.pictures.views.edges import point_to, wedge
from classroom.pictures.views.view import View

TALLEST = 0.15  # where the axis of the shares ends


def rates_view(recorded, lr=0.01, low=1e-2, high=1e4):
    """How the learning rates of many weights are distributed, as training goes on, up to step t.

    recorded  {lr: {t: h of every weight after step t}} of runs at these rates, h of any shape. Of
              the runs the nearest is shown. Weights without a gradient in the first step
              are left out.
    """
    runs = np.array(sorted(recorded))
    times = np.array(sorted(recorded[runs[0]]))
    sums = {
        run: np.stack([recorded[run][t][recorded[run][times[0]] > 0] for t in times])
        for run in runs
    }
    figure, axes = mosaic([["histogram", "median"]], width_ratios=[3, 2])
    left, right = axes["histogram"], axes["median"]
    edges = np.geomspace(low, high, 61)
    left.set(xlabel=r"rate of a weight, lr / ($\sqrt{h}$ + eps)", ylabel="share of the weights")
    left.set(xscale="log", xlim=(low, high), ylim=(0, TALLEST))
    decades(right)
    right.set(xlabel="step t", ylabel="rate", xlim=(times[0], times[-1]), ylim=(low, high))
    color = RULES["AdaGrad"]["color"]
    bars = left.stairs(np.zeros(60), edges, fill=True, color=color, alpha=0.8)
    (middle,) = left.plot([], [], color=INK)
    (curve,) = right.plot([], [], color=color, linewidth=2.5)
    (dot,) = right.plot([], [], "o", color=INK, markersize=12, clip_on=False)
    laws = {p: right.plot([], [], dash, color=GREY)[0] for p, dash in ((0.5, ":"), (1, "--"))}
    less, more, taller, far = [wedge(ax, color) for ax in (left, left, left, right)]
    said, told = note_above(left), note_above(right)

    def update(t=int(times[-1]), lr=lr, eps=1e-8):
        i, lr = int(np.abs(times - t).argmin()), runs[np.abs(np.log(runs / lr)).argmin()]
        h = sums[lr]
        rates = lr / (np.sqrt(h[i]) + eps)
        medians = lr / (np.sqrt(np.median(h, axis=1)) + eps)
        share = np.histogram(rates, edges)[0] / len(rates)
        bars.set_data(np.minimum(share, 1), edges)
        median = medians[i]
        middle.set_data([median, median], [0, TALLEST])
        past = times[: i + 1]
        curve.set_data(past, medians[: i + 1])
        for power, law in laws.items():
            law.set_data(past, median * (times[i] / past) ** power)
        spread = np.quantile(rates, 0.95) / np.quantile(rates, 0.05)
        below, above = (rates < low).mean(), (rates > high).mean()
        point_to(less, low * (0.5 if below > 0.005 else 2), 0.5 * TALLEST)
        point_to(more, high * (2 if above > 0.005 else 0.5), 0.5 * TALLEST)
        point_to(taller, edges[share.argmax()], share.max())
        outside = f", {below + above:.0%} outside" if below + above > 0.005 else ""
        said.set_text(f"lr {lr:g}, after step {times[i]:,}{outside}")
        gone = point_to(far, times[i], median, dot)
        told.set_text(f"outside: {median:.1g}" if gone else "dotted: 1/sqrt(t), dashed: 1/t")
        return (
            f"Trained at lr {lr:g}: after step {times[i]:,} the middle weight has a rate of about "
            f"{_rounded(median)}; 90 % of the rates lie within a factor of about "
            f"{_rounded(spread)}."
        )

    moving = [bars, middle, *laws.values(), curve, dot, less, more, taller, far, said, told]
    return View(figure, moving, update)


def _rounded(number):
    """One digit that counts, without an exponent where none is needed: 0.002, 40, 1,000."""
    return f"{float(f'{number:.1g}'):,g}"


def weights_view(beta=0.9, shown=100):
    """How much each past gradient weighs in m, as bars."""
    figure, ax = new()
    ages = np.arange(shown + 1)
    bars = ax.bar(ages, 0 * ages, width=0.8, color=RULES["Momentum"]["color"])
    ax.set(xlabel="age of the gradient, in steps", ylabel="weight in m, the newest = 1")
    ax.set(xlim=(-1, shown), ylim=(0, 1.2))
    (half,) = ax.plot([], [], color=INK, linestyle="--")
    name = label_line(ax, 0, 1.11, "", INK)
    far = wedge(ax, INK)
    said = note_above(ax)

    def update(beta=beta):
        for bar, height in zip(bars, beta**ages, strict=True):
            bar.set_height(height)
        life = np.log(0.5) / np.log(beta) if beta > 0 else 0.0
        alike = (1 + beta) / (1 - beta)
        half.set_data([life] * 2, [0, 1.18])
        early = life < 0.6 * shown
        outside = point_to(far, life, 1.11)
        name.set_ha("left" if early else "right")
        name.set_x(life + 1 if early else min(life, 0.99 * shown) - 1)
        name.set_text(f"half the weight after {life:.1f}{', outside' if outside else ''}")
        said.set_text(f"as calm as a mean of {alike:.3g}")
        if beta == 0:
            return "beta 0: m is the newest gradient alone; nothing is remembered."
        return (
            f"beta {beta:g}: the newest gradient weighs {1 - beta:.3g}, and half of that after "
            f"{life:.3g} steps; m is as calm as a plain mean of {alike:.3g} gradients."
        )

    return View(figure, [*bars, half, name, far, said], update)


def correction_view(beta1=0.9, beta2=0.99, steps=3000):
    """Adam's step without the corrections over the step with them, for a constant gradient."""
    figure, ax = new()
    t = np.unique(np.geomspace(1, steps, 400).round())
    decades(ax)
    ax.set(
        xlabel="step t", ylabel="uncorrected / corrected step", xlim=(1, steps), ylim=(0.01, 100)
    )
    ax.axhline(1, color=GREY, linestyle=":")
    (curve,) = ax.plot([], [], **RULES["Adam"])
    (peak,) = ax.plot([], [], "o", color=INK, markersize=11, clip_on=False)
    far = wedge(ax, INK)
    said = note_above(ax)

    def update(beta1=beta1, beta2=beta2):
        ratio = (1 - beta1**t) / np.sqrt(1 - beta2**t)
        curve.set_data(t, ratio)
        most = int(abs(np.log(ratio)).argmax())
        point_to(far, t[most], ratio[most], peak)
        said.set_text(f"farthest from 1: {ratio[most]:.3g} at t = {t[most]:.0f}")
        return (
            f"beta1 {beta1:g}, beta2 {beta2:g}: without the corrections the first step is "
            f"{ratio[0]:.3g} times the right one; farthest off is t = {t[most]:.0f}, with "
            f"{ratio[most]:.3g} times."
        )

    return View(figure, [curve, peak, far, said], update)
