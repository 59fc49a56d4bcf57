"""Views of paths: one rule or several going down a surface, while their values change."""

import numpy as np

from classroom.exercises.momentum import Momentum
from classroom.judging.failures import run_quietly
from classroom.pictures.style import (
    INK,
    decades,
    mosaic,
    names_above,
    note_above,
    of_rule,
    tame,
)
from classroom.pictures.surfaces import Surface, descend, losses, steps_until
from classroom.pictures.views.edges import point_to, wedge
from classroom.pictures.views.grounds import (
    leaves,
    line_ground,
    loss_panel,
    on_a_line,
    on_a_plane,
    plane_ground,
    widths,
)
from classroom.pictures.views.view import View, hyperparameters, keywords, only
from mytorch_core import optim


def _family(surface, settings):
    """What makes the surface, and its keywords with first values, taken out of the settings."""
    family = surface if not isinstance(surface, Surface) else lambda: surface
    shape = keywords(family)
    return family, shape | {name: settings.pop(name) for name in shape if name in settings}


def descent_view(rule, surface, steps=60, level=0.01, start=None, rates=(1e-3, 10), **settings):
    """The path of a rule on a surface, its loss over the steps, and its learning rate.

    rule      a subclass of Optimizer, the reader's own, too
    surface   a Surface, or a function that makes one, such as `surfaces.ravine`
    rates     the ends of the strip on which the learning rate stands
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
    draw = on_a_line if line else on_a_plane

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
    ends = rates if strip else None
    figure, moving, follow = draw(first, steps, level, rule, ends, not shape)

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
    end = f"f < {level:g} after {_steps(reached)}."
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
    highest   where the axis of the loss ends, on a surface of one weight; a start above it is told
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
    line = len(first.window) == 1
    ratios = [5, 4] if line else widths(first.window, 3.4)
    figure, axes = mosaic([["surface", "loss"]], height=4.4, width_ratios=ratios)
    ax, right = axes["surface"], axes["loss"]
    ground, follow_ground = (line_ground if line else plane_ground)(ax, first, not shape)
    styles = {name: of_rule(name, i) for i, name in enumerate(rules)}
    names = names_above(figure, right, {name: style["color"] for name, style in styles.items()})
    moving, parts = [*ground], {}
    for i, (name, style) in enumerate(styles.items()):
        look = {"color": style["color"], "marker": "o", "mfc": "white", "linewidth": 1.6}
        (trace,) = ax.plot([], [], **look, markersize=9 - 3 * i)
        curve = loss_panel(right, steps, level, style)
        parts[name] = trace, wedge(ax, style["color"]), curve, names[i]
        moving += parts[name]
    if line:
        decades(right, "x")
        right.set_xlim(1, steps)
        if highest is not None:
            ax.set_ylim(-0.06 * highest, highest)
    start, note = wedge(ax, INK), note_above(ax) if line else None

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
        value = losses(here, path[:1])[0]
        outside = point_to(start, path[0, 0], value if line else path[0, 1])
        if line:
            note.set_text(f"it starts outside, at f = {value:.3g}" if outside else "")
        if line and outside:
            told.insert(0, f"The start, f = {value:.3g}, lies above the picture.")
        return " ".join(told)

    return View(figure, [*moving, start, *[note] * line], update, defaults)


def _follow_path(surface, path, level, name, trace, far, curve, said):
    """Show one of several paths; a sentence that says how it goes."""
    values = losses(surface, path)
    points = path if path.shape[1] > 1 else np.stack([path[:, 0], values], axis=1)
    points = tame(points, 1e5)
    trace.set_data(*points.T)
    point_to(far, *points[-1])
    curve.set_data(np.arange(len(values)), np.clip(tame(values, 1e12), 1e-12, None))
    reached = steps_until(values, level)
    if reached is not None:
        said.set_text(f"{name}: {_steps(reached)}")
        return f"{name}: f < {level:g} after {_steps(reached)}."
    if not values[-1] <= 100 * values[0]:
        said.set_text(f"{name}: diverges")
        return f"{name} diverges: f grows from {values[0]:.2g} to {values[-1]:.2g}."
    said.set_text(f"{name}: not yet" if leaves(trace.axes, points) is None else f"{name}: outside")
    return f"{name}: f = {values[-1]:.3g} after {len(values) - 1} steps."


def _steps(count):
    return f"{count} step" if count == 1 else f"{count} steps"
