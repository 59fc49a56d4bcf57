"""Agreement with PyTorch on many random cases, wherever PyTorch is installed (make parity)."""

import os
from itertools import pairwise

import cases
import numpy as np
import pytest

from mytorch_core import Tensor, nn

if os.environ.get("REQUIRE_TORCH"):
    import torch
else:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` does that")

import theirs
from torch.nn import functional as F


def relative_error(ours, theirs):
    return abs(ours - theirs).max() / max(abs(theirs).max(), 1e-300)


@pytest.mark.parametrize("rule", cases.RULES)
def test_every_step_of_the_recorded_trajectories(rule):
    ours, expected = cases.our_fixed_trajectory(rule), theirs.fixed_trajectory(rule)
    assert all(relative_error(ours[:, i], expected[:, i]) < 1e-10 for i in range(6))
    losses, weights = cases.our_network_trajectory(rule)
    their_losses, their_weights = theirs.network_trajectory(rule)
    assert relative_error(losses, their_losses) < 1e-10
    assert all(relative_error(weights[k], their_weights[k]) < 1e-10 for k in weights)


@pytest.mark.parametrize("rule", cases.RULES)
@pytest.mark.parametrize("seed", range(10))
def test_random_hyperparameters_and_missing_gradients(rule, seed):
    rng = np.random.default_rng(seed)
    h = {"lr": 10 ** rng.uniform(-4, 0)}
    if rule != "SGD":
        h["eps"] = 10 ** rng.uniform(-12, -2)
    if rule == "Adam":
        h |= {"beta1": rng.uniform(0, 0.99), "beta2": rng.uniform(0.5, 0.9999)}
    shapes = [(3,), (2, 3), ()]
    ours = [Tensor(rng.normal(size=s), requires_grad=True) for s in shapes]
    their_w = [torch.tensor(w.data, requires_grad=True) for w in ours]
    a = cases.RULES[rule](ours, **h)
    b = theirs.optimizer_of(rule, their_w, **h)
    # From the first step on the last parameter always or never has a gradient: Adam's step count
    # is the optimizer's here and the parameter's in PyTorch.
    absent = seed % 2
    for _ in range(100):
        for w, v in list(zip(ours, their_w, strict=True))[: 3 - absent]:
            w.grad = rng.normal(size=w.shape) * 10 ** rng.uniform(-3, 3)
            v.grad = torch.tensor(w.grad)
        a.step()
        b.step()
        for w, v in zip(ours, their_w, strict=True):
            assert relative_error(w.data, v.detach().numpy()) < 1e-10


def random_network(rng):
    """The same random network twice: ours, theirs, and an input for both."""
    if rng.random() < 0.5:
        sizes = rng.integers(1, 9, rng.integers(2, 5))
        our_layers, their_layers = [], []
        for n_in, n_out in pairwise(sizes):
            our_layers += [nn.Linear(n_in, n_out, rng=rng, dtype=np.float64), nn.ReLU()]
            their_layers += [torch.nn.Linear(n_in, n_out, dtype=torch.float64), torch.nn.ReLU()]
        x = rng.normal(size=(rng.integers(1, 6), sizes[0]))
    else:
        c, c_out, k, s, p = (int(rng.integers(1, high)) for high in (4, 5, 4, 4, 4))
        p -= 1
        conv = nn.Conv2d(c, c_out, k, s, p, rng=rng, dtype=np.float64)
        our_layers = [conv, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        their_layers = [
            torch.nn.Conv2d(c, c_out, k, s, p, dtype=torch.float64),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
        ]
        x = rng.normal(size=(rng.integers(1, 5), c, *rng.integers(2 * s + k, 14, 2)))
        if rng.random() < 0.3:
            x = x.round()  # ties
    ours, other = nn.Sequential(*our_layers), torch.nn.Sequential(*their_layers)
    for (name, parameter), target in zip(ours.named_parameters(), other.parameters(), strict=True):
        value = parameter.data
        with torch.no_grad():
            target.copy_(
                torch.tensor(value.T if name.endswith("weight") and value.ndim == 2 else value)
            )
    return ours, other, x


@pytest.mark.parametrize("seed", range(60))
def test_random_networks(seed):
    rng = np.random.default_rng(seed)
    ours, other, x = random_network(rng)
    scale = 10 ** rng.uniform(0, 3)  # up to logits in the thousands
    a, b = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    our_logits, their_logits = ours(a) * scale, other(b) * scale
    assert np.allclose(our_logits.data, their_logits.detach().numpy(), rtol=1e-10, atol=1e-12)
    labels = rng.integers(0, our_logits.shape[1], len(x))
    our_loss = nn.cross_entropy(our_logits, labels)
    their_loss = F.cross_entropy(their_logits, torch.tensor(labels))
    assert np.isclose(our_loss.item(), their_loss.item(), rtol=1e-10, atol=1e-14)
    our_loss.backward()
    their_loss.backward()
    assert np.allclose(a.grad, b.grad.numpy(), rtol=1e-9, atol=1e-11)
    for p, q in zip(ours.parameters(), other.parameters(), strict=True):
        expected = q.grad.numpy().T if p.ndim == 2 else q.grad.numpy()
        assert np.allclose(p.grad, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_operations_on_tensors(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0.5, 2, (3, 4)), rng.uniform(0.5, 2, (4,))

    def f(a, b, index):
        c = (a * b - b / a + a**b) @ (a + b).T
        return (c.tanh() + c.exp().log()).relu()[index].sum() + (a * b).mean() + c.max()

    a, b = (Tensor(v, requires_grad=True) for v in (x, y))
    c, d = (torch.tensor(v, requires_grad=True) for v in (x, y))
    f(a, b, [0, 0, 2]).backward()
    f(c, d, [0, 0, 2]).backward()
    assert np.allclose(a.grad, c.grad.numpy(), rtol=1e-10)
    assert np.allclose(b.grad, d.grad.numpy(), rtol=1e-10)
