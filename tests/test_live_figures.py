"""Every live figure of every notebook, found by itself and driven through its sliders."""

import ast
import contextlib
import io
import re

import labels
import matplotlib as mpl
import numpy as np
import pytest
from live_cells import NOTEBOOKS, chapters
from matplotlib.collections import Collection

from classroom import figures, live
from classroom.pictures import style
from conftest import digits_once


def live_cells():
    """Every live figure: its cell, after the cells that it needs and no others."""
    for stem, cells, found in chapters():
        for name, needed in found.items():
            yield pytest.param([cells[i].source for i in needed], id=f"{stem}-{name}")


def run(sources):
    """The value of the last line, as a notebook shows it."""
    *body, final = ast.parse(sources[-1]).body
    space = {}
    with contextlib.redirect_stdout(io.StringIO()), digits_once():
        for source in [*sources[:-1], ast.Module(body, [])]:
            exec(compile(source, "cell", "exec"), space)
        return eval(compile(ast.Expression(final.value), "cell", "eval"), space)


@pytest.fixture(scope="module", params=live_cells())
def figure(request):
    figure = run(request.param)
    yield figure
    figure.close()


def pixels(figure, sharpness=live.DRAFT):
    return figure.painter.paint(sharpness).astype(int)


def background(figure):
    moving, figure.view.moving = figure.view.moving, []
    empty = pixels(figure)
    figure.view.moving = moving
    return empty


def where_artists_are(figure):
    """A mask of the pixels that the moving artists may touch."""
    renderer = figure.painter.canvas.get_renderer()
    height, width = pixels(figure).shape[:2]
    mask = np.zeros((height, width), bool)
    for artist in figure.view.moving:
        box = artist.get_window_extent(renderer)
        if isinstance(artist, Collection):
            box = artist.axes.bbox
        pad = 8 + 2 * getattr(artist, "get_markersize", lambda: 0)()
        x0, y0, x1, y1 = box.x0 - pad, box.y0 - pad, box.x1 + pad, box.y1 + pad
        if artist.get_clip_on() and artist.axes is not None:
            frame = artist.axes.bbox
            x0, x1 = max(x0, frame.x0 - 1), min(x1, frame.x1 + 1)
            y0, y1 = max(y0, frame.y0 - 1), min(y1, frame.y1 + 1)
        if np.isfinite([x0, y0, x1, y1]).all() and x1 > x0 and y1 > y0:
            rows = slice(max(0, int(height - y1)), max(0, int(np.ceil(height - y0))))
            mask[rows, max(0, int(x0)) : max(0, int(np.ceil(x1)))] = True
    return mask


def positions(knob, rng):
    """Minimum, default, maximum, then a walk that turns back at the ends."""
    top = knob.slider.max
    yield from (0, knob.control.position(knob.control.start), top)
    if top < 8:
        yield from range(top)
    for _ in range(4):
        place = abs(knob.slider.value + int(rng.integers(-top // 4, top // 4 + 1)))
        yield min(place, 2 * top - place)


def test_sliders_change_the_picture_and_only_where_the_moving_artists_are(figure):
    rng = np.random.default_rng(0)
    empty = background(figure)
    for name, knob in figure.knobs.items():
        seen = set()
        for position in positions(knob, rng):
            knob.slider.value = position
            if hasattr(figure, "race"):
                figure.run(1)
            picture = pixels(figure)
            seen.add(picture.tobytes())
            assert 5 < len(figure.sentence) <= 250  # three lines on the screen
            assert "Error" not in figure.sentence, (name, knob.number, figure.sentence)
            if hasattr(figure, "race"):  # its axis of time grows
                empty = background(figure)
            changed = (picture != empty).any(axis=2)
            assert not (changed & ~where_artists_are(figure)).any(), (name, knob.number)
        assert len(seen) >= 4, f"{name} changes too little"


def settings(figure):
    """Names of settings to look at; each is set when its turn comes."""
    yield "as it begins"
    for name, knob in figure.knobs.items():
        for part in (0, 1):
            figure.reset()
            knob.slider.value = int(part * knob.slider.max)
            yield f"{name} {knob.number:g}"
    for end in ("min", "max"):
        for knob in figure.knobs.values():
            knob.slider.value = getattr(knob.slider, end)
        yield f"every slider at its {end}"
    figure.reset()


def test_labels_are_whole_and_lie_on_no_curve(figure):
    for setting in settings(figure):
        if hasattr(figure, "race"):
            figure.run(10)
        pixels(figure)
        assert labels.amiss(figure.view.figure) == [], setting


def test_the_picture_is_the_figure_drawn_afresh(figure):
    figure.reset()
    canvas, drawn = figure.painter.canvas, pixels(figure)
    for artist in figure.view.moving:
        artist.set_animated(False)
    with mpl.rc_context(style.STYLE):
        canvas.draw()
    afresh = np.asarray(canvas.buffer_rgba()).astype(int)
    for artist in figure.view.moving:
        artist.set_animated(True)
    assert (afresh != drawn).any(axis=2).mean() < 1e-3


def test_what_is_kept_as_pixels_is_what_a_new_painter_would_paint(figure):
    rng = np.random.default_rng(1)
    for sharpness in (live.DRAFT, live.SHARP, live.DRAFT):
        knob = rng.choice(list(figure.knobs.values()))
        knob.slider.value = int(rng.integers(knob.slider.max + 1))
        kept = pixels(figure, sharpness)
        np.testing.assert_array_equal(kept, live.Painter(figure.view).paint(sharpness).astype(int))
    figures.png(figure.view.figure)
    np.testing.assert_array_equal(kept, pixels(figure))


def test_reset_returns_to_the_picture_that_the_notebook_stores(figure):
    figure.reset()
    before, sentence = pixels(figure), figure.sentence
    for knob in figure.knobs.values():
        knob.slider.value = knob.slider.max // 3
    figure.reset()
    np.testing.assert_array_equal(pixels(figure), before)
    assert figure.sentence == sentence


def test_live_figures_were_found():
    found = [param.id for param in live_cells()]
    main = [path for path in NOTEBOOKS if re.match("0[0-6]_", path.name)]
    assert len(found) >= 6 * (len(main) - 1)
    for path in main:
        enough = 2 if "start_here" in path.name else 5
        assert sum(name.startswith(path.stem) for name in found) >= enough, path.name
