"""What a convolution and a pooling compute, place by place."""

import numpy as np

from classroom.pictures.style import INK, SERIES, blank, mosaic
from classroom.pictures.views.view import View
from mytorch_core import Tensor, nn

# Left edges of strokes, their upper edges, a mean, thin dark gaps.
KERNELS = (
    np.array([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    np.array([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]]),
    np.full((3, 3), 1 / 9),
    np.array([[1.0, 1, 1], [1, -8, 1], [1, 1, 1]]) / 2,
)


def convolved(image, kernel):
    """(y, pooled): the image (H, W) under one kernel, and the largest of each 2 x 2 block of it."""
    layer = nn.Conv2d(1, 1, len(kernel), rng=np.random.default_rng(0), dtype=np.float64)
    layer.load_state_dict({"weight": kernel[None, None], "bias": np.zeros(1)})
    y = layer(Tensor(image[None, None].astype(float)))
    return y.data[0, 0], nn.MaxPool2d(2)(y).data[0, 0]


def convolution_view(image, row=1, column=1, kernel=3):
    """A kernel over a digit (28, 28): what it sees at one place, what it makes of all, and pooling.

    row and column of the kernel's upper left corner count from 1; kernel is one of four.
    """
    layout = [["image", "y", "pooled"], ["sum", "sum", "sum"]]
    figure, axes = mosaic(layout, height=4.7, height_ratios=[5, 2.4])
    pictures, frames = {}, {}
    for (name, title), size in zip(
        {"image": "image x", "y": "y = Conv2d(x)", "pooled": "MaxPool2d(2)(y)"}.items(),
        (28, 26, 13),
        strict=True,
    ):
        ax = axes[name]
        color = {"cmap": "gray_r", "vmin": 0, "vmax": 1} if name == "image" else SIGNED
        pictures[name] = ax.imshow(np.zeros((size, size)), **color)
        ax.set(title=title, xticks=[], yticks=[])
        ax.grid(False)
        (frames[name],) = ax.plot([], [], color=SERIES[1], linewidth=3)
    pictures.pop("image").set_data(image)
    sheet = axes["sum"]
    blank(sheet, (0, 18), (0, 3))
    places = [(r, c) for r in range(3) for c in range(3)]
    seen, weights = (
        [
            sheet.text(x + 1.5 * c, 2.5 - r, "", ha="center", va="center", fontsize=15, color=color)
            for r, c in places
        ]
        for x, color in ((1.0, INK), (7.2, SERIES[0]))
    )
    for x, text, size in ((5.6, "times", 13), (13.3, "added up:", 16)):
        sheet.text(x, 1.5, text, ha="center", va="center", fontsize=size, color=INK)
    for left in (0.1, 6.3):
        x = np.array([0.25, 0, 0, 0.25])
        sheet.plot(left + x, [0.1, 0.1, 2.9, 2.9], color=INK, linewidth=1.5)
        sheet.plot(left + 4.8 - x, [0.1, 0.1, 2.9, 2.9], color=INK, linewidth=1.5)
    total = sheet.text(16.4, 1.5, "", ha="center", va="center", fontsize=22, color=SERIES[1])
    results = [convolved(image, weights) for weights in KERNELS]

    def update(row=row, column=column, kernel=kernel):
        i, j, k = row - 1, column - 1, KERNELS[kernel - 1]
        y, pooled = results[kernel - 1]
        for name, values in (("y", y), ("pooled", pooled)):
            pictures[name].set_data(values)
        for name, corner, size in (("image", (i, j), 3), ("y", (i, j), 1)):
            _frame(frames[name], *corner, size)
        _frame(frames["pooled"], i // 2, j // 2, 1)
        patch = image[i : i + 3, j : j + 3]
        for text, number in zip([*seen, *weights], [*patch.flat, *k.flat], strict=True):
            text.set_text(f"{number:.2g}".replace("-", "−"))
        total.set_text(f"{y[i, j]:.2f}".replace("-", "−"))
        return (
            f"Kernel {kernel} at row {row}, column {column}: the nine products add up to "
            f"{y[i, j]:.2f}; pooling keeps {pooled[i // 2, j // 2]:.2f}, the largest of four."
        )

    moving = [*pictures.values(), *frames.values(), *seen, *weights, total]
    return View(figure, moving, update)


SIGNED = {"cmap": "PuOr_r", "vmin": -3, "vmax": 3}


def _frame(line, i, j, size):
    top, left, bottom, right = i - 0.5, j - 0.5, i + size - 0.5, j + size - 0.5
    line.set_data([left, right, right, left, left], [top, top, bottom, bottom, top])
