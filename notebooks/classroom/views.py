"""Figures that follow values: what is drawn once, and how the rest follows from the values."""

import contextlib
import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from classroom import figures
from classroom.figures import GREY, INK, RULES, SERIES, decades, label_line, mosaic
from classroom.probes import run_quietly
from classroom.surfaces import Surface, descend, losses, steps_until
from classroom.variants import Momentum
from mytorch_core import optim


@dataclass
class View:
    """A figure as a function of some values.

    figure    with everything that stays
    moving    the artists that follow the values, drawn over the rest in this order
    update    update(**values) makes them follow and returns a sentence that says what is to be seen
    defaults  the values of the static figure; those of update's keywords, unless given
    painter   the Painter that painted it last: what another keeps does not hold any more

    `figures.show(view.figure, view.update())` shows it once, `live(view, ...)` with sliders. The
    picture follows sooner if what rarely changes comes first in `moving`, and `update` leaves it
    alone meanwhile.
    """

    figure: Figure
    moving: list
    update: Callable
    defaults: dict | None = None
    painter: object = None

    def __post_init__(self):
        for order, artist in enumerate(self.moving):
            artist.set(animated=True, in_layout=False, zorder=10 + order)
        self.defaults = self.defaults or keywords(self.update)
        with contextlib.suppress(Exception):
            run_quietly(self.update)  # a reader's rule may fail; who shows the figure will hear it


def keywords(function):
    """The names and defaults of what a function can be called with by name."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def only(names, known):
    """TypeError if a figure that follows the known values is given a name that is none of them."""
    for name in names:
        if name not in known:
            raise TypeError(
                f"this figure does not follow {name!r}; it follows {', '.join(known) or 'nothing'}"
            )


USUAL = {"lr": 0.1, "lr_decay": 0.0, "beta": 0.9, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}


def hyperparameters(rule, settings):
    """Names and first values of a rule's hyperparameters: as set, its own defaults, or the usual.

    Raises TypeError for one that has none of these.
    """
    found = {}
    for p in [*inspect.signature(rule.__init__).parameters.values()][2:]:  # self, parameters
        if p.kind is p.VAR_KEYWORD:
            found |= settings
        elif p.name in settings or p.default is not p.empty:
            found[p.name] = settings.get(p.name, p.default)
        elif p.name in USUAL:
            found[p.name] = USUAL[p.name]
        elif p.kind is not p.VAR_POSITIONAL:
            raise TypeError(
                f"{rule.__name__} has no default for {p.name}: give it one, as in {p.name}=0.1, "
                "in its __init__ or here"
            )
    return found


def _family(surface, settings):
    """What makes the surface, and its keywords with first values, taken out of the settings."""
    family = surface if not isinstance(surface, Surface) else lambda: surface
    shape = keywords(family)
    return family, shape | {name: settings.pop(name) for name in shape if name in settings}


def _text(ax, text="", color=INK, **options):
    return label_line(ax, 0, 0, text, color, **options)


def _tame(values, bound):
    """Values that can be drawn: what is too large or not a number lies far outside."""
    return np.clip(np.nan_to_num(values, nan=bound, posinf=bound, neginf=-bound), -bound, bound)


# -------------------------------------------------------------------- one weight


def slope_view(surface, w=-3.0, lr=0.4):
    """One weight: the loss, its tangent at w, and the step -lr f'(w)."""
    figure, ax = figures.new()
    low, high = surface.window[0]
    grid = np.linspace(low, high, 300)
    top = float(surface.f(grid[None]).max())
    ax.plot(grid, surface.f(grid[None]), color=INK)
    ax.set(xlabel="weight w", ylabel="loss", xlim=(low, high), ylim=(-0.15 * top, top))
    ax.set_title(surface.formula)
    (tangent,) = ax.plot([], [], color=SERIES[1], linestyle="--")
    (arrow,) = ax.plot([], [], color=INK, linewidth=3)
    (tip,) = ax.plot([], [], color=INK, markersize=13)
    (here,) = ax.plot([], [], "o", color=SERIES[0], markersize=12)
    (there,) = ax.plot([], [], "o", color=SERIES[0], mfc="white", markersize=12, mew=2.5)
    slope = _text(ax, color=SERIES[1], ha="center")
    step = _text(ax, ha="center")

    def update(w=w, lr=lr):
        value, g = surface.f(np.array([w])), surface.gradient(np.array([w]))[0]
        new = w - lr * g
        new_value = surface.f(np.array([new]))
        reach = np.array([w - 1.2, w + 1.2])
        tangent.set_data(reach, value + g * (reach - w))
        arrow.set_data([w, np.clip(new, low, high)], [-0.06 * top] * 2)
        tip.set_data([np.clip(new, low + 0.05, high - 0.05)], [-0.06 * top])
        tip.set_marker(">" if new > w else "<")
        tip.set_alpha(float(new != w))
        here.set_data([w], [value])
        there.set_data([new], [new_value])
        slope.set_text(f"slope g = {g:+.2f}")
        slope.set_position((np.clip(w, low + 1.2, high - 1.2), min(value + 0.17 * top, 0.93 * top)))
        step.set_text(f"-lr g = {-lr * g:+.2f}")
        step.set_position((np.clip((w + new) / 2, low + 1, high - 1), -0.12 * top))
        word = "falls" if new_value < value else "rises"
        change = f"{word}, from {value:.3g} to {new_value:.3g}"
        if new_value == value:
            change = f"stays at {value:.3g}"
        return (
            f"At w = {w:g} the slope is {g:.3g}; the step -lr g = {-lr * g:+.3g} leads to "
            f"w = {new:.3g}, and the loss {change}."
        )

    return View(figure, [tangent, arrow, tip, there, here, slope, step], update)


# -------------------------------------------------------------------- a path on a surface


def descent_view(rule, surface, steps=60, level=0.01, start=None, **settings):
    """The path of a rule on a surface, its loss over the steps, and its learning rate.

    rule      a subclass of Optimizer, the reader's own, too
    surface   a Surface, or a function that makes one, such as `surfaces.ravine`
    settings  what the rule's hyperparameters and the function's keywords are at first

    The values are the hyperparameters, the function's keywords and, on a surface of one weight,
    the start.
    """
    family, shape = _family(surface, settings)
    first = family(**shape)
    line = len(first.window) == 1
    defaults = hyperparameters(rule, settings) | shape
    only(settings, defaults)
    if line:
        defaults |= {"start": first.start[0] if start is None else start}
    draw = _on_a_line if line else _on_a_plane

    def run(values):
        values = defaults | values
        place = (values.pop("start"),) if line else start
        here = family(**{name: values.pop(name) for name in shape})
        path = descend(rule, here, steps, start=place, **values)
        return here, path, values, *_threshold(here, path, values)

    try:
        (*_, bound, _), _ = run_quietly(run, {})
        strip = bound is not None  # a rule without a threshold has no use for a scale of rates
    except Exception:  # a reader's rule may fail in any way; the figure will say it
        strip = "lr" in defaults
    figure, moving, follow = draw(first, steps, level, rule, strip, not shape)

    def update(**values):
        here, path, values, bound, name = run(values)
        with np.errstate(all="ignore"):
            follow(here, path, values.get("lr"), bound, name)
            text = _what_is_seen(rule.__name__, losses(here, path), level, values, bound, name)
        if line:
            w, slope = path[0, 0], here.gradient(path[0])[0]
            text = f"From w = {w:g}, where the slope is {slope:.2g}. {text}"
        return text

    return View(figure, moving, update, defaults)


def _threshold(surface, path, values):
    """(bound, its formula) of the rates at which this path does not diverge, (None, "") if unknown.

    A bound is a theorem about one rule, so the path must be that rule's, whoever wrote it.
    """
    if surface.L is None or "lr" not in values:
        return None, ""
    steps, start, lr = len(path) - 1, path[0], values["lr"]
    known = [(optim.SGD, {"lr": lr}, 2 / surface.L, "2/L")]
    if "beta" in values:
        beta = values["beta"]
        bound = 2 / surface.L * (1 + beta) / (1 - beta)
        text = "2/L (1 + β)/(1 - β)"
        known.append((Momentum, {"lr": lr, "beta": beta}, bound, text))
    for rule, settings, bound, formula in known:
        theirs = descend(rule, surface, steps, start=start, **settings)
        if np.allclose(path, theirs, rtol=1e-6, atol=1e-9, equal_nan=True):
            return bound, formula
    return None, ""


def _what_is_seen(rule, values, level, settings, bound, formula):
    """The sentence below a path: how it goes, and how long it takes."""
    steps, lr = len(values) - 1, settings.get("lr", np.nan)
    reached = steps_until(values, level)
    end = f"f < {level:g} after {reached} steps."
    if reached is None:
        end = f"f = {values[-1]:.2g} after {steps} steps, not yet below {level:g}."
    if bound is None:
        if not values[-1] <= 100 * values[0]:
            return f"{rule} diverges: f grows from {values[0]:.2g} to {values[-1]:.2g}."
        name = f"{rule}, lr {lr:.3g}" if "lr" in settings else rule
        return f"{name}, {steps} steps: {end}"
    if lr > bound:
        return f"{rule} diverges: lr {lr:.3g} > {formula} = {bound:.3g}."
    if formula != "2/L":
        return f"{rule}: {end} It diverges beyond {formula} = {bound:.3g}."
    if lr == bound:
        return f"{rule} jumps to and fro for ever: lr {lr:.3g} = 2/L."
    if lr > bound / 2:
        return f"{rule} zig-zags, 1/L = {bound / 2:.3g} < lr {lr:.3g} < 2/L = {bound:.3g}: {end}"
    if lr == bound / 2:
        return f"{rule} reaches the floor of the steepest direction at once, lr = 1/L: {end}"
    return f"{rule} creeps, lr {lr:.3g} < 1/L = {bound / 2:.3g}: {end}"


def paths_view(rules, surface, steps=60, level=0.01, fixed=None, highest=None, **settings):
    """The paths of several rules on one surface, and their losses.

    rules     {name: subclass of Optimizer}; the values are the hyperparameters of all of them, and
              the keywords of `surface`, if that is a function which makes one
    fixed     {name: function of the surface}: the hyperparameters of a rule that no slider moves
    highest   where the axis of the loss ends, on a surface of one weight
    settings  what the values are at first
    """
    family, shape = _family(surface, settings)
    fixed = fixed or {}
    free = {
        name: hyperparameters(rule, settings) for name, rule in rules.items() if name not in fixed
    }
    defaults = shape.copy()
    for own in free.values():
        defaults |= own
    only(settings, defaults)
    first = family(**shape)
    figure, axes = mosaic([["surface", "loss"]], height=4.5, width_ratios=[5, 4])
    ax, right = axes["surface"], axes["loss"]
    draw = _line_ground if len(first.window) == 1 else _plane_ground
    ground, follow_ground = draw(ax, first, not shape)
    moving, parts = [*ground], {}
    for i, name in enumerate(rules):
        style = RULES.get(name) or {"color": SERIES[i], "linewidth": 2.2}
        curve, _ = _loss_panel(right, steps, level, style)
        line = {"color": style["color"], "marker": "o", "mfc": "white", "linewidth": 1.6}
        (trace,) = ax.plot([], [], **line, markersize=9 - 3 * i)
        place = {"transform": right.transAxes, "ha": "right", "va": "top"}
        said = label_line(right, 0.99, 0.99 - 0.1 * i, "", style["color"], **place)
        parts[name] = trace, curve, said
        moving += parts[name]
    if len(first.window) == 1:
        decades(right, "x")
        right.set_xlim(1, steps)
        if highest is not None:
            ax.set_ylim(-0.06 * highest, highest)

    def update(**values):
        values = defaults | values
        here = family(**{name: values[name] for name in shape})
        follow_ground(here)
        told = []
        for name, rule in rules.items():
            sliders = {key: values[key] for key in free.get(name, ())}
            path = descend(rule, here, steps, **(fixed[name](here) if name in fixed else sliders))
            with np.errstate(all="ignore"):
                told.append(_follow_path(here, path, level, name, *parts[name]))
        return " ".join(told)

    return View(figure, moving, update, defaults)


def _follow_path(surface, path, level, name, trace, curve, said):
    """Show one of several paths; a sentence that says how it goes."""
    values = losses(surface, path)
    drawn = _tame(path, 1e5)
    trace.set_data(drawn[:, 0], drawn[:, 1] if drawn.shape[1] > 1 else _tame(values, 1e5))
    curve.set_data(np.arange(len(values)), np.clip(_tame(values, 1e12), 1e-12, None))
    reached = steps_until(values, level)
    if reached is not None:
        said.set_text(f"{name}: {reached} steps")
        return f"{name}: f < {level:g} after {reached} steps."
    if not values[-1] <= 100 * values[0]:
        said.set_text(f"{name}: diverges")
        return f"{name} diverges: f grows from {values[0]:.2g} to {values[-1]:.2g}."
    said.set_text(f"{name}: not yet")
    return f"{name}: f = {values[-1]:.3g} after {len(values) - 1} steps."


def _plane_ground(ax, surface, fixed):
    """Rings of equal loss: the artists, and how they follow a surface."""
    (x0, x1), (y0, y1) = surface.window
    grid = np.meshgrid(np.linspace(x0, x1, 90), np.linspace(y0, y1, 90))
    ax.plot(*surface.minimum, marker="*", markersize=17, color="white", markeredgecolor=INK)
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y")
    if fixed:
        ax.set_title(surface.formula)
    ax.set_facecolor("#F4F4F6")
    ax.grid(False)
    rings = LineCollection(
        [], cmap=figures.SURFACE_MAP, linewidth=1.3, norm=mpl.colors.Normalize(0, 1)
    )
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


def _line_ground(ax, surface, fixed):
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


def _on_a_plane(surface, steps, level, rule, with_rate, fixed):
    layout = [["surface", "loss"], ["rate", "rate"]] if with_rate else [["surface", "loss"]]
    ratios = {"height_ratios": [6, 1]} if with_rate else {}
    figure, axes = mosaic(layout, height=5.0 if with_rate else 4.5, width_ratios=[5, 4], **ratios)
    figure.get_layout_engine().set(hspace=0.1)  # the thresholds' names stand above the strip
    ax, right = axes["surface"], axes["loss"]
    style = RULES.get(rule.__name__, RULES["SGD"])
    rings, follow_ground = _plane_ground(ax, surface, fixed)
    line = {"color": style["color"], "markersize": 5, "linewidth": 1.8, "mfc": "white"}
    (trace,) = ax.plot([], [], "o-", **line)
    (first,) = ax.plot([], [], "o", color=INK, markersize=9)
    curve, mark = _loss_panel(right, steps, level, style)
    strip = _rate_strip(axes["rate"], style) if with_rate else ([], lambda lr, bound, name: None)
    moving = [*rings, *strip[0], trace, first, curve, mark]

    def follow(here, path, lr, bound, name):
        follow_ground(here)
        trace.set_data(*_tame(path, 1e5).T)
        first.set_data(path[:1, 0], path[:1, 1])
        _follow_loss(curve, mark, losses(here, path), level)
        strip[1](lr, bound, name)

    return figure, moving, follow


def _on_a_line(surface, steps, level, rule, with_rate, fixed):
    figure, axes = mosaic([["surface", "loss"]])
    ax, right = axes["surface"], axes["loss"]
    style = RULES.get(rule.__name__, RULES["SGD"])
    shape, follow_ground = _line_ground(ax, surface, fixed)
    (trace,) = ax.plot([], [], "o", color=style["color"], mfc="white", markersize=6)
    (first,) = ax.plot([], [], "o", color=INK, markersize=10)
    curve, mark = _loss_panel(right, steps, level, style)
    decades(right, "x")
    right.set_xlim(1, steps)

    def follow(here, path, lr, bound, name):
        follow_ground(here)
        w, f = _tame(path[:, 0], 1e5), _tame(losses(here, path), 1e5)
        trace.set_data(w, f)
        first.set_data(w[:1], f[:1])
        _follow_loss(curve, mark, losses(here, path), level)

    return figure, [*shape, trace, first, curve, mark], follow


def _loss_panel(ax, steps, level, style):
    """A loss over the steps, and the artists that will show it."""
    decades(ax, "y")
    ax.set(xlabel="step", ylabel="loss f", xlim=(0, steps), ylim=(1e-5, 1e4))
    ax.axhline(level, color=GREY, linestyle=":")
    ax.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4])
    (curve,) = ax.plot([], [], **style)
    mark = label_line(ax, steps, level, "", INK, ha="right", va="bottom")
    return curve, mark


def _follow_loss(curve, mark, values, level):
    curve.set_data(np.arange(len(values)), np.clip(_tame(values, 1e12), 1e-12, None))
    reached = steps_until(values, level)
    mark.set_text(f"< {level:g} after {reached}" if reached is not None else "")
    gone = np.flatnonzero(~(np.asarray(values) < 1e4))
    if len(gone) and reached is None:
        mark.set_text(f"off the chart at step {gone[0]}")


PHASES = {"creeps": "#009E73", "zig-zags": "#E69F00", "diverges": "#D55E00"}


def _rate_strip(ax, style):
    """The learning rate as a dot on a line, with the thresholds where there are some."""
    ax.set_xscale("log")
    ax.set(xlim=(1e-3, 10), ylim=(0, 1), yticks=[], xlabel="learning rate lr")
    ax.set_xticks([0.001, 0.01, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])
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
        dot.set_data([np.clip(lr, 1e-3, 10)], [0.5])
        if shown == (bound, formula):
            return
        shown = bound, formula
        known, descent = bound is not None, formula == "2/L"
        edges = [1e-3, bound / 2 if descent else bound, bound, 10] if known else [1e-3] * 4
        edges = np.clip(edges, 1e-3, 10)
        names[0].set_text("creeps" if descent else "settles")
        for part, name, low, high in zip(parts, names, edges[:-1], edges[1:], strict=True):
            part.set_x(low)
            part.set_width(high - low)
            part.set_visible(bool(low < high))
            name.set_position((np.sqrt(low * high), 0.5))
            name.set_visible(bool(high / low > 3.2))
        for text, place in zip(bounds, edges[1:3], strict=True):
            text.set_x(place)
            text.set_visible(bool(descent and 1.2e-3 < place < 9))

    return [*parts, *names, *bounds, dot], follow


# -------------------------------------------------------------------- noise


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
    style = RULES.get(rule.__name__, RULES["SGD"]) | {"linewidth": 1.8}
    what = r"$\mathrm{lr}_t$" if rule is optim.SGD else "typical step"
    left.set(xlabel="step", ylabel="root mean square of w", xlim=(0, steps), ylim=(0.01, 10))
    right.set(xlabel="step", ylabel=what, xlim=(0, steps), ylim=(1e-5, 3))
    (floor,) = left.plot([], [], color=INK, linestyle=":")
    (curve,) = left.plot([], [], **style)
    (rate,) = right.step([], [], where="post", **style)
    note = left.text(0.98 * steps, 0, "", ha="right", va="bottom", color=INK, fontsize=13)
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
            curve.set_data(np.arange(steps + 1), _tame(rms, 1e9))
            rates = np.sqrt((np.diff(path, axis=0) ** 2).mean(axis=1))
        if rule is optim.SGD:
            rates = values["lr"] * (1 - values["lr_decay"]) ** ((t - 1) // 100)
        rate.set_data(t, _tame(rates, 1e9))
        level, told = _floor_of(rule, surface.L, rms, rates, values)
        floor.set_data(*(([0, steps], [level, level]) if level else ([], [])))
        note.set_text(f"theory: {level:.2f}" if level else "")
        note.set_y((level or 1) * 1.1)
        return told

    return View(figure, [floor, curve, rate, note], update, defaults)


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
        return None, (
            f"lr {lr:g}, lr_decay {lr_decay:g}: the rate falls to {last:.2g}, "
            f"and {size} after {steps} steps."
        )
    level = np.sqrt(lr / (2 - lr * c) / c)
    gone = (1 - lr * c) ** (2 * steps) * 9 < level**2
    where = "on the floor of" if gone else "still on its way to the floor of"
    return level, f"lr {lr:g}: after {steps} steps {size}, {where} {level:.2g}."


def batch_noise_view(gradients, rng, draws=60, B=10):
    """Gradients of many minibatches of one size beside the gradient of all samples.

    gradients  one row for each sample, (N, n)
    """
    n = len(gradients)
    full = gradients.mean(axis=0)
    length = np.sqrt(full @ full)
    sigma = np.sqrt(((gradients - full) ** 2).sum(axis=1).mean()) / length
    order = np.argsort(rng.random((draws, n)), axis=1).argsort(axis=1)  # ranks in each shuffle
    figure, axes = mosaic([["cloud", "curve"]], width_ratios=[1, 1])
    left, right = axes["cloud"], axes["curve"]
    reach = 0.75 * sigma
    left.set(xlabel="along $g$, in units of |$g$|", ylabel="off $g$, in units of |$g$|")
    left.set(xlim=(1 - reach, 1 + reach), ylim=(-0.1 * reach, 2 * reach), aspect="equal")
    left.plot(1, 0, marker="*", markersize=20, color="white", markeredgecolor=INK, zorder=5)
    sizes = np.unique(np.geomspace(1, n, 200).round())
    theory = sigma / np.sqrt(sizes) * np.sqrt((n - sizes) / (n - 1))
    right.plot(sizes[:-1], theory[:-1], color=SERIES[1])
    right.axhline(1, color=GREY, linestyle=":")
    label_line(right, 1.1, 1, "as long as $g$", GREY, va="bottom")
    decades(right)
    right.set(
        xlabel="batch size B", ylabel="noise, in units of |$g$|", ylim=(sigma / 150, sigma * 3)
    )
    (cloud,) = left.plot([], [], "o", color=SERIES[0], markersize=6, alpha=0.6, mec="none")
    (dot,) = right.plot([], [], "o", color=SERIES[0], markersize=13)
    said = right.text(0.97, 0.93, "", transform=right.transAxes, ha="right", fontsize=15)

    def update(B=B):
        means = (order < B).astype(gradients.dtype) @ gradients / B
        along = means @ full / length**2
        off = np.sqrt(np.maximum((means**2).sum(axis=1) / length**2 - along**2, 0))
        noise = np.sqrt(np.mean((along - 1) ** 2 + off**2))
        cloud.set_data(along, off)
        dot.set_data([B], [max(noise, 1e-9)])
        said.set_text(f"B = {B:,}: noise {noise:.2g}")
        if n == B:
            said.set_text(f"B = {B:,}: no noise")
            return f"B = {B:,}: every batch is all of the data, and there is no noise."
        size = "longer" if noise > 1 else "shorter"
        return f"B = {B:,}: the typical error is {noise:.2g} times |g|, {size} than the gradient."

    return View(figure, [cloud, dot, said], update)


# -------------------------------------------------------------------- data


def digit_view(images, labels, n=1):
    """One of many digits, images (N, 784), and the row with the most ink; n counts from 1."""
    figure, axes = mosaic([["digit", "row"]], width_ratios=[2, 3])
    left, right = axes["digit"], axes["row"]
    picture = left.imshow(np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=1)
    left.set(xticks=[], yticks=[])
    left.grid(False)
    right.set(xlabel="pixel of the marked row", ylabel="ink", xlim=(-1, 28), ylim=(0, 1.25))
    (mark,) = left.plot([], [], color=SERIES[1], linewidth=2.5)
    (brightness,) = right.step([], [], where="mid", color=SERIES[1])
    said = right.text(0.98, 0.92, "", transform=right.transAxes, ha="right", fontsize=18)

    def update(n=n):
        image, label = images[round(n) - 1].reshape(28, 28), labels[round(n) - 1]
        row = int(image.sum(axis=1).argmax())
        picture.set_data(image)
        mark.set_data([-0.5, 27.5, 27.5, -0.5, -0.5], np.array([0, 0, 1, 1, 0]) - 0.5 + row)
        brightness.set_data(np.arange(28), image[row])
        said.set_text(f"a {label}")
        lit = int((image > 0).sum())
        return f"Digit {round(n):,} is a {label}; {lit} of its 784 pixels carry ink."

    return View(figure, [picture, mark, brightness, said], update)
