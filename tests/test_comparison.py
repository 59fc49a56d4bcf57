"""What chapter 05 says and none of its cells prints."""

import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from classroom import mnist, surfaces, training, views
from classroom.optimizers import AdamW, Momentum
from classroom.pictures.views.convolution import KERNELS, convolved
from classroom.pictures.views.counterexample import walk
from classroom.training.race import Race
from conftest import digits_once
from mytorch_core import Tensor, optim

CHAPTER = Path(__file__).parents[1] / "notebooks" / "05_comparison.ipynb"
SOURCES = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
GROUNDS = {
    "ravine": surfaces.ravine(),
    "Rosenbrock": surfaces.rosenbrock(),
    "saddle": surfaces.saddle(),
}


@pytest.fixture(scope="module")
def chapter():
    """The names that the set-up and the search leave."""
    space = {}
    with digits_once():
        for name in ("setup", "fair-search", "broad-run"):
            exec(SOURCES[name], space)
    return space


@pytest.fixture(scope="module")
def found(chapter):
    """{ground: {rule: the rate that the chapter's search finds}}"""
    return {name: chapter["best_rates"](ground) for name, ground in GROUNDS.items()}


def arrivals(chapter, ground, rates, factor=1, steps=300):
    """Steps of SGD, Momentum, AdaGrad, Adam; inf for one that does not arrive."""
    rules = chapter["RULES"]
    return [
        chapter["arrival"](rule, ground, factor * rates[name], steps)
        for name, rule in rules.items()
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ravine", [39, 53, 4, 54]),
        ("Rosenbrock", [180, 65, 195, 52]),
        ("saddle", [11, 49, 9, 42]),
    ],
)
def test_who_arrives_when(chapter, found, name, expected):
    assert arrivals(chapter, GROUNDS[name], found[name]) == expected


def test_what_multiplied_rates_do(chapter, found):
    sgd, *others = arrivals(chapter, GROUNDS["ravine"], found["ravine"], factor=2)
    assert sgd == np.inf
    assert max(others) < 60
    assert found["ravine"]["SGD"] == pytest.approx(0.68, abs=0.005)
    *others, adam = arrivals(chapter, GROUNDS["Rosenbrock"], found["Rosenbrock"], 10, steps=250)
    assert (others, adam) == ([np.inf] * 3, 102)


def test_who_leaves_the_saddle_when(chapter, found):
    left = []
    for name, rule in chapter["RULES"].items():
        path = surfaces.descend(rule, surfaces.saddle(), 80, lr=found["saddle"][name])
        left.append(int(np.argmax(abs(path[:, 1]) > 0.5)))
    assert left == [10, 13, 1, 3]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_the_noisy_valley(chapter, seed):
    """With twenty times the chapter's runs, and a margin of several standard errors."""
    ravine = surfaces.ravine()
    start = np.repeat(np.array(ravine.start)[:, None], 2000, axis=1)
    ends = {}
    rates = {"SGD": 0.147, "Momentum": 0.147, "AdaGrad": 1.0, "Adam": 0.147}
    for name, lr in rates.items():
        noise = {"noise": 1.0, "rng": np.random.default_rng(seed)}
        path = surfaces.descend(chapter["RULES"][name], ravine, 200, start, lr=lr, **noise)[-20:]
        ends[name] = ravine.f(np.moveaxis(path, 1, 0).reshape(2, -1)).mean()
    assert ends["AdaGrad"] + 0.005 < min(ends["Adam"], ends["Momentum"])
    assert max(ends["Adam"], ends["Momentum"]) + 0.005 < ends["SGD"]
    assert ends["SGD"] == pytest.approx(0.09, abs=0.005)
    assert ends["AdaGrad"] == pytest.approx(0.06, abs=0.005)


def test_the_rates_found_in_the_noisy_valley(chapter):
    space = dict(chapter, ravine=surfaces.ravine())
    exec(SOURCES["noisy-live"].split("\n\n\n")[0], space)
    rates = chapter["best_rates"](surfaces.ravine(), space["noisy_end"])
    assert rates["SGD"] == pytest.approx(0.15, abs=0.005)
    assert rates["AdaGrad"] == pytest.approx(1.0)


def test_who_is_first_at_one_rate_for_all(chapter):
    def order(lr):
        same = dict.fromkeys(chapter["RULES"], lr)
        return arrivals(chapter, surfaces.ravine(), same, steps=100)

    assert order(0.1) == [np.inf, np.inf, np.inf, 96]
    assert order(0.8) == [33, 57, 59, 56]
    assert order(5.0) == [np.inf, 59, 5, 63]
    low = views.paths_view(chapter["RULES"], surfaces.ravine, steps=100).update(lr=0.01)
    ends = [float(part.split("f = ")[1].split()[0]) for part in low.split("steps.")[:4]]
    assert max(ends[:2]) < min(ends[2:])


# ---------------------------------------------------------------- the cockpits


def validation(chapter):
    """The digits of the cockpits: validation digits stand in the place of the test digits."""
    x, y = chapter["data"].x_train, chapter["data"].y_train
    return mnist.Digits(x[:10_000], y[:10_000], x[10_000:], y[10_000:])


def raced(chapter, rates, steps=100):
    """{rule: (loss, accuracy)} of the chapter's first race, which an epoch ends."""
    rules = {
        name: lambda p, rule=chapter["RULES"][name], lr=lr: rule(p, lr=lr)
        for name, lr in rates.items()
    }
    race = Race(chapter["network"](0), validation(chapter), rules, np.random.default_rng(5))
    race.advance(steps)
    return {lane.name: (lane.smooth[-1], lane.accuracy[-1][1]) for lane in race.lanes}


CHOSEN = {"SGD": 0.464, "Momentum": 1.0, "AdaGrad": 0.0464, "Adam": 0.00464}


def test_who_is_hurt_by_three_and_by_ten_times_the_rate(chapter):
    assert f"chosen = {CHOSEN}".replace("'", '"') in SOURCES["ties-check"]
    once, three, ten = (
        raced(chapter, {rule: factor * lr for rule, lr in CHOSEN.items()}) for factor in (1, 3, 10)
    )
    assert all(0.84 < accuracy < 0.92 for _, accuracy in once.values())
    assert 1.2 < three["SGD"][0] < 2.2
    assert three["SGD"][1] < 0.55
    for rule, change in (("Momentum", -0.03), ("AdaGrad", -0.03), ("Adam", 0.0)):
        assert three[rule][1] > once[rule][1] + change
    assert ten["SGD"][1] < 0.15
    assert 0.15 < ten["Momentum"][1] < 0.7 < ten["AdaGrad"][1] < 0.85 < ten["Adam"][1]


def test_after_one_epoch_the_convolution_knows_more(chapter):
    space, parts = dict(chapter), validation(chapter)
    exec(SOURCES["conv-net"].split("\n\n\n")[0], space)
    images = parts._replace(
        x_train=parts.x_train.reshape(-1, 1, 28, 28), x_test=parts.x_test.reshape(-1, 1, 28, 28)
    )
    model = space["small_conv"](0)
    history = training.train(
        model, optim.Adam(model, lr=0.01), images, 1, rng=np.random.default_rng(5)
    )
    assert history.test_accuracy[0] > 0.92


# ---------------------------------------------------------------- convolution


def test_what_the_kernels_find():
    stroke = np.zeros((12, 12))
    stroke[2:10, 4:8] = 1
    y = convolved(stroke, KERNELS[0])[0]
    assert y[4, 2] > 0 > y[4, 7]  # its left and its right edge
    y = convolved(stroke, KERNELS[1])[0]
    assert y[0, 4] > 0 > y[9, 4]  # its upper and its lower edge
    y, pooled = convolved(stroke, KERNELS[3])
    assert y[5, 4] == 0  # black all over
    assert KERNELS[3][1, 1] == -4
    assert (KERNELS[3][0] == 0.5).all()
    assert np.allclose(KERNELS[2], 1 / 9)
    assert pooled.shape == (5, 5)
    assert pooled[0, 0] == y[:2, :2].max()


def test_a_kernel_is_described_where_it_stands():
    image = np.zeros((28, 28))
    image[:, 10:] = 1
    text = views.convolution_view(image).update(row=5, column=8, kernel=1)
    assert text == (
        "Kernel 1 at row 5, column 8: the nine products add up to 0.00; "
        "pooling keeps 0.00, the largest of four."
    )
    assert "add up to 3.00" in views.convolution_view(image).update(row=5, column=9, kernel=1)


# ---------------------------------------------------------------- AdamW, and where Adam fails


def test_a_decay_beside_the_fraction_is_the_same_for_all_weights():
    left = []
    for size in (0.1, 1, 10):
        w, r = Tensor(np.ones(1000), requires_grad=True), np.random.default_rng(0)
        optimizer = AdamW([w], lr=0.001, weight_decay=0.5)
        for _ in range(1000):
            w.grad = size * r.normal(size=1000)
            optimizer.step()
        left.append(w.data.mean())
    assert np.ptp(left) < 0.001
    assert left[0] == pytest.approx(0.9995**1000, abs=0.01)


def test_adamw_by_its_equation(rng):
    w, g = Tensor(np.ones(3), requires_grad=True), rng.normal(size=(20, 3))
    optimizer, (x, m, v) = AdamW([w], lr=0.1, beta1=0.8, weight_decay=0.3), np.zeros((3, 3))
    x += 1
    for t, row in enumerate(g, start=1):
        m = 0.8 * m + 0.2 * row
        v = 0.99 * v + 0.01 * row**2
        fraction = m / (1 - 0.8**t) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
        x = x - 0.1 * (fraction + 0.3 * x)
        w.grad = row
        optimizer.step()
        assert np.allclose(w.data, x, rtol=1e-12)
    assert "weight_decay" in optimizer.state_dict()
    with pytest.raises(ValueError, match="weight_decay must lie in"):
        optimizer.weight_decay = -1


@pytest.mark.parametrize("C", [2.5, 4.0, 10.0])
def test_adam_with_a_short_memory_ends_at_the_worst_place(C):
    assert walk(optim.Adam, C, 600, beta1=0.0, beta2=1 / (1 + C**2))[-1] > 0.99
    assert walk(optim.Adam, C, 600, beta1=0.0, beta2=0.99)[-1] < -0.95
    assert walk(optim.SGD, C, 600)[-1] < -0.9
    assert -0.9 < walk(optim.AdaGrad, C, 600)[-1] < 0


# ---------------------------------------------------------------- PyTorch


def test_without_pytorch_the_cell_says_so_and_shows_what_was_recorded(chapter, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    space = dict(chapter)
    for name in ("torch-ours", "torch-theirs", "torch-compare"):
        exec(SOURCES[name], space)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "PyTorch: not installed here (pip install torch), so as recorded"
    assert len(rest) == 6
    assert all(line.endswith("alike to 0.001: True") for line in rest)


def test_momentum_is_the_one_of_the_other_chapters(chapter):
    assert chapter["RULES"]["Momentum"] is Momentum
