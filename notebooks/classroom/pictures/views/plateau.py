"""How broad the good rates of a rule are, for every margin."""

import numpy as np

from classroom.exercises.plateau import plateau
from classroom.pictures.figures import ABOVE, place_above, sensitivity
from classroom.pictures.style import label_line, of_rule
from classroom.pictures.views.view import View


def plateau_view(curves, within=0.02):
    """Accuracy over the rate, {rule: (rates, runs)}, and what lies within a margin of the best."""
    figure = sensitivity(curves, names=False)
    (ax,) = figure.axes
    bars, names = {}, {}
    for i, name in enumerate(curves):
        color = of_rule(name, i)["color"]
        (bars[name],) = ax.plot([], [], color=color, linewidth=9, alpha=0.55, solid_capstyle="butt")
        names[name] = label_line(ax, *place_above(curves, name), "", color, **ABOVE)

    def update(within=within):
        told = []
        for name, (rates, runs) in curves.items():
            median, x = np.median(runs, axis=1), np.log10(rates)
            fine, level = np.linspace(x[0], x[-1], 2001), median.max() - within
            good = np.interp(fine, x, median) >= level
            bars[name].set_data(10**fine, np.where(good, level, np.nan))
            decades = plateau(rates, median, within)
            names[name].set_text(f"{name} {decades:.2f}")
            told.append(f"{name} ≈ {decades:.2f}")
        return f"Decades of lr within {within:g} of a rule's own best: {', '.join(told)}."

    return View(figure, [*bars.values(), *names.values()], update)
