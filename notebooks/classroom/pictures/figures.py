"""The figures that stand still, by chapter, each with a sentence for those who cannot see it.

A figure function takes numbers and returns a matplotlib Figure; `show(figure, alt)` puts it below
the cell.
"""

import base64
import html
from pathlib import Path

import matplotlib as mpl
import numpy as np
from IPython.display import Markdown, display

from classroom.pictures.style import (
    DPI,
    GREY,
    INK,
    LIGHT,
    OTHERS,
    RULES,
    SERIES,
    SURFACE_MAP,
    band,
    contours,
    decades,
    label_ends,
    label_line,
    mosaic,
    new,
    of_rule,
    path_on,
    png,
)
from classroom.pictures.surfaces import losses


def show(figure, alt):
    """Display the figure below the cell, with alternative text that states the finding."""
    image = base64.b64encode(png(figure)).decode()
    width = round(figure.get_figwidth() * DPI)
    tag = f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{image}">'
    display({"text/html": tag, "text/plain": alt}, raw=True)


def show_page(path):
    """Display a page of text, in Markdown, below the cell."""
    display(Markdown(Path(path).read_text(encoding="utf-8")))


# ------------------------------------------------------------------ chapter 01


def first_steps(histories, smooth=10):
    """The loss of every step, as a band over the seeds, from the loss of equal guesses on."""
    figure, ax = new()
    window = np.ones(smooth) / smooth
    runs = [np.convolve(history.loss, window, "valid") for history in histories]
    band(ax, np.arange(len(runs[0])) + smooth, runs, **RULES["SGD"] | {"linewidth": 1.6})
    ax.axhline(np.log(10), color=GREY, linestyle=":")
    end = 0.98 * len(histories[0].loss)
    label_line(ax, end, np.log(10) + 0.02, "ln 10: equal guesses", GREY, ha="right", va="bottom")
    ax.set(xlabel="step", ylabel=f"loss (mean of {smooth} steps)", ylim=(0, 2.5))
    ax.set_xlim(0, len(histories[0].loss))
    return figure


# ------------------------------------------------------------------ chapter 02


def best_steps(gradient):
    """The steps of one size that lower the loss most: for the Euclidean and for the max norm."""
    figure, axes = new(2, sharex=True, sharey=True)
    g = np.asarray(gradient, float)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.cos(angle), np.sin(angle)
    square = [-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]
    shapes = (("Euclidean norm", circle, -g / np.sqrt(g @ g)), ("max norm", square, -np.sign(g)))
    for ax, (name, outline, best) in zip(axes, shapes, strict=True):
        x = np.linspace(-1.9, 1.9, 50)
        for level in np.linspace(-6, 6, 13):
            ax.plot(x, (level - g[0] * x) / g[1], color=LIGHT, linewidth=1.2, zorder=0)
        ax.plot(*outline, color=INK)
        arrow = {"arrowstyle": "-|>", "lw": 3, "color": SERIES[0], "mutation_scale": 20}
        ax.annotate("", best, (0, 0), arrowprops=arrow)
        arrow = {"arrowstyle": "-|>", "lw": 2, "color": SERIES[1], "mutation_scale": 16}
        ax.annotate("", g / np.sqrt(g @ g), (0, 0), arrowprops=arrow)
        label_line(ax, *(g / np.sqrt(g @ g) * 1.4), "g / |g|", SERIES[1], ha="center")
        side = "right" if best[0] < 0 else "left"
        label_line(ax, *(best * 1.15), "best", SERIES[0], ha=side, va="top")
        ax.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal", title=name, xlabel="$d_1$")
        ax.grid(False)
    axes[0].set_ylabel("$d_2$")
    return figure


def noise_by_batch(sizes, measured, predicted, independent):
    """The noise of minibatches over their size: measured, and by the two formulas."""
    figure, ax = new()
    ax.plot(sizes, independent, color=GREY, linestyle="--")
    ax.plot(sizes, predicted, color=SERIES[1])
    ax.plot(sizes, measured, "o", color=SERIES[0], markersize=11)
    decades(ax)
    ax.set(xlabel="batch size B", ylabel="noise", xlim=(0.7, 1.6 * sizes[-1]))
    label_line(ax, sizes[1] * 1.25, measured[1] * 1.15, "measured", SERIES[0], va="bottom")
    label_line(ax, sizes[-2], independent[-2] * 1.35, "σ/√B", GREY)
    label_line(ax, 0.9 * sizes[-2], predicted[-1], "without replacement", SERIES[1], ha="right")
    return figure


def loss_by_samples(runs, smooth=100):
    """Training loss over the samples seen, running means.

    runs  {name: (batch size, the loss before every step, and after the last)}
    """
    figure, ax = new()
    ends = {}
    for (name, (size, values)), color in zip(runs.items(), SERIES, strict=False):
        width = max(1, min(smooth, len(values) // 10))
        mean = np.convolve(values, np.ones(width) / width, "valid")
        seen = size * (np.arange(len(mean)) + (width - 1) / 2)
        ax.plot(seen, mean, color=color, marker="o" if len(values) < 50 else None)
        ends[name] = (seen[-1] * 1.02, mean[-1], color)
    longest = max(size * (len(values) - 1) for size, values in runs.values())
    label_ends(ax, ends, gap=0.17)
    ax.set(xlabel="training images seen", ylabel="loss (running mean)", ylim=(0, 2.5))
    ax.set(xlim=(0, 1.25 * longest), xticks=np.linspace(0, longest, 6))
    return figure


def two_directions(surface, point):
    """At a point of the surface: the steepest way down, and the way to the minimum."""
    figure, ax = new()
    contours(ax, surface)
    point, minimum = np.array(point), np.array(surface.minimum)
    down, home = -surface.gradient(point), minimum - point
    for direction, text, color, place in (
        (down, r"$-g$", SERIES[0], (0.25, 0.1)),
        (home, "to the minimum", SERIES[1], (0.5, 0.35)),
    ):
        tip = point + 2.2 * direction / np.sqrt(direction @ direction)
        arrow = {"arrowstyle": "-|>", "lw": 3.5, "color": color, "mutation_scale": 22}
        ax.annotate("", tip, point, arrowprops=arrow)
        label_line(ax, *(tip + place), text, color)
    ax.plot(*point, "o", color=INK, markersize=9)
    ax.set(title=surface.formula, aspect="equal")
    return figure


def steps_by_condition(conditions, steps):
    """How many steps the best rate needs, over the condition number."""
    figure, ax = new()
    ax.plot(conditions, steps, "o-", color=SERIES[0])
    for k, n in zip(conditions, steps, strict=True):
        label_line(ax, k, n * 1.9, f"{n:,}", SERIES[0], ha="center")
    decades(ax)
    ax.set(xlabel="condition number", ylabel="steps until f < 0.01", ylim=(1, 8000))
    return figure


def steepest_rate(steps, two_over_L, lr):
    """2/L along a run, beside the rate that was used."""
    figure, ax = new()
    ax.plot(steps, two_over_L, "o-", color=SERIES[1])
    ax.axhline(lr, color=SERIES[0])
    label_line(ax, 1.1, lr * 0.75, f"lr = {lr:g}", SERIES[0])
    label_line(ax, 1.1, two_over_L[0] * 1.4, "2/L", SERIES[1])
    decades(ax)
    ax.set(xlabel="step t", ylabel="rate", ylim=(0.1, 20))
    return figure


def saddle_path(surface, path):
    """A path that lingers at a saddle: on the surface, and its loss over the steps."""
    figure, (left, right) = new(2)
    contours(left, surface)
    path_on(left, path, color=SERIES[0], markerfacecolor="white")
    left.plot(0, 0, "X", color=SERIES[1], markersize=12, markeredgecolor="white")
    left.set_title(surface.formula, fontsize=12)
    left.set_aspect("equal")
    right.plot(losses(surface, path), color=SERIES[0])
    right.set(xlabel="step", ylabel="loss")
    return figure


def mnist_curves(histories, rule="SGD"):
    """Loss and accuracy over the epochs, on train and test: a band over the seeds."""
    figure, (left, right) = new(2)
    epochs = np.arange(1, histories[0].epochs + 1)
    for part, line in (("train", {"color": GREY, "linestyle": "--"}), ("test", of_rule(rule))):
        for ax, what in ((left, "loss"), (right, "accuracy")):
            runs = [getattr(history, f"{part}_{what}") for history in histories]
            band(ax, epochs, runs, **line)
            end = np.median([run[-1] for run in runs])
            label_line(ax, epochs[-1] * 1.03, end, part, line["color"])
            ax.set(xlabel="epoch", xlim=(0.5, epochs[-1] * 1.3), xticks=epochs[1::2])
    left.set(ylabel="loss", ylim=(0, None))
    right.set(ylabel="accuracy", ylim=(0.85, 1.005))
    return figure


# ------------------------------------------------------------------ chapters 03 and 04


def slope_map(slope):
    """Typical slopes of weights (784, n): of each pixel as an image, of each weight in bars."""
    figure, (left, right) = new(2)
    picture = np.sqrt((slope**2).mean(axis=1)).reshape(28, 28)
    shown = np.where(picture > 0, picture, np.nan)
    image = left.imshow(shown, cmap=SURFACE_MAP, norm=mpl.colors.LogNorm())
    figure.colorbar(image, ax=left, shrink=0.8)
    left.set(title="slope, pixel by pixel", xticks=[], yticks=[])
    left.set_facecolor("#C8C8C8")
    left.grid(False)
    some = slope[slope > 0]
    edges = np.geomspace(1e-7, 1e-2, 51)
    right.hist(some, edges, weights=np.full(some.size, 1 / slope.size), color=SERIES[0])
    right.set_xscale("log")
    right.set(title="slope, weight by weight", xlabel="slope", ylabel="share of the weights")
    label_line(right, 1.5e-7, 0.06, f"{np.mean(slope == 0):.0%} have none", SERIES[1])
    return figure


def tuned(panels, rates, what, limits, names_at=(0.05, 0.97)):
    """A result over the learning rate: {panel: {rule: one list of runs for each rate}}."""
    figure, axes = new(len(panels), sharey=True, squeeze=False)
    for ax, (title, rules) in zip(axes[0], panels.items(), strict=True):
        unknown = [name for name in rules if name not in RULES]
        styles = RULES | dict(zip(unknown, OTHERS, strict=False))
        for i, (name, runs) in enumerate(rules.items()):
            band(ax, rates, np.array(runs).T, **styles[name])
            x, y = names_at
            text = {"transform": ax.transAxes, "va": "top"}
            label_line(ax, x, y - 0.09 * i, name, styles[name]["color"], **text)
        ax.set_xscale("log")
        ax.set(xlabel="learning rate lr", ylim=limits, title=title)
    axes[0][0].set_ylabel(what)
    return figure


def rules_curves(runs):
    """Training loss and test accuracy over the epochs: {rule: histories}, bands over the seeds."""
    figure, (left, right) = new(2)
    ends = {left: {}, right: {}}
    longest = max(histories[0].epochs for histories in runs.values())
    every = 2 if longest <= 10 else 5
    for i, (name, histories) in enumerate(runs.items()):
        style = of_rule(name, i)
        epochs = np.arange(1, histories[0].epochs + 1)
        for ax, what in ((left, "train_loss"), (right, "test_accuracy")):
            values = [getattr(history, what) for history in histories]
            band(ax, epochs, values, **style)
            end = np.median([run[-1] for run in values])
            ends[ax][name] = (epochs[-1] * 1.03, end, style["color"])
            ax.set(xlabel="epoch", xlim=(0.5, longest * 1.45))
            ax.set_xticks(range(every, longest + 1, every))
    left.set(ylabel="training loss", ylim=(0, 0.5))
    right.set(ylabel="test accuracy", ylim=(0.88, 0.97))
    label_ends(left, ends[left], gap=0.03)
    label_ends(right, ends[right], gap=0.006)
    return figure


def step_lengths(lengths):
    """The length of every step: {name: values}."""
    figure, ax = new()
    for (name, values), color in zip(lengths.items(), SERIES, strict=False):
        t = np.arange(1, len(values) + 1)
        ax.plot(t, values, color=color)
        middle = len(t) // 2
        label_line(ax, t[middle], values[middle] - 0.05, name, color, va="top")
    ax.set(xlabel="step t", ylabel="length of the step", ylim=(0, 1.1))
    return figure


# ------------------------------------------------------------------ chapter 05


def sensitivity(curves, limits=(0.75, 1.0), names=True):
    """Accuracy over the learning rate, {rule: (rates, one list of runs for each rate)}."""
    figure, ax = new(height=4.4)
    for i, (name, (rates, runs)) in enumerate(curves.items()):
        style = of_rule(name, i)
        band(ax, rates, np.array(runs).T, **style)
        if names:
            label_line(ax, *place_above(curves, name, limits), name, style["color"], **ABOVE)
    decades(ax, "x")
    ax.set(xlabel="learning rate lr", ylabel="accuracy on validation digits", ylim=limits)
    return figure


ABOVE = {"ha": "center", "fontsize": 15}


def place_above(curves, name, limits=(0.75, 1.0)):
    """Where a curve's name stands: above its best rate, neighbours at different heights."""
    rates, runs = curves[name]
    row = list(curves).index(name) % 2
    best = np.median(runs, axis=1).argmax()
    return rates[best], limits[1] - (0.06 + 0.09 * row) * np.ptp(limits)


def heat_map(values, rows, columns, row_name, column_name, what):
    """Numbers over two settings, as colours and in figures; the best one is framed."""
    figure, ax = new(height=4.6)
    values = np.asarray(values)
    image = ax.imshow(values, cmap=SURFACE_MAP, vmin=0.5, vmax=1, aspect="auto")
    figure.colorbar(image, ax=ax, label=what, extend="min")
    for (i, j), value in np.ndenumerate(values):
        color = INK if value > 0.8 else "white"
        ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=14, color=color)
    i, j = np.unravel_index(values.argmax(), values.shape)
    x, y = np.array([j, j + 1, j + 1, j, j]) - 0.5, np.array([i, i, i + 1, i + 1, i]) - 0.5
    ax.plot(x, y, color=SERIES[1], linewidth=4, clip_on=False)
    ax.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
    ax.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
    ax.set(xlabel=column_name, ylabel=row_name)
    ax.grid(False)
    return figure


# ------------------------------------------------------------------ chapter 06


def beside_healthy(panels, smooth=25):
    """Loss curves in six panels, running means: {title: (rule, its losses, the patient's)}.

    The right rule as a band over its seeds, the patient as one line for each seed.
    """
    titles = list(panels)
    figure, axes = mosaic([titles[:3], titles[3:]], height=5.2, sharex=True, sharey=True)
    window = np.ones(smooth) / smooth
    for title, (rule, healthy, patient) in panels.items():
        ax = axes[title]
        healthy, patient = (
            [np.convolve(losses, window, "valid") for losses in runs] for runs in (healthy, patient)
        )
        t = np.arange(len(healthy[0])) + smooth
        band(ax, t, healthy, **RULES[rule] | {"linewidth": 1.6})
        for run in patient:
            ax.plot(t, run, color=INK, linewidth=1.1, linestyle=(0, (4, 1.5)))
        ax.set_title(title)
        ax.set(yscale="log", ylim=(0.12, 2.6), xlim=(0, t[-1]))
        ax.set_yticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
        ax.yaxis.set_minor_formatter(mpl.ticker.NullFormatter())
    for title in titles[::3]:
        axes[title].set_ylabel("loss")
    for title in titles[3:]:
        axes[title].set_xlabel("step")
    return figure
