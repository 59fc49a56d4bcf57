"""Agreement with PyTorch as recorded: no PyTorch needed. `record.py` wrote the files."""

import json
from pathlib import Path

import cases
import numpy as np
import pytest

RECORDED = Path(__file__).parent / "recorded"


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def relative_error(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return abs(ours - theirs).max() / abs(theirs).max()


@pytest.mark.parametrize("rule", cases.RULES)
def test_trajectory_under_fixed_gradients(rule):
    theirs = recorded(rule)
    ours = cases.our_fixed_trajectory(rule)[theirs["every"] - 1 :: theirs["every"]]
    for i in range(6):  # each weight by itself: their scales differ by decades
        assert relative_error(ours[:, i], np.array(theirs["fixed"])[:, i]) < 1e-10


@pytest.mark.parametrize("rule", cases.RULES)
def test_trajectory_of_a_trained_network(rule):
    theirs = recorded(rule)
    losses, weights = cases.our_network_trajectory(rule)
    assert relative_error(losses[theirs["every"] - 1 :: theirs["every"]], theirs["losses"]) < 1e-10
    for name, value in theirs["weights"].items():
        assert relative_error(weights[name], value) < 1e-10
    assert losses[-1] < 0.5 * losses[0]  # the network did learn


def test_gradients_of_convolution_and_pooling():
    theirs, ours = recorded("Conv2d"), cases.our_convolution_gradients()
    for name in ("x", "weight", "bias"):
        assert relative_error(ours[name], theirs[name]) < 1e-12


def test_the_versions_are_recorded():
    for path in RECORDED.glob("*.json"):
        assert set(recorded(path.stem)["versions"]) == {"torch", "numpy", "python"}
