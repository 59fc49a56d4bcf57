"""The picture of a race: losses, test accuracies, and how far the weights move in a step."""

import numpy as np

from classroom.pictures.style import INK, decades, mosaic, names_above, of_rule
from classroom.pictures.views.edges import point_to, wedge
from classroom.pictures.views.view import View

LOWEST, HIGHEST = -9, 1  # decades of |delta w| that are shown
LENGTHS = [n * 10**k for k in range(2, 12) for n in (1, 2, 5)][2:]  # steps the axis may hold
PARTS = 5  # between the numbers on that axis
BINS = np.linspace(LOWEST, HIGHEST, 51)


def race_view(race):
    """Losses, test accuracies and the sizes of the steps of a race, as they stand."""
    layout = [["loss", "loss"], ["accuracy", "moved"]]
    figure, axes = mosaic(  # sliders stand beside it
        layout, width=5.4, height=5.0, width_ratios=[4, 5], height_ratios=[6, 4]
    )
    left, top, bottom = axes["loss"], axes["accuracy"], axes["moved"]
    decades(left, "y")
    left.set(ylabel="loss of the batch", ylim=(1e-4, 100))
    left.set_xlabel("step", labelpad=18, loc="left")
    top.set_xlabel("step", labelpad=18)
    top.set(ylabel="test accuracy", ylim=(0.5, 1))
    layers = len(race.lanes[0].watched)
    bottom.set(xlim=(LOWEST, HIGHEST), ylim=(0, layers))
    bottom.set_xlabel(r"|$\Delta w$| in one step; dotted: lr", loc="right", fontsize=12)
    ticks = range(LOWEST + 2, HIGHEST + 1, 2)
    powers = [f"$10^{{{k}}}$" for k in ticks]
    bottom.set_xticks([LOWEST, *ticks], ["0", *powers], fontsize=11)
    bottom.set_yticks(np.arange(layers)[::-1] + 0.3, [f"layer {i + 1}" for i in range(layers)])
    bottom.grid(False, axis="y")
    times = [*_times(left), *_times(top, 2)]
    first, then, last, drawn = [text for _, text in times], [], [], []
    styles = {lane.name: of_rule(lane.name, i) for i, lane in enumerate(race.lanes)}
    names = names_above(figure, left, {name: style["color"] for name, style in styles.items()})
    for i, (name, style) in enumerate(styles.items()):
        names[i].set_text(name)
        raw, smooth, marks, accuracy, ridge, rate = _artists(left, top, bottom, style)
        far = [wedge(ax, style["color"]) for ax in (left, top)]
        drawn.append((raw, smooth, marks, accuracy, ridge, rate, far))
        first += [rate]
        then += [raw, smooth, accuracy, ridge]
        last += [marks, *far]
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "clip_on": False}
    corner = {"ha": "right", "va": "top", "fontsize": 13}
    note = left.annotate("", (1, 0), (0, -28), **place, **corner)  # of the last mark

    def update():
        length = next(n for n in LENGTHS if n >= race.t)
        for share, text in times:
            text.set_text(f"{round(share * length):,}")
        for lane, artists in zip(race.lanes, drawn, strict=True):
            _follow(lane, length, *artists)
        moved = [(lane.marks[-1], styles[lane.name]) for lane in race.lanes if lane.marks]
        if moved:
            (t, text), style = max(moved, key=lambda mark: mark[0][0])
            note.set_color(INK if text.startswith("B ") else style["color"])  # B is everybody's
        note.set_text(f"{text} from step {t + 1:,}" if moved else "")
        return race.words()

    return View(figure, [*first, *then, *last, note], update)


def _artists(left, top, bottom, style):
    """Those of one lane: loss, its average, marks; accuracy; sizes of the steps, and lr."""
    look = (
        (left, {"linewidth": 0.8, "alpha": 0.35}),
        (left, style),
        (left, {"marker": "v", "linestyle": "", "markersize": 10, "mec": INK}),
        (top, style | {"marker": "o", "markersize": 5}),
        (bottom, {"linewidth": 1.6}),
        (bottom, {"linestyle": ":", "linewidth": 2}),
    )
    return [ax.plot([], [], **{"color": style["color"]} | options)[0] for ax, options in look]


def _times(ax, which=1):
    # The axis ends where it is and its numbers grow: to draw the axes anew takes many steps' time.
    shares = np.arange(PARTS + 1) / PARTS
    ax.set(xlim=(0, 1), xticks=shares, xticklabels=[])
    place = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points"}
    middle = {"ha": "center", "va": "top", "fontsize": 12, "color": INK, "clip_on": False}
    return [(x, ax.annotate("", (x, 0), (0, -6), **place, **middle)) for x in shares[::which]]


def _follow(lane, length, raw, smooth, marks, accuracy, ridge, rate, far):
    steps = len(lane.loss)
    stride = steps // 200 + 1
    at = np.arange(1, steps + 1, stride) / length
    for line, values in ((raw, lane.loss), (smooth, lane.smooth)):
        line.set_data(at, np.clip(np.nan_to_num(values[::stride], nan=1e9), 1e-9, 1e9))
    smooth.set_marker("o" if steps == 1 else "")  # a line of one point would not be seen
    places = [(max(t, 1), lane.smooth[max(t, 1) - 1] * 1.35) for t, _ in lane.marks if steps]
    for line, points in ((accuracy, lane.accuracy), (marks, places)):
        line.set_data(np.reshape(points, (-1, 2)).T / [[length], [1]])
    ends = [(steps, value) for value in lane.smooth[-1:]], lane.accuracy[-1:]
    for mark, end in zip(far, ends, strict=True):
        mark.set_data([], [])
        for t, value in end:
            point_to(mark, t / length, value)
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
