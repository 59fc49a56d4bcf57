"""What the chapters say in prose and no cell of theirs computes."""

import copy

import numpy as np
import pytest

from classroom import mnist, surfaces, training
from classroom.optimizers import Momentum, RMSProp
from classroom.training.race import Race
from mytorch_core import Tensor, nn, optim


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
    ):
        assert tuple(steps(rule, here, 60, **settings) for here in (straight, turned)) == needed
    adam = [
        steps(optim.Adam, surfaces.turned_ravine(20, turn), 99, lr=0.3) for turn in range(0, 91, 5)
    ]
    assert 49 <= min(adam) < max(adam) <= 63
    ends = [
        surfaces.losses(ravine, surfaces.descend(optim.Adam, ravine, 60, lr=0.3))[-1]
        for ravine in (surfaces.turned_ravine(100, turn) for turn in (0, 45))
    ]
    assert ends == pytest.approx([0.012, 1.1], rel=0.05)


def test_what_a_hundred_steps_promise_and_what_they_keep(data):
    model, rng = network(), np.random.default_rng(100)
    sgd, promised, losses = optim.SGD(model, lr=0.5), [], []
    for x, y in mnist.minibatches(data.x_train, data.y_train, 100, rng):
        loss = nn.cross_entropy(model(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        promised.append(0.5 * sum((p.grad**2).sum() for p in model.parameters()))
        losses.append(loss.item())
    assert promised[0] < 0.06
    assert 0.5 < np.mean(promised[10:]) < 1.5
    assert sum(promised) > 20 * (losses[0] - np.mean(losses[-10:]))
    assert losses[0] - np.mean(losses[-10:]) < 2


# ---------------------------------------------------------------- chapter 03


def test_no_rate_repairs_a_turned_ravine():
    turned = surfaces.turned_ravine(20, 45)
    needed = [steps(optim.AdaGrad, turned, 60, lr=lr) for lr in np.geomspace(0.1, 30, 30)]
    assert min(n or 61 for n in needed) == 43


def test_from_which_eps_on_the_path_changes():
    ravine, eps = surfaces.turned_ravine(20, 0), (0.001, 0.03, 1.0)
    assert abs(ravine.gradient(np.array(ravine.start))).tolist() == pytest.approx([0.7, 4.0])
    plain = surfaces.descend(optim.AdaGrad, ravine, 60, lr=5.0)
    paths = [surfaces.descend(optim.AdaGrad, ravine, 60, lr=5.0, eps=e) for e in eps]
    far = [abs(path - plain).max() / 12 for path in paths]  # the picture is 12 wide
    assert far[0] < 0.001 < 0.01 < far[1]
    assert [steps(optim.AdaGrad, ravine, 60, lr=5.0, eps=e) for e in eps] == [5, 5, 10]
    far_above = surfaces.descend(optim.AdaGrad, ravine, 60, lr=5e4, eps=1e5)
    sgd = surfaces.descend(optim.SGD, ravine, 60, lr=0.5)
    np.testing.assert_allclose(far_above, sgd, atol=1e-3)


@pytest.mark.parametrize(
    ("rule", "lr", "level", "high"),
    [
        (optim.AdaGrad, 1.0, 29, 1303),
        (optim.AdaGrad, 5.0, 2, 83),
        (optim.AdaGrad, 10.0, 4, 111),
        (optim.AdaGrad, 6.31, 1, 1),
        (optim.SGD, 1.0, 25, 45),
    ],
)
def test_what_a_cliff_costs(rule, lr, level, high):
    assert steps(rule, surfaces.cliff(0), lr=lr) == level
    assert steps(rule, surfaces.cliff(50), lr=lr) == high


def test_what_the_cliff_puts_into_h():
    cliff = surfaces.cliff(50)
    path = surfaces.descend(optim.AdaGrad, cliff, 3, lr=1.0)
    slopes = cliff.gradient(path.T)[0]
    h = (slopes[:3] ** 2).sum()
    assert slopes[:2].round().tolist() == [-51, -25] or slopes[:2].round().tolist() == [-51, -26]
    assert h / 0.5**2 > 12_000
    assert np.sqrt(h) == pytest.approx(57, abs=0.5)
    assert 10 * np.sqrt(h) * np.log(10) == pytest.approx(1300, rel=0.02)
    assert surfaces.descend(optim.SGD, cliff, 1, lr=1.0)[1, 0] == pytest.approx(48, abs=0.5)


def test_adagrad_settles_ever_closer_under_noise():
    size = {}
    for lr in (0.03, 0.2, 1.0, 5.0):
        rng, many = np.random.default_rng(0), {"start": [3.0] * 5000, "noise": 1.0}
        path = surfaces.descend(optim.AdaGrad, surfaces.parabola(), 400, rng=rng, lr=lr, **many)
        size[lr] = np.sqrt((path[-1] ** 2).mean())
    assert min(size, key=size.get) == 0.2
    assert size[0.2] == pytest.approx(0.07, abs=0.005)
    assert size[1.0] == pytest.approx(np.sqrt(1 / 40), rel=0.05)
    assert size[5.0] > size[1.0]
    assert size[0.03] == pytest.approx(2.0, abs=0.1)


def test_a_large_first_step_silences_hidden_units(data):
    silent = {}
    for lr in (0.003, 0.1):
        model, r = network(), np.random.default_rng(0)
        small = mnist.Digits(*(part[:2000] for part in data))
        training.train(model, optim.AdaGrad(model, lr=lr), small, 1, rng=r, progress=False)
        silent[lr] = (model[0](data.x_test[:1000]).data <= 0).all(axis=0).mean()
    assert silent[0.003] < 0.1
    assert silent[0.1] > 0.4


def test_what_the_cockpit_of_chapter_03_shows(data):
    def middles(rule, until):
        """The middle of |delta w| in the first layer after some steps, and the moved weights."""
        model, found = network(), {}
        w, optimizer = model[0].weight, rule(model)
        for x, y in mnist.minibatches(*data[:2], 100, np.random.default_rng(5)):
            before = w.data.copy()
            model.zero_grad()
            nn.cross_entropy(model(x), y).backward()
            optimizer.step()
            moved = abs(w.data - before)
            found[optimizer.t] = moved[moved > 0]
            if optimizer.t == until:
                return found

    ada = middles(lambda model: optim.AdaGrad(model, lr=0.03), 100)
    sgd = middles(lambda model: optim.SGD(model, lr=0.5), 30)
    assert (abs(ada[1] / 0.03 - 1) < 0.1).mean() > 0.998
    assert np.median(ada[100]) < 0.001
    assert np.divide(*np.quantile(sgd[1], [0.95, 0.05])) > 100
    assert np.median(sgd[30]) > 1.5 * np.median(sgd[1])


def test_ten_steps_at_ten_times_the_rate_are_repaired_only_in_part(data):
    model, r = network(), np.random.default_rng(5)
    run = model, optim.AdaGrad(model, lr=0.03)
    training.train(*run, data, 1, rng=r, progress=False)
    found = []
    for burst in (0, 10):
        model, ada = copy.deepcopy(run)
        ada.lr = 0.3
        for i in range(burst):
            some = slice(100 * i, 100 * i + 100)
            model.zero_grad()
            nn.cross_entropy(model(data.x_train[some]), data.y_train[some]).backward()
            ada.step()
        ada.lr = 0.03
        history = training.train(model, ada, data, 1, rng=np.random.default_rng(6), progress=False)
        silent = (model[0](data.x_test[:1000]).data <= 0).all(axis=0).mean()
        found.append((history.test_accuracy[0], silent))
    (calm, few), (hurt, most) = found
    assert calm > 0.925
    assert 0.8 < hurt < calm - 0.02
    assert few < 0.6 < most


# ---------------------------------------------------------------- chapter 04


@pytest.mark.parametrize(
    ("rule", "settings", "needed"),
    [
        (optim.AdaGrad, {"lr": 1.0}, 1303),
        (optim.AdaGrad, {"lr": 5.0}, 83),
        (RMSProp, {"lr": 0.1, "beta": 0.9}, 131),
    ],
)
def test_how_long_the_cliff_of_fifty_is_remembered(rule, settings, needed):
    assert steps(rule, surfaces.cliff(50), **settings) == needed


@pytest.mark.parametrize(
    ("rule", "settings", "needed"),
    [(optim.AdaGrad, {"lr": 5.0}, 807), (RMSProp, {"lr": 0.1, "beta": 0.9}, 172)],
)
def test_how_long_a_cliff_of_five_hundred_is_remembered(rule, settings, needed):
    assert steps(rule, surfaces.cliff(500), **settings) == needed


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
    longer = epoch(0.001, 1) / usual
    assert 2 < longer.min() < longer.max() < 6.5
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
