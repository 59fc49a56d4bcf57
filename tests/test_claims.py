"""What the chapters say in prose and no cell of theirs computes."""

import numpy as np
import pytest

from classroom import mnist, surfaces, training
from classroom.optimizers import Momentum, RMSProp
from classroom.training.race import Race
from mytorch_core import nn, optim


@pytest.fixture(scope="module")
def data():
    return mnist.load()


def network(dtype=np.float32):
    """The network of the course."""
    start = {"rng": np.random.default_rng(0), "dtype": dtype}
    first, second = nn.Linear(784, 256, **start), nn.Linear(256, 100, **start)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(100, 10, **start))


def whole_gradient(model, x, y):
    model.zero_grad()
    nn.cross_entropy(model(x), y).backward()
    return np.concatenate([p.grad.ravel() for p in model.parameters()])


def first_layer_gradient(model, x, y):
    model.zero_grad()
    nn.cross_entropy(model(x), y).backward()
    return model[0].weight.grad.copy()


# ---------------------------------------------------------------- chapter 02


def test_the_network_has_some_228_000_weights():
    assert round(sum(p.size for p in network().parameters()), -3) == 228_000


def test_the_noise_of_single_digits_beside_the_gradient(data):
    model, n, squares, uphill, shown = network(), 1000, 0.0, 0, 0
    full = whole_gradient(model, data.x_train[:n], data.y_train[:n])
    for x, y in zip(data.x_train[:n, None], data.y_train[:n, None], strict=True):
        one = whole_gradient(model, x, y)
        squares += one @ one / n
        uphill += one @ full < 0
        shown += one[::50] @ full[::50] < 0  # what the figure shows
    length = np.sqrt(full @ full)
    assert length == pytest.approx(0.19, abs=0.01)
    noise = squares / length**2 - 1
    assert 90 < n * noise / (noise + n - 1) < 115, "as long as the gradient near B = 100"
    assert 1 / 14 < uphill / n < 1 / 10, "about one in twelve"
    assert 1 / 7 < shown / n < 1 / 5, "about one in six"


@pytest.mark.parametrize(
    ("size", "rates", "best", "limits"),
    [(2000, (10, 20, 50), 20, (1.9, 2.2)), (100, (0.2, 0.5, 1), 0.5, (0.8, 1.4))],
)
def test_the_best_rate_of_each_batch_size_and_where_it_leads(data, size, rates, best, limits):
    few, found = mnist.Digits(*(part[:2000] for part in data)), {}
    for lr in rates:
        model, rng = network(), np.random.default_rng(0)
        sgd = optim.SGD(model, lr=lr)
        history = training.train(model, sgd, few, 1, rng=rng, batch_size=size)
        found[lr] = history.train_loss[-1]
    assert min(found, key=found.get) == best
    assert limits[0] < found[best] < limits[1]


def test_the_best_rate_of_single_samples(data):
    few, found = mnist.Digits(*(part[:2000] for part in data)), {}
    for lr in (0.01, 0.02, 0.05):
        model, rng = network(), np.random.default_rng(0)
        history = training.train(model, optim.SGD(model, lr=lr), few, 1, rng=rng, batch_size=1)
        found[lr] = history.train_loss[-1]
    assert min(found, key=found.get) == 0.02
    assert found[0.02] < 0.5


def test_ten_passes_in_batches_end_lower_than_single_samples_in_one(data):
    few, model = mnist.Digits(*(part[:2000] for part in data)), network()
    rng = np.random.default_rng(0)
    history = training.train(model, optim.SGD(model, lr=0.5), few, 10, rng=rng)
    assert len(history.loss) == 200
    assert history.train_loss[-1] < 0.25


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_single_samples_explode_or_teach_nothing_at_the_rate_of_the_batches(data, seed):
    model, small = network(), mnist.Digits(*(part[:500] for part in data))
    rng = np.random.default_rng(seed)
    history = training.train(model, optim.SGD(model, lr=0.5), small, 1, rng=rng, batch_size=1)
    assert history.diverged_at or history.test_accuracy[0] < 0.3


def test_a_network_that_was_overturned_does_not_come_back(data):
    race = Race(network(), data, {"SGD": lambda p: optim.SGD(p, lr=0.5)}, np.random.default_rng(0))
    race.advance(200)
    (lane,) = race.lanes
    first, *_ = lane.moved
    assert 0.25 < (first == 0).mean() < 0.45, "about a third of the first layer stands still"
    assert np.median(lane.moved[2]) > np.median(lane.moved[1]) > np.median(first)
    for lr, more in ((5, 50), (0.5, 50)):
        lane.optimizer.lr = lr
        race.advance(more)
    assert all((moved == 0).all() for moved in lane.moved)
    assert lane.mean > 2


def steps(rule, surface, most=1500, **settings):
    """Steps until f stays below 0.01, or None."""
    path = surfaces.descend(rule, surface, most, **settings)
    return surfaces.steps_until(surfaces.losses(surface, path), 0.01)


def test_the_best_rate_in_the_long_run_is_not_the_soonest_below_a_hundredth():
    assert steps(optim.SGD, surfaces.ravine(), lr=2 / 2.1) == 33
    assert steps(optim.SGD, surfaces.ravine(), lr=0.92) == 29


@pytest.mark.parametrize(
    ("lr", "lr_decay", "floor"),
    [(0.012, 0, 0.081), (0.5, 0.1, 0.47), (0.5, 0.7, 0.089), (0.5, 0.8, 0.077), (0.5, 0.95, 0.107)],
)
def test_where_constant_and_falling_rates_end(lr, lr_decay, floor):
    rng, many = np.random.default_rng(0), {"start": [3.0] * 20_000, "noise": 1.0}
    path = surfaces.descend(
        optim.SGD, surfaces.parabola(), 400, rng=rng, lr=lr, lr_decay=lr_decay, **many
    )
    assert np.sqrt((path[-1] ** 2).mean()) == pytest.approx(floor, abs=0.004)


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


@pytest.mark.parametrize(("start", "needed"), [(2.0, 9), (3.0, 33), (4.0, 447)])
def test_how_long_a_plateau_takes(start, needed):
    assert steps(optim.SGD, surfaces.plateau(), start=(start,), lr=0.5) == needed


def test_beyond_two_a_path_does_not_rest_in_the_well():
    well = surfaces.plateau()
    for lr in (2.1, 3.0, 5.0):
        assert steps(optim.SGD, well, start=(2.0,), lr=lr) is None


# ---------------------------------------------------------------- chapter 01


def test_whom_a_turn_disturbs():
    straight, turned = surfaces.turned_ravine(20, 0), surfaces.turned_ravine(20, 45)
    for rule, settings, needed in (
        (optim.SGD, {"lr": 0.9}, (30, 30)),
        (Momentum, {"lr": 2.0, "beta": 0.5}, (11, 11)),
        (optim.AdaGrad, {"lr": 5.0}, (5, 45)),
        (optim.Adam, {"lr": 0.3}, (56, None)),
    ):
        assert tuple(steps(rule, here, 60, **settings) for here in (straight, turned)) == needed


# ---------------------------------------------------------------- chapter 03


def test_no_rate_repairs_a_turned_ravine():
    turned = surfaces.turned_ravine(20, 45)
    needed = [steps(optim.AdaGrad, turned, 60, lr=lr) for lr in np.geomspace(3, 30, 20)]
    assert min(n or 61 for n in needed) >= 43
    for rule, settings in ((optim.SGD, {"lr": 2 / 100.1}), (optim.AdaGrad, {"lr": 5.0})):
        assert steps(rule, surfaces.turned_ravine(1000, 45), 60, **settings) is None


def test_from_which_eps_on_the_path_changes():
    ravine, far = surfaces.turned_ravine(20, 0), []
    plain = surfaces.descend(optim.AdaGrad, ravine, 60, lr=5.0)
    for eps in (1e-3, 1e-2):
        far.append(abs(surfaces.descend(optim.AdaGrad, ravine, 60, lr=5.0, eps=eps) - plain).max())
    assert far[0] < 0.01 < far[1]


@pytest.mark.parametrize(("lr", "share"), [(0.01, 0.52), (1.5, 0.61), (2.0, 0.59), (3.0, 0.525)])
def test_which_share_ends_in_the_deep_well(lr, share):
    rule = optim.SGD if lr == 0.01 else optim.AdaGrad
    starts = np.random.default_rng(0).uniform(-2, 2, 20_000)
    end = surfaces.descend(rule, surfaces.two_wells(), 300, start=starts, lr=lr)[-1]
    assert (end < 0).mean() == pytest.approx(share, abs=0.01)


def test_adam_bursts_out_of_the_valley_behind_the_cliff():
    cliff = surfaces.cliff(50)
    late = {}
    for lr in (1.0, 3.0):
        path = surfaces.descend(optim.Adam, cliff, 1500, lr=lr)
        assert path.max() > 3.5  # the minimum lies at 3
        late[lr] = surfaces.losses(cliff, path)[600:].max()
    assert late[1.0] < 0.01 < late[3.0]


# ---------------------------------------------------------------- chapter 04


@pytest.mark.parametrize(
    ("rule", "settings", "needed"),
    [
        (optim.AdaGrad, {"lr": 1.0}, 1303),
        (optim.AdaGrad, {"lr": 5.0}, 83),
        (RMSProp, {"lr": 0.1, "beta": 0.9}, 131),
        (RMSProp, {"lr": 0.1, "beta": 0.99}, 404),
        (RMSProp, {"lr": 0.1, "beta": 0.999}, 276),
    ],
)
def test_how_long_the_cliff_of_fifty_is_remembered(rule, settings, needed):
    assert steps(rule, surfaces.cliff(50), **settings) == needed


def test_rmsprop_bursts_when_its_rate_has_grown_beyond_two_over_l():
    cliff = surfaces.cliff(0)
    path = surfaces.descend(RMSProp, cliff, 1500, lr=0.1, beta=0.99)[:, 0]
    calm = abs(np.diff(path))
    quiet = calm[200:].min()
    assert quiet < 1e-4
    assert calm[200:].max() > 100 * quiet


def test_the_fewest_steps_of_momentum_in_the_ravine():
    found = {
        (steps(Momentum, surfaces.ravine(), 60, lr=lr, beta=beta) or 61, beta)
        for beta in (0, 0.3, 0.5, 0.7, 0.9)
        for lr in (0.9, 2.0, 2.3, 2.5, 4.0)
    }
    assert min(found) == (9, 0.5)


def test_the_share_of_the_first_layer_without_a_gradient_in_a_batch(data):
    gradient = first_layer_gradient(network(), data.x_train[:100], data.y_train[:100])
    assert 0.3 < (gradient == 0).mean() < 0.45
