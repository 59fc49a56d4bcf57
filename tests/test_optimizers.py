"""Momentum and RMSProp by their equations, and what sets them apart."""

import time

import numpy as np
import pytest

from classroom.optimizers import Momentum, RMSProp, step_time
from mytorch_core import Tensor


def run(rule, gradients, **hyperparameters):
    w = Tensor(np.zeros(np.shape(gradients[0])), requires_grad=True)
    optimizer, path = rule([w], **hyperparameters), []
    for g in gradients:
        w.grad = np.array(g, float)
        optimizer.step()
        path.append(w.data.copy())
    return np.array(path)


def test_momentum_by_its_equation(rng):
    g = rng.normal(size=(40, 3))
    w, m = np.zeros(3), np.zeros(3)
    for row, ours in zip(g, run(Momentum, g, lr=0.2, beta=0.8), strict=True):
        m = 0.8 * m + 0.2 * row
        w = w - 0.2 * m
        assert np.allclose(ours, w, rtol=1e-12)


def test_rmsprop_by_its_equation(rng):
    g = rng.normal(size=(40, 3))
    w, v = np.zeros(3), np.zeros(3)
    for row, ours in zip(g, run(RMSProp, g, lr=0.2, beta=0.8, eps=1e-3), strict=True):
        v = 0.8 * v + 0.2 * row**2
        w = w - 0.2 * row / (np.sqrt(v) + 1e-3)
        assert np.allclose(ours, w, rtol=1e-12)


def test_the_two_conventions_of_momentum_differ_by_a_factor_in_lr(rng):
    g = rng.normal(size=(40, 3))
    w, m = np.zeros(3), np.zeros(3)
    for row in g:
        m = 0.9 * m + row
        w = w - 0.01 * m
    assert np.allclose(run(Momentum, g, lr=0.1, beta=0.9)[-1], w)


def test_rmsprop_is_not_corrected_at_the_start():
    assert run(RMSProp, [3.0], lr=0.1, beta=0.99)[0] == pytest.approx(-0.1 / np.sqrt(0.01))


def test_the_shortest_step_counts(monkeypatch):
    w = Tensor(np.ones(3), requires_grad=True)
    w.grad = np.ones(3)
    ticks = iter([0.0, 5.0, 10.0, 12.0, 20.0, 29.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    assert step_time(Momentum([w]), repeats=3) == 2.0
