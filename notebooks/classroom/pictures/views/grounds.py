"""What paths are drawn on: rings or a curve of equal loss, the loss over the steps, the rate."""

import matplotlib as mpl
import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection

from classroom.pictures.style import (
    GREY,
    INK,
    SURFACE_MAP,
    decades,
    label_line,
    mosaic,
    of_rule,
    tame,
)
from classroom.pictures.surfaces import losses, steps_until


def plane_ground(ax, surface, fixed):
    """Rings of equal loss: the artists, and how they follow a surface."""
    (x0, x1), (y0, y1) = surface.window
    grid = np.meshgrid(np.linspace(x0, x1, 90), np.linspace(y0, y1, 90))
    ax.plot(*surface.minimum, marker="*", markersize=17, color="white", markeredgecolor=INK)
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y")
    if fixed:
        ax.set_title(surface.formula)
    ax.set_facecolor("#F4F4F6")
    ax.grid(False)
    rings = LineCollection([], cmap=SURFACE_MAP, linewidth=1.3, norm=mpl.colors.Normalize(0, 1))
    ax.add_collection(rings, autolim=False)

    shown = None

    def follow(here):
        nonlocal shown
        z = here.f(np.stack(grid))
        if np.array_equal(z, shown):
            return
        shown = z
        levels = z.min() + (z.max() - z.min()) * np.linspace(0, 1, 15)[1:-1] ** 2
        lines = contour_generator(*grid, z).multi_lines(levels)
        rings.set_segments([ring for level in lines for ring in level])
        rings.set_array(np.repeat(np.linspace(0, 0.9, len(lines)), [len(level) for level in lines]))

    return [rings], follow


def line_ground(ax, surface, fixed):
    """The curve of the loss of one weight: the artist, and how it follows a surface."""
    low, high = surface.window[0]
    grid = np.linspace(low, high, 300)
    (shape,) = ax.plot(grid, surface.f(grid[None]), color=INK)
    low_f, high_f = shape.get_ydata().min(), shape.get_ydata().max()
    pad = 0.08 * (high_f - low_f)
    ax.set(xlim=(low, high), ylim=(low_f - pad, high_f + pad), xlabel="w", ylabel="loss")
    if fixed:
        ax.set_title(surface.formula)

    def follow(here):
        f = here.f(grid[None])
        if not np.array_equal(f, shape.get_ydata()):
            shape.set_ydata(f)

    return [shape], follow


def on_a_plane(surface, steps, level, rule, rates, fixed):
    """The path on a surface of two weights; rates are the ends of the strip, or None."""
    layout = [["surface", "loss"], ["rate", "rate"]] if rates else [["surface", "loss"]]
    ratios = {"height_ratios": [6, 1]} if rates else {}
    figure, axes = mosaic(layout, height=5.0 if rates else 4.5, width_ratios=[5, 4], **ratios)
    figure.get_layout_engine().set(hspace=0.1)  # the thresholds' names stand above the strip
    ax, right = axes["surface"], axes["loss"]
    style = of_rule(rule.__name__)
    rings, follow_ground = plane_ground(ax, surface, fixed)
    line = {"color": style["color"], "markersize": 5, "linewidth": 1.8, "mfc": "white"}
    (trace,) = ax.plot([], [], "o-", **line)
    (first,) = ax.plot([], [], "o", color=INK, markersize=9)
    curve, mark = loss_panel(right, steps, level, style)
    strip = ([], lambda lr, bound, name: None)
    if rates:
        strip = _rate_strip(axes["rate"], style, *rates)
    moving = [*rings, *strip[0], trace, first, curve, mark]

    def follow(here, path, lr, bound, name):
        follow_ground(here)
        trace.set_data(*tame(path, 1e5).T)
        first.set_data(path[:1, 0], path[:1, 1])
        _follow_loss(curve, mark, losses(here, path), level)
        strip[1](lr, bound, name)

    return figure, moving, follow


def on_a_line(surface, steps, level, rule, rates, fixed):
    """The path on a surface of one weight."""
    figure, axes = mosaic([["surface", "loss"]])
    ax, right = axes["surface"], axes["loss"]
    style = of_rule(rule.__name__)
    shape, follow_ground = line_ground(ax, surface, fixed)
    (trace,) = ax.plot([], [], "o", color=style["color"], mfc="white", markersize=6)
    (first,) = ax.plot([], [], "o", color=INK, markersize=10)
    curve, mark = loss_panel(right, steps, level, style)
    decades(right, "x")
    right.set_xlim(1, steps)

    def follow(here, path, lr, bound, name):
        follow_ground(here)
        w, f = tame(path[:, 0], 1e5), tame(losses(here, path), 1e5)
        trace.set_data(w, f)
        first.set_data(w[:1], f[:1])
        _follow_loss(curve, mark, losses(here, path), level)

    return figure, [*shape, trace, first, curve, mark], follow


def loss_panel(ax, steps, level, style):
    """A loss over the steps, and the artists that will show it."""
    decades(ax, "y")
    ax.set(xlabel="step", ylabel="loss f", xlim=(0, steps), ylim=(1e-5, 1e4))
    ax.axhline(level, color=GREY, linestyle=":")
    ax.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4])
    (curve,) = ax.plot([], [], **style)
    mark = label_line(ax, steps, level, "", INK, ha="right", va="bottom")
    return curve, mark


def _follow_loss(curve, mark, values, level):
    curve.set_data(np.arange(len(values)), np.clip(tame(values, 1e12), 1e-12, None))
    reached = steps_until(values, level)
    mark.set_text(f"< {level:g} after {reached}" if reached is not None else "")
    gone = np.flatnonzero(~(np.asarray(values) < 1e4))
    if len(gone) and reached is None:
        mark.set_text(f"off the chart at step {gone[0]}")


PHASES = {"creeps": "#009E73", "zig-zags": "#E69F00", "diverges": "#D55E00"}


def _rate_strip(ax, style, lowest, highest):
    """The learning rate as a dot on a line, with the thresholds where there are some."""
    ax.set_xscale("log")
    ax.set(xlim=(lowest, highest), ylim=(0, 1), yticks=[], xlabel="learning rate lr")
    ax.xaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
    ax.spines["left"].set_visible(False)
    ax.grid(False)
    parts = [ax.axvspan(1, 2, color=color, alpha=0.3) for color in PHASES.values()]
    plain = {"color": INK, "fontsize": 13, "ha": "center"}
    names = [ax.text(1, 0.5, name, va="center", **plain) for name in PHASES]
    bounds = [ax.text(1, 1.05, name, va="bottom", **plain) for name in ("1/L", "2/L")]
    (dot,) = ax.plot([], [], "o", color=style["color"], markersize=15, mec="white", mew=2)
    shown = ()

    def follow(lr, bound, formula):
        nonlocal shown
        dot.set_data([np.clip(lr, lowest, highest)], [0.5])
        if shown == (bound, formula):
            return
        shown = bound, formula
        known, descent = bound is not None, formula == "2/L"
        first = bound / 2 if descent else bound
        edges = [lowest, first, bound, highest] if known else [lowest] * 4
        edges = np.clip(edges, lowest, highest)
        names[0].set_text("creeps" if descent else "settles")
        for part, name, low, high in zip(parts, names, edges[:-1], edges[1:], strict=True):
            part.set_x(low)
            part.set_width(high - low)
            part.set_visible(bool(low < high))
            name.set_position((np.sqrt(low * high), 0.5))
            name.set_visible(bool(high / low > 3.2))
        for text, place in zip(bounds, edges[1:3], strict=True):
            text.set_x(place)
            text.set_visible(bool(descent and 1.2 * lowest < place < 0.9 * highest))

    return [*parts, *names, *bounds, dot], follow
