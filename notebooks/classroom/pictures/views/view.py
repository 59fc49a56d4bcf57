"""A figure that follows values: what is drawn once, and how the rest follows from the values."""

import contextlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from classroom.judging.failures import run_quietly


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
