"""Every figure of the course: one palette, one style, and a sentence for those who cannot see it.

A figure function takes numbers and returns a matplotlib Figure; `show(figure, alt)` puts it below
the cell. There is no pyplot and so no hidden state: a figure that nobody holds is gone.
"""

import base64
import contextlib
import html
import io
import threading

import matplotlib as mpl
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from PIL import Image

from classroom.surfaces import losses

# Okabe and Ito's palette, which readers with any colour vision tell apart; the dash says it again.
RULES = {
    "SGD": {"color": "#0072B2", "linestyle": "-", "linewidth": 2.2},
    "Momentum": {"color": "#CC79A7", "linestyle": "--", "linewidth": 2.2},
    "AdaGrad": {"color": "#009E73", "linestyle": "-.", "linewidth": 2.2},
    "RMSProp": {"color": "#E69F00", "linestyle": ":", "linewidth": 2.6},
    "Adam": {"color": "#D55E00", "linestyle": "-", "linewidth": 3.2},
}
# For what is no rule: a first, a second, a third thing, and what recedes.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
INK, GREY, LIGHT = "#222222", "#767676", "#D9D9D9"
SURFACE_MAP = "cividis"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 14,
    "axes.titlesize": 15,
    "axes.labelsize": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "axes.grid": True,
    "grid.color": LIGHT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
WIDTH, HEIGHT, DPI = 8.0, 4.2, 100  # inches, and pixels to the inch on screen
SHARPNESS = 1.5  # pixels stored for each pixel shown

# A slider's message may be handled in a second thread while a cell runs; matplotlib has one style
# and one reader of formulas for all threads.
DRAWING = threading.RLock()


@contextlib.contextmanager
def style():
    """The style of the course, for one thread at a time."""
    with DRAWING, mpl.rc_context(STYLE):
        yield


def new(ncols=1, height=HEIGHT, **subplots):
    """A figure in the style of the course, and its axes."""
    with style():
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.12)
        return figure, figure.subplots(1, ncols, **subplots)


def mosaic(layout, height=HEIGHT, **options):
    """A figure in the style of the course, and its axes by the names in the layout."""
    with style():
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
        return figure, figure.subplot_mosaic(layout, **options)


def png(figure, dpi=DPI * SHARPNESS):
    """The figure as PNG bytes of at most 256 colours: the same bytes for the same figure."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=dpi)
    image = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def show(figure, alt):
    """Display the figure below the cell, with alternative text that states the finding."""
    image = base64.b64encode(png(figure)).decode()
    width = round(figure.get_figwidth() * DPI)
    tag = f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{image}">'
    display({"text/html": tag, "text/plain": alt}, raw=True)


# -------------------------------------------------------------------- parts of figures


def label_line(ax, x, y, text, color, **options):
    """Write a line's name beside it, on a light ground that keeps it readable."""
    options = {"fontsize": 13, "va": "center", "ha": "left"} | options
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    return ax.text(x, y, text, color=color, bbox=ground, **options)


def label_ends(ax, ends, gap):
    """Names at the ends of lines, {name: (x, y, color)}, kept a gap apart from each other."""
    lowest = -np.inf
    for name, (x, y, color) in sorted(ends.items(), key=lambda end: end[1][1]):
        lowest = max(y, lowest + gap)
        label_line(ax, x, lowest, name, color)


def decades(ax, which="both"):
    """Logarithmic axes whose small ticks carry no numbers."""
    for name in ("x", "y") if which == "both" else (which,):
        getattr(ax, f"set_{name}scale")("log")
        getattr(ax, f"{name}axis").set_minor_formatter(NullFormatter())


def band(ax, x, runs, label=None, **line):
    """The median over runs (runs, points) as a line, from lowest to highest as a band."""
    runs = np.asarray(runs)
    style = {"color": line.get("color", SERIES[0])}
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), alpha=0.25, linewidth=0, **style)
    return ax.plot(x, np.median(runs, axis=0), label=label, **line)


def blank(ax, xlim, ylim):
    """An empty sheet to draw on: no ticks, no grid, no frame."""
    ax.set(xlim=xlim, ylim=ylim, xticks=[], yticks=[])
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(False)


def contours(ax, surface, levels=14):
    """The surface as filled contours, lines of equal loss closer together where it is low."""
    (x0, x1), (y0, y1) = surface.window
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, 240), np.linspace(y0, y1, 240)))
    z = surface.f(grid)
    steps = z.min() + (z.max() - z.min()) * np.linspace(0, 1, levels) ** 2
    ax.contourf(*grid, z, levels=steps, cmap=SURFACE_MAP, alpha=0.55)
    ax.contour(*grid, z, levels=steps, colors="white", linewidths=0.6)
    ax.plot(*surface.minimum, marker="*", markersize=16, color="white", markeredgecolor=INK)
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y")
    ax.grid(False)


def path_on(ax, path, **line):
    """A path with a dot for every step; what leaves the window is cut off there."""
    path = np.clip(np.nan_to_num(path, nan=1e6, posinf=1e6, neginf=-1e6), -1e6, 1e6)
    options = {"marker": "o", "markersize": 4, "linewidth": 1.6} | line
    return ax.plot(path[:, 0], path[:, 1], clip_on=True, **options)


# -------------------------------------------------------------------- chapter 01


def first_steps(histories, smooth=10):
    """The loss of every step, as a band over the seeds, from the loss of equal guesses on."""
    figure, ax = new()
    window = np.ones(smooth) / smooth
    runs = [np.convolve(history.loss, window, "valid") for history in histories]
    band(ax, np.arange(len(runs[0])) + smooth, runs, **RULES["SGD"] | {"linewidth": 1.6})
    ax.axhline(np.log(10), color=GREY, linestyle=":")
    label_line(
        ax, 0.98 * len(histories[0].loss), np.log(10), "ln 10: equal guesses", GREY, ha="right"
    )
    ax.set(xlabel="step", ylabel=f"loss (mean of {smooth} steps)", ylim=(0, 2.5))
    ax.set_xlim(0, len(histories[0].loss))
    return figure


def optimizer_map():
    """Which rule leads to which, with its equation and its question."""
    figure, ax = new(height=4.8)
    boxes = {
        "SGD": (1.3, 3.0, r"$w \leftarrow w - \mathrm{lr}\,g$", "chapter 2"),
        "Momentum": (5.0, 4.8, r"$w \leftarrow w - \mathrm{lr}\,m$", "chapter 4"),
        "AdaGrad": (5.0, 1.2, r"$w \leftarrow w - \mathrm{lr}\,g/\sqrt{h}$", "chapter 3"),
        "RMSProp": (8.3, 1.2, r"$w \leftarrow w - \mathrm{lr}\,g/\sqrt{v}$", "chapter 4"),
        "Adam": (8.3, 4.8, r"$w \leftarrow w - \mathrm{lr}\,\hat m/\sqrt{\hat v}$", "chapter 4"),
    }
    arrows = (
        ((2.0, 3.8), (3.9, 4.7), "remember\nthe direction", (2.2, 4.75)),
        ((2.0, 2.2), (3.9, 1.3), "one rate\nper weight", (2.2, 1.25)),
        ((6.1, 1.2), (7.2, 1.2), "forget", (6.65, 1.55)),
        ((6.1, 4.8), (7.2, 4.8), "join", (6.65, 5.15)),
        ((8.3, 2.05), (8.3, 3.9), "correct", (9.0, 3.0)),
    )
    for tail, head, why, place in arrows:
        style = {"arrowstyle": "-|>", "lw": 2, "color": GREY, "mutation_scale": 20}
        ax.annotate("", head, tail, arrowprops=style | {"shrinkA": 0, "shrinkB": 0})
        ax.text(*place, why, ha="center", va="center", fontsize=14, color=INK)
    for name, (x, y, rule, chapter) in boxes.items():
        color = RULES[name]["color"]
        frame = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": color, "lw": 2.5}
        ax.text(
            x, y, f"{name}\n{rule}\n{chapter}", ha="center", va="center", fontsize=14, bbox=frame
        )
    blank(ax, (0, 10), (0, 6.2))
    return figure


# -------------------------------------------------------------------- chapter 02


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
        label_line(ax, *(best * 1.25), "best", SERIES[0], ha="center", va="top")
        ax.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal", title=name, xlabel="$d_1$")
        ax.grid(False)
    axes[0].set_ylabel("$d_2$")
    return figure


def loss_by_samples(runs, smooth=20):
    """Training loss over the samples seen: {name: (batch size, losses)}, running means."""
    figure, ax = new()
    ends = {}
    for (name, (size, values)), color in zip(runs.items(), SERIES, strict=False):
        width = min(smooth * max(1, 100 // size), len(values))
        mean = np.convolve(values, np.ones(width) / width, "valid")
        seen = size * (np.arange(len(mean)) + width)
        marker = "o" if len(mean) < 20 else None
        ax.plot(seen, mean, color=color, marker=marker)
        ends[name] = (seen[-1] * 1.02, mean[-1], color)
    label_ends(ax, ends, gap=0.17)
    ax.set(xlabel="training images seen", ylabel="loss (running mean)", ylim=(0, 2.5))
    longest = max(size * len(values) for size, values in runs.values())
    ax.set(xlim=(0, 1.3 * longest), xticks=np.linspace(0, longest, 6))
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
    right.plot(losses(surface, path), color=SERIES[0])
    right.set(xlabel="step", ylabel="loss")
    return figure


def noise_floor(runs, floors):
    """Distance from the minimum over the steps: {name: values}, and where theory puts the floor."""
    figure, ax = new()
    for (name, values), color in zip(runs.items(), SERIES, strict=False):
        ax.plot(values, color=color, linewidth=1.6)
        label_line(ax, len(values) * 1.01, np.median(values[-20:]), name, color)
        if name in floors:
            ax.plot([0, len(values)], [floors[name]] * 2, color=INK, linestyle=":", zorder=3)
            label_line(ax, 20, floors[name] * 1.45, "theory", INK)
    decades(ax, "y")
    ax.set(
        xlabel="step",
        ylabel="root mean square of w",
        xlim=(0, len(values) * 1.36),
        xticks=range(0, len(values), 100),
    )
    return figure


def mnist_curves(histories, rule="SGD"):
    """Loss and accuracy over the epochs, on train and test: a band over the seeds."""
    figure, (left, right) = new(2)
    epochs = np.arange(1, histories[0].epochs + 1)
    for part, line in (("train", {"color": GREY, "linestyle": "--"}), ("test", RULES[rule])):
        for ax, what in ((left, "loss"), (right, "accuracy")):
            runs = [getattr(history, f"{part}_{what}") for history in histories]
            band(ax, epochs, runs, **line)
            end = np.median([run[-1] for run in runs])
            label_line(ax, epochs[-1] * 1.03, end, part, line["color"])
            ax.set(xlabel="epoch", xlim=(0.5, epochs[-1] * 1.3), xticks=epochs[1::2])
    left.set(ylabel="loss", ylim=(0, None))
    right.set(ylabel="accuracy", ylim=(0.85, 1.005))
    return figure


# -------------------------------------------------------------------- chapters 03 and 04


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
    others = (INK, "#56B4E9", "#8B5A2B")  # no rule's colour
    for ax, (title, rules) in zip(axes[0], panels.items(), strict=True):
        unknown = [name for name in rules if name not in RULES]
        styles = RULES | {
            name: {"color": color, "linestyle": dash}
            for name, color, dash in zip(unknown, others, ("--", "-.", ":"), strict=False)
        }
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
    for name, histories in runs.items():
        style = RULES[name]
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
