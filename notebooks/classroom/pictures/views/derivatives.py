"""Views of what chapter 01 derives: slopes, a graph and its backward pass, differences, softmax."""

import numpy as np

from classroom.pictures.style import (
    GREY,
    INK,
    SERIES,
    blank,
    decades,
    label_line,
    mosaic,
    new,
    note_above,
)
from classroom.pictures.views.edges import point_to, wedge
from classroom.pictures.views.view import View


def slope_view(surface, w=-3.0, lr=0.4):
    """One weight: the loss, its tangent at w, and the step -lr f'(w)."""
    figure, ax = new()
    low, high = surface.window[0]
    grid = np.linspace(low, high, 300)
    top = float(surface.f(grid[None]).max())
    ax.plot(grid, surface.f(grid[None]), color=INK)
    ax.set(xlabel="weight w", ylabel="loss", xlim=(low, high), ylim=(-0.25 * top, 1.1 * top))
    ax.set_title(surface.formula, loc="left")
    (tangent,) = ax.plot([], [], color=SERIES[1], linestyle="--")
    (arrow,) = ax.plot([], [], color=INK, linewidth=3)
    (tip,) = ax.plot([], [], color=INK, markersize=13, clip_on=False)
    (here,) = ax.plot([], [], "o", color=SERIES[0], markersize=12, clip_on=False)
    (there,) = ax.plot([], [], "o", color=SERIES[0], mfc="white", markersize=12, mew=2.5)
    far = wedge(ax, SERIES[0])
    slope = label_line(ax, 0, 0, "", SERIES[1], ha="center")
    step = ax.text(0, -0.19 * top, "", color=INK, ha="center", va="center", fontsize=13)
    said = note_above(ax, SERIES[0])
    half = 0.11 * (high - low)  # of a label's width

    def update(w=w, lr=lr):
        value, g = surface.f(np.array([w])), surface.gradient(np.array([w]))[0]
        new = w - lr * g
        new_value = surface.f(np.array([new]))
        reach = np.array([w - 1.2, w + 1.2])
        tangent.set_data(reach, value + g * (reach - w))
        arrow.set_data([w, np.clip(new, low, high)], [-0.09 * top] * 2)
        tip.set_data([np.clip(new, low + 0.05, high - 0.05)], [-0.09 * top])
        tip.set_marker(">" if new > w else "<")
        tip.set_alpha(float(new != w))
        here.set_data([w], [value])
        outside = point_to(far, new, new_value, there)
        slope.set_text(f"slope g = {g:+.2f}")
        # Downhill of w, where the curve lies lower, and above all of it that the label spans.
        middle = np.clip(w - (np.sign(g) or 1) * 1.4 * half, low + half, high - half)
        under = surface.f(np.linspace(middle - half, middle + half, 9)[None]).max()
        slope.set_position((middle, min(max(under, value) + 0.06 * top, 1.05 * top)))
        step.set_text(f"-lr g = {-lr * g + 0:+.2f}")
        step.set_x(np.clip((w + new) / 2, low + half, high - half))
        said.set_text(f"outside: w = {new:.3g}, loss {new_value:.3g}" if outside else "")
        word = "falls" if new_value < value else "rises"
        change = f"{word}, from {value:.3g} to {new_value:.3g}"
        if new_value == value:
            change = f"stays at {value:.3g}"
        return (
            f"At w = {w:g} the slope is {g:.3g}; the step -lr g = {-lr * g + 0:+.3g} leads to "
            f"w = {new:.3g}, and the loss {change}."
        )

    return View(figure, [tangent, arrow, tip, there, here, far, slope, step, said], update)


def fit_view(x, y, w=0.5, window=(-1.0, 3.0)):
    """A line y = w x through data points, and the loss over its only weight, with the tangent."""
    figure, axes = mosaic([["data", "loss"]])
    left, right = axes["data"], axes["loss"]
    grid = np.linspace(*window, 200)
    loss = ((np.outer(grid, x) - y) ** 2).mean(axis=1)
    top = 1.05 * loss.max()
    left.plot(x, y, "o", color=INK, markersize=9, zorder=4)
    left.set(
        xlabel="x", ylabel="y", xlim=(0, 1.1 * x.max()), ylim=(-1.1 * abs(y).max(), 2 * y.max())
    )
    right.plot(grid, loss, color=INK)
    right.set(xlabel="weight w", ylabel="loss", xlim=window, ylim=(-0.1 * top, top))
    (line,) = left.plot([], [], color=SERIES[0])
    gaps = [left.plot([], [], color=SERIES[1], linewidth=1.5)[0] for _ in x]
    (tangent,) = right.plot([], [], color=SERIES[1], linestyle="--")
    (here,) = right.plot([], [], "o", color=SERIES[0], markersize=12, clip_on=False)
    said = right.text(0.5, 0.93, "", transform=right.transAxes, ha="center", fontsize=15)

    def update(w=w):
        line.set_data([0, 1.1 * x.max()], [0, w * 1.1 * x.max()])
        for gap, a, b in zip(gaps, x, y, strict=True):
            gap.set_data([a, a], [b, w * a])
        value, slope = ((w * x - y) ** 2).mean(), (2 * (w * x - y) * x).mean()
        reach = np.array([w - 0.7, w + 0.7])
        tangent.set_data(reach, value + slope * (reach - w))
        here.set_data([w], [value])
        said.set_text(f"slope {slope:+.2f}")
        way = "to the right" if slope < 0 else "to the left"
        end = f"the loss falls {way}." if abs(slope) > 0.005 else "this is the bottom."
        return f"w = {w:.3g}: loss {value:.3g}, slope {slope:+.2f}; {end}"

    return View(figure, [*gaps, line, tangent, here, said], update)


def tangent_view(surface, w=-1.5, d=0.5):
    """What the tangent at w promises for a step d, and what the loss really does."""
    figure, ax = new()
    low, high = surface.window[0]
    grid = np.linspace(low, high, 300)
    values = surface.f(grid[None])
    room = np.ptp(values)
    ax.plot(grid, values, color=INK)
    ax.set(xlabel="weight w", ylabel="loss", xlim=(low, high))
    ax.set_ylim(values.min() - 0.6 * room, values.max() + 0.3 * room)
    ax.set_title(surface.formula, loc="left")
    (tangent,) = ax.plot([], [], color=SERIES[1], linestyle="--")
    (here,) = ax.plot([], [], "o", color=SERIES[0], markersize=12, clip_on=False)
    (promise,) = ax.plot([], [], "o", color=SERIES[1], mfc="white", markersize=8, mew=2)
    (there,) = ax.plot([], [], "o", color=SERIES[0], mfc="white", markersize=8, mew=2)
    (gap,) = ax.plot([], [], color=GREY, linewidth=6, alpha=0.7)
    ends = [wedge(ax, SERIES[1]), wedge(ax, SERIES[0])]
    notes = [note_above(ax, SERIES[1], x=0.66), note_above(ax, SERIES[0])]

    def update(w=w, d=d):
        value, g = surface.f(np.array([w])), surface.gradient(np.array([w]))[0]
        real, straight = surface.f(np.array([w + d])), value + g * d
        reach = np.array([low, high])
        tangent.set_data(reach, value + g * (reach - w))
        gap.set_data([w + d, w + d], [real, straight])
        here.set_data([w], [value])
        for note, word, end, y, dot in zip(
            notes, ("promised", "real"), ends, (straight, real), (promise, there), strict=True
        ):
            outside = ", outside" if point_to(end, w + d, y, dot) else ""
            note.set_text(f"{word} {y - value:+.3f}{outside}")
        return (
            f"At w = {w:.3g} the slope is {g:.3g}. A step d = {d:.3g} promises a change of "
            f"{g * d:+.3f}; the loss really changes by {real - value:+.3f}, "
            f"an error of {real - straight:.2g}."
        )

    return View(figure, [tangent, gap, here, promise, there, *ends, *notes], update)


# The graph of L = (w x + b - y)^2: every node, its place, and how it is made.
PLACES = {
    "w": (0.7, 4.6), "x": (0.7, 2.2), "a": (2.9, 3.4), "b": (2.9, 1.0), "z": (5.1, 2.6),
    "y": (5.1, 0.4), "e": (7.3, 1.9), "L": (9.4, 1.9),
}  # fmt: skip
FORMULAS = {"a": "w x", "z": "a + b", "e": "z - y", "L": "e²"}
EDGES = (("w", "a"), ("x", "a"), ("a", "z"), ("b", "z"), ("z", "e"), ("y", "e"), ("e", "L"))


def graph_view(x=3.0, b=1.0, y=4.0):
    """Four operations, L = (w x + b - y)^2: values forward, gradients backward, step by step."""
    figure, ax = new(height=4.5)
    blank(ax, (-0.3, 10.2), (-0.7, 5.6))
    for start, end in EDGES:
        ax.plot(*zip(PLACES[start], PLACES[end], strict=True), color=GREY, linewidth=1.5, zorder=1)
    for name, (left, up) in PLACES.items():
        made = FORMULAS.get(name)
        ax.plot(left, up, "o", markersize=34, color="white", mec=INK, mew=1.8, zorder=2)
        ax.text(left, up, name, ha="center", va="center", fontsize=17, zorder=3)
        if made:
            ax.text(left, up - 0.62, f"= {made}", ha="center", va="top", color=GREY, fontsize=12)
    ax.text(5.6, 5.1, "value", color=SERIES[0], fontsize=14)
    ax.text(6.8, 5.1, "gradient dL/d...", color=SERIES[1], fontsize=14)
    values = {n: ax.text(p[0] - 0.1, p[1] + 0.55, "", ha="right", color=SERIES[0], fontsize=15)
              for n, p in PLACES.items()}  # fmt: skip
    slopes = {n: ax.text(p[0] + 0.1, p[1] + 0.55, "", ha="left", color=SERIES[1], fontsize=15)
              for n, p in PLACES.items()}  # fmt: skip
    (ring,) = ax.plot([], [], "o", markersize=40, mfc="none", mew=4)

    def update(step=1, w=0.5):
        step = round(step)
        a, z = w * x, w * x + b
        e = z - y
        value = {"w": w, "x": x, "b": b, "y": y, "a": a, "z": z, "e": e, "L": e * e}
        de = 2 * e
        slope = {"L": 1.0, "e": de, "z": de, "y": -de, "a": de, "b": de, "w": de * x, "x": de * w}
        forward = ["a", "z", "e", "L"][: max(0, step - 1)]
        backward = [["L"], ["e"], ["z", "y"], ["a", "b"], ["w", "x"]][: max(0, step - 5)]
        reached = [name for group in backward for name in group]
        for name in PLACES:
            known = name not in FORMULAS or name in forward
            values[name].set_text(f"{value[name] + 0:.3g}" if known else "")
            slopes[name].set_text(f"{slope[name] + 0:.3g}" if name in reached else "")
        last = backward[-1] if backward else forward[-1:]
        ring.set_data([PLACES[n][0] for n in last], [PLACES[n][1] for n in last])
        ring.set_color(SERIES[1] if backward else SERIES[0])
        return _what_the_graph_does(step, value, slope)

    return View(figure, [*values.values(), *slopes.values(), ring], update)


def _what_the_graph_does(step, v, g):
    v = {name: f"{number + 0:.3g}" for name, number in v.items()}
    g = {name: f"{number + 0:.3g}" for name, number in g.items()}
    return [
        "1. Given are the numbers w, x, b and y; no operation is done.",
        f"2. Forward: a = w x = {v['a']}.",
        f"3. Forward: z = a + b = {v['z']}.",
        f"4. Forward: e = z - y = {v['e']}.",
        f"5. Forward: the loss L = e² = {v['L']}.",
        "6. Backward starts at the end: the gradient dL/dL is 1.",
        f"7. Backward through the square: dL/de = 2 e · 1 = {g['e']}.",
        f"8. Backward through the minus: dL/dz = {g['z']}, dL/dy = {g['y']}.",
        f"9. Backward through the plus, which copies: dL/da = dL/db = {g['a']}.",
        f"10. Backward through the product: dL/dw = {g['a']} · x = {g['w']}, "
        f"dL/dx = {g['a']} · w = {g['x']}.",
    ][step - 1]


def quotient_view(h=1e-5):
    """The error of a difference quotient over h, in both precisions: f = exp at w = 1."""
    figure, ax = new()
    sizes = 10.0 ** np.arange(-15, 0.01, 0.1)
    decades(ax)
    ax.set(xlabel="h", ylabel="error of the quotient, over the slope")
    ax.set(xlim=(1e-15, 1), ylim=(1e-12, 10))
    types = ((np.float64, "float64", SERIES[0]), (np.float32, "float32", SERIES[1]))
    errors = {name: np.array([_quotient_error(size, dtype) for size in sizes])
              for dtype, name, _ in types}  # fmt: skip
    curves = [ax.plot([], [], color=color, linewidth=1.5)[0] for *_, color in types]
    dots = [
        ax.plot([], [], "o", color=color, markersize=12, clip_on=False)[0] for *_, color in types
    ]
    label_line(ax, 3e-15, 1e-5, "float64", SERIES[0])
    label_line(ax, 3e-8, 1.2, "float32", SERIES[1], va="bottom")

    def update(h=h):
        here = []
        shown = sizes >= h * 0.999  # the curves grow as h falls: no prediction is spoiled
        for (dtype, name, _), curve, dot in zip(types, curves, dots, strict=True):
            here.append(_quotient_error(h, dtype))
            curve.set_data([h, *sizes[shown]], [here[-1], *errors[name][shown]])
            dot.set_data([h], [here[-1]])
        return f"h = {h:.2g}: the error is {here[0]:.1g} in float64, {here[1]:.1g} in float32."

    return View(figure, [*curves, *dots], update)


def _quotient_error(h, dtype):
    """|(f(w + h) - f(w - h)) / 2h / f'(w) - 1| for f = exp, w = 1; at least 2e-12, to be seen."""
    w, h = dtype(1), dtype(h)
    with np.errstate(all="ignore"):
        quotient = (np.exp(w + h) - np.exp(w - h)) / (2 * h)
    return max(abs(float(quotient) / np.e - 1), 2e-12)


def softmax_view(z1=1.0, z2=2.0, z3=0.0, show="loss"):
    """Three logits and their probabilities, the first class being right; beside them the loss.

    show  "loss", -ln p of the right class, or "gradient", p - y
    """
    figure, axes = mosaic([["p", "beside"]])
    left, right = axes["p"], axes["beside"]
    places = np.arange(3)
    bars, over = _columns(left, "probability p", (0, 1.15), SERIES[0])
    if show == "gradient":
        slopes, beside = _columns(right, "gradient dL/dz", (-1.3, 1.3), SERIES[1])
        right.axhline(0, color=INK, linewidth=1)
        moving = [*slopes, *beside]
    else:
        grid = np.geomspace(1e-5, 1, 200)
        right.plot(grid, -np.log(grid), color=SERIES[1])
        right.set(xlabel="probability of the right class", title="loss L", xlim=(-0.03, 1.03))
        right.set(ylim=(-0.5, 11))
        (dot,) = right.plot([], [], "o", color=INK, markersize=12, clip_on=False)
        note = right.text(0.5, 8, "", ha="center", fontsize=22, color=SERIES[1])
        moving = [dot, note]

    def update(z1=z1, z2=z2, z3=z3):
        z = np.array([z1, z2, z3])
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        for i, bar, text in zip(places, bars, over, strict=True):
            bar.set_height(p[i])
            text.set(y=p[i] + 0.02, text=f"{p[i]:.2f}")
        loss, g = -np.log(max(p[0], 1e-300)), p - [1, 0, 0]
        sentence = f"The right class has the probability {p[0]:.2f}, the loss is {loss:.2f}"
        if show == "loss":
            dot.set_data([p[0]], [loss])
            note.set_text(f"L = {loss:.2f}")
            return sentence + "."
        for i, slope, text in zip(places, slopes, beside, strict=True):
            slope.set_height(g[i])
            text.set(y=g[i] + (0.09 if g[i] >= 0 else -0.09), text=f"{g[i] + 0:+.2f}")
        return (
            f"{sentence}; the gradient is {g[0]:.2f} for its logit, and {p[1]:.2f}, {p[2]:.2f} "
            "for the others."
        )

    return View(figure, [*bars, *over, *moving], update)


def _columns(ax, title, limits, color):
    """Three bars named as classes, and a text for the number of each."""
    names = ("class 1\n(right)", "class 2", "class 3")
    ax.set(xticks=range(3), xticklabels=names, xlim=(-0.6, 2.6), ylim=limits, title=title)
    middle = {"ha": "center", "va": "center" if limits[0] < 0 else "bottom", "fontsize": 14}
    return ax.bar(range(3), [0.1] * 3, color=color), [ax.text(i, 0, "", **middle) for i in range(3)]
