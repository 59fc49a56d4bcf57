"""Sliders that redraw a figure as fast as they are dragged: `live(view, lr=log_slider(1e-3, 2))`.

What stays is drawn once; a change draws only the moving artists over it and sends one compressed
picture to a plain image widget. While a slider moves, the picture has one pixel to the point; when
it rests, two, for sharp displays.
"""

import asyncio
import html
from base64 import b64encode

import ipywidgets as widgets
import numpy as np
from IPython import get_ipython

from classroom.judging.failures import one_line, run_quietly
from classroom.pictures import style
from classroom.pictures.controls import (
    Knob,
    beta_slider,
    control_for,
    log_slider,
    slider,
    tidy,
    whole_slider,
)
from classroom.pictures.painter import DRAFT, SHARP, Painter
from classroom.pictures.views.view import only

__all__ = ["beta_slider", "live", "log_slider", "slider", "whole_slider"]

REST = 0.15  # seconds without a change after which the sharp picture follows

# In pixels: at 1280 x 720 a notebook has 599, of which figure, sliders and sentence may take HIGH.
HIGH, ROW, WORDS = 585, 32, 73  # a row of sliders; a sentence of three lines, and the margins

# A slider's label has no size of its own to be set, but it follows this variable.
# Where the kernel is gone, sliders look alive: Jupyter marks them, and this says so.
STYLE = """<style>
.classroom-screen { --jp-widgets-font-size: 16px; }
.classroom-screen.jupyter-widgets-disconnected > * { opacity: 0.4; pointer-events: none; }
.classroom-screen.jupyter-widgets-disconnected::after {
  content: "The kernel was restarted: run this cell again to have its controls back.";
  font-size: 16px; padding: 4px;
}
</style>"""


class Press(widgets.ToggleButton):
    """A button that looks pressed until what it asks for is done: the kernel may be busy.

    at_home(act) calls act where it belongs, at once or later.
    """

    def __init__(self, act, at_home=lambda act: act(), **options):
        super().__init__(**options)
        self.act, self.at_home = act, at_home
        self.observe(lambda _: self.value and self.at_home(self._do), "value")

    def _do(self):
        self.value = False
        self.act()

    def click(self):
        """Press it."""
        self.value = True


STILL = "A picture. Run the cell for the live figure."


def running_loop():
    """The event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Screen(widgets.VBox):
    """The picture of a view among its controls, and a sentence below that says what is seen."""

    timer = sentence = None

    def __init__(self, view, arrange, above=0):
        """arrange(image) gives what stands above the sentence: rows of controls, and the image.

        above  how many rows of controls there are above the image
        """
        self.view, self.painter = view, Painter(view)
        wide, high = view.figure.get_size_inches() * style.DPI
        self.width = round(wide)
        shown = min(self.width, int(wide / high * (HIGH - WORDS - ROW * above)))
        layout = {"width": f"{shown}px", "max_width": "calc(100% - 4px)", "height": "auto"}
        self.image = widgets.Image(format="jpeg", layout=layout)
        self.words = widgets.HTML()
        run_quietly(self.redraw, SHARP)  # a rule that prints would fill the page
        look = widgets.HTML(STYLE, layout={"display": "none"})
        super().__init__([look, *arrange(self.image), self.words])
        self.add_class("classroom-screen")

    def values(self):
        """The values that the view is to follow."""
        return {}

    def redraw(self, sharpness):
        """Send the picture of the present values, and say what is seen."""
        if self.view is None:  # closed meanwhile
            return
        error = None
        with style.DRAWING:
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
            css = "font-size: 16px; line-height: 1.35"
            self.words.value = f'<div role="status" style="{css}">{text}</div>'

    def at_rest(self):
        """(figure, sentence) as they are shown where there is no kernel."""
        return self.view.figure, self.sentence

    def _repr_mimebundle_(self, **options):
        with style.DRAWING:
            figure, sentence = self.at_rest()
            image = b64encode(style.png(figure)).decode()
        tag = f'<img alt="{html.escape(sentence)}" width="{self.width}"'
        still = f'{tag} src="data:image/png;base64,{image}"><br><small>{STILL}</small>'
        still = {"text/html": still, "text/plain": sentence}
        return super()._repr_mimebundle_(**options) | still

    def close(self):
        """Stop, close every widget inside, and let go of the view: Jupyter keeps what it showed."""
        self.stop_timer()
        close_all(self)
        self.view = self.painter = None


class Live(Screen):
    """A view with a slider for each of some values; see `live`. knobs[name] moves a value."""

    def __init__(self, view, controls):
        letters = max((len(c.label or name) for name, c in controls.items()), default=0)
        self.knobs = {
            name: Knob(name, control, self._moved, self.say, letters)
            for name, control in controls.items()
        }
        self.reset_button = Press(
            self.reset,
            description="Reset",
            tooltip="Back to the defaults",
            layout={"width": "72px", "flex": "none"},
        )
        arrange = lambda image: [self._controls(image.layout), image]
        super().__init__(view, arrange, above=max(1, (len(self.knobs) + 1) // 2))

    def _controls(self, picture):
        """The sliders, two in a row as wide as the picture or one in a narrow window, and Reset."""
        columns = "repeat(auto-fit, minmax(min(100%, 300px), 1fr))"
        layout = {"grid_template_columns": columns, "flex": "1 1 0", "min_width": "0"}
        sliders = widgets.GridBox(list(self.knobs.values()), layout=layout)
        layout = {"width": picture.width, "max_width": picture.max_width}
        return widgets.HBox([sliders, self.reset_button], layout=layout)

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
