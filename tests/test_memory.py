"""What the live figures of chapters 03 and 04 say about memories is what a computation gives."""

import numpy as np
import pytest

from classroom import surfaces, views
from classroom.pictures.surfaces import descend
from mytorch_core import Tensor, optim


@pytest.mark.parametrize(("beta", "life", "alike"), [(0.9, "6.58", "19"), (0.99, "69", "199")])
def test_half_life_and_calm(beta, life, alike):
    text = views.weights_view().update(beta=beta)
    assert f"half of that after {life} steps" in text
    assert f"a plain mean of {alike} gradients" in text
    assert views.weights_view().update(beta=0.0)


@pytest.mark.parametrize(
    ("betas", "first", "peak"),
    [
        ((0.9, 0.99), "1 times", "t = 13, with 2.13 times"),
        ((0.9, 0.999), "3.16 times", "t = 12, with 6.57"),
    ],
)
def test_what_the_missing_correction_costs(betas, first, peak):
    text = views.correction_view().update(*betas)
    assert f"the first step is {first}" in text
    assert peak in text


def test_the_ratio_is_that_of_two_runs():
    class Uncorrected(optim.Adam):
        def before_step(self):
            self.beta1_t = self.beta2_t = 0.0

    def lengths(rule):
        w = Tensor(np.zeros(1), requires_grad=True)
        optimizer, path = rule([w], lr=1.0), [0.0]
        for _ in range(13):
            w.grad = np.ones(1)
            optimizer.step()
            path.append(w.data[0])
        return np.diff(path)

    ratio = lengths(Uncorrected) / lengths(optim.Adam)
    assert ratio[0] == pytest.approx(1, rel=1e-6)
    assert ratio[12] == pytest.approx(2.13, abs=5e-3)


def test_the_rates_are_those_of_the_weights_that_had_a_gradient():
    h = np.array([0.0, 1.0, 4.0, 400.0])
    view = views.rates_view({1.6: {1: h, 4: 4 * h}, 0.2: {1: h / 4, 4: h}}, lr=1.6)
    assert "lr 1.6: after step 4 the middle weight has a rate of about 0.4" in view.update()
    assert "lr 1.6: after step 1 the middle weight has a rate of about 0.8" in view.update(t=1)
    assert "lr 0.2: after step 4 the middle weight has a rate of about 0.1" in view.update(lr=0.3)
    assert "within a factor of about 10." in view.update(t=1, eps=0.0)
    assert "within a factor of about 1." in view.update(t=1, eps=1e6)


# ---------------------------------------------------------------- what rules are blind to


def turned(path, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return path @ np.array([[c, -s], [s, c]]).T


def test_turning_turns_the_path_of_sgd_and_changes_that_of_adagrad():
    for degrees in (10, 45, 90):
        here, there = surfaces.turned_ravine(), surfaces.turned_ravine(rotation=degrees)
        straight = descend(optim.SGD, here, 40, lr=0.9)
        np.testing.assert_allclose(
            turned(straight, degrees), descend(optim.SGD, there, 40, lr=0.9), atol=1e-12
        )
    straight = descend(optim.AdaGrad, here, 40, lr=5.0)
    skew = descend(optim.AdaGrad, surfaces.turned_ravine(rotation=45), 40, lr=5.0)
    assert abs(turned(straight, 45) - skew).max() > 1


def test_stretching_leaves_the_path_of_adagrad():
    for stretch in (1, 100, 1000):
        here, there = surfaces.turned_ravine(), surfaces.turned_ravine(stretch)
        paths = [descend(optim.AdaGrad, ravine, 40, lr=5.0, eps=0.0) for ravine in (here, there)]
        np.testing.assert_allclose(*paths, atol=1e-9)


def test_paths_of_several_rules_are_described_one_by_one():
    rules = {"AdaGrad": optim.AdaGrad, "SGD": optim.SGD}
    fixed = {"SGD": lambda ravine: {"lr": ravine.best_rate}}
    view = views.paths_view(rules, surfaces.turned_ravine, fixed=fixed, lr=5.0)
    assert view.defaults == {"stretch": 20.0, "rotation": 0.0, "lr": 5.0, "eps": 1e-8}
    text = "AdaGrad: f < 0.01 after 45 steps. SGD: f < 0.01 after 33 steps."
    assert view.update(rotation=45.0) == text
    wild = views.paths_view({"SGD": optim.SGD}, surfaces.turned_ravine, lr=5.0)
    assert wild.update().startswith("SGD diverges: f grows from")


def test_a_cliff_is_remembered():
    view = views.paths_view({"AdaGrad": optim.AdaGrad}, surfaces.cliff, steps=1500, lr=1.0)
    assert view.update(height=0.0) == "AdaGrad: f < 0.01 after 29 steps."
    assert view.update() == "AdaGrad: f < 0.01 after 1303 steps."


def test_a_start_above_the_picture_is_told():
    view = views.paths_view({"SGD": optim.SGD}, surfaces.cliff, highest=6, height=0.0, lr=1.0)
    assert view.update() == "SGD: f < 0.01 after 25 steps."
    assert view.update(height=50.0).startswith("The start, f = 51.8, lies above the picture. SGD:")


def test_the_middle_rate_is_drawn_up_to_the_step_shown():
    h = np.ones(3)
    view = views.rates_view({1.0: {1: h, 4: 4 * h, 16: 16 * h}}, lr=1.0)
    view.update(t=4)
    steps = [list(line.get_xdata()) for line in view.figure.axes[1].lines]
    assert steps.count([1, 4]) == 3  # the curve, and the two laws it is compared with
