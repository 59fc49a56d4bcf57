"""One training step of the core beside PyTorch's: make bench

Both run in turn in the same process, on one thread and on the real digits; quoted are medians of
the ratios of neighbouring runs, because the machine's speed drifts. The floor is what the matrix
products of the network alone take in NumPy.
"""

import os

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import json
import platform
import statistics
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from classroom import mnist
from mytorch_core import nn, optim

STEPS, ROUNDS = 20, 25
RULES = {
    "SGD": (optim.SGD, torch.optim.SGD),
    "AdaGrad": (optim.AdaGrad, torch.optim.Adagrad),
    "Adam": (optim.Adam, torch.optim.Adam),
}


def networks(name):
    """(ours, PyTorch's, batch size, shape of one input) of the network of that name."""
    rng, t = np.random.default_rng(0), torch.nn
    if name == "mlp":
        ours = nn.Sequential(
            nn.Linear(784, 256, rng=rng),
            nn.ReLU(),
            nn.Linear(256, 100, rng=rng),
            nn.ReLU(),
            nn.Linear(100, 10, rng=rng),
        )
        theirs = t.Sequential(
            t.Linear(784, 256), t.ReLU(), t.Linear(256, 100), t.ReLU(), t.Linear(100, 10)
        )
        return ours, theirs, 100, (784,)
    ours = nn.Sequential(
        nn.Conv2d(1, 8, 3, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 10, rng=rng),
    )
    theirs = t.Sequential(
        t.Conv2d(1, 8, 3),
        t.ReLU(),
        t.MaxPool2d(2),
        t.Conv2d(8, 16, 3),
        t.ReLU(),
        t.MaxPool2d(2),
        t.Flatten(),
        t.Linear(400, 10),
    )
    return ours, theirs, 64, (1, 28, 28)


def steps(model, optimizer, loss, batches):
    """A function that trains for one step on each of the batches."""

    def run():
        for x, y in batches:
            value = loss(model(x), y)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()

    return run


def products(batch):
    """A function that computes the matrix products of the multilayer perceptron, and no more."""
    rng, sizes = np.random.default_rng(0), (784, 256, 100, 10)
    layers = [rng.random(shape, dtype=np.float32) for shape in pairwise(sizes)]
    inputs = [rng.random((batch, n), dtype=np.float32) for n in sizes]

    def run():
        for _ in range(STEPS):
            for i, w in enumerate(layers):
                _ = inputs[i] @ w
                _ = inputs[i].T @ inputs[i + 1]
                if i:
                    _ = inputs[i + 1] @ w.T

    return run


def seconds(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def main():
    torch.set_num_threads(1)
    data = mnist.load()
    results = {"python": platform.python_version(), "numpy": np.__version__}
    results["torch"] = torch.__version__
    for name in ("mlp", "cnn"):
        for rule, (our_rule, their_rule) in RULES.items():
            ours, theirs, size, shape = networks(name)
            x = data.x_train[: STEPS * size].reshape(STEPS, size, *shape)
            y = data.y_train[: STEPS * size].reshape(STEPS, size)
            pairs = [(torch.tensor(a), torch.tensor(b)) for a, b in zip(x, y, strict=True)]
            a = steps(ours, our_rule(ours, lr=1e-3), nn.cross_entropy, list(zip(x, y, strict=True)))
            b = steps(theirs, their_rule(theirs.parameters(), lr=1e-3), F.cross_entropy, pairs)
            floor = products(size)
            runs = [(seconds(a), seconds(b), seconds(floor)) for _ in range(ROUNDS + 2)][2:]
            row = {
                "ours_ms": statistics.median(r[0] for r in runs) / STEPS * 1e3,
                "torch_ms": statistics.median(r[1] for r in runs) / STEPS * 1e3,
                "ours_over_torch": statistics.median(r[0] / r[1] for r in runs),
            }
            if name == "mlp":
                row["ours_over_floor"] = statistics.median(r[0] / r[2] for r in runs)
            results[f"{name} {rule}"] = {key: round(value, 3) for key, value in row.items()}
            print(f"{name} {rule:8}", results[f"{name} {rule}"])
    path = Path(__file__).parent / "results" / "core.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
