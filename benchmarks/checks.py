"""How long a reader waits for a verdict: `make bench-checks`.

The first check of a session may have to wait for the worker, which is started with the import; the
first wrong answer to a rule runs the mistakes of that rule, which are then kept, and the first that
has no name runs all of them. Each is timed in fresh processes of Python, and so is a session whose
first check is a wrong Adam. Once warm, a right answer, a wrong one and one without a name are
checked in turn. Medians, in milliseconds of the clock, and the processor's share of this process
alone, go to benchmarks/results/checks.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the course does it

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


class UnnamedAdam(optim.Adam):
    def update(self, w, g, m, v):
        super().update(w, g, m, v)
        w -= 1e-3 * w * w


WRONG = {
    "sgd": WrongSGD,
    "momentum": WrongMomentum,
    "adagrad": WrongAdaGrad,
    "rmsprop": WrongRMSProp,
    "adam": WrongAdam,
}


def milliseconds(rule, answer, right):
    """(of the clock, of the processor in this process) for one check."""
    clock, processor = time.perf_counter(), time.process_time()
    verdict = check(rule, answer)
    took = 1e3 * (time.perf_counter() - clock), 1e3 * (time.process_time() - processor)
    assert verdict.passed == right, verdict.message
    return took


def session():
    """A new session: {what: milliseconds} of its first check, and of each first wrong answer."""
    found = {"first check of a session": milliseconds("sgd", optim.SGD, True)}
    for rule, answer in WRONG.items():
        found[f"{rule}, first wrong"] = milliseconds(rule, answer, False)
    found["adam, first unnamed"] = milliseconds("adam", UnnamedAdam, False)
    return found


def at_once():
    """A new session, whose first check is a wrong Adam."""
    return {"adam, wrong, first of a session": milliseconds("adam", WrongAdam, False)}


KINDS = {"session": session, "at once": at_once}


def main():
    times = {}
    for kind in SESSIONS * list(KINDS):
        command = [sys.executable, __file__, kind]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for name, value in json.loads(found).items():
            times.setdefault(name, []).append(value)
    session()  # warm
    for _ in range(ROUNDS):
        for rule in RIGHT:
            for kind, answers in (("right", RIGHT), ("wrong", WRONG)):
                took = milliseconds(rule, answers[rule], kind == "right")
                times.setdefault(f"{rule}, {kind}", []).append(took)
        took = milliseconds("adam", UnnamedAdam, False)
        times.setdefault("adam, unnamed", []).append(took)
    result = {
        name: [round(statistics.median(part), 1) for part in zip(*values, strict=True)]
        for name, values in times.items()
    }
    for name, (clock, processor) in result.items():
        print(f"{name:32} {clock:7.1f} ms, of which computing here {processor:7.1f} ms")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(KINDS[sys.argv[1]]()))
    else:
        main()
