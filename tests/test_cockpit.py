"""Races: the same start, the same batches, and what sliders and buttons do to them."""

import asyncio
import gc
import os
import re
import signal
import threading
import time
import weakref

import numpy as np
import pytest

from classroom import cockpit, live, mnist, surfaces, views
from classroom.optimizers import Momentum
from classroom.training import patience
from mytorch_core import nn, optim


@pytest.fixture(scope="module")
def data():
    data = mnist.load()
    return mnist.Digits(data.x_train[:400], data.y_train[:400], data.x_test[:99], data.y_test[:99])


def network():
    start = {"rng": np.random.default_rng(0)}
    return nn.Sequential(nn.Linear(784, 20, **start), nn.ReLU(), nn.Linear(20, 10, **start))


def sgd(parameters):
    return optim.SGD(parameters, lr=0.5)


def race(data, rules=None, **settings):
    rules = {"SGD": sgd} if rules is None else rules
    return cockpit.race(network(), data, rules, rng=np.random.default_rng(1), **settings)


class Fails(optim.Optimizer):
    def update(self, w, g):
        if self.t == 3:
            w -= g @ g


# ---------------------------------------------------------------- the race


def test_every_lane_sees_the_same_batches_from_the_same_weights(data):
    shown = race(data, {"SGD": sgd, "again": sgd, "Adam": optim.Adam})
    shown.run(9)
    one, same, other = (lane.loss for lane in shown.race.lanes)
    assert one == same
    assert one[0] == other[0]
    assert one != other


def test_it_is_the_same_run_every_time_and_after_a_reset(data):
    first, second = race(data), race(data)
    first.run(12)
    second.run(5)
    second.reset()
    assert second.race.t == 0
    second.run(12)
    assert first.race.lanes[0].loss == second.race.lanes[0].loss
    assert first.race.lanes[0].accuracy == second.race.lanes[0].accuracy


def test_it_trains_as_the_loop_in_the_text_does(data):
    shown, model = race(data), network()
    shown.run(8)
    rng, optimizer, losses = np.random.default_rng(1), sgd(model), []
    for _ in range(2):
        for x, y in mnist.minibatches(data.x_train, data.y_train, 100, rng):
            loss = nn.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    np.testing.assert_allclose(shown.race.lanes[0].loss, losses, rtol=1e-5)
    assert [step for step, _ in shown.race.lanes[0].accuracy] == [4, 8]


def test_the_model_that_was_given_stays_as_it_was(data):
    model = network()
    before = model.state_dict()
    shown = cockpit.race(model, data, {"SGD": sgd}, rng=np.random.default_rng(1))
    shown.run(3)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("count", [0, 5])
def test_one_to_four_rules(data, count):
    with pytest.raises(ValueError, match=f"one to four rules, not {count}"):
        race(data, {str(i): sgd for i in range(count)})


def test_the_batches_need_a_generator(data):
    with pytest.raises(TypeError, match="rng must be a numpy Generator, not 3"):
        cockpit.race(network(), data, {"SGD": sgd}, rng=3)


def test_steps_are_measured_for_weights_that_had_a_gradient(data):
    shown = race(data)
    shown.run(1)
    lane = shown.race.lanes[0]
    p, some = lane.watched[0]
    never = (p.grad.ravel()[some] == 0).sum()
    assert 0 < never == len(some) - len(lane.moved[0])
    expected = 0.5 * abs(p.grad.ravel()[some])
    np.testing.assert_allclose(np.sort(lane.moved[0]), np.sort(expected[expected > 0]), rtol=1e-2)


def test_a_rule_that_diverges_stops_and_the_others_go_on(data):
    shown = race(data, {"wild": lambda p: optim.SGD(p, lr=1e30), "SGD": sgd})
    shown.run(20)
    wild, good = shown.race.lanes
    assert f"wild diverged at step {len(wild.loss)}" in shown.sentence
    assert len(wild.loss) < 20 == len(good.loss)


def test_an_error_in_a_rule_is_shown_and_the_others_go_on(data):
    shown = race(data, {"mine": Fails, "SGD": sgd})
    shown.run(5)
    assert "mine stopped: line " in shown.sentence
    assert "ValueError" in shown.sentence
    assert len(shown.race.lanes[1].loss) == 5
    shown.reset()
    shown.run(2)
    assert "stopped" not in shown.sentence


def test_a_rule_that_cannot_be_made_is_shown_and_the_others_go_on(data):
    class Unfinished(optim.Optimizer):
        def __init__(self, parameters, lr=0.1):
            self.rate = rate  # noqa: F821

    shown = race(data, {"mine": Unfinished, "SGD": sgd})
    shown.run(5)
    assert "mine stopped: line " in shown.sentence
    assert "NameError: name 'rate' is not defined" in shown.sentence
    assert len(shown.race.lanes[1].loss) == 5
    assert [key for key in shown.knobs if key != "B"] == [("SGD", "lr"), ("SGD", "lr_decay")]


def test_a_rule_that_is_broken_later_is_shown_after_a_reset(data):
    kind = [sgd]
    shown = race(data, {"mine": lambda parameters: kind[0](parameters)})
    kind[0] = lambda parameters: optim.SGD(parameters, rate=0.1)
    shown.reset()
    shown.knobs["mine", "lr"].field.value = "0.2"
    assert "mine stopped: " in shown.sentence
    assert "TypeError" in shown.sentence


# ---------------------------------------------------------------- what never ends, or nobody sees


class Hangs(optim.Optimizer):
    def update(self, w, g):
        while self.t == 3:
            try:
                w -= 0
            except Exception:
                continue


def interrupt(after):
    threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()


async def until_held(shown, seconds=20):
    for _ in range(100 * seconds):
        await asyncio.sleep(0.01)
        if shown.task is None:
            return


def test_a_rule_that_never_ends_is_stopped_with_its_line_and_the_others_go_on(data, monkeypatch):
    monkeypatch.setattr(patience, "LIMIT", 0.3)
    shown = race(data, {"mine": Hangs, "SGD": sgd})
    shown.run(5)
    assert re.search(r"mine stopped: line \d+ of update: TooLong: over 0.3 seconds", shown.sentence)
    assert len(shown.race.lanes[1].loss) == 5


def test_an_interrupt_stops_a_rule_that_never_ends_and_pauses_the_others(data, monkeypatch):
    monkeypatch.setattr(patience, "GRACE", 0.2)

    async def lesson():
        shown = race(data, {"mine": Hangs, "SGD": sgd})
        shown.start()
        interrupt(0.5)
        await until_held(shown)
        assert shown.sentence.startswith("Paused by an interrupt. Step 3. mine stopped: line ")
        assert "it went on after an interrupt. Is there a loop that never ends?" in shown.sentence
        assert not shown.buttons["Start"].disabled
        shown.start()
        await asyncio.sleep(0.1)
        shown.pause()
        assert len(shown.race.lanes[1].loss) > 3

    asyncio.run(lesson())


def test_an_interrupt_pauses_healthy_training_and_takes_nothing_from_it(data):
    plain = race(data)

    async def lesson():
        shown = race(data)
        shown.start()
        interrupt(0.2)
        await until_held(shown)
        assert shown.sentence.startswith("Paused by an interrupt. Step ")
        t = shown.race.t
        await asyncio.sleep(0.05)
        assert shown.race.t == t
        shown.run(5)
        plain.run(shown.race.t)
        assert shown.race.lanes[0].loss == plain.race.lanes[0].loss
        assert shown.race.lanes[0].problem is None

    before = signal.getsignal(signal.SIGINT)
    asyncio.run(lesson())
    assert signal.getsignal(signal.SIGINT) == before


def test_an_interrupt_of_a_cell_that_trains_is_an_interrupt(data):
    shown = race(data)
    interrupt(0.2)
    with pytest.raises(KeyboardInterrupt):
        shown.run(10**6)
    assert shown.race.running


def test_training_that_no_page_shows_is_held(data, monkeypatch):
    monkeypatch.setattr(cockpit, "UNSEEN", 0.2)

    async def lesson():
        shown = race(data)
        shown.start()
        assert shown.pulse.playing
        await asyncio.sleep(0.5)
        assert shown.task is not None  # a front end that never gives a sign of life
        for _ in range(10):
            shown.pulse.value += 1
            await asyncio.sleep(0.05)
        assert shown.task is not None
        await until_held(shown)
        assert shown.sentence.startswith("Paused, since no page showed it. Step ")
        assert not shown.pulse.playing
        shown.start()
        await asyncio.sleep(0.3)
        assert shown.task is not None
        shown.pause()

    asyncio.run(lesson())


@pytest.mark.parametrize("make", [race, lambda data: live.live(surfaces_view(), lr=0.1)])
def test_what_is_closed_lets_go_of_all_that_is_large(data, make):
    shown = make(data)
    held = [weakref.ref(shown.view.figure), weakref.ref(shown.painter)]
    held += [weakref.ref(shown.race.lanes[0].model)] if hasattr(shown, "race") else []
    shown.close()
    gc.collect()
    assert [ref() for ref in held] == [None] * len(held)
    shown.redraw(live.SHARP)  # a timer's last word does no harm


def surfaces_view():
    return views.paths_view({"SGD": optim.SGD}, surfaces.ravine)


# ---------------------------------------------------------------- sliders and buttons


def test_a_rule_has_sliders_for_what_it_has(data):
    rules = {"SGD": sgd, "Momentum": Momentum, "AdaGrad": optim.AdaGrad, "Adam": optim.Adam}
    names = {}
    for key in race(data, rules).knobs:
        if key != "B":
            names.setdefault(key[0], []).append(key[1])
    assert names == {
        "SGD": ["lr", "lr_decay"],
        "Momentum": ["lr", "beta"],
        "AdaGrad": ["lr", "eps"],
        "Adam": ["lr", "beta1", "beta2", "eps"],
    }


def test_a_slider_acts_on_the_run_in_progress_and_the_curve_marks_where(data):
    shown, plain = race(data), race(data)
    for figure in (shown, plain):
        figure.run(5)
    knob = shown.knobs["SGD", "lr"]
    knob.field.value = "0.01"
    for figure in (shown, plain):
        figure.run(5)
    assert shown.race.lanes[0].optimizer.lr == 0.01
    assert shown.race.lanes[0].marks == [(5, "lr 0.01")]
    assert shown.race.lanes[0].loss[:6] == plain.race.lanes[0].loss[:6]
    assert shown.race.lanes[0].loss[6] != plain.race.lanes[0].loss[6]


def test_a_drag_is_one_mark(data):
    shown = race(data)
    shown.run(3)
    for position in range(10, 60, 5):
        shown.knobs["SGD", "lr"].slider.value = position
    shown.run(30)
    shown.knobs["B"].field.value = "7"
    assert [t for t, _ in shown.race.lanes[0].marks] == [3, 33]
    assert shown.race.batch_size == 7


def test_reset_returns_to_the_default_sliders(data):
    shown = race(data)
    picture = shown.painter.paint(1).copy()
    shown.knobs["SGD", "lr"].field.value = "0.01"
    shown.knobs["B"].field.value = "10"
    shown.run(600)
    shown.buttons["Reset"].click()
    assert shown.race.lanes[0].optimizer.lr == 0.5
    assert shown.race.batch_size == 100
    assert shown.sentence == "Step 0. SGD has not started."
    np.testing.assert_array_equal(shown.painter.paint(1), picture)


def test_without_a_kernel_start_runs_a_fixed_number_of_steps(data):
    shown = race(data, preview=7)
    shown.buttons["Start"].click()
    assert shown.race.t == 7
    shown.buttons["Step"].click()
    assert shown.race.t == 8


def test_where_there_is_no_kernel_the_first_steps_are_shown(data):
    shown = race(data, preview=12)
    text = shown._repr_mimebundle_()["text/plain"]
    assert text.startswith("Step 12. SGD: loss ")
    assert shown.race.t == 0


def test_training_leaves_room_for_sliders_and_buttons_and_pause_holds_it(data):
    async def lesson():
        shown, frames = race(data), []
        shown.image.observe(frames.append, "value")
        shown.buttons["Start"].click()
        assert shown.buttons["Start"].disabled
        for _ in range(100):
            await asyncio.sleep(0.01)
            if shown.race.t > 20 and len(frames) > 3:
                break
        shown.knobs["SGD", "lr"].slider.value = 30
        shown.buttons["Pause"].click()
        paused = shown.race.t
        await asyncio.sleep(0.05)
        assert shown.race.t == paused > 20
        assert not shown.buttons["Start"].disabled
        shown.buttons["Start"].click()
        await asyncio.sleep(0.05)
        assert shown.race.t > paused
        race_of_it = shown.race
        shown.close()
        after = race_of_it.t
        await asyncio.sleep(0.05)
        assert race_of_it.t == after

    asyncio.run(lesson())


@pytest.mark.parametrize("interrupted_after", range(12))
def test_a_pause_within_a_step_changes_nothing(data, interrupted_after):
    rules = {"SGD": sgd, "Adam": optim.Adam}
    plain, held = race(data, rules).race, race(data, rules).race
    plain.advance(9)
    pieces = 0
    while held.t < 9 or held.rest:
        for _ in held.pieces():
            pieces += 1
            if pieces % 12 == interrupted_after:
                break
    for one, other in zip(plain.lanes, held.lanes, strict=True):
        assert one.loss == other.loss
        assert one.accuracy == other.accuracy


def test_everything_happens_in_the_thread_that_trains(data):
    # JupyterLab may have the messages of sliders and buttons handled in another thread.
    async def lesson():
        shown = race(data)
        press = lambda name: asyncio.to_thread(shown.buttons[name].click)
        slide = lambda place: setattr(shown.knobs["SGD", "lr"].slider, "value", place)
        await press("Start")
        await asyncio.sleep(0.1)
        assert shown.task.get_loop() is asyncio.get_running_loop()
        for place in range(60, 90, 3):  # one message after the other, as a browser sends them
            await asyncio.to_thread(slide, place)
        await asyncio.sleep(0.1)
        knob = shown.knobs["SGD", "lr"]
        assert shown.race.lanes[0].optimizer.lr == knob.control.values[knob.slider.value]
        await press("Pause")
        await asyncio.sleep(0.05)
        paused, picture = shown.race.t, shown.image.value
        await asyncio.sleep(0.05)
        assert shown.race.t == paused > 0
        assert shown.image.value == picture == shown.painter.jpeg(live.SHARP)
        assert not shown.buttons["Start"].disabled
        await press("Reset")
        await asyncio.sleep(0.05)
        assert shown.race.t == 0
        shown.close()

    asyncio.run(lesson())


def test_a_pause_and_a_start_at_once_leave_one_training_that_can_be_paused(data):
    async def lesson():
        shown = race(data)
        shown.start()
        await asyncio.sleep(0.02)
        shown.pause()
        shown.start()
        await asyncio.sleep(0.05)
        assert not shown.buttons["Pause"].disabled
        shown.pause()
        paused = shown.race.t
        await asyncio.sleep(0.05)
        assert shown.race.t == paused

    asyncio.run(lesson())


def test_pictures_that_a_busy_kernel_has_missed_are_not_made_up_for(data):
    async def lesson():
        shown, frames = race(data), []
        shown.start()
        await asyncio.sleep(0.2)
        shown.image.observe(frames.append, "value")
        time.sleep(1)  # a cell that runs
        await asyncio.sleep(0.3)
        shown.pause()
        return len(frames)

    assert asyncio.run(lesson()) < 10


def test_a_second_cockpit_pauses_the_first(data):
    async def lesson():
        first = race(data)
        first.start()
        await asyncio.sleep(0.02)
        second = race(data)
        assert first.task is None
        second.start()
        await asyncio.sleep(0.02)
        first.start()
        assert second.task is None
        first.pause()

    asyncio.run(lesson())


def test_training_ends_by_itself_when_every_rule_has_stopped(data):
    async def lesson():
        shown = race(data, {"mine": Fails})
        shown.start()
        for _ in range(200):
            await asyncio.sleep(0.01)
            if shown.task is None:
                break
        assert "mine stopped" in shown.sentence
        assert not shown.buttons["Start"].disabled

    asyncio.run(lesson())


def test_the_time_axis_grows_with_the_run_and_is_not_drawn_anew(data, monkeypatch):
    shown = race(data)
    axis = shown.view.figure.axes[0]
    numbers = lambda: [text.get_text() for text in axis.texts if text in shown.view.moving][:6]
    assert numbers() == ["0", "100", "200", "300", "400", "500"]
    shown.redraw(live.DRAFT)
    monkeypatch.setattr(shown.painter.canvas, "draw", lambda: pytest.fail("drawn anew"))
    shown.race.advance(501)
    shown.redraw(live.DRAFT)
    assert numbers() == ["0", "200", "400", "600", "800", "1,000"]
    smooth = next(line for line in axis.lines if len(line.get_xdata()) > 100)
    assert smooth.get_xdata().max() == pytest.approx(0.5, abs=0.01)
