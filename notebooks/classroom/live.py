"""Sliders that redraw a figure as fast as they are dragged: `live(view, lr=log_slider(1e-3, 2))`.

What stays is drawn once; a change draws only the moving artists over it and sends one compressed
picture to a plain image widget. While a slider moves, the picture has one pixel to the point; when
it rests, two, for sharp displays.
"""

import asyncio
import html
import io
import re
from base64 import b64encode
from bisect import bisect_left
from dataclasses import dataclass, replace

import ipywidgets as widgets
import numpy as np
from IPython import get_ipython
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from classroom import figures
from classroom.probes import failure, run_quietly
from classroom.views import only

DRAFT, SHARP = 1, 2  # pixels to the point, while a slider moves and when it rests
REST = 0.15  # seconds without a change after which the sharp picture follows

# ------------------------------------------------------------------ what a slider stands for

SYMBOLS = {"beta": "β", "beta1": "β₁", "beta2": "β₂", "eps": "ε", "condition": "κ"}


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
    """A whole number of at least 1 whose factors matter, such as a batch size."""
    if not 1 <= low < high or low != int(low) or high != int(high):
        raise ValueError(f"this slider runs between whole numbers above 0, not {low} to {high}")
    grid = {int(value) for value in np.geomspace(low, high, 120).round()}
    values = sorted({*grid, int(low), int(high)} | ({start} if start else set()))
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
    possible number; the typed text then stays, to be mended.
    """

    def __init__(self, name, control, changed, refused):
        self.control, self.changed, self.refused = control, changed, refused
        self.number = control.start
        label = control.label or name
        self.slider = widgets.IntSlider(
            control.position(control.start),
            min=0,
            max=len(control.values) - 1,
            readout=False,
            description=label,
            style={"description_width": "5em"},
            layout={"width": "60%", "max_width": "32em"},
        )
        self.field = widgets.Text(
            notation(control.start),
            continuous_update=False,
            tooltip=f"{label}: type a number",
            layout={"width": "6em"},
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


# ------------------------------------------------------------------ the picture


class Painter:
    """Paints the moving artists of a view over its background, which is drawn once.

    Of the moving artists, those that come first and did not change are kept as pixels, too.
    """

    def __init__(self, view):
        self.view = view
        self.canvas = FigureCanvasAgg(view.figure)
        self.canvas.mpl_connect("draw_event", self._drawn)
        self.limits = None
        self.layers = {}  # of each sharpness: [(how many artists are painted, pixels), ...]
        with figures.style():
            self.error = view.figure.text(0.5, 0.5, "", ha="center", va="center", fontsize=15)
        self.error.set(animated=True, in_layout=False, color=figures.SERIES[1], parse_math=False)
        self.error.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 8})

    def _drawn(self, event):
        if event.canvas.is_saving():  # that left no artist stale
            self.layers = {}

    def paint(self, sharpness, error=None):
        """The picture as an array (height, width, 4), with an error in place of what moves."""
        with figures.DRAWING, np.errstate(all="ignore"):
            self._prepare(sharpness)
            if error:
                self.error.set_text(_folded(error))
                self._over(sharpness, 0, [self.error])
            else:
                self._over(sharpness, self._unchanged(), self.view.moving)
            return np.asarray(self.canvas.buffer_rgba())

    def _prepare(self, sharpness):
        """Set the size, and draw what stays if that has not been done."""
        figure = self.view.figure
        if figure.dpi != figures.DPI * sharpness:  # setting it makes every transform anew
            figure.set_dpi(figures.DPI * sharpness)
        limits = [ax.viewLim.extents.tolist() for ax in figure.axes]
        if limits != self.limits or self.view.painter is not self:
            self.limits, self.view.painter, self.layers = limits, self, {}
        if sharpness not in self.layers:
            with figures.style():
                self.canvas.draw()
            figure.set_layout_engine("none")  # where the axes lie is settled
            self.layers[sharpness] = [(0, self.canvas.copy_from_bbox(figure.bbox))]

    def _unchanged(self):
        """How many artists at the beginning are as they were painted last."""
        moving = self.view.moving
        same = next((i for i, artist in enumerate(moving) if artist.stale), len(moving))
        for layers in self.layers.values():
            layers[:] = [(count, pixels) for count, pixels in layers if count <= same]
        return same

    def _over(self, sharpness, same, artists):
        """Paint the artists over what is there of the first of them."""
        layers, renderer = self.layers[sharpness], self.canvas.get_renderer()
        count, pixels = [layer for layer in layers if layer[0] <= same][-1]
        self.canvas.restore_region(pixels)
        for i, artist in enumerate(artists[count:], count):
            if i == same > count:
                layers[1:] = [(same, self.canvas.copy_from_bbox(self.view.figure.bbox))]
            artist.draw(renderer)
            artist.stale = False  # one that is empty or hidden stays stale by itself

    def jpeg(self, sharpness, error=None):
        """The same as the bytes of a JPEG."""
        pixels = self.paint(sharpness, error)
        height, width = pixels.shape[:2]
        image = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=88, subsampling=0 if sharpness == SHARP else 2)
        return buffer.getvalue()


def _folded(text, width=70):
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word + " "
    return "\n".join(line[:width].strip() for line in lines[:5])


def one_line(error):
    """An exception in the reader's code as one line, with the line it happened in."""
    return str(failure(error))


# ------------------------------------------------------------------ the figure with its sliders


def running_loop():
    """The event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Screen(widgets.VBox):
    """Controls, below them the picture of a view, and a sentence that says what is seen."""

    timer = sentence = None

    def __init__(self, view, controls):
        self.view, self.painter = view, Painter(view)
        inches = view.figure.get_size_inches()
        self.width = round(inches[0] * figures.DPI)
        layout = {"width": f"{self.width}px", "max_width": "100%", "height": "auto"}
        self.image = widgets.Image(format="jpeg", layout=layout)
        self.words = widgets.HTML()
        run_quietly(self.redraw, SHARP)  # a rule that prints would fill the page
        super().__init__([*controls, self.image, self.words])

    def values(self):
        """The values that the view is to follow."""
        return {}

    def redraw(self, sharpness):
        """Send the picture of the present values, and say what is seen."""
        error = None
        with figures.DRAWING:
            try:
                with np.errstate(all="ignore"):
                    sentence = self.view.update(**self.values())
            except BaseException as problem:  # a reader's rule may fail in any way
                error = sentence = one_line(problem)
            self.image.value = self.painter.jpeg(sharpness, error)
            self.say(sentence)

    def redraw_soon(self):
        """A draft at once, and the sharp picture when nothing has changed for a moment."""
        self.redraw(DRAFT)
        loop = running_loop()
        if loop is None:  # no kernel: there is no later
            self.redraw(SHARP)
        else:
            self.stop_timer()
            self.timer = loop.call_later(REST, self.redraw, SHARP)

    def stop_timer(self):
        """No sharp picture any more."""
        if self.timer:
            self.timer.cancel()

    def say(self, sentence):
        """Put a sentence below the picture."""
        sentence = tidy(sentence)
        if sentence != self.sentence:
            self.sentence = sentence
            text = html.escape(sentence)
            self.words.value = f'<div role="status" style="font-size: 16px">{text}</div>'

    def at_rest(self):
        """(figure, sentence) as they are shown where there is no kernel."""
        return self.view.figure, self.sentence

    def _repr_mimebundle_(self, **options):
        with figures.DRAWING:
            figure, sentence = self.at_rest()
            image = b64encode(figures.png(figure)).decode()
        tag = f'<img alt="{html.escape(sentence)}" width="{self.width}"'
        still = {"text/html": f'{tag} src="data:image/png;base64,{image}">', "text/plain": sentence}
        return super()._repr_mimebundle_(**options) | still

    def close(self):
        """Stop, and close every widget inside."""
        self.stop_timer()
        close_all(self)


class Live(Screen):
    """A view with a slider for each of some values; see `live`. knobs[name] moves a value."""

    def __init__(self, view, controls):
        self.knobs = {
            name: Knob(name, control, self._moved, self.say) for name, control in controls.items()
        }
        self.reset_button = widgets.Button(description="Reset", tooltip="Back to the defaults")
        self.reset_button.on_click(lambda _: self.reset())
        super().__init__(view, [*self.knobs.values(), self.reset_button])

    def _moved(self):
        for knob in self.knobs.values():
            knob.show()  # what was typed elsewhere and refused does not count
        self.redraw_soon()

    def values(self):
        """What the sliders say."""
        return {name: knob.number for name, knob in self.knobs.items()}

    def set(self, **values):
        """Move sliders to these values, as a reader would."""
        for name, value in values.items():
            self.knobs[name].move(value)
        self.redraw_soon()

    def reset(self):
        """Every slider back to its default."""
        self.set(**{name: knob.control.start for name, knob in self.knobs.items()})


def close_all(widget):
    """Close a widget with its children, layouts and styles."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    for part in (widget.layout, getattr(widget, "style", None)):
        if part is not None:
            part.close()
    widgets.Widget.close(widget)


def live(view, **controls):
    """The view with a slider for each name: `live(view, lr=log_slider(1e-3, 2), beta=0.9)`.

    A control is a `slider`, `log_slider`, `beta_slider` or `whole_slider`, or the number at which
    the usual slider of that name starts. Running the same cell again closes what it made before.
    Raises TypeError for a name that the view does not follow, ValueError for an impossible range.
    """
    only(controls, view.defaults)
    controls = {
        name: control_for(name, control, view.defaults[name]) for name, control in controls.items()
    }
    return in_place_of_the_last(lambda: Live(view, controls))


_shown = {}


def in_place_of_the_last(make):
    """A new widget, after what the same cell of the notebook has shown before was closed."""
    kernel = getattr(get_ipython(), "kernel", None)
    cell = kernel.get_parent().get("metadata", {}).get("cellId") if kernel else None
    if cell in _shown:
        _shown.pop(cell).close()
    widget = make()
    if cell is not None:
        _shown[cell] = widget
    return widget
