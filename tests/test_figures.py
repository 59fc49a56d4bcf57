"""Figures: one style, the same bytes for the same numbers, alternative text where it is read."""

import re

import numpy as np
import pytest

from classroom import figures, surfaces, views
from classroom.pictures import style
from classroom.training import History
from mytorch_core import optim


@pytest.fixture
def shown(monkeypatch):
    """What `show` hands to the notebook."""
    bundles = []
    monkeypatch.setattr(figures, "display", lambda data, raw: bundles.append(data))
    return bundles


def test_show_gives_an_image_with_its_alternative_text(shown):
    figure, ax = style.new()
    ax.plot([0, 1], [1, 0])
    figures.show(figure, 'the loss falls by "half" & stays')
    (bundle,) = shown
    assert bundle["text/plain"] == 'the loss falls by "half" & stays'
    assert re.fullmatch(
        r'<img alt="the loss falls by &quot;half&quot; &amp; stays" width="800" '
        r'src="data:image/png;base64,[A-Za-z0-9+/=]+">',
        bundle["text/html"],
    )


def test_the_same_figure_gives_the_same_bytes():
    surface = surfaces.ravine()
    first, second = (style.png(figures.two_directions(surface, (-7, 2))) for _ in range(2))
    assert first == second
    assert len(first) < 100_000


def test_the_palette_is_the_courses():
    colors = {
        "SGD": "#0072B2",
        "Momentum": "#CC79A7",
        "AdaGrad": "#009E73",
        "RMSProp": "#E69F00",
        "Adam": "#D55E00",
    }
    assert colors.items() <= {name: line["color"] for name, line in style.RULES.items()}.items()
    looks = {(line["linestyle"], line["linewidth"]) for line in style.RULES.values()}
    assert len(looks) == len(style.RULES)  # told apart without colour, too


def test_a_rule_without_a_colour_of_its_own_borrows_none():
    class Mine(optim.SGD):
        """The reader's."""

    taken = {line["color"] for line in style.RULES.values()}
    assert not taken & {style.of_rule("Mine", place)["color"] for place in range(9)}
    for view in (
        views.descent_view(Mine, surfaces.ravine()),
        views.descent_view(Mine, surfaces.parabola()),
        views.paths_view({"Mine": Mine}, surfaces.ravine()),
        views.noise_floor_view(Mine, surfaces.ravine(), np.random.default_rng(0), steps=20),
    ):
        lines = [artist for artist in view.moving if hasattr(artist, "get_marker")]
        assert lines
        assert not taken & {line.get_color() for line in lines}


def test_labels_at_the_ends_keep_their_distance():
    _, ax = style.new()
    style.label_ends(ax, {"a": (1, 0.5, "k"), "b": (1, 0.52, "k"), "c": (1, 2.0, "k")}, gap=0.2)
    heights = sorted(text.get_position()[1] for text in ax.texts)
    assert np.allclose(heights, [0.5, 0.7, 2.0])


def test_the_band_spans_all_runs_around_the_median():
    _, ax = style.new()
    runs = [[1, 2], [3, 4], [8, 9]]
    (line,) = style.band(ax, [0, 1], runs, color="k")
    assert line.get_ydata().tolist() == [3, 4]
    assert ax.collections[0].get_paths()[0].get_extents().ymax == 9


@pytest.mark.parametrize("lr", [0.3, 1.5, 1e6])
def test_a_diverging_path_is_drawn_without_a_warning(lr):
    surface = surfaces.ravine()
    path = surfaces.descend(optim.SGD, surface, 400, lr=lr)
    _, ax = style.new()
    style.path_on(ax, path)
    assert style.png(ax.figure)


def test_mnist_curves_show_train_and_test():
    history = History(
        train_loss=[1, 0.5],
        train_accuracy=[0.9, 0.95],
        test_loss=[1, 0.6],
        test_accuracy=[0.9, 0.93],
    )
    figure = figures.mnist_curves([history, history])
    for ax in figure.axes:
        assert {text.get_text() for text in ax.texts} == {"train", "test"}
