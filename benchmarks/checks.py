"""How long a reader waits for a verdict: `make bench-checks`.

The first check of a session starts the worker; the first wrong answer to a rule runs the mistakes
of that rule, which are then kept. Each is timed in fresh processes of Python. Once warm, a right
and a wrong answer to each rule are checked in turn. Medians, in milliseconds, go to
benchmarks/results/checks.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in benchmarks/core.py

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from classroom.checks import check
from classroom.optimizers import Momentum, RMSProp
from mytorch_core import optim

RESULTS = Path(__file__).parent / "results" / "checks.json"
ROUNDS, SESSIONS = 15, 3
RIGHT = {
    "sgd": optim.SGD,
    "momentum": Momentum,
    "adagrad": optim.AdaGrad,
    "rmsprop": RMSProp,
    "adam": optim.Adam,
}


class WrongSGD(optim.SGD):
    def update(self, w, g):
        w -= g / self.lr_t


class WrongMomentum(Momentum):
    def update(self, w, g, m):
        m -= (1 - self.beta) * (g - m)
        w -= self.lr * m


class WrongAdaGrad(optim.AdaGrad):
    def update(self, w, g, h):
        h += g * g
        w -= self.lr / g / (np.sqrt(h) + self.eps)


class WrongRMSProp(RMSProp):
    def update(self, w, g, v):
        v += (1 + self.beta) * (g * g - v)
        w -= self.lr * g / (np.sqrt(v) + self.eps)


class WrongAdam(optim.Adam):
    def update(self, w, g, m, v):
        m += (1 - self.beta1) * (g - m)
        v += (1 - self.beta1) * (g * g - v)
        m_hat, v_hat = m / (1 - self.beta1_t), v / (1 - self.beta2_t)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


WRONG = {
    "sgd": WrongSGD,
    "momentum": WrongMomentum,
    "adagrad": WrongAdaGrad,
    "rmsprop": WrongRMSProp,
    "adam": WrongAdam,
}


def milliseconds(rule, answer, right):
    start = time.perf_counter()
    verdict = check(rule, answer)
    assert verdict.passed == right, verdict.message
    return 1e3 * (time.perf_counter() - start)


def session():
    """A new session: {what: milliseconds} of its first check, and of each first wrong answer."""
    found = {"first check": milliseconds("sgd", optim.SGD, True)}
    for rule, answer in WRONG.items():
        found[f"{rule}, first wrong"] = milliseconds(rule, answer, False)
    return found


def main():
    command = [sys.executable, __file__, "session"]
    times = {}
    for _ in range(SESSIONS):
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for name, value in json.loads(found).items():
            times.setdefault(name, []).append(value)
    session()  # warm
    for _ in range(ROUNDS):
        for rule in RIGHT:
            for kind, answers in (("right", RIGHT), ("wrong", WRONG)):
                took = milliseconds(rule, answers[rule], kind == "right")
                times.setdefault(f"{rule}, {kind}", []).append(took)
    result = {name: round(statistics.median(values), 1) for name, values in times.items()}
    for name, value in result.items():
        print(f"{name:22} {value:7.1f} ms")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["session"]:
        print(json.dumps(session()))
    else:
        main()
