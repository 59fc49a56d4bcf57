"""A contest of rules on one surface, which runs as far as its slider says."""

import copy

import numpy as np

from classroom.pictures.style import mosaic, names_above, of_rule, tame
from classroom.pictures.surfaces import descend, heights, steps_until
from classroom.pictures.views.grounds import loss_panel, plane_ground
from classroom.pictures.views.view import View

COPIES = 100  # runs of each rule where there is noise


def contest_view(rules, surface, rates, steps=300, level=0.01, noise=0.0, rng=None):
    """Rules on one surface, each at its own rate: their paths and heights after t steps.

    rules    {name: subclass of Optimizer}, rates {name: lr}; the other settings are their defaults
    noise    standard deviation of what is added to each coordinate of the gradient, drawn from
             rng; the height is then the mean of 100 runs, and the path is that of the first

    The values are t, how far the contest has run, and `factor`, by which every rate is multiplied.
    """
    figure, axes = mosaic([["surface", "height"]], height=4.4, width_ratios=[5, 4])
    ax, right = axes["surface"], axes["height"]
    ground, follow_ground = plane_ground(ax, surface, True)
    follow_ground(surface)
    lines, styles = {}, {name: of_rule(name, i) for i, name in enumerate(rules)}
    names = names_above(figure, right, {name: style["color"] for name, style in styles.items()})
    for i, (name, style) in enumerate(styles.items()):
        curve = loss_panel(right, steps, np.nan if noise else level, style)
        dots = {"color": style["color"], "marker": "o", "mfc": "white", "linewidth": 1.6}
        (trace,) = ax.plot([], [], **dots, markersize=6 - i)
        (head,) = ax.plot([], [], "o", color=style["color"], markersize=13, mec="white")
        lines[name] = trace, curve, head, names[i]
    right.set(ylabel="f above its minimum", ylim=(1e-2, 1e2) if noise else (1e-4, 1e3))
    right.set_yticks([1e-2, 1e-1, 1, 10] if noise else [1e-4, 1e-2, 1, 1e2])
    walked = {}  # the runs at the present factor: t alone moves no weight

    def runs(factor):
        if factor not in walked:
            walked.clear()
            walked[factor] = {
                name: _run(rule, surface, factor * rates[name], steps, noise, rng)
                for name, rule in rules.items()
            }
        return walked[factor]

    def update(t=0, factor=1.0):
        told = []
        for name, (path, height) in runs(factor).items():
            trace, curve, head, said = lines[name]
            path, height = path[: t + 1], height[: t + 1]
            drawn = tame(path, 1e5)
            trace.set_data(drawn[:, 0], drawn[:, 1])
            head.set_data(drawn[-1:, 0], drawn[-1:, 1])
            curve.set_data(np.arange(t + 1), np.clip(tame(height, 1e12), 1e-12, None))
            label, sentence = _told(name, height, level, noise)
            said.set_text(label)
            told.append(sentence)
        rate = "its own rate" if factor == 1 else f"{factor:.3g} times its own rate"
        return f"Step {t}, each at {rate}: {', '.join(told)}."

    moving = [*ground, *(part for parts in zip(*lines.values(), strict=True) for part in parts)]
    return View(figure, moving, update)


def _run(rule, surface, lr, steps, noise, rng):
    """(path of one run, height after each step, the mean of many runs if there is noise)."""
    if not noise:
        path = descend(rule, surface, steps, lr=lr)
        return path, heights(surface, path)
    start = np.repeat(np.array(surface.start)[:, None], COPIES, axis=1)
    path = descend(rule, surface, steps, start, noise, copy.deepcopy(rng), lr=lr)
    with np.errstate(all="ignore"):
        many = heights(surface, path.transpose(2, 0, 1).reshape(-1, 2))
        return path[:, :, 0], many.reshape(COPIES, -1).mean(axis=0)


def _told(name, height, level, noise):
    """(label, words) of how far a rule has come."""
    reached = None if noise else steps_until(height, level)
    if reached is not None:
        return f"{name}: {reached} steps", f"{name} below {level:g} after {reached}"
    if not height[-1] <= 100 * height[0]:
        return f"{name}: diverges", f"{name} diverges"
    return f"{name}: {height[-1]:.2g}", f"{name} at height {height[-1]:.2g}"
