"""Views of the bug lab: a wrong rule beside the right one, for gradients that one chooses."""

import functools

import numpy as np

from classroom.judging.bench import steps
from classroom.pictures.style import (
    GREY,
    INK,
    RULES,
    decades,
    label_line,
    names_above,
    new,
    of_rule,
)
from classroom.pictures.views.view import View

PATIENT = {"color": INK, "linestyle": "--", "linewidth": 2.6}


def steps_view(rules, count=300, lowest=0.03, highest=30.0, **settings):
    """The steps of some rules, in units of lr, for a gradient that stays 1.

    rules     {name: rule}, each called with the parameters and the settings
    settings  the hyperparameters that the figure follows, with their first values
    """
    figure, ax = new()
    t = np.arange(1, count + 1)
    decades(ax)
    ax.set(xlabel="step t", ylabel="step, in units of lr")
    ax.set(xlim=(1, count), ylim=(lowest, highest))
    ax.axhline(1, color=GREY, linestyle=":")
    lines, names = {}, {}
    for i, name in enumerate(rules):
        look = RULES.get(name, PATIENT)
        (lines[name],) = ax.plot([], [], **look)
        place = {"transform": ax.transAxes, "ha": "right", "va": "top", "fontsize": 15}
        names[name] = label_line(ax, 0.98, 0.97 - 0.1 * i, name, look["color"], **place)

    def update(**values):
        told = []
        for name, rule in rules.items():
            found = steps(functools.partial(rule, **settings | values), np.ones(count))
            lines[name].set_data(t, np.clip(found, lowest / 10, highest * 10))
            most = int(abs(np.log(np.clip(found, 1e-300, None))).argmax())
            if np.allclose(found, 1, rtol=1e-3):
                names[name].set_text(f"{name}: always 1")
                told.append(f"{name}: every step is 1 lr.")
                continue
            names[name].set_text(f"{name}: {found[most]:.2g} at t = {t[most]}")
            told.append(
                f"{name}: step 1 is {found[0]:.3g} lr, farthest from 1 is step {t[most]}: "
                f"{found[most]:.3g} lr."
            )
        return " ".join(told)

    return View(figure, [*lines.values(), *names.values()], update, settings)


def rate_view(wrong, right, count=1000, lowest=1e-16, **settings):
    """The rate of a rule with a decay, over the steps, beside that of a wrong one."""
    figure, ax = new()
    t = np.arange(1, count + 1)
    decades(ax, "y")
    ax.set(xlabel="step t", ylabel="step for a gradient of 1")
    ax.set(xlim=(0, count), ylim=(lowest, 30))
    (good,) = ax.plot([], [], **RULES["SGD"])
    (bad,) = ax.plot([], [], **PATIENT)
    colors = {"SGD, step 800": good.get_color(), "patient, step 800": bad.get_color()}
    names = names_above(figure, ax, colors)

    def update(**values):
        values = settings | values
        rates = [
            values["lr"] * steps(functools.partial(rule, **values), np.ones(count))
            for rule in (right, wrong)
        ]
        for line, rate in zip((good, bad), rates, strict=True):
            line.set_data(t, np.clip(rate, lowest / 10, 300))
        a, b = (rate[799] for rate in rates)
        names[0].set_text(f"SGD, step 800: {a:.2g}")
        names[1].set_text(f"patient, step 800: {b:.1g}")
        return (
            f"lr {values['lr']:g}, lr_decay {values['lr_decay']:g}: in step 800 the right rate is "
            f"{a:.3g}, the patient's {b:.1g}."
        )

    return View(figure, [good, bad, *names], update, settings)


def scale_view(wrong, eps=1e-8, g=1e-2):
    """How much longer steps become when the gradients g are multiplied by 1,000."""
    figure, ax = new()
    grid = np.geomspace(1e-12, 1, 121)
    decades(ax)
    ax.set(xlabel="size of the gradients g", ylabel="steps for 1,000 g over steps for g")
    ax.set(xlim=(grid[0], grid[-1]), ylim=(0.1, 3000))
    rules = {"SGD": None, "Adam": lambda g, eps: g / (g + eps), "patient": wrong}
    lines, dots, names = {}, {}, {}
    place = {"transform": ax.transAxes, "va": "bottom", "fontsize": 15}
    for i, name in enumerate(rules):
        look = RULES.get(name, PATIENT)
        (lines[name],) = ax.plot([], [], **look)
        (dots[name],) = ax.plot([], [], "o", color=look["color"], markersize=10)
        # Below all curves: no ratio is under 1.
        names[name] = label_line(ax, 0.03 + 0.3 * i, 0.04, "", look["color"], **place)
    lines["SGD"].set_data(grid, np.full(grid.size, 1000.0))

    def update(g=g, eps=eps):
        told = []
        for name, first in rules.items():
            if first:
                lines[name].set_data(grid, first(1000 * grid, eps) / first(grid, eps))
            ratio = first(1000 * g, eps) / first(g, eps) if first else 1000.0
            dots[name].set_data([g], [ratio])
            told.append(f"{name} {ratio:,.4g}")
            names[name].set_text(told[-1])
        return f"Gradients of {g:.2g} times 1,000, eps {eps:.2g}: steps times {', '.join(told)}."

    return View(figure, [*lines.values(), *dots.values(), *names.values()], update)


def pair_view(wrong, most=12, n=1, t=1):
    """Step t of n equal parameters whose gradients stay 1, in units of lr, beside Adam's."""
    figure, ax = new()
    numbers = np.arange(1, most + 1)
    bars = ax.bar(numbers, 0 * numbers, width=0.7, color=INK)
    ax.axhline(1, **of_rule("Adam"))
    label_line(ax, most + 0.4, 1.06, "Adam", of_rule("Adam")["color"], ha="right", va="bottom")
    ax.set(xlabel="number of the parameter", ylabel="its step, in units of lr")
    ax.set(xlim=(0.3, most + 0.7), ylim=(0, 2.5), xticks=numbers)
    place = {"transform": ax.transAxes, "ha": "right", "va": "top", "fontsize": 15}
    said = label_line(ax, 0.98, 0.97, "", INK, **place)

    def update(n=n, t=t):
        n, t = int(n), int(t)
        found = steps(wrong, np.ones((t, n)))[-1]
        for i, bar in enumerate(bars):
            bar.set_height(found[i] if i < n else 0)
        low, high = found.min(), found.max()
        said.set_text(f"{low:.2f}" if n == 1 else f"from {low:.2f} to {high:.2f}")
        if n == 1:
            return f"Step {t} of one parameter whose gradient stays 1: {found[0]:.3g} lr."
        return (
            f"Step {t} of {n} equal parameters: {found[0]:.3g} lr for the first, "
            f"{found[-1]:.3g} lr for the last."
        )

    return View(figure, [*bars, said], update)
