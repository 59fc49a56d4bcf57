"""A view of the data: one of many digits."""

import numpy as np

from classroom.pictures.style import SERIES, mosaic
from classroom.pictures.views.view import View


def digit_view(images, labels, n=1):
    """One of many digits, images (N, 784), and the row with the most ink; n counts from 1."""
    figure, axes = mosaic([["digit", "row"]], width_ratios=[2, 3])
    left, right = axes["digit"], axes["row"]
    picture = left.imshow(np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=1)
    left.set(xticks=[], yticks=[])
    left.grid(False)
    right.set(xlabel="pixel of the marked row", ylabel="ink", xlim=(-1, 28), ylim=(0, 1.25))
    (mark,) = left.plot([], [], color=SERIES[1], linewidth=2.5)
    (brightness,) = right.step([], [], where="mid", color=SERIES[1])
    said = right.text(0.98, 0.92, "", transform=right.transAxes, ha="right", fontsize=18)

    def update(n=n):
        image, label = images[round(n) - 1].reshape(28, 28), labels[round(n) - 1]
        row = int(image.sum(axis=1).argmax())
        picture.set_data(image)
        mark.set_data([-0.5, 27.5, 27.5, -0.5, -0.5], np.array([0, 0, 1, 1, 0]) - 0.5 + row)
        brightness.set_data(np.arange(28), image[row])
        said.set_text(f"a {label}")
        lit = int((image[row] > 0).sum())
        return (
            f"Digit {round(n):,} is a {label}; the row with the most ink is row {row + 1} of 28, "
            f"and {lit} of its pixels carry any."
        )

    return View(figure, [picture, mark, brightness, said], update)
