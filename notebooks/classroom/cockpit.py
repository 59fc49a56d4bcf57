"""Training live: rules race over the same batches while sliders act on them.

`race(model, data, {"SGD": lambda p: optim.SGD(p, lr=0.5)}, rng=rng)` shows Start, Pause, Step and
Reset, and what happens inside each optimizer: how far the weights of each layer move in a step.
"""

import asyncio
import copy
import time
import weakref

import ipywidgets as widgets
import numpy as np
from threadpoolctl import ThreadpoolController

from classroom import figures
from classroom.figures import INK, RULES, SERIES, decades, label_line
from classroom.live import (
    CONTROLS,
    DRAFT,
    SHARP,
    Knob,
    Screen,
    control_for,
    in_place_of_the_last,
    notation,
    one_line,
    running_loop,
    whole_slider,
)
from classroom.probes import run_quietly
from classroom.training import blocks
from classroom.views import View
from mytorch_core import nn, no_grad

FRAMES = 15  # pictures a second, at most
BREATH = 0.02  # seconds of training between two looks at sliders and buttons
WATCHED = 1000  # weights of each layer whose steps are watched
SMOOTH = 0.95  # of the running mean of the loss
LOWEST, HIGHEST = -9, 1  # decades of |delta w| that are shown
BLAS = ThreadpoolController().select(user_api="blas")
LENGTHS = [n * 10**k for k in range(2, 12) for n in (1, 2, 5)][2:]  # steps the axis may hold
PARTS = 5  # between the numbers on that axis
BINS = np.linspace(LOWEST, HIGHEST, 51)


class Lane:
    """One rule of a race: its own copy of the model, its optimizer, and the run so far.

    loss, smooth  of every step: the loss of its batch, and the running mean of it
    accuracy      on the test images after every epoch: pairs (step, accuracy)
    marks         where a slider was moved: pairs (step, what it was set to)
    moved         |delta w| of the last step that was watched: an array for each layer
    had_gradient  of the watched weights: which have moved, or had a gradient when watched
    problem       why the lane has stopped, or None
    """

    def __init__(self, name, make, model, rng):
        self.name = name
        self.model = copy.deepcopy(model)
        self.optimizer, self.problem = None, None
        try:
            self.optimizer = make(self.model)
        except BaseException as error:  # the reader's rule may fail in any way
            self.problem = f"{name} stopped: {one_line(error)}"
        self.loss, self.smooth, self.accuracy, self.marks = [], [], [], []
        self.mean = 0.0
        weights = [p for name, p in self.model.named_parameters() if name.endswith("weight")]
        self.watched = [(p, np.sort(rng.permutation(p.size)[:WATCHED])) for p in weights]
        self.first = [p.data.ravel()[some] for p, some in self.watched]
        self.had_gradient = [np.zeros(len(some), bool) for _, some in self.watched]
        self.moved = [np.array([]) for _ in weights]

    def step(self, x, y, watch):
        """One step on a batch; a loss that is not finite, or an error, stops the lane."""
        try:
            with np.errstate(all="ignore"):
                loss = nn.cross_entropy(self.model(x), y)
                self._note(loss.item())
                if self.problem is None:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self._step_and_watch(watch)
        except BaseException as error:  # the reader's rule may fail in any way
            self.problem = f"{self.name} stopped: {one_line(error)}"

    def _note(self, loss):
        t = len(self.loss) + 1
        self.loss.append(loss)
        self.mean = SMOOTH * self.mean + (1 - SMOOTH) * loss
        self.smooth.append(self.mean / (1 - SMOOTH**t))
        if not np.isfinite(loss):
            self.problem = f"{self.name} diverged at step {t}"

    def _step_and_watch(self, watch):
        if not watch:
            return self.optimizer.step()
        before = [p.data.ravel()[some] for p, some in self.watched]
        self.optimizer.step()
        self.moved = []
        for i, (p, some) in enumerate(self.watched):
            now = p.data.ravel()[some]
            had = self.had_gradient[i]
            had |= now != self.first[i]
            if p.grad is not None:
                had |= p.grad.ravel()[some] != 0
            self.moved.append(abs(now - before[i])[had])

    def mark(self, text):
        """Note that a slider was moved; moves close together are one."""
        t = len(self.loss)
        name = text.split()[0]
        if self.marks and self.marks[-1][1].split()[0] == name and t - self.marks[-1][0] < 100:
            self.marks.pop()
        self.marks.append((t, text))

    def last_words(self):
        """How far the lane has come."""
        if self.problem:
            return self.problem
        if not self.loss:
            return f"{self.name} has not started"
        loss = self.smooth[-1]
        text = f"{self.name}: loss {loss:.2f}" if loss >= 0.01 else f"{self.name}: loss {loss:.0e}"
        return text + (f", test accuracy {self.accuracy[-1][1]:.2f}" if self.accuracy else "")


class Race:
    """Rules that start from the same weights and see the same batches. No widgets, no clock.

    rules is {name: make}, make(parameters) returns an optimizer; a copy of rng draws the batches.
    """

    def __init__(self, model, data, rules, rng, batch_size=100):
        if not 1 <= len(rules) <= 4:
            raise ValueError(f"a race has one to four rules, not {len(rules)}")
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy Generator, not {rng!r}")
        self.data = data
        self.first = (model, data, rules, rng, batch_size)
        self.restart()

    def restart(self):
        """Back to the first weights and the first batch."""
        model, _, rules, rng, self.batch_size = self.first
        self.rng = copy.deepcopy(rng)
        self.lanes = [Lane(name, make, model, copy.deepcopy(rng)) for name, make in rules.items()]
        self.t, self.rest = 0, None
        self.order, self.at = self.rng.permutation(len(self.data.x_train)), 0

    @property
    def running(self):
        """The lanes that have not stopped."""
        return [lane for lane in self.lanes if lane.problem is None]

    def pieces(self, watch=True):
        """One step of every lane in short pieces, or what an interruption has left of the last."""
        if self.rest is None:
            self.rest = self._step(watch)
        for _ in self.rest:  # `yield from` would close it together with this generator
            yield
        self.rest = None

    def _step(self, watch):
        some = self.order[self.at : self.at + self.batch_size]
        x, y = self.data.x_train[some], self.data.y_train[some]
        self.t += 1
        self.at += len(some)
        for lane in self.running:
            lane.step(x, y, watch)
            yield
        if self.at >= len(self.order):
            self.order, self.at = self.rng.permutation(len(self.order)), 0
            for lane in self.running:
                yield from self._test(lane)

    def _test(self, lane):
        right = 0
        for x, y in blocks(self.data.x_test, self.data.y_test):
            with np.errstate(all="ignore"), no_grad():
                right += int((lane.model(x).data.argmax(axis=1) == y).sum())
            yield
        lane.accuracy.append((self.t, right / len(self.data.y_test)))

    def advance(self, steps=1):
        """So many steps, or fewer if every lane stops; an interrupted one is finished first."""
        for _ in range(steps + (self.rest is not None)):
            if self.running:
                for _ in self.pieces():
                    pass

    def words(self):
        """What is to be seen, as a sentence."""
        return f"Step {self.t:,}. " + "; ".join(lane.last_words() for lane in self.lanes) + "."


def race_view(race):
    """Losses, test accuracies and the sizes of the steps of a race, as they stand."""
    layout = [["loss", "accuracy"], ["loss", "moved"]]
    figure, axes = figures.mosaic(layout, height=5.2, width_ratios=[6, 5], height_ratios=[2, 3])
    left, top, bottom = axes["loss"], axes["accuracy"], axes["moved"]
    decades(left, "y")
    left.set(ylabel="loss of the batch", ylim=(1e-4, 20))
    left.set_xlabel("step", labelpad=20)
    top.set(ylabel="test accuracy", ylim=(0.5, 1))
    layers = len(race.lanes[0].watched)
    bottom.set(xlim=(LOWEST, HIGHEST), ylim=(0, layers))
    bottom.set_xlabel(r"|$\Delta w$| in one step; dotted: lr")
    ticks = range(LOWEST + 2, HIGHEST + 1, 2)
    bottom.set_xticks([LOWEST, *ticks], ["0", *(f"$10^{{{k}}}$" for k in ticks)])
    bottom.set_yticks(np.arange(layers)[::-1] + 0.3, [f"layer {i + 1}" for i in range(layers)])
    bottom.grid(False, axis="y")
    times = [*_times(left), *_times(top, 2)]
    first, then, last, drawn = [text for _, text in times], [], [], []
    for i, lane in enumerate(race.lanes):
        style = RULES.get(lane.name, {"color": SERIES[i], "linestyle": "-"})
        color = style["color"]
        left.text(
            0.97,
            0.97 - 0.075 * i,
            lane.name,
            transform=left.transAxes,
            ha="right",
            va="top",
            color=color,
            fontsize=15,
        )
        raw, smooth, marks, accuracy, ridge, rate = [
            ax.plot([], [], **{"color": color} | options)[0]
            for ax, options in (
                (left, {"linewidth": 0.8, "alpha": 0.35}),
                (left, style),
                (left, {"marker": "v", "linestyle": "", "markersize": 10, "mec": INK}),
                (top, style | {"marker": "o", "markersize": 5}),
                (bottom, {"linewidth": 1.6}),
                (bottom, {"linestyle": ":", "linewidth": 2}),
            )
        ]
        note = label_line(left, 0, 0, "", INK, ha="right", va="bottom")
        drawn.append((raw, smooth, marks, accuracy, ridge, rate, note))
        first += [rate]
        then += [raw, smooth, accuracy, ridge]
        last += [marks, note]

    def update():
        length = next(n for n in LENGTHS if n >= race.t)
        for share, text in times:
            text.set_text(f"{round(share * length):,}")
        for lane, artists in zip(race.lanes, drawn, strict=True):
            _follow(lane, length, *artists)
        return race.words()

    return View(figure, [*first, *then, *last], update)


def _times(ax, which=1):
    # The axis ends where it is and its numbers grow: to draw the axes anew takes many steps' time.
    shares = np.arange(PARTS + 1) / PARTS
    ax.set(xlim=(0, 1), xticks=shares, xticklabels=[])
    place = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points"}
    middle = {"ha": "center", "va": "top", "fontsize": 12, "color": INK, "clip_on": False}
    return [(x, ax.annotate("", (x, 0), (0, -6), **place, **middle)) for x in shares[::which]]


def _follow(lane, length, raw, smooth, marks, accuracy, ridge, rate, note):
    steps = len(lane.loss)
    stride = steps // 200 + 1
    at = np.arange(1, steps + 1, stride) / length
    for line, values in ((raw, lane.loss), (smooth, lane.smooth)):
        line.set_data(at, np.clip(np.nan_to_num(values[::stride], nan=1e9), 1e-9, 1e9))
    smooth.set_marker("o" if steps == 1 else "")  # a line of one point would not be seen
    places = [(max(t, 1), lane.smooth[max(t, 1) - 1] * 1.35) for t, _ in lane.marks if steps]
    for line, points in ((accuracy, lane.accuracy), (marks, places)):
        line.set_data(np.reshape(points, (-1, 2)).T / [[length], [1]])
    note.set_text(lane.marks[-1][1] if places else "")
    if places:
        x = places[-1][0] / length
        note.set_position((x, places[-1][1] * 1.3))
        note.set_ha("left" if x < 0.2 else "right")
    lr = np.log10(max(getattr(lane.optimizer, "lr", 0), 1e-12))
    if [lr, lr] != list(rate.get_xdata()):
        rate.set_data([lr, lr], [0, len(lane.moved)])
    x, y = [], []
    for i, moved in enumerate(lane.moved):
        with np.errstate(all="ignore"):
            size = np.clip(np.nan_to_num(np.log10(moved), nan=HIGHEST), LOWEST, HIGHEST)
        height = np.histogram(size, BINS)[0]
        height = 0.85 * np.minimum(1, height / max(height[1:].max(), 1))  # the first holds zeros
        x += [np.repeat(BINS, 2)[1:-1], [np.nan]]
        y += [np.repeat(height, 2) + len(lane.moved) - 1 - i, [np.nan]]
    ridge.set_data(np.concatenate(x), np.concatenate(y))


class Cockpit(Screen):
    """A race with its buttons and sliders; see `race`."""

    def __init__(self, race, preview=100):
        self.race, self.preview, self.task, self.said = race, preview, None, 0.0
        self.home = running_loop()
        self.buttons = {}
        for name, act, tip in (
            ("Start", self.start, "Train until Pause"),
            ("Pause", self.pause, "Hold the training where it is"),
            ("Step", self.step, "Train for one step"),
            ("Reset", self.reset, "Back to the first weights and batch, and the default sliders"),
        ):
            self.buttons[name] = widgets.Button(description=name, tooltip=tip)
            self.buttons[name].on_click(lambda _, act=act: self._at_home(act))
        self.knobs = {}
        columns = [self._column(i, lane) for i, lane in enumerate(self.race.lanes)]
        control = whole_slider(1, min(1000, len(race.data.x_train)), race.batch_size)
        self.knobs["B"] = self._knob("B", "B", control)
        row = widgets.HBox(columns, layout={"flex_flow": "row wrap"})
        buttons = widgets.HBox([*self.buttons.values()])
        super().__init__(race_view(self.race), [buttons, row, self.knobs["B"]])
        _pause_the_others(self)
        self._show_buttons()

    def _column(self, i, lane):
        color = RULES.get(lane.name, {"color": SERIES[i]})["color"]
        style = f"color: {color}; background: white; padding: 0 8px"  # for the dark theme, too
        rows = [widgets.HTML(f'<b style="{style}">{lane.name}</b>')]
        for name in getattr(lane.optimizer, "hyperparameters", ()):
            if name in CONTROLS:
                key = (lane.name, name)
                control = control_for(name, None, getattr(lane.optimizer, name))
                self.knobs[key] = self._knob(key, name, control)
                rows.append(self.knobs[key])
        return widgets.VBox(rows, layout={"min_width": "24em", "flex": "1 1 24em"})

    def _knob(self, key, name, control):
        return Knob(name, control, lambda: self._at_home(lambda: self._moved(key)), self.say)

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
        # In one thread: with two, the browser and the training wait for each other's cores.
        with BLAS.limit(limits=1):
            await self._train_in_one_thread()

    async def _train_in_one_thread(self):
        shown = looked = time.perf_counter()
        while self.race.running:
            now = time.perf_counter()
            due = now - shown > 1 / FRAMES
            if due:
                shown = max(shown + 1 / FRAMES, now - 1 / FRAMES)  # none is made up for
            for _ in self.race.pieces(watch=due):
                if time.perf_counter() - looked > BREATH:
                    await asyncio.sleep(0)  # let sliders and buttons have their say
                    looked = time.perf_counter()
            if due:
                self.redraw(DRAFT)

    def _done(self, task):
        if task is not self.task:  # paused, and perhaps started again
            return
        self.task = None
        if not task.cancelled():
            error = task.exception()
            self.redraw(SHARP)
            if error:
                self.say(one_line(error))
        self._show_buttons()

    def _show_buttons(self):
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
        """Stop the training and close every widget inside."""
        if self.task is not None:
            self.task.cancel()
        super().close()


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
