"""What the sentences below the live figures claim is true of what they show."""

import numpy as np
import pytest

from classroom import surfaces, views
from classroom.optimizers import Momentum
from mytorch_core import optim


class Mine(optim.Optimizer):
    def __init__(self, parameters, lr=0.1):
        super().__init__(parameters, lr=lr)

    def update(self, w, g):
        w -= self.lr * g


class Backwards(Mine):
    def update(self, w, g):
        w += self.lr * g


@pytest.mark.parametrize(
    ("lr", "expected"),
    [
        (0.3, "creeps, lr 0.3 < 1/L = 0.5: f = 0.063 after 60 steps, not yet below 0.01."),
        (0.9, "zig-zags, 1/L = 0.5 < lr 0.9 < 2/L = 1: f < 0.01 after 30 steps."),
        (1.0, "jumps to and fro for ever: lr 1 = 2/L."),
        (1.2, "diverges: lr 1.2 > 2/L = 1."),
    ],
)
@pytest.mark.parametrize("rule", [optim.SGD, Mine])
def test_the_ravine_is_described_by_its_thresholds(rule, lr, expected):
    view = views.descent_view(rule, surfaces.ravine)
    assert view.update(lr=lr) == f"{rule.__name__} {expected}"


@pytest.mark.parametrize("condition", [1, 20, 100, 1000])
def test_divergence_is_said_exactly_beyond_the_threshold(condition):
    view = views.descent_view(optim.SGD, surfaces.ravine)
    bound = 20 / condition
    assert "diverges" not in view.update(lr=0.99 * bound, condition=condition)
    assert "diverges" in view.update(lr=1.01 * bound, condition=condition)


def test_a_threshold_is_not_claimed_for_a_rule_that_does_not_have_it():
    for rule in (optim.AdaGrad, optim.Adam, Backwards):
        text = views.descent_view(rule, surfaces.ravine).update(lr=0.3)
        assert "/L" not in text
    assert "diverges" in views.descent_view(Backwards, surfaces.ravine, steps=100).update(lr=0.9)
    decaying = views.descent_view(optim.SGD, surfaces.ravine, steps=300)
    assert "/L" not in decaying.update(lr=0.3, lr_decay=0.5)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_the_threshold_of_momentum_is_where_it_begins_to_diverge(beta):
    view = views.descent_view(Momentum, surfaces.ravine, steps=3000)
    bound = 2 / 2 * (1 + beta) / (1 - beta)
    ravine = surfaces.ravine()
    for factor in (0.98, 1.02):
        path = surfaces.descend(Momentum, ravine, 3000, lr=factor * bound, beta=beta)
        grows = not abs(path[-1]).max() < 10
        text = view.update(lr=factor * bound, beta=beta)
        assert grows == (factor > 1) == ("diverges: " in text)


def test_overflow_is_divergence():
    text = views.descent_view(Backwards, surfaces.ravine, steps=3000).update(lr=1.0)
    assert text.startswith("Backwards diverges: f grows from 6.5 to ")


def test_a_start_is_followed_on_a_surface_of_one_weight():
    view = views.descent_view(optim.SGD, surfaces.plateau(), steps=500, lr=0.5)
    for start, steps in ((2.0, 9), (3.0, 33), (4.0, 447)):
        assert f"f < 0.01 after {steps} steps" in view.update(start=start)


def test_the_slope_and_the_step_are_those_of_the_formula():
    view = views.slope_view(surfaces.parabola())
    assert view.update(w=-3, lr=0.4).startswith("At w = -3 the slope is -3; the step -lr g = +1.2")
    assert "the loss rises, from 0.5 to 2" in view.update(w=1, lr=3)
    assert "the loss stays" in view.update(w=1, lr=2)


def test_the_noise_floor_is_the_one_derived():
    view = views.noise_floor_view(optim.SGD, surfaces.parabola(), np.random.default_rng(0))
    text = view.update(lr=0.5, lr_decay=0)
    measured = float(text.split("w is ")[1].split()[0])
    assert "on the floor of 0.58" in text
    assert abs(measured / np.sqrt(0.5 / 1.5) - 1) < 0.2
    assert "still on its way to the floor of 0.05" in view.update(lr=0.005, lr_decay=0)
    assert view.update(lr=2.5, lr_decay=0) == "lr 2.5 diverges: lr > 2/L = 2."
    assert view.update(lr=0.5, lr_decay=0) == text


def test_the_noise_of_batches_is_measured_in_units_of_the_gradient():
    gradients = np.random.default_rng(0).normal(size=(500, 50)) + 1
    view = views.batch_noise_view(gradients, np.random.default_rng(1), draws=400)
    for size in (1, 10, 100, 400):
        said = float(view.update(B=size).split("error is ")[1].split()[0])
        expected = np.sqrt(50 / size * (500 - size) / 499) / np.sqrt(50)
        assert abs(said / expected - 1) < 0.15
    assert "no noise" in view.update(B=500)
