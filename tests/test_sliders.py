"""Sliders: what they run through, what they redraw, and that nothing is left when they go."""

import asyncio
import gc
import io
import time
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import numpy as np
import psutil
import pytest
from ipywidgets import widgets
from matplotlib.figure import Figure
from PIL import Image

from classroom import cockpit, live, mnist, surfaces, views
from classroom.live import beta_slider, log_slider, slider, whole_slider
from classroom.pictures import controls, style
from classroom.pictures.views.view import View
from mytorch_core import nn, optim


def ravine_figure(rule=optim.SGD, **controls):
    controls = controls or {"lr": log_slider(1e-3, 10), "condition": log_slider(1, 1000)}
    return live.live(views.descent_view(rule, surfaces.ravine, lr=0.3), **controls)


def pixels(figure, sharpness=live.DRAFT):
    return figure.painter.paint(sharpness).copy()


# ---------------------------------------------------------------- controls


@pytest.mark.parametrize(
    "control",
    [log_slider(1e-3, 2), beta_slider(), beta_slider(0.5, 0.9999), whole_slider(1, 1000)]
    + [slider(-4, 4), log_slider(3e-5, 0.7), slider(0, 1e-3)],
)
def test_a_slider_runs_from_its_lowest_to_its_highest_value_without_repeating_one(control):
    values = np.array(control.values)
    assert (np.diff(values) > 0).all()
    assert len(values) > 20
    assert [control.position(value) for value in values] == list(range(len(values)))


def test_steps_are_equal_factors_on_a_logarithmic_slider():
    ratios = np.diff(np.log10(log_slider(0.001, 10).values))
    np.testing.assert_allclose(ratios, 1 / 40, atol=0.005)


def test_steps_of_beta_are_equal_factors_of_one_minus_beta():
    values = beta_slider().values
    assert {0, 0.5, 0.9, 0.95, 0.99, 0.999} <= set(values)
    ratios = np.diff(np.log(1 - np.array(values)))
    assert ratios.min() > -0.7
    assert ratios.max() < 0


def test_every_round_power_of_ten_is_on_a_logarithmic_slider():
    assert {0.001, 0.01, 0.1, 1.0, 10} <= set(log_slider(0.001, 10).values)


def test_a_default_between_the_steps_is_a_step():
    assert 0.333 in ravine_figure(lr=0.333).knobs["lr"].control.values
    assert 64 in whole_slider(1, 1000, 64).values


@pytest.mark.parametrize(
    "make",
    [lambda: log_slider(0, 1), lambda: slider(1, 1), lambda: beta_slider(0, 1)]
    + [lambda: whole_slider(-1, 9), lambda: log_slider(2, 1), lambda: slider(0, 1, start=2)],
)
def test_an_impossible_range_is_refused_with_its_numbers(make):
    with pytest.raises(ValueError, match=r"\d"):
        make()


def test_numbers_are_written_as_in_the_field():
    written = [controls.notation(number) for number in (0.03, 0.99, 1e-8, 1.0, 1e5, 100)]
    assert written == ["0.03", "0.99", "1e-8", "1", "100000", "100"]


def test_a_value_can_be_typed_between_the_steps():
    figure = ravine_figure()
    knob = figure.knobs["lr"]
    knob.field.value = "0.12345"
    assert knob.number == 0.12345
    assert knob.field.value == "0.12345"
    assert abs(knob.control.values[knob.slider.value] / 0.12345 - 1) < 0.07


@pytest.mark.parametrize("text", ["abc", "", "-1", "99", "nan", "inf"])
def test_what_is_no_possible_value_is_explained_and_kept(text):
    figure = ravine_figure()
    before = figure.image.value
    knob = figure.knobs["lr"]
    knob.field.value = text
    assert figure.sentence == f"lr must be a number from 0.001 to 10, not {text!r}"
    assert (knob.number, knob.field.value, figure.image.value) == (0.3, text, before)
    knob.field.value = "0.5"
    assert figure.sentence.startswith("SGD reaches the floor")
    knob.field.value = text
    figure.knobs["condition"].slider.value += 1
    assert knob.field.value == "0.5"


def test_whole_numbers_only_where_only_they_make_sense():
    knob = controls.Knob("B", whole_slider(1, 1000, 10), lambda: None, lambda text: None)
    assert knob.control.checked("20", "B") == 20
    with pytest.raises(ValueError, match=r"B must be a whole number from 1 to 1000, not '2.5'"):
        knob.control.checked("2.5", "B")


def test_a_name_that_the_figure_does_not_follow_is_refused():
    with pytest.raises(TypeError, match=r"'learning_rate'; it follows lr, lr_decay, condition"):
        ravine_figure(learning_rate=log_slider(1e-3, 1))


def test_a_quantity_without_a_usual_slider_asks_for_one():
    view = views.descent_view(optim.SGD, surfaces.plateau(), lr=0.3)
    with pytest.raises(TypeError, match=r"start needs a slider, as in start=slider"):
        live.live(view, start=2.0)


def test_controls_carry_the_symbols_of_the_equations():
    view = views.descent_view(optim.Adam, surfaces.ravine)
    figure = live.live(view, lr=None, beta1=None, beta2=None, eps=None, condition=None)
    labels = [knob.slider.description for knob in figure.knobs.values()]
    assert labels == ["lr", "β₁", "β₂", "eps", "κ"]
    assert [knob.number for knob in figure.knobs.values()] == [0.01, 0.9, 0.99, 1e-8, 20.0]


# ---------------------------------------------------------------- the picture


def test_it_equals_a_fresh_drawing_at_the_same_values_whatever_was_shown_before():
    figure, fresh = ravine_figure(), ravine_figure()
    for lr, condition in ((10, 1000), (0.001, 1), (0.9, 30)):
        figure.set(lr=lr, condition=condition)
    fresh.set(lr=0.9, condition=30)
    for sharpness in (live.DRAFT, live.SHARP):
        np.testing.assert_array_equal(pixels(figure, sharpness), pixels(fresh, sharpness))


def test_reset_returns_to_the_defaults():
    figure = ravine_figure()
    picture, sentence = pixels(figure), figure.sentence
    figure.set(lr=2.0, condition=100)
    assert (pixels(figure) != picture).any()
    figure.reset_button.click()
    np.testing.assert_array_equal(pixels(figure), picture)
    assert figure.sentence == sentence
    assert [knob.field.value for knob in figure.knobs.values()] == ["0.3", "20"]


def test_a_draft_is_followed_by_a_sharp_picture_when_nothing_changes_any_more():
    async def drag():
        figure = ravine_figure()
        sent = []
        figure.image.observe(lambda change: sent.append(len(change["new"])), "value")
        for position in range(0, 50, 5):
            figure.knobs["lr"].slider.value = position
            await asyncio.sleep(0.01)
        drafts = len(sent)
        await asyncio.sleep(4 * live.REST)
        figure.close()
        return drafts, sent

    drafts, sent = asyncio.run(drag())
    assert (drafts, len(sent)) == (10, 11)
    assert sent[-1] > 1.5 * max(sent[:-1])


def test_divergence_is_drawn_without_a_warning_and_the_axes_stay_put():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings(
            "ignore", category=DeprecationWarning
        )  # an older matplotlib has them
        figure = ravine_figure()
        limits = [ax.viewLim.extents.tolist() for ax in figure.view.figure.axes]
        figure.set(lr=10, condition=1000)
        assert figure.sentence == "SGD diverges: lr 10 > 2/L = 0.02."
        assert [ax.viewLim.extents.tolist() for ax in figure.view.figure.axes] == limits


class Broken(optim.Optimizer):
    def __init__(self, parameters, lr=0.1):
        super().__init__(parameters, lr=lr)

    def update(self, w, g):
        if self.lr > 1:
            w -= self.lr * self.m
        w -= self.lr * g


def test_an_error_in_a_rule_is_one_line_in_the_figure_and_the_next_change_recovers():
    figure = live.live(views.descent_view(Broken, surfaces.ravine()), lr=0.3)
    good = pixels(figure)
    figure.set(lr=2)
    assert "AttributeError: 'Broken' object has no attribute 'm'" in figure.sentence
    assert "line " in figure.sentence
    assert "\n" not in figure.sentence
    assert figure.image.value == figure.painter.jpeg(live.SHARP, figure.sentence)
    assert figure.image.value != figure.painter.jpeg(live.SHARP)
    figure.set(lr=0.3)
    assert figure.sentence.startswith("Broken creeps, lr 0.3 < 1/L = 0.5")
    np.testing.assert_array_equal(pixels(figure), good)


class NeverRuns(optim.Optimizer):
    def __init__(self, parameters, lr=0.1):
        super().__init__(parameters, lr=lr)

    def update(self, w, g):
        w -= self.rate * g


@pytest.mark.parametrize(
    "view",
    [
        lambda rule: views.descent_view(rule, surfaces.ravine),
        lambda rule: views.descent_view(rule, surfaces.plateau()),
        lambda rule: views.paths_view({"SGD": optim.SGD, "mine": rule}, surfaces.ravine),
        lambda rule: views.noise_floor_view(rule, surfaces.parabola(), np.random.default_rng(0)),
    ],
)
def test_a_rule_that_never_runs_is_one_line_in_the_figure_from_the_beginning(view, monkeypatch):
    figure = live.live(view(NeverRuns), lr=None)
    assert figure.sentence.endswith("AttributeError: 'NeverRuns' object has no attribute 'rate'")
    assert figure.sentence.startswith("line ")
    monkeypatch.setattr(NeverRuns, "rate", 0.1, raising=False)
    figure.set(lr=0.2)
    assert "Error" not in figure.sentence


class WithoutDefaults(optim.Optimizer):
    def __init__(self, parameters, lr, strength=None):
        super().__init__(parameters, lr=lr)

    def update(self, w, g):
        w -= self.lr * g


def test_a_rule_without_defaults_starts_at_the_usual_values():
    figure = live.live(views.descent_view(WithoutDefaults, surfaces.ravine), lr=None)
    assert figure.knobs["lr"].number == 0.1
    assert figure.sentence.startswith("WithoutDefaults creeps, lr 0.1 < 1/L")
    view = views.descent_view(WithoutDefaults, surfaces.ravine, lr=0.3)
    assert live.live(view, lr=None).knobs["lr"].number == 0.3
    unknown = type("Unknown", (optim.SGD,), {"__init__": lambda self, parameters, mass: None})
    with pytest.raises(
        TypeError, match=r"Unknown has no default for mass: give it one, as in mass"
    ):
        views.descent_view(unknown, surfaces.ravine)


@pytest.mark.parametrize(
    "view",
    [
        lambda: views.descent_view(optim.SGD, surfaces.ravine, learning_rate=0.3),
        lambda: views.paths_view({"SGD": optim.SGD}, surfaces.ravine, learning_rate=0.3),
        lambda: views.noise_floor_view(
            optim.SGD, surfaces.parabola(), np.random.default_rng(0), learning_rate=0.3
        ),
    ],
)
def test_a_first_value_of_nothing_is_refused(view):
    with pytest.raises(TypeError, match=r"does not follow 'learning_rate'; it follows .*lr"):
        view()


def test_exponents_are_written_as_in_the_field():
    figure = ravine_figure(lr=log_slider(1e-5, 10))
    figure.set(lr=1e-5)
    assert "lr 1e-5 <" in figure.sentence
    assert controls.tidy("1e+12, 1e-08, 2e-10 and e-05") == "1e12, 1e-8, 2e-10 and e-05"


class InheritsAll(optim.Optimizer):
    def update(self, w, g):
        w -= self.lr * g


def test_a_rule_without_an_init_follows_what_it_is_given():
    figure = live.live(views.descent_view(InheritsAll, surfaces.ravine, lr=0.3), lr=None)
    assert figure.sentence.startswith("InheritsAll creeps, lr 0.3 < 1/L")
    rules = {"SGD": optim.SGD, "mine": InheritsAll}
    figure = live.live(views.paths_view(rules, surfaces.ravine, lr=0.9, condition=10), lr=None)
    first, second = figure.sentence.split(" mine")
    assert first == f"SGD{second}"


class Talks(optim.Optimizer):
    def __init__(self, parameters, lr=0.1):
        super().__init__(parameters, lr=lr)

    def update(self, w, g):
        print(w)
        if self.lr > 1:
            raise KeyboardInterrupt
        w -= self.lr * g


def test_a_rule_that_prints_does_not_fill_the_page(capsys):
    figure = live.live(views.descent_view(Talks, surfaces.ravine), lr=None)
    model = nn.Sequential(nn.Linear(784, 10, rng=np.random.default_rng(0)))
    raced = cockpit.race(model, mnist.load(), {"mine": Talks}, rng=np.random.default_rng(0))
    for shown in (figure, raced):
        shown._repr_mimebundle_()
    assert capsys.readouterr().out == ""


def test_an_interrupted_rule_is_shown_as_such():
    figure = live.live(views.descent_view(Talks, surfaces.ravine), lr=None)
    figure.set(lr=2)
    assert "KeyboardInterrupt" in figure.sentence
    figure.set(lr=0.3)
    assert figure.sentence.startswith("Talks creeps")


class WithoutRate(optim.Optimizer):
    def __init__(self, parameters, beta=0.5):
        super().__init__(parameters, beta=beta)

    def update(self, w, g):
        w -= 0.1 * self.beta * g


def test_a_rule_without_a_learning_rate_is_not_given_one():
    figure = live.live(views.descent_view(WithoutRate, surfaces.ravine), beta=None)
    assert figure.sentence.startswith("WithoutRate, 60 steps: ")
    noise = views.noise_floor_view(WithoutRate, surfaces.parabola(), np.random.default_rng(0))
    assert live.live(noise, beta=None).sentence.startswith("The rule: after 400 steps")


def test_a_figure_is_complete_before_it_is_asked_for_other_values():
    made, updated = (views.descent_view(optim.SGD, surfaces.ravine, lr=0.3) for _ in range(2))
    updated.update()
    assert style.png(made.figure) == style.png(updated.figure)


def test_saving_the_figure_between_two_changes_does_no_harm():
    def paths():
        view = views.paths_view({"SGD": optim.SGD}, surfaces.ravine)
        return live.live(view, lr=None, condition=None)

    figure, fresh = paths(), paths()
    for lr in (0.1, 0.15, 0.2):
        figure.set(lr=lr, condition=20)
    figure.view.update(lr=0.2, condition=5)
    style.png(figure.view.figure)
    for shown in (figure, fresh):
        shown.set(lr=0.21, condition=5)
    np.testing.assert_array_equal(pixels(figure), pixels(fresh))


def test_where_there_is_no_kernel_a_still_picture_says_the_same():
    figure = ravine_figure()
    bundle = figure._repr_mimebundle_()
    assert bundle["text/plain"] == figure.sentence
    assert 'alt="SGD creeps, lr 0.3 &lt; 1/L = 0.5' in bundle["text/html"]
    assert "image/png;base64" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    picture = pixels(figure)
    np.testing.assert_array_equal(pixels(figure), picture)


# ---------------------------------------------------------------- threads


def test_a_slider_may_be_moved_in_one_thread_while_another_draws():
    # JupyterLab may have a slider's message handled in a second thread while a cell runs.
    figure, sizes = ravine_figure(), set()
    before = dict(mpl.rcParams)

    def note(change):
        image = Image.open(io.BytesIO(change["new"]))
        sizes.add((image.size, image.layer[0][1:3]))  # sharp pictures have all of their colours

    figure.image.observe(note, "value")
    size = [round(inches * style.DPI) for inches in figure.view.figure.get_size_inches()]
    expected = {(tuple(size), (2, 2)), (tuple(2 * length for length in size), (1, 1))}

    def drag(name, positions):
        for position in positions:
            figure.knobs[name].slider.value = position

    with ThreadPoolExecutor(3) as threads:
        dragged = threads.submit(drag, "lr", range(60, 90))
        also = threads.submit(drag, "condition", range(10, 40))
        drawn = threads.submit(lambda: {style.png(formula()) for _ in range(10)})
        dragged.result(), also.result()
        assert len(drawn.result()) == 1
    assert sizes == expected
    assert dict(mpl.rcParams) == before
    figure.redraw(live.DRAFT)
    values = figure.values()
    fresh = ravine_figure()
    fresh.set(**values)
    np.testing.assert_array_equal(pixels(figure), pixels(fresh))


def test_a_figure_follows_one_change_at_a_time():
    figure, ax = style.new()
    (line,) = ax.plot([0], [0])
    inside, most = [], []

    def update(w=0.0):
        inside.append(w)
        most.append(len(inside))
        time.sleep(0.002)
        inside.pop()
        return f"w = {w}"

    shown = live.live(View(figure, [line], update), w=slider(-1, 1))
    second = live.live(shown.view, w=slider(-1, 1))
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda w: shown.set(w=w), np.linspace(-1, 1, 10).tolist()))
        list(threads.map(lambda figure: figure.set(w=0.5), [shown, second] * 5))
    assert set(most) == {1}


def formula():
    figure, ax = style.new()
    ax.set(title=r"$\frac{\partial L}{\partial w} = \sum_i x_i$", xlabel=r"$\beta^t$")
    return figure


def test_two_live_figures_of_one_view_show_their_own_values():
    view = views.descent_view(optim.SGD, surfaces.ravine)
    first, second = live.live(view, lr=0.3, condition=20), live.live(view, lr=0.3, condition=20)
    for figure, condition in ((first, 20), (second, 20), (first, 5), (second, 5), (second, 5)):
        figure.set(condition=condition)
        fresh = live.live(views.descent_view(optim.SGD, surfaces.ravine), lr=0.3, condition=20)
        fresh.set(condition=condition)
        np.testing.assert_array_equal(pixels(figure), pixels(fresh))


# ---------------------------------------------------------------- what is left


def test_running_a_cell_again_closes_what_it_showed_before(monkeypatch):
    kernel = types.SimpleNamespace(get_parent=lambda: {"metadata": {"cellId": "a"}})
    shell = types.SimpleNamespace(kernel=kernel)
    monkeypatch.setattr(live, "get_ipython", lambda: shell)
    first = ravine_figure()
    second = ravine_figure()
    assert first.comm is None
    assert second.comm is not None
    kernel.get_parent = lambda: {"metadata": {"cellId": "b"}}
    ravine_figure()
    assert second.comm is not None


def test_a_storm_of_changes_leaves_nothing_behind():
    data = mnist.load()
    small = data._replace(x_train=data.x_train[:500], y_train=data.y_train[:500])
    small = small._replace(x_test=data.x_test[:200], y_test=data.y_test[:200])

    async def storm(changes):
        rng = np.random.default_rng(0)
        model = nn.Sequential(nn.Linear(784, 10, rng=rng))
        rules = {"SGD": lambda p: optim.SGD(p, lr=0.1), "Adam": optim.Adam}
        shown = [
            ravine_figure(),
            live.live(views.slope_view(surfaces.parabola()), w=slider(-4, 4), lr=None),
            cockpit.race(model, small, rules, rng=rng),
        ]
        for _ in range(changes):
            figure = shown[rng.integers(3)]
            if figure is shown[2] and rng.random() < 0.5:
                rng.choice([figure.step, figure.reset, figure.pause])()
            knobs = list(figure.knobs.values())
            knob = knobs[rng.integers(len(knobs))]
            knob.slider.value = int(rng.integers(knob.slider.max + 1))
            await asyncio.sleep(0)
        for figure in shown:
            figure.close()

    def held():
        gc.collect()
        figures = sum(type(thing) is Figure for thing in gc.get_objects())
        return len(widgets.widget._instances), figures

    asyncio.run(storm(200))  # what is remembered once: fonts, colour maps
    before, memory = held(), psutil.Process().memory_info().rss
    asyncio.run(storm(1000))
    assert held() == before
    assert psutil.Process().memory_info().rss < memory + 10e6  # one figure alone has more
