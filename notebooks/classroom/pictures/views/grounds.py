"""What paths are drawn on: rings or a curve of equal loss, the loss over the steps, the rate."""

import matplotlib as mpl
import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection

from classroom.pictures.style import (
    GREY,
    INK,
    SURFACE_MAP,
    WIDTH,
    decades,
    mosaic,
    note_above,
    of_rule,
    tame,
)
from classroom.pictures.surfaces import losses, steps_until
from classroom.pictures.views.edges import point_to, wedge


def widths(window, high):
    """Shares of the panels of surface and loss: axes of one scale, so many inches high, fit in."""
    (x0, x1), (y0, y1) = window
    wide = high * (x1 - x0) / (y1 - y0)
    return [wide, max(WIDTH - 1.6 - wide, 2.4)]  # numbers and names of the axes take 1.6 inches


def plane_ground(ax, surface, fixed):
    """Rings of equal loss: the artists, and how they follow a surface."""
    (x0, x1), (y0, y1) = surface.window
    grid = np.meshgrid(np.linspace(x0, x1, 90), np.linspace(y0, y1, 90))
    ax.plot(*surface.minimum, marker="*", markersize=17, color="white", markeredgecolor=INK)
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y", aspect="equal")
    if fixed:
        ax.set_title(surface.formula, loc="left")
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
        ax.set_title(surface.formula, loc="left")

    def follow(here):
        f = here.f(grid[None])
        if not np.array_equal(f, shape.get_ydata()):
            shape.set_ydata(f)

    return [shape], follow


def trail(ax, color, **line):
    """The artists of a path on a ground, and how they follow its points (steps + 1, 2).

    The last artist is a note above the axes: where the path leaves them, if it ends outside.
    """
    (trace,) = ax.plot([], [], color=color, mfc="white", **line)
    (first,) = ax.plot([], [], "o", color=INK, markersize=9, clip_on=False)
    ends, note = [wedge(ax, INK), wedge(ax, color)], note_above(ax)

    def follow(points):
        trace.set_data(*points.T)
        point_to(ends[0], *points[0], first)
        point_to(ends[1], *points[-1])
        step = leaves(ax, points)
        note.set_text("" if step is None else f"leaves at step {step}")

    return [trace, first, *ends, note], follow


def leaves(ax, points):
    """The step from which on a path stays outside of the axes; None if it ends inside."""
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    inside = ((low <= points) & (points <= high)).all(axis=1)
    if inside[-1]:
        return None
    return len(inside) - int(inside[::-1].argmax()) if inside.any() else 0


def on_a_plane(surface, steps, level, rule, rates, fixed):
    """The path on a surface of two weights; rates are the ends of the strip, or None."""
    layout = [["surface", "loss"], ["rate", "rate"]] if rates else [["surface", "loss"]]
    ratios = {"height_ratios": [5.5, 1]} if rates else {}
    ratios["width_ratios"] = widths(surface.window, 2.7 if rates else 3.5)
    figure, axes = mosaic(layout, height=4.4, **ratios)
    figure.get_layout_engine().set(hspace=0.12)  # the thresholds' names stand above the strip
    ax, right = axes["surface"], axes["loss"]
    style = of_rule(rule.__name__)
    rings, follow_ground = plane_ground(ax, surface, fixed)
    path_drawn, follow_path = trail(ax, style["color"], marker="o", markersize=5, linewidth=1.8)
    curve = loss_panel(right, steps, level, style)
    told = note_above(right)
    strip = ([], lambda lr, bound, name: None)
    if rates:
        strip = _rate_strip(axes["rate"], style, *rates)
    moving = [*rings, *strip[0], *path_drawn, curve, told]

    def follow(here, path, lr, bound, name):
        follow_ground(here)
        follow_path(tame(path, 1e5))
        _follow_loss(curve, told, losses(here, path), level)
        strip[1](lr, bound, name)

    return figure, moving, follow


def on_a_line(surface, steps, level, rule, rates, fixed):
    """The path on a surface of one weight."""
    figure, axes = mosaic([["surface", "loss"]], width_ratios=[5, 4])
    ax, right = axes["surface"], axes["loss"]
    style = of_rule(rule.__name__)
    shape, follow_ground = line_ground(ax, surface, fixed)
    dots = {"marker": "o", "linestyle": "", "markersize": 6}
    path_drawn, follow_path = trail(ax, style["color"], **dots)
    curve = loss_panel(right, steps, level, style)
    told = note_above(right)
    decades(right, "x")
    right.set_xlim(1, steps)

    def follow(here, path, lr, bound, name):
        follow_ground(here)
        f = losses(here, path)
        follow_path(tame(np.stack([path[:, 0], f], axis=1), 1e5))
        _follow_loss(curve, told, f, level)

    return figure, [*shape, *path_drawn, curve, told], follow


def loss_panel(ax, steps, level, style):
    """Axes of the loss over the steps, and the curve that will show it."""
    decades(ax, "y")
    ax.set(xlabel="step", ylabel="loss f", xlim=(0, steps), ylim=(1e-5, 1e4))
    ax.axhline(level, color=GREY, linestyle=":")
    ax.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4])
    return ax.plot([], [], **style)[0]


def _follow_loss(curve, told, values, level):
    curve.set_data(np.arange(len(values)), np.clip(tame(values, 1e12), 1e-12, None))
    reached = steps_until(values, level)
    told.set_text(f"f < {level:g} after {reached} steps" if reached is not None else "")
    gone = np.flatnonzero(~(np.asarray(values) < 1e4))
    if len(gone) and reached is None:
        told.set_text(f"off the chart at step {gone[0]}")


PHASES = {"creeps": "#009E73", "zig-zags": "#E69F00", "diverges": "#D55E00"}


def _rate_strip(ax, style, lowest, highest):
    """The learning rate as a dot on a line, with the thresholds where there are some."""
    ax.set_xscale("log")
    ax.set(xlim=(lowest, highest), ylim=(0, 1), yticks=[])
    ticks = 10.0 ** np.arange(np.ceil(np.log10(lowest)), np.log10(highest) + 1e-9)
    ax.set_xticks(ticks, [f"lr = {ticks[0]:g}", *(f"{rate:g}" for rate in ticks[1:])])
    ax.spines["left"].set_visible(False)
    ax.grid(False)
    parts = [ax.axvspan(1, 2, color=color, alpha=0.3) for color in PHASES.values()]
    plain = {"color": INK, "fontsize": 13, "ha": "center"}
    names = [ax.text(1, 0.7, name, va="center", **plain) for name in PHASES]
    bounds = [ax.text(1, 1.05, name, va="bottom", **plain) for name in ("1/L", "2/L")]
    look = {"color": style["color"], "markersize": 14, "mec": "white", "mew": 2}
    (dot,) = ax.plot([], [], "o", clip_on=False, **look)  # below the names
    far = wedge(ax, style["color"])
    shown = ()

    def follow(lr, bound, formula):
        nonlocal shown
        point_to(far, lr, 0.25, dot)
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
            # The zig-zags' part is narrower than their name, which then reaches into the others.
            name.set_x(np.clip(np.sqrt(low * high), 1.7 * lowest, 0.6 * highest))
            least = 1.5 if name is names[1] else 4 if descent else 2.8
            name.set_visible(bool(high / low > least))
        for text, place in zip(bounds, edges[1:3], strict=True):
            text.set_x(place)
            text.set_visible(bool(descent and 1.2 * lowest < place < 0.9 * highest))

    return [*parts, *names, *bounds, dot, far], follow
