"""What the chapters say in prose and no cell of theirs computes."""

import numpy as np
import pytest

from classroom import mnist, surfaces, training
from classroom.optimizers import Momentum, RMSProp
from mytorch_core import Tensor, nn, optim


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


def test_single_samples_explode_or_teach_nothing_at_the_rate_of_the_batches(data):
    model, small = network(), mnist.Digits(*(part[:500] for part in data))
    rng = np.random.default_rng(0)
    history = training.train(model, optim.SGD(model, lr=0.5), small, 1, rng=rng, batch_size=1)
    assert history.diverged_at or history.test_accuracy[0] < 0.3


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


def test_the_last_two_thousand_test_digits_are_easier(data):
    model, rng = network(), np.random.default_rng(100)
    training.train(model, optim.SGD(model, lr=0.5), data, 5, rng=rng)
    right = model(data.x_test).data.argmax(axis=1) == data.y_test
    assert right[-2000:].mean() > right.mean()


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
        (RMSProp, {"lr": 0.2, "beta": 0.9}, 98),
    ],
)
def test_how_long_the_cliff_of_fifty_is_remembered(rule, settings, needed):
    assert steps(rule, surfaces.cliff(50), **settings) == needed


def test_rmsprop_bursts_when_its_rate_has_grown_beyond_two_over_l():
    cliff, lr, v, sizes = surfaces.cliff(50), 0.1, 0.0, []
    path = surfaces.descend(RMSProp, cliff, 1500, lr=lr, beta=0.9)[:, 0]
    for g in cliff.gradient(path[None, :-1])[0]:
        v = 0.9 * v + 0.1 * g * g
        sizes.append(np.sqrt(v))
    away, steps = abs(path - 3)[200:], abs(np.diff(path))[200:]
    assert away.min() < 1e-3 < 0.1 < away.max() < 0.4
    assert 2 * lr < steps.max() < 3.2 * lr
    growing = (away[1:] > away[:-1]) & (away[1:] > 1e-3)
    assert growing.sum() > 10
    assert (lr / np.array(sizes)[200:][growing]).min() > 2 / 0.1  # L = 1/10


def test_the_fewest_steps_of_momentum_in_the_ravine():
    found = {
        (steps(Momentum, surfaces.ravine(), 60, lr=lr, beta=beta) or 61, beta)
        for beta in (0, 0.3, 0.5, 0.7, 0.9)
        for lr in (0.9, 2.0, 2.3, 2.5, 4.0)
    }
    assert min(found) == (9, 0.5)


@pytest.mark.parametrize(
    ("rule", "settings", "needed"),
    [(Momentum, {"beta": 0.9}, 52), (optim.Adam, {"beta1": 0.9, "beta2": 0.999}, 46)],
)
def test_the_fewest_steps_with_a_long_memory(rule, settings, needed):
    rates = np.geomspace(0.15, 0.6, 53)
    found = [steps(rule, surfaces.ravine(), 60, lr=lr, **settings) for lr in rates]
    assert min(n for n in found if n is not None) == needed


def test_what_the_betas_do_to_adam_in_the_ravine():
    def run(condition=20, **settings):
        ravine = surfaces.ravine(condition)
        path = surfaces.descend(optim.Adam, ravine, 150, **{"lr": 0.2} | settings)
        return path, surfaces.steps_until(surfaces.losses(ravine, path), 0.01)

    (usual, soon), (steep, late) = run(), run(1000)
    assert np.allclose(usual, steep, atol=1e-6)
    assert (soon, late) == (59, 89)
    assert usual[:, 0].max() > 0.2  # a swing
    assert run(beta1=0)[0][:, 0].max() < 0.01  # none
    assert abs(np.diff(run(beta1=0, lr=1.0)[0], axis=0)).max() > 2
    assert run(beta1=0.99)[0][:, 0].max() > 3
    assert run(beta2=0.5)[0][:, 0].max() > 2


def test_the_noise_floor_of_adam_is_that_of_sgd():
    def end(**settings):
        noise = {"start": (3.0,) * 2000, "noise": 1.0, "rng": np.random.default_rng(0)}
        path = surfaces.descend(optim.Adam, surfaces.parabola(), 400, lr=0.1, **noise, **settings)
        return np.sqrt((path[-1] ** 2).mean()), np.sqrt((np.diff(path[-50:], axis=0) ** 2).mean())

    for beta1, step in ((0, 0.1), (0.5, 0.055), (0.9, 0.022), (0.95, 0.015)):
        assert end(beta1=beta1) == pytest.approx((np.sqrt(0.1 / 1.9), step), rel=0.07)
    assert end(beta1=0.99)[0] > 0.3
    assert end(beta2=0)[0] > 10
    assert end(beta2=0.8)[0] == pytest.approx(end(beta2=0.999)[0], rel=0.15)


def test_how_long_a_step_of_adam_can_be():
    w = Tensor(np.zeros(1), requires_grad=True)
    adam = optim.Adam([w], lr=1.0)  # at (0.9, 0.99)
    for t in range(800):
        before, w.grad = w.data.copy(), np.array([(0.99 / 0.9) ** t])
        adam.step()
    assert abs(w.data - before)[0] == pytest.approx(2.35, abs=0.01)


def test_what_the_cockpit_shows_of_adam(data):
    model, rng = network(), np.random.default_rng(1)
    adam = optim.Adam(model, lr=0.001)

    def epoch(lr, most=100):
        adam.lr = lr
        for x, y in list(mnist.minibatches(data.x_train, data.y_train, 100, rng))[:most]:
            before = [p.data.copy() for p in model.parameters()]
            adam.zero_grad()
            nn.cross_entropy(model(x), y).backward()
            adam.step()
        moved = [abs(p.data - b) for p, b in zip(model.parameters(), before, strict=True)]
        return np.array([np.median(d[d > 0]) for d in moved if d.ndim == 2])

    def accuracy():
        return (model(data.x_test).data.argmax(axis=1) == data.y_test).mean()

    usual, before = epoch(0.001), accuracy()
    assert (usual > 0.001 / 12).all()
    assert (usual < 0.001 / 4).all()
    assert usual.max() < 2 * usual.min()
    adam.beta1 = 0.0
    assert (epoch(0.001, 1) / usual > 2).all()
    adam.beta1 = 0.9
    epoch(0.03)
    thrown = accuracy()
    epoch(0.001, 50)
    dead = (model[1](model[0](data.x_test[:2000])).data.max(axis=0) == 0).mean()
    assert dead > 0.6
    assert thrown < before - 0.01
    assert accuracy() > thrown + 0.01


def test_what_adams_memories_weigh():
    model = network()
    assert sum(p.data.nbytes for p in model.parameters()) / 1e6 == pytest.approx(0.91, abs=0.01)
    adam = optim.Adam(model)
    assert sum(a.nbytes for a in adam.m + adam.v) / 1e6 == pytest.approx(1.82, abs=0.02)


def test_the_share_of_the_first_layer_without_a_gradient_in_a_batch(data):
    gradient = first_layer_gradient(network(), data.x_train[:100], data.y_train[:100])
    assert 0.3 < (gradient == 0).mean() < 0.45
