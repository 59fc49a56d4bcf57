"""The loop trains, keeps a faithful history, and stops calmly where a run diverges."""

import io
import warnings
from functools import partial

import numpy as np
import pytest

from classroom import mnist, training
from classroom.optimizers import Momentum, RMSProp
from classroom.training import progress
from mytorch_core import nn, optim


@pytest.fixture(scope="module")
def data():
    return mnist.load(n_train=600, n_test=200)


def network(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(784, 16, rng=rng), nn.ReLU(), nn.Linear(16, 10, rng=rng))


def run(data, rule=optim.SGD, lr=0.5, epochs=3, **options):
    model = network()
    rng = np.random.default_rng(1)
    history = training.train(
        model, rule(model, lr=lr), data, epochs, rng=rng, progress=False, **options
    )
    return model, history


def test_the_loop_is_the_five_lines_of_chapter_01(data):
    model, history = run(data)
    twin = network()
    optimizer, rng, losses = optim.SGD(twin, lr=0.5), np.random.default_rng(1), []
    for _ in range(3):
        for x, y in mnist.minibatches(data.x_train, data.y_train, 100, rng):
            loss = nn.cross_entropy(twin(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert history.loss == losses
    assert all(
        np.array_equal(p.data, q.data)
        for p, q in zip(model.parameters(), twin.parameters(), strict=True)
    )


def test_the_history_holds_a_loss_per_step_and_four_numbers_per_epoch(data):
    model, history = run(data, batch_size=250)
    assert len(history.loss) == 3 * 3  # 250, 250 and 100
    assert history.epochs == 3
    assert history.diverged_at is None
    for part, (x, y) in {"train": data[:2], "test": data[2:]}.items():
        loss, accuracy = training.evaluate(model, x, y)
        assert getattr(history, f"{part}_loss")[-1] == loss
        assert getattr(history, f"{part}_accuracy")[-1] == accuracy
        assert len(getattr(history, f"{part}_loss")) == 3
    assert history.test_accuracy[-1] > history.test_accuracy[0]


def test_evaluation_does_not_depend_on_its_chunks(data):
    model = network()
    loss, accuracy = training.evaluate(model, data.x_test, data.y_test, size=7)
    assert loss == pytest.approx(nn.cross_entropy(model(data.x_test), data.y_test).item(), rel=1e-6)
    assert accuracy == (model(data.x_test).data.argmax(axis=1) == data.y_test).mean()


@pytest.mark.parametrize("rule", [optim.SGD, optim.AdaGrad, optim.Adam, Momentum, RMSProp])
def test_every_rule_learns_and_the_same_seed_gives_the_same_run(rule, data):
    lr = 0.5 if rule in (optim.SGD, Momentum) else 0.01
    (_, first), (_, second) = run(data, rule, lr), run(data, rule, lr)
    assert first == second
    assert first.train_loss[-1] < 1.5


def test_a_diverging_run_stops_at_its_step_without_a_warning(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, history = run(data, lr=1e30)
    assert history.diverged_at == len(history.loss)
    assert not np.isfinite(history.loss[-1])
    assert np.isfinite(history.loss[:-1]).all()
    assert history.epochs == 0


def test_a_run_that_goes_astray_in_its_last_step_has_diverged(data):
    _, history = run(data, lr=1e30, epochs=1, batch_size=600)
    assert history.diverged_at == len(history.loss) == 1
    assert np.isfinite(history.loss[0])


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_numbers_that_make_no_run_are_named(name, value, data):
    with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1"):
        run(data, **{name: value})


def test_another_loss_can_be_trained(data):
    def summed(logits, labels):
        return nn.cross_entropy(logits, labels) * len(labels)

    _, mean = run(data, lr=0.5)
    _, total = run(data, lr=0.005, loss=summed)
    assert np.allclose(np.array(total.loss) / 100, mean.loss, rtol=1e-3)


@pytest.mark.parametrize("rule", [optim.SGD, optim.AdaGrad, optim.Adam])
def test_a_run_continues_exactly_from_a_checkpoint(rule, data, tmp_path):
    def advance(model, optimizer, seed):
        rng = np.random.default_rng(seed)
        return training.train(model, optimizer, data, 1, rng=rng, progress=False).loss

    model = network()
    optimizer = rule(model, lr=0.05)
    advance(model, optimizer, seed=1)
    training.save_checkpoint(tmp_path / "run.npz", model, optimizer)
    expected = advance(model, optimizer, seed=2)
    twin = network(seed=9)
    twin_optimizer = rule(twin, lr=0.7)
    training.load_checkpoint(tmp_path / "run.npz", twin, twin_optimizer)
    assert advance(twin, twin_optimizer, seed=2) == expected
    assert twin_optimizer.t == optimizer.t


def test_a_checkpoint_of_another_optimizer_changes_nothing(tmp_path):
    model, twin = network(), network(seed=9)
    training.save_checkpoint(tmp_path / "run.npz", model, optim.Adam(model))
    before, optimizer = twin.state_dict(), optim.SGD(twin)
    with pytest.raises(ValueError, match=r"misses .* unknown"):
        training.load_checkpoint(tmp_path / "run.npz", twin, optimizer)
    assert all(np.array_equal(before[name], p.data) for name, p in twin.named_parameters())
    assert optimizer.state_dict()["lr"] == 1e-3


def test_the_progress_bar_leaves_nothing(monkeypatch):
    monkeypatch.setattr(progress, "tqdm", partial(progress.tqdm, disable=False))
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    with progress.progress_bar(3, delay=0) as bar:
        for _ in range(3):
            bar.update()
    assert screen.getvalue().rsplit("\r", 1)[1] == ""
    assert screen.getvalue().split("\r")[-2].strip() == ""


def test_a_short_run_shows_no_bar(monkeypatch, data):
    monkeypatch.setattr(progress, "tqdm", partial(progress.tqdm, disable=False))
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    model, rng = network(), np.random.default_rng(0)
    training.train(model, optim.SGD(model), data, epochs=2, rng=rng)
    assert screen.getvalue() == ""


def test_in_a_notebook_the_bar_is_one_line_that_ends_empty(monkeypatch):
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data["text/plain"])

    def display(data, raw, display_id):
        shown.append(data["text/plain"])
        return Handle()

    monkeypatch.setattr(progress, "display", display)
    line = progress._CellLine()
    with progress.tqdm(total=2, leave=False, file=line, mininterval=0, disable=False) as bar:
        bar.update()
        bar.update()
    assert any("2/2" in text for text in shown)
    assert shown[-1] == ""
