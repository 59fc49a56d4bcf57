"""Write what PyTorch computes for the cases to recorded/: python tests/parity/record.py

Numbers are written with all their digits, the trajectories at every 50th step.
"""

import json
import platform
from pathlib import Path

import numpy as np
import theirs
import torch
from cases import RULES, STEPS

RECORDED = Path(__file__).parent / "recorded"
EVERY = 50


def write(name, values):
    versions = {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    text = json.dumps({"versions": versions, "every": EVERY, **values}, indent=1)
    (RECORDED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main():
    RECORDED.mkdir(exist_ok=True)
    kept = slice(EVERY - 1, STEPS, EVERY)
    for rule in RULES:
        losses, weights = theirs.network_trajectory(rule)
        write(
            rule,
            {
                "fixed": theirs.fixed_trajectory(rule)[kept].tolist(),
                "losses": losses[kept].tolist(),
                "weights": {name: value.tolist() for name, value in weights.items()},
            },
        )
    gradients = theirs.convolution_gradients()
    write("Conv2d", {name: value.tolist() for name, value in gradients.items()})


if __name__ == "__main__":
    main()
