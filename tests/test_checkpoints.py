"""A checkpoint is whole or not there; what is resumed is what would have been."""

import errno
import os
import pickle
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from classroom import mnist, training
from mytorch_core import nn, optim

RULES = {
    "SGD": lambda model: optim.SGD(model, lr=0.3, lr_decay=0.2),
    "AdaGrad": optim.AdaGrad,
    "Adam": optim.Adam,
}


def network(seed=0, hidden=5):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(6, hidden, rng=rng), nn.ReLU(), nn.Linear(hidden, 3, rng=rng))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 6)).astype(np.float32)
    y = rng.integers(0, 3, 90)
    return mnist.Digits(x[:70], y[:70], x[70:], y[70:])


def everything(model, optimizer, rng, history):
    return {
        **{f"model {k}": v.tobytes() for k, v in model.state_dict().items()},
        **{f"optimizer {k}": np.asarray(v).tobytes() for k, v in optimizer.state_dict().items()},
        "rng": str(rng.bit_generator.state),
        "history": vars(history),
    }


def run(rule, data, epochs, path=None, seed=0, stop_after=None, bits=np.random.PCG64):
    """A run of `train` as `everything`; it may be stopped after so many steps."""
    model, rng = network(seed), np.random.Generator(bits(7))
    optimizer, steps = RULES[rule](model), 0

    def loss(logits, labels):
        nonlocal steps
        if steps == stop_after:
            raise KeyboardInterrupt
        steps += 1
        return nn.cross_entropy(logits, labels)

    options = {"rng": rng, "batch_size": 8, "progress": False, "loss": loss, "every": 2}
    history = training.train(model, optimizer, data, epochs, checkpoint=path, **options)
    return everything(model, optimizer, rng, history)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("stop_after", [0, 1, 2, 3, 8, 9, 11, 20])
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(rule, stop_after, data, tmp_path):
    whole = run(rule, data, 4)
    with pytest.raises(KeyboardInterrupt):
        run(rule, data, 4, tmp_path / "run", stop_after=stop_after)
    # Once there is a file, other weights and another place of the generator do not matter.
    seed = 9 if (tmp_path / "run.npz").exists() else 0
    assert (seed == 9) == (stop_after >= 2)
    assert run(rule, data, 4, tmp_path / "run", seed=seed) == whole
    assert run(rule, data, 4, tmp_path / "run", seed=9) == whole, "a finished run stays"


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_generator_is_resumed(bits, data, tmp_path):
    whole = run("SGD", data, 2, bits=bits)
    with pytest.raises(KeyboardInterrupt):
        run("SGD", data, 2, tmp_path / "run", stop_after=5, bits=bits)
    assert run("SGD", data, 2, tmp_path / "run", bits=bits) == whole


def test_more_epochs_go_on(data, tmp_path):
    run("Adam", data, 2, tmp_path / "run")
    assert run("Adam", data, 3, tmp_path / "run") == run("Adam", data, 3)


def test_one_name_names_one_file(data, tmp_path):
    model = network()
    optimizer = optim.Adam(model)
    training.save_checkpoint(tmp_path / "run", model, optimizer)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    training.load_checkpoint(tmp_path / "run", model, optimizer)
    training.load_checkpoint(str(tmp_path / "run.npz"), model, optimizer)


KILLED = """
import sys
import numpy as np
from classroom import training
from mytorch_core import nn, optim

model = nn.Linear(300, 300, rng=np.random.default_rng(0))
optimizer = optim.Adam(model)
while True:
    optimizer.t += 1
    training.save_checkpoint(sys.argv[1], model, optimizer)
    print("saved", flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_checkpoint(tmp_path):
    program, moment = tmp_path / "writer.py", random.Random(0)
    program.write_text(KILLED)
    model = nn.Linear(300, 300, rng=np.random.default_rng(1))
    optimizer = optim.Adam(model)
    for i in range(8):
        path = tmp_path / f"run{i}.npz"
        writer = subprocess.Popen([sys.executable, program, path], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(moment.uniform(0, 0.05))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        training.load_checkpoint(path, model, optimizer)
        assert optimizer.t >= 1


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_one(where, tmp_path, monkeypatch):
    model = network()
    optimizer = optim.Adam(model)
    training.save_checkpoint(tmp_path / "run", model, optimizer)
    before = (tmp_path / "run.npz").read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, where, full)
    with pytest.raises(OSError, match="No space left"):
        training.save_checkpoint(tmp_path / "run", model, optimizer)
    assert (tmp_path / "run.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def _edited(name, value):
    def damage(path):
        with np.load(path) as file:
            arrays = {key: file[key] for key in file.files}
        arrays[name] = np.asarray(value(arrays[name]))
        np.savez(path, **arrays)

    return damage


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no checkpoint"),
    "a bit": lambda path: path.write_bytes(
        path.read_bytes()[:300] + bytes([path.read_bytes()[300] ^ 1]) + path.read_bytes()[301:]
    ),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"model": 1})),
    "an array": lambda path: path.write_bytes(_npy()),
    "another npz": lambda path: np.savez(path, a=np.ones(3)),
    "v below 0": _edited("optimizer/v.0", lambda v: v - 1),
    "nan": _edited("model/0.weight", lambda w: w * np.nan),
    "beta1_t 5": _edited("optimizer/beta1_t", lambda _: 5.0),
    "a pickle inside": _edited("optimizer/t", lambda _: np.array([{}], object)),
    "a directory": lambda path: (path.unlink(), path.mkdir()),
}


def _npy():
    import io

    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    return buffer.getvalue()


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_of_any_kind_is_one_error_and_changes_nothing(damage, data, tmp_path):
    path = tmp_path / "run.npz"
    model, rng, history = network(), np.random.default_rng(0), training.History()
    optimizer = optim.Adam(model)
    training.save_checkpoint(path, model, optimizer, rng, history)
    DAMAGE[damage](path)
    twin = network(seed=5)
    theirs = optim.Adam(twin)
    before = everything(twin, theirs, rng, history)
    with pytest.raises(
        ValueError, match=r"run\.npz is of no use: .*\. Delete it, or take an older"
    ):
        training.load_checkpoint(path, twin, theirs, rng, history)
    assert everything(twin, theirs, rng, history) == before


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: (network(hidden=4), optim.Adam, {}), "shape"),
        (lambda: (network(), optim.SGD, {}), "misses"),
        (
            lambda: (network(), optim.Adam, {"rng": np.random.Generator(np.random.Philox(0))}),
            "Phil",
        ),
    ],
)
def test_a_checkpoint_of_something_else_changes_nothing(other, words, tmp_path):
    model = network()
    training.save_checkpoint(tmp_path / "run", model, optim.Adam(model), np.random.default_rng(0))
    twin, rule, options = other()
    optimizer = rule(twin)
    rng = options.get("rng", np.random.default_rng(0))
    before = everything(twin, optimizer, rng, training.History())
    with pytest.raises(
        ValueError, match=rf"(?s)run\.npz does not fit, nothing was changed.*{words}"
    ):
        training.load_checkpoint(tmp_path / "run", twin, optimizer, rng)
    assert everything(twin, optimizer, rng, training.History()) == before


def test_a_run_with_other_batches_is_refused(data, tmp_path):
    run("SGD", data, 1, tmp_path / "run")
    model = network()
    options = {"rng": np.random.default_rng(0), "batch_size": 9, "progress": False}
    with pytest.raises(ValueError, match="of another run: batch_size was 8, is 9"):
        training.train(model, RULES["SGD"](model), data, 2, checkpoint=tmp_path / "run", **options)


def test_what_was_not_saved_is_named(tmp_path):
    model = network()
    optimizer = optim.Adam(model)
    training.save_checkpoint(tmp_path / "run", model, optimizer)
    with pytest.raises(ValueError, match="was saved without its rng"):
        training.load_checkpoint(tmp_path / "run", model, optimizer, np.random.default_rng(0))
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint .*other\.npz"):
        training.load_checkpoint(tmp_path / "other", model, optimizer)
