"""Training live: rules race over the same batches while sliders act on them.

`race(model, data, {"SGD": lambda p: optim.SGD(p, lr=0.5)}, rng=rng)` shows Start, Pause, Step and
Reset, and what happens inside each optimizer: how far the weights of each layer move in a step.
"""

import asyncio
import html
import time
import weakref

import ipywidgets as widgets
from threadpoolctl import ThreadpoolController

from classroom.judging.failures import one_line, run_quietly
from classroom.live import Press, Screen, in_place_of_the_last, running_loop
from classroom.pictures import style
from classroom.pictures.controls import CONTROLS, Knob, control_for, notation, whole_slider
from classroom.pictures.painter import DRAFT, SHARP
from classroom.pictures.views.race import race_view
from classroom.training.race import Race

FRAMES = 15  # pictures a second, at most
BREATH = 0.02  # seconds of training between two looks at sliders and buttons
PULSE = 20  # seconds between two signs of life of a page that shows a cockpit
UNSEEN = 180  # seconds without one after which nobody watches: a page behind gives one a minute
LETTERS = len("lr_decay")  # the longest label
BLAS = ThreadpoolController().select(user_api="blas")


class Cockpit(Screen):
    """A race with its buttons and sliders; see `race`."""

    def __init__(self, race, preview=100):
        self.race, self.preview, self.task, self.said = race, preview, None, 0.0
        self.home = running_loop()
        self.unseen, self.pulse = None, self._pulse()
        self.buttons = {}
        for name, act, tip in (
            ("Start", self.start, "Train until Pause"),
            ("Pause", self.pause, "Hold the training where it is"),
            ("Step", self.step, "Train for one step"),
            ("Reset", self.reset, "Back to the first weights and batch, and the default sliders"),
        ):
            self.buttons[name] = Press(
                act,
                self._at_home,
                description=name,
                tooltip=tip,
                layout={"flex": "1 1 0", "min_width": "0", "padding": "0"},
            )
        self.knobs = {}
        lanes = [self._lane(i, lane) for i, lane in enumerate(self.race.lanes)]
        control = whole_slider(1, min(1000, len(race.data.x_train)), race.batch_size)
        self.knobs["B"] = self._knob("B", "B", control)
        column = widgets.VBox(
            [widgets.HBox([*self.buttons.values()]), *lanes, self.knobs["B"], self.pulse],
            layout={"flex": "1 1 260px", "max_width": "400px"},
        )
        beside = {"flex_flow": "row wrap", "align_items": "flex-start"}
        super().__init__(
            race_view(self.race), lambda image: [widgets.HBox([image, column], layout=beside)]
        )
        _pause_the_others(self)
        self._show_buttons()

    def _lane(self, i, lane):
        """The rule's name in its colour, and its sliders."""
        color = style.of_rule(lane.name, i)["color"]
        css = f"color: {color}; background: white; padding: 0 8px"  # for the dark theme, too
        css += "; font-size: 16px; line-height: 1.3"
        rows = [widgets.HTML(f'<div style="{css}"><b>{html.escape(lane.name)}</b></div>')]
        for name in getattr(lane.optimizer, "hyperparameters", ()):
            if name in CONTROLS:
                key = (lane.name, name)
                control = control_for(name, None, getattr(lane.optimizer, name))
                self.knobs[key] = self._knob(key, name, control)
                rows.append(self.knobs[key])
        return widgets.VBox(rows)

    def _knob(self, key, name, control):
        moved = lambda: self._at_home(lambda: self._moved(key))
        return Knob(name, control, moved, self.say, letters=LETTERS)

    def _pulse(self):
        """What counts in the reader's page alone, and no more once the page is closed."""
        pulse = widgets.Play(
            interval=1000 * PULSE, max=10**9, repeat=True, layout={"display": "none"}
        )
        pulse.observe(lambda _: setattr(self, "unseen", 0), "value")
        return pulse

    def _at_home(self, act):
        # A message may be handled in a second thread; the race belongs to the one that trains.
        if self.home in (None, running_loop()):
            act()
        else:
            self.home.call_soon_threadsafe(act)

    # ---- what the reader does

    def start(self):
        """Train until Pause; without a kernel, for as many steps as the preview has."""
        _pause_the_others(self)
        loop = running_loop()
        if loop is None:
            self.run(self.preview)
        elif self.task is None:
            self.stop_timer()
            self.unseen = None  # not every front end gives signs of life
            self.task = loop.create_task(self._train())
            self.task.add_done_callback(self._done)
        self._show_buttons()

    def pause(self):
        """Hold the training where it is."""
        if self.task is not None:
            self.task.cancel()
            self.task = None
            self.redraw(SHARP)
        self._show_buttons()

    def step(self):
        """Train for one step."""
        self.run(1)

    def run(self, steps):
        """Train for so many steps, and show the end."""
        self.race.advance(steps)
        self.redraw_soon()

    def reset(self):
        """Back to the first weights, the first batch and the default sliders."""
        self.pause()
        self.race.restart()
        for knob in self.knobs.values():
            knob.move(knob.control.start)
        self.redraw_soon()

    def _moved(self, key):
        number = self.knobs[key].number
        if key == "B":
            self.race.batch_size = number
            for lane in self.race.lanes:
                lane.mark(f"B {number}")
        else:
            lane = next(lane for lane in self.race.lanes if lane.name == key[0])
            if lane.optimizer is not None:
                setattr(lane.optimizer, key[1], number)
                lane.mark(f"{key[1]} {notation(number)}")
        if self.task is None:
            self.redraw_soon()

    def say(self, sentence):
        """Put a sentence below the picture, while training at most three times a second."""
        now = time.perf_counter()
        if self.task is None or now - self.said > 1 / 3:
            self.said = now
            super().say(sentence)

    # ---- the training

    async def _train(self):
        """Train until every rule has stopped; returns why it is held before, or None."""
        # In one thread: with two, the browser and the training wait for each other's cores.
        with BLAS.limit(limits=1), self.race.watched() as watch:
            return await self._train_watched(watch)

    async def _train_watched(self, watch):
        shown = looked = time.perf_counter()
        while self.race.running:
            now = time.perf_counter()
            due = now - shown > 1 / FRAMES
            if due:
                shown = max(shown + 1 / FRAMES, now - 1 / FRAMES)  # none is made up for
            for _ in self.race.pieces(watch=due):
                passed = time.perf_counter() - looked
                if passed > BREATH:
                    await asyncio.sleep(0)  # let sliders and buttons have their say
                    looked = time.perf_counter()
                    if self.unseen is not None:
                        self.unseen += min(passed, 1)  # not the time that a cell takes
                if watch.interrupted:
                    return "Paused by an interrupt."
            if due:
                self.redraw(DRAFT)
            if (self.unseen or 0) > UNSEEN:
                return "Paused, since no page showed it."
        return None

    def _done(self, task):
        if task is not self.task:  # paused, and perhaps started again
            return
        self.task = None
        if not task.cancelled():
            error = task.exception()
            self.redraw(SHARP)
            if error:
                self.say(one_line(error))
            elif task.result():
                self.say(f"{task.result()} {self.sentence}")
        self._show_buttons()

    def _show_buttons(self):
        self.pulse.playing = self.task is not None
        self.buttons["Start"].disabled = self.task is not None
        self.buttons["Pause"].disabled = self.task is None
        self.buttons["Step"].disabled = self.task is not None

    def at_rest(self):
        """The first steps, run once without the reader."""
        race = Race(*self.race.first)
        run_quietly(race.advance, self.preview)
        view = race_view(race)
        return view.figure, view.update()

    def close(self):
        """Stop the training, close every widget inside, and let go of the race."""
        if self.task is not None:
            self.task.cancel()
            self.task = None
        super().close()
        self.race = None


_cockpits = weakref.WeakSet()


def _pause_the_others(cockpit):
    for other in list(_cockpits):
        if other is not cockpit and other.task is not None:
            other._at_home(other.pause)
    _cockpits.add(cockpit)


def race(model, data, rules, *, rng, batch_size=100, preview=100):
    """Train live: up to four rules from the weights of `model`, over the same batches.

    rules    {name: make}: make(parameters) returns an optimizer. The names SGD, Momentum, AdaGrad
             and Adam have the colours they have everywhere in the course
    rng      draws the batches; a copy of it is used, so that Reset and another run see the same
    preview  steps of the picture that is shown where there is no kernel

    A second cockpit pauses the first; running the same cell again closes it.
    """
    first = Race(model, data, rules, rng, batch_size)
    return in_place_of_the_last(lambda: Cockpit(first, preview))
