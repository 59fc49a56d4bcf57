"""What chapter 01's live figures say is what a computation gives."""

import re

import numpy as np
import pytest

from classroom import surfaces
from classroom.pictures.views import derivatives
from mytorch_core import Tensor, nn


def numbers(text):
    return [float(n) for n in re.findall(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)]


@pytest.mark.parametrize("w", [-0.7, 0.5, 1.51, 2.9])
def test_the_slope_of_the_fit_is_that_of_its_loss(w):
    x, y = np.array([0.5, 1.0, 2.5]), np.array([0.9, 1.3, 4.1])
    weight = Tensor(np.array(w), requires_grad=True)
    loss = ((weight * x - y) ** 2).mean()
    loss.backward()
    _, said_loss, said_slope = numbers(derivatives.fit_view(x, y).update(w=w))
    assert said_loss == pytest.approx(loss.item(), rel=5e-3)
    assert said_slope == pytest.approx(float(weight.grad), abs=5e-3)


def test_the_tangent_promises_slope_times_step():
    wells = surfaces.two_wells()
    text = derivatives.tangent_view(wells).update(w=-1.5, d=0.25)
    *_, promised, real, error = numbers(text)
    assert promised == pytest.approx(0.25 * wells.gradient(np.array([-1.5]))[0], abs=1e-3)
    difference = wells.f(np.array([-1.25])) - wells.f(np.array([-1.5]))
    assert real == pytest.approx(difference, abs=1e-3)
    assert error == pytest.approx(real - promised, rel=0.01)


@pytest.mark.parametrize("w", [-2.0, 0.5, 1.0, 3.0])
def test_the_graph_has_the_gradients_that_backward_finds(w):
    leaves = {name: Tensor(np.array(v), requires_grad=True) for name, v in
              {"w": w, "x": 3.0, "b": 1.0, "y": 4.0}.items()}  # fmt: skip
    error = leaves["w"] * leaves["x"] + leaves["b"] - leaves["y"]
    (error**2).backward()
    view = derivatives.graph_view()
    view.update(step=10, w=w)
    count = len(derivatives.PLACES)
    slopes = [text.get_text() for text in view.moving[count : 2 * count]]
    shown = dict(zip(derivatives.PLACES, map(float, slopes), strict=True))
    for name, leaf in leaves.items():
        assert shown[name] == pytest.approx(float(leaf.grad), rel=5e-3), name


def test_the_graph_goes_forward_and_then_backward():
    view = derivatives.graph_view()
    count = len(derivatives.PLACES)
    for step in range(1, 11):
        view.update(step=step)
        values = sum(bool(text.get_text()) for text in view.moving[:count])
        slopes = sum(bool(text.get_text()) for text in view.moving[count : 2 * count])
        assert values == 4 + min(step - 1, 4)
        assert slopes == (0, 1, 2, 4, 6, 8)[max(0, step - 5)]


@pytest.mark.parametrize(("dtype", "epsilon"), [(np.float64, 1.1e-16), (np.float32, 6e-8)])
def test_the_best_h_is_the_cube_root_of_three_epsilon(dtype, epsilon):
    sizes = np.geomspace(1e-10, 1, 400)
    errors = np.array([derivatives._quotient_error(h, dtype) for h in sizes])
    # Single errors are erratic: a running median shows where the valley is.
    calm = [np.median(errors[max(0, i - 10) : i + 11]) for i in range(len(sizes))]
    best = sizes[int(np.argmin(calm))]
    assert 1 / 5 < best / (3 * epsilon) ** (1 / 3) < 5
    assert derivatives._quotient_error(0.1, dtype) == pytest.approx(0.1**2 / 6, rel=0.2)


def test_the_softmax_figure_shows_p_minus_y():
    logits = np.array([[1.0, 2.0, -1.0]])
    z = Tensor(logits, requires_grad=True)
    loss = nn.cross_entropy(z, np.array([0]))
    loss.backward()
    text = derivatives.softmax_view(show="gradient").update(z1=1.0, z2=2.0, z3=-1.0)
    p, said, *gradient = numbers(text)
    assert said == pytest.approx(loss.item(), abs=5e-3)
    assert gradient == pytest.approx(z.grad[0], abs=5e-3)
    assert p == pytest.approx(1 + z.grad[0, 0], abs=5e-3)
    assert derivatives.softmax_view().update(z1=1.0, z2=2.0, z3=-1.0) == text.split(";")[0] + "."
    for z1 in (-5.0, 5.0):
        assert "nan" not in derivatives.softmax_view().update(z1=z1)
