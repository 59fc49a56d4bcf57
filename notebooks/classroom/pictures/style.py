"""One palette, one style, and the parts that figures are made of.

There is no pyplot and so no hidden state: a figure that nobody holds is gone.
"""

import contextlib
import io
import threading

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from PIL import Image

# Okabe and Ito's palette, which readers with any colour vision tell apart; the dash says it again.
RULES = {
    "SGD": {"color": "#0072B2", "linestyle": "-", "linewidth": 2.2},
    "Momentum": {"color": "#CC79A7", "linestyle": "--", "linewidth": 2.2},
    "AdaGrad": {"color": "#009E73", "linestyle": "-.", "linewidth": 2.2},
    "RMSProp": {"color": "#E69F00", "linestyle": ":", "linewidth": 2.6},
    "Adam": {"color": "#D55E00", "linestyle": "-", "linewidth": 3.2},
}
# For rules without a colour of their own, such as the reader's.
OTHERS = (
    {"color": "#222222", "linestyle": "--"},
    {"color": "#56B4E9", "linestyle": "-."},
    {"color": "#8B5A2B", "linestyle": ":"},
    {"color": "#999933", "linestyle": "-"},
)
# For what is no rule: a first, a second, a third thing, and what recedes.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
INK, GREY, LIGHT = "#222222", "#767676", "#D9D9D9"
SURFACE_MAP = "cividis"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 14,
    "axes.titlesize": 15,
    "axes.titlepad": 8,
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


def of_rule(name, place=0):
    """The colour and dash of a rule; one without its own gets those of this place among others."""
    return RULES.get(name) or OTHERS[place % len(OTHERS)] | {"linewidth": 2.2}


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


def mosaic(layout, height=HEIGHT, width=WIDTH, **options):
    """A figure in the style of the course, and its axes by the names in the layout."""
    with style():
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
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


# -------------------------------------------------------------------- parts of figures


def label_line(ax, x, y, text, color, **options):
    """Write a line's name beside it, on a light ground that keeps it readable."""
    options = {"fontsize": 13, "va": "center", "ha": "left"} | options
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    return ax.text(x, y, text, color=color, bbox=ground, **options)


def note_above(ax, color=INK, x=1):
    """Words above the axes that end at x, where no line runs through them; empty at first."""
    if not any(ax.get_title(loc) for loc in ("left", "center")):
        ax.set_title(" ")  # keeps the room
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "clip_on": False}
    return ax.annotate("", (x, 1), (0, 8), ha="right", fontsize=14, color=color, **place)


def names_above(figure, ax, colors):
    """Words in a row above all axes, for {name: color}; they belong to these axes."""
    figure.suptitle(" ", fontsize=14)  # keeps the room
    place = {"xycoords": "figure fraction", "ha": "center", "va": "top", "fontsize": 14}
    place |= {"in_layout": False, "clip_on": False}
    room = np.array([len(name) + 11 for name in colors])  # what will be said of it, too
    middles = (np.cumsum(room) - room / 2) / room.sum()
    return [
        ax.annotate("", (x, 0.98), color=color, **place)
        for x, color in zip(middles, colors.values(), strict=True)
    ]


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


def tame(values, bound):
    """Values that can be drawn: what is too large or not a number lies far outside."""
    return np.clip(np.nan_to_num(values, nan=bound, posinf=bound, neginf=-bound), -bound, bound)


def path_on(ax, path, **line):
    """A path with a dot for every step; what leaves the window is cut off there."""
    path = tame(path, 1e6)
    options = {"marker": "o", "markersize": 4, "linewidth": 1.6} | line
    return ax.plot(path[:, 0], path[:, 1], clip_on=True, **options)
