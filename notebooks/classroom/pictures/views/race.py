"""The picture of a race: losses, test accuracies, and how far the weights move in a step."""

import numpy as np

from classroom.pictures.style import INK, decades, label_line, mosaic, of_rule
from classroom.pictures.views.view import View

LOWEST, HIGHEST = -9, 1  # decades of |delta w| that are shown
LENGTHS = [n * 10**k for k in range(2, 12) for n in (1, 2, 5)][2:]  # steps the axis may hold
PARTS = 5  # between the numbers on that axis
BINS = np.linspace(LOWEST, HIGHEST, 51)


def race_view(race):
    """Losses, test accuracies and the sizes of the steps of a race, as they stand."""
    layout = [["loss", "accuracy"], ["loss", "moved"]]
    figure, axes = mosaic(layout, height=5.2, width_ratios=[6, 5], height_ratios=[2, 3])
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
        style = of_rule(lane.name, i)
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
