"""The surfaces' gradients are derivatives, and the numbers that the chapters quote come out."""

import numpy as np
import pytest

from classroom import surfaces
from classroom.optimizers import Momentum, RMSProp
from mytorch_core import optim

SURFACES = {
    "parabola": surfaces.parabola(2.5),
    "ravine": surfaces.ravine(),
    "steep ravine": surfaces.ravine(1000),
    "plateau": surfaces.plateau(),
    "saddle": surfaces.saddle(),
    "Rosenbrock's valley": surfaces.rosenbrock(),
    "turned ravine": surfaces.turned_ravine(50, 30),
    "cliff": surfaces.cliff(),
    "two wells": surfaces.two_wells(),
}


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_are_derivatives_and_minima_are_lowest(name, rng):
    surface = SURFACES[name]
    h = 1e-6
    low, high = np.array(surface.window).T
    for w in rng.uniform(low, high, (20, len(low))):
        for i, e in enumerate(np.eye(len(low))):
            slope = (surface.f(w + h * e) - surface.f(w - h * e)) / (2 * h)
            assert slope == pytest.approx(surface.gradient(w)[i], rel=1e-8, abs=1e-7)
        assert surface.f(w) >= surface.f(np.array(surface.minimum))
    grid = rng.uniform(size=(len(low), 4, 3))
    assert surface.gradient(grid).shape == grid.shape
    assert surface.f(grid).shape == (4, 3)


def test_the_largest_curvature():
    for surface in (surfaces.parabola(2.5), surfaces.ravine(), surfaces.ravine(1000)):
        e = np.zeros(len(surface.start))
        e[-1] = 1
        assert (surface.gradient(e) @ e) == surface.L


def test_the_best_rate_shrinks_both_directions_alike():
    for surface in (surfaces.ravine(), surfaces.ravine(0.5), surfaces.turned_ravine(100, 20)):
        factors = [1 - surface.best_rate * c for c in (surface.mu, surface.L)]
        assert factors[0] == pytest.approx(-factors[1])


def test_a_path_follows_the_rule():
    path = surfaces.descend(optim.SGD, surfaces.ravine(), 3, lr=0.5)
    assert path.shape == (4, 2)
    assert np.allclose(path, [[-7 * 0.95**t, 2 * 0.0**t] for t in range(4)])


@pytest.mark.parametrize("rule", [optim.SGD, Momentum, optim.AdaGrad, RMSProp, optim.Adam])
def test_every_rule_runs_on_every_surface(rule):
    for surface in SURFACES.values():
        path = surfaces.descend(rule, surface, 200, lr=0.01)
        assert surfaces.losses(surface, path)[-1] < surfaces.losses(surface, path)[0]


def test_divergence_is_drawn_out_without_a_warning():
    path = surfaces.descend(optim.SGD, surfaces.ravine(), 5000, lr=3.0)
    assert not np.isfinite(path[-1]).all()
    assert not np.isfinite(surfaces.losses(surfaces.ravine(), path)[-1])


def test_noise_is_drawn_from_the_generator():
    paths = [
        surfaces.descend(
            optim.SGD, surfaces.parabola(), 50, lr=0.1, noise=1.0, rng=np.random.default_rng(s)
        )
        for s in (0, 0, 1)
    ]
    assert np.array_equal(paths[0], paths[1])
    assert not np.array_equal(paths[0], paths[2])


def test_noise_without_a_generator_is_an_error():
    with pytest.raises(TypeError, match="noise needs a numpy Generator as rng, not None"):
        surfaces.descend(optim.SGD, surfaces.parabola(), 3, noise=1.0)


def test_the_loss_on_a_quadratic_falls_at_every_step_below_two_over_L():
    surface = surfaces.ravine()
    for lr in np.linspace(0.02, 0.99, 40):
        path = surfaces.descend(optim.SGD, surface, 60, lr=lr)
        assert (np.diff(surfaces.losses(surface, path)) < 0).all()
    for lr in (1.01, 1.2):
        values = surfaces.losses(surface, surfaces.descend(optim.SGD, surface, 60, lr=lr))
        assert values[-1] > values[1]


def test_steps_until():
    assert surfaces.steps_until([3.0, 2.0, 1.0], 1.5) == 2
    assert surfaces.steps_until([3.0, np.nan], 1.5) is None
    assert surfaces.steps_until([3.0, 1.0, 2.0, 1.0], 1.5) == 3  # it has to stay below
    assert surfaces.steps_until([1.0, 1.0], 1.5) == 0
    assert surfaces.steps_until([1.0, 3.0], 1.5) is None


def fewest_steps(rule, condition, rates, **settings):
    """Steps until f < 0.01 at the best of the rates."""
    surface = surfaces.ravine(condition)
    needed = []
    for lr in rates:
        path = surfaces.descend(rule, surface, 1500, lr=lr, **settings)
        needed.append(surfaces.steps_until(surfaces.losses(surface, path), 0.01))
    return min(n for n in needed if n is not None)


def test_the_best_rates_on_the_ravine():
    assert fewest_steps(optim.SGD, 20, np.linspace(0.92, 0.98, 13)) == 29
    assert fewest_steps(optim.SGD, 1000, np.linspace(0.0199, 0.02, 11)) == 1379
