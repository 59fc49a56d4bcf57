"""The rows of chapter 05's table, "what is called differently in PyTorch", one test for each."""

import inspect
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from classroom.optimizers import AdamW, Momentum, RMSProp
from mytorch_core import Tensor, nn, optim

if os.environ.get("REQUIRE_TORCH"):
    import torch
else:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` does that")

ROOT = Path(__file__).parents[2]
CHAPTER = ROOT / "notebooks" / "05_comparison.ipynb"


def both(ours, theirs, gradients):
    """The weights after each step of ours(w) and theirs(w) under these gradients."""
    w = Tensor(np.ones(np.shape(gradients[0])), requires_grad=True)
    v = torch.ones(np.shape(gradients[0]), dtype=torch.float64, requires_grad=True)
    a, b = ours([w]), theirs([v])
    paths = [], []
    for g in gradients:
        w.grad, v.grad = np.array(g, float), torch.tensor(np.array(g, float))
        a.step()
        b.step()
        paths[0].append(w.data.copy())
        paths[1].append(v.detach().numpy().copy())
    return np.array(paths[0]), np.array(paths[1])


def agree(ours, theirs, gradients):
    a, b = both(ours, theirs, gradients)
    return np.allclose(a, b, rtol=1e-10, atol=1e-14)


def some(steps=150, entries=4):
    return np.random.default_rng(3).normal(size=(steps, entries))


def defaults(thing):
    return {name: p.default for name, p in inspect.signature(thing).parameters.items()}


def test_lr_of_adam():
    assert defaults(torch.optim.Adam)["lr"] == 1e-3
    assert defaults(optim.Adam)["lr"] == 1e-2


def test_beta1_beta2():
    assert defaults(torch.optim.Adam)["betas"] == (0.9, 0.999)
    ours = defaults(optim.Adam)
    assert (ours["beta1"], ours["beta2"]) == (0.9, 0.99)
    assert agree(
        lambda w: optim.Adam(w, lr=0.1, beta1=0.8, beta2=0.95),
        lambda w: torch.optim.Adam(w, lr=0.1, betas=(0.8, 0.95)),
        some(),
    )


def test_eps_of_adam():
    # Small gradients, so that its place shows.
    for eps in (1e-8, 1e-3):
        assert agree(
            lambda w, eps=eps: optim.Adam(w, lr=0.1, beta2=0.999, eps=eps),
            lambda w, eps=eps: torch.optim.Adam(w, lr=0.1, eps=eps),
            1e-4 * some(),
        )


def test_momentum():
    def theirs(lr):
        return lambda w: torch.optim.SGD(w, lr=lr, momentum=0.9)

    assert agree(lambda w: Momentum(w, lr=0.5, beta=0.9), theirs(0.05), some())
    assert not agree(lambda w: Momentum(w, lr=0.5, beta=0.9), theirs(0.5), some())


def test_lr_decay_of_sgd():
    w = torch.ones(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    staircase = torch.optim.lr_scheduler.StepLR(optimizer, 100, gamma=0.7)
    ours = both(lambda w: optim.SGD(w, lr=0.1, lr_decay=0.3), lambda w: optimizer, some(350))[0]
    for g, row in zip(some(350), ours, strict=True):
        w.grad = torch.tensor(g)
        optimizer.step()
        staircase.step()
        assert np.allclose(w.detach().numpy(), row, rtol=1e-10)


def test_adagrad():
    theirs = defaults(torch.optim.Adagrad)
    assert (theirs["lr"], theirs["eps"]) == (1e-2, 1e-10)
    assert (theirs["lr_decay"], theirs["initial_accumulator_value"]) == (0, 0)
    assert defaults(optim.AdaGrad)["eps"] == 1e-8
    assert agree(
        lambda w: optim.AdaGrad(w, eps=1e-10), lambda w: torch.optim.Adagrad(w), 1e-6 * some()
    )
    decaying, ours = both(
        lambda w: optim.AdaGrad(w, lr=0.1, eps=1e-10),
        lambda w: torch.optim.Adagrad(w, lr=0.1, lr_decay=0.5),
        [[1.0]] * 2,
    )[::-1]
    # Its lr_decay divides: lr / (1 + (t - 1) lr_decay).
    assert decaying[0] == pytest.approx(ours[0])
    step = (ours[0] - ours[1]) / (decaying[0] - decaying[1])
    assert step == pytest.approx(1.5)


def test_rmsprop():
    theirs = defaults(torch.optim.RMSprop)
    assert (theirs["alpha"], theirs["eps"]) == (0.99, 1e-8)
    assert agree(
        lambda w: RMSProp(w, lr=0.1, beta=0.95),
        lambda w: torch.optim.RMSprop(w, lr=0.1, alpha=0.95),
        some(),
    )


def test_weight_decay():
    assert defaults(torch.optim.AdamW)["weight_decay"] == defaults(AdamW)["weight_decay"] == 0.01

    def ours(w):
        return AdamW(w, lr=0.1, beta2=0.999, weight_decay=0.2)

    assert agree(ours, lambda w: torch.optim.AdamW(w, lr=0.1, weight_decay=0.2), some())
    assert not agree(ours, lambda w: torch.optim.Adam(w, lr=0.1, weight_decay=0.2), some())


def test_zero_grad():
    w, v = Tensor(np.ones(2), requires_grad=True), torch.ones(2, requires_grad=True)
    for loss in ((w * w).sum(), (v * v).sum()):
        loss.backward()
    ours, theirs = optim.SGD([w]), torch.optim.SGD([v])
    theirs.zero_grad(set_to_none=False)
    assert (v.grad == 0).all()
    for optimizer, parameter in ((ours, w), (theirs, v)):
        optimizer.zero_grad()
        assert parameter.grad is None


def test_a_gradient_that_comes_late():
    w = [Tensor(np.ones(1), requires_grad=True) for _ in range(2)]
    v = [torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    ours, theirs = optim.Adam(w, lr=0.1, beta2=0.999), torch.optim.Adam(v, lr=0.1)
    for t in range(1, 12):
        w[0].grad, v[0].grad = np.ones(1), torch.ones(1, dtype=torch.float64)
        if t == 11:
            w[1].grad, v[1].grad = np.ones(1), torch.ones(1, dtype=torch.float64)
        ours.step()
        theirs.step()
    assert v[1].item() == pytest.approx(1 - 0.1), "PyTorch counts the steps of each parameter"
    expected = 0.1 / (1 - 0.9**11) / np.sqrt(0.001 / (1 - 0.999**11))
    assert w[1].item() == pytest.approx(1 - 0.1 * expected), "here t counts calls of step()"


def test_weight_of_linear():
    rng = np.random.default_rng(0)
    ours, theirs = nn.Linear(5, 3, rng=rng), torch.nn.Linear(5, 3)
    assert (ours.weight.shape, tuple(theirs.weight.shape)) == ((5, 3), (3, 5))
    theirs.load_state_dict({k: torch.tensor(w.T) for k, w in ours.state_dict().items()})
    x = rng.normal(size=(4, 5)).astype(np.float32)
    assert np.allclose(ours(x).data, theirs(torch.tensor(x)).detach().numpy(), atol=1e-6)


def test_weight_of_conv2d():
    ours, theirs = nn.Conv2d(2, 4, 3, rng=np.random.default_rng(0)), torch.nn.Conv2d(2, 4, 3)
    assert ours.weight.shape == tuple(theirs.weight.shape) == (4, 2, 3, 3)


def test_randomness():
    assert "rng" in defaults(nn.Linear)
    torch.manual_seed(0)
    first = torch.nn.Linear(5, 3).weight
    torch.manual_seed(0)
    assert torch.equal(first, torch.nn.Linear(5, 3).weight)
    bound = 1 / np.sqrt(5)
    assert abs(first).max() <= bound
    assert abs(nn.Linear(5, 3, rng=np.random.default_rng(0)).weight.data).max() <= bound


def test_cross_entropy():
    z, y = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2])
    ours = nn.cross_entropy(z, y).item()
    logits, labels = torch.tensor(z), torch.tensor(y)
    function = torch.nn.functional.cross_entropy
    assert ours == pytest.approx(function(logits, labels).item())
    assert 6 * ours == pytest.approx(function(logits, labels, reduction="sum").item())


# What stands in the first column of the table, and the test of its row.
ROWS = {
    "`lr` of Adam": test_lr_of_adam,
    "`beta1`, `beta2`": test_beta1_beta2,
    "`eps` of Adam": test_eps_of_adam,
    "`Momentum(lr, beta)`": test_momentum,
    "`SGD(lr_decay)`": test_lr_decay_of_sgd,
    "`AdaGrad`": test_adagrad,
    "`RMSProp(beta)`": test_rmsprop,
    "`AdamW`": test_weight_decay,
    "`zero_grad()`": test_zero_grad,
    "a gradient that comes late": test_a_gradient_that_comes_late,
    "`Linear.weight`": test_weight_of_linear,
    "`Conv2d.weight`": test_weight_of_conv2d,
    "`rng=`": test_randomness,
    "`cross_entropy`": test_cross_entropy,
}


def cells():
    return {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}


def test_every_row_of_the_table_has_its_test():
    text = "\n".join(cells()[name] for name in ("names-rules", "names-rest"))
    rows = re.findall(r"^\| (.+?) \|", text, flags=re.MULTILINE)
    assert [row for row in rows if row != "here"] == list(ROWS)


def test_the_defaults_of_pytorch_on_the_page_of_reference():
    text = (ROOT / "notebooks" / "reference.md").read_text(encoding="utf-8")
    calls = re.findall(r"`((?:SGD|Adagrad|RMSprop|AdamW?)\(.+?\))`", text)
    assert len(calls) == 6
    for call in calls:
        name, keywords = eval(f"(lambda **k: ({call.split('(')[0]!r}, k))({call.split('(', 1)[1]}")
        if "momentum" not in keywords:  # that is a setting, not a default
            theirs = defaults(getattr(torch.optim, name))
            assert {key: theirs[key] for key in keywords} == keywords, call


def test_the_chapters_cell_trains_alike_in_pytorch(capsys):
    source, space = cells(), {}
    for name in ("setup", "broad-run", "torch-ours", "torch-theirs", "torch-compare"):
        exec(source[name], space)
    assert f"PyTorch: run just now, version {torch.__version__.split('+')[0]}" in (
        capsys.readouterr().out
    )
    for mine, theirs, recorded in zip(
        space["mine"], space["pytorch"], space["RECORDED"], strict=True
    ):
        assert mine == pytest.approx(theirs, abs=1e-3)
        assert recorded == pytest.approx(theirs, abs=1e-3)
