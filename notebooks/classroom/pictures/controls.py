"""What a slider stands for, and the slider itself with a field to type into."""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace

import ipywidgets as widgets
import numpy as np

SYMBOLS = {"beta": "β", "beta1": "β₁", "beta2": "β₂", "condition": "κ"}


@dataclass(frozen=True)
class Control:
    """A quantity under a slider.

    values  what the slider runs through, in ascending order; between them a number can be typed
    start   where it stands at first; None for the view's own default
    label   what is written beside it; None for the symbol of the equation
    """

    values: tuple
    start: float | None = None
    label: str | None = None

    @property
    def whole(self):
        """Whether only whole numbers make sense."""
        return all(isinstance(value, int) for value in self.values)

    def position(self, number):
        """The index of the value that is nearest to the number, or the one above it."""
        return min(bisect_left(self.values, number), len(self.values) - 1)

    def checked(self, number, name):
        """The number, which may be typed text; ValueError says what is possible."""
        low, high = notation(self.values[0]), notation(self.values[-1])
        try:
            value = int(number) if self.whole else float(number)
            if self.values[0] <= value <= self.values[-1]:
                return value
        except (TypeError, ValueError):
            pass
        kind = "whole number" if self.whole else "number"
        raise ValueError(f"{name} must be a {kind} from {low} to {high}, not {number!r}")


def _control(grid, low, high, start, label, digits=3):
    if not low < high:
        raise ValueError(f"a slider runs from a lower to a higher number, not {low} to {high}")
    inside = {float(f"{value:.{digits}g}") for value in grid if low < value < high}
    control = Control((low, *sorted(inside - {low, high}), high), None, label)
    if start is None:
        return control
    start = control.checked(start, "start")
    return replace(control, values=tuple(sorted({*control.values, start})), start=start)


def slider(low, high, start=None, label=None):
    """A quantity whose differences matter, such as a place: 200 equal steps."""
    return _control(np.linspace(low, high, 201), low, high, start, label)


def log_slider(low, high, start=None, label=None):
    """A quantity whose factors matter, such as a learning rate: 40 steps to a factor of ten."""
    if not 0 < low < high:
        raise ValueError(f"a logarithmic slider runs between numbers above 0, not {low} to {high}")
    grid = 10 ** (np.arange(np.floor(np.log10(low)) * 40, np.log10(high) * 40 + 1) / 40)
    return _control(grid, low, high, start, label)


def beta_slider(low=0.0, high=0.999, start=None, label=None):
    """A share that is kept, such as beta: 0, 0.05, ... 0.9, 0.905, ... 0.99, 0.9905, ..."""
    if not 0 <= low < high < 1:
        raise ValueError(f"beta lies in [0, 1): no slider from {low} to {high}")
    grid = [1 - (20 - i) / 20 / 10**d for d in range(7) for i in range(18)]
    return _control(grid, low, high, start, label, digits=9)


def whole_slider(low, high, start=None, label=None):
    """A whole number of at least 0 whose factors matter, such as a batch size or a step."""
    if not 0 <= low < high or low != int(low) or high != int(high):
        raise ValueError(f"this slider runs between whole numbers from 0 on, not {low} to {high}")
    grid = {int(value) for value in np.geomspace(max(low, 1), high, 120).round()}
    values = sorted({*grid, int(low), int(high)} | ({start} if start is not None else set()))
    return Control(tuple(values), start, label)


CONTROLS = {
    "lr": log_slider(1e-5, 10),
    "beta": beta_slider(),
    "beta1": beta_slider(),
    "beta2": beta_slider(high=0.9999),
    "eps": log_slider(1e-10, 1),
    "lr_decay": slider(0, 0.9),
    "condition": log_slider(1, 1000),
}


def control_for(name, given, default):
    """The control of a quantity: as given, or the usual one of that name, with its start."""
    control = given if isinstance(given, Control) else CONTROLS.get(name)
    if control is None:
        raise TypeError(f"{name} needs a slider, as in {name}=slider(0, 1), not {given!r}")
    start = control.start if given is control or given is None else given
    start = default if start is None else start
    values = tuple(sorted({*control.values, start}))
    return replace(control, values=values, start=start, label=control.label or SYMBOLS.get(name))


def notation(number):
    """A number as it is written in the field: 0.03, 0.99, 1e-8."""
    return tidy(f"{number:g}")


def tidy(text):
    """The text with exponents as they are written in the field: 1e-8, not 1e-08."""
    return re.sub(r"(?<=\de)(?:\+|(-))0*(?=\d)", r"\1", text)


class Knob(widgets.HBox):
    """A slider and a field to type into, for one quantity. `number` is where it stands.

    changed() is called when the reader has moved it, refused(message) when what was typed is no
    possible number; the typed text then stays, to be mended. letters is the room for the label, in
    characters, so that sliders below each other begin alike; None for that of this label.
    """

    def __init__(self, name, control, changed, refused, letters=None):
        self.control, self.changed, self.refused = control, changed, refused
        self.number = control.start
        label = control.label or name
        self.slider = widgets.IntSlider(
            control.position(control.start),
            min=0,
            max=len(control.values) - 1,
            readout=False,
            description=label,
            style={"description_width": f"{0.55 * (letters or len(label)) + 0.5:.1f}em"},
            layout={"flex": "1 1 0", "width": "auto", "min_width": "0"},
        )
        self.field = widgets.Text(
            notation(control.start),
            continuous_update=False,
            tooltip=f"{label}: type a number",
            layout={"width": "84px", "flex": "none"},
        )
        self.following = False  # whether a widget changes because of the other one
        self.slider.observe(self._slid, "value")
        self.field.observe(self._typed, "value")
        super().__init__([self.slider, self.field])

    def _slid(self, change):
        if not self.following:
            self.number = self.control.values[change["new"]]
            self.changed()
            self.show()

    def _typed(self, change):
        if not self.following:
            try:
                number = self.control.checked(change["new"], self.slider.description)
            except ValueError as error:
                self.refused(str(error))
            else:
                self.number = number
                self.changed()
                self.show()

    def move(self, number):
        """Stand at this number; nobody is told."""
        self.number = self.control.checked(number, self.slider.description)
        self.show()

    def show(self):
        """Make slider and field say what the number is."""
        self.following = True
        self.field.value = notation(self.number)
        self.slider.value = self.control.position(self.number)
        self.following = False
