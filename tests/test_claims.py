"""What the chapters say in prose and no cell of theirs computes."""

import numpy as np
import pytest

from classroom import mnist, surfaces, training
from mytorch_core import nn, optim


@pytest.fixture(scope="module")
def data():
    return mnist.load()


def network(dtype=np.float32):
    """The network of the course."""
    start = {"rng": np.random.default_rng(0), "dtype": dtype}
    first, second = nn.Linear(784, 256, **start), nn.Linear(256, 100, **start)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(100, 10, **start))


def first_layer_gradient(model, x, y):
    model.zero_grad()
    nn.cross_entropy(model(x), y).backward()
    return model[0].weight.grad.copy()


# ---------------------------------------------------------------- chapter 02


def test_the_network_has_some_228_000_weights():
    assert round(sum(p.size for p in network().parameters()), -3) == 228_000


def test_one_full_batch_step_takes_the_loss_from_2_30_to_2_28(data):
    model, sgd_rng = network(), np.random.default_rng(0)
    sgd = optim.SGD(model, lr=0.5)
    history = training.train(model, sgd, data, 1, rng=sgd_rng, batch_size=10_000)
    assert history.loss[0] == pytest.approx(2.30, abs=0.005)
    assert history.train_loss[0] == pytest.approx(2.28, abs=0.01)


def test_single_samples_learn_nothing_at_the_rate_of_the_batches(data):
    model, small = network(), mnist.Digits(*(part[:500] for part in data))
    rng = np.random.default_rng(0)
    history = training.train(model, optim.SGD(model, lr=0.5), small, 1, rng=rng, batch_size=1)
    assert history.diverged_at or history.test_accuracy[0] < 0.3


def test_bright_pixels_scale_the_gradient_and_its_slope(data):
    x, y = data.x_train[:300].astype(float), data.y_train[:300]

    def curvature(scale, h=1e-9):
        model, rng = network(np.float64), np.random.default_rng(1)
        w = model[0].weight
        start, Hv = w.data, rng.normal(size=w.shape)
        for _ in range(12):
            v = Hv / np.sqrt((Hv * Hv).sum())
            ends = []
            for step in (h * v, -h * v):
                w.data = start + step
                ends.append(first_layer_gradient(model, scale * x, y))
            Hv = (ends[0] - ends[1]) / (2 * h)
        return np.sqrt((Hv * Hv).sum())

    dark, bright = (first_layer_gradient(network(np.float64), k * x, y) for k in (1, 255))
    ratio = np.linalg.norm(bright) / np.linalg.norm(dark)
    assert 200 < ratio < 1000, "hundreds of times larger"
    assert 3e3 < curvature(255) / curvature(1) < 1e6, "some ten thousand times"


def test_the_loss_at_the_saddle_looks_flat_for_more_than_thirty_steps():
    saddle = surfaces.saddle()
    values = surfaces.losses(saddle, surfaces.descend(optim.SGD, saddle, 120, lr=0.1))
    assert (abs(values) < 0.03).sum() > 30


def test_the_floor_of_the_small_rate():
    assert np.sqrt(0.005 / (2 - 0.005)) == pytest.approx(0.05, abs=0.001)


def test_the_last_two_thousand_test_digits_are_easier(data):
    model, rng = network(), np.random.default_rng(100)
    training.train(model, optim.SGD(model, lr=0.5), data, 5, rng=rng)
    right = model(data.x_test).data.argmax(axis=1) == data.y_test
    assert right[-2000:].mean() > right.mean()
