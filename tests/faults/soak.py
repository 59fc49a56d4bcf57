"""The cockpit for half an hour, its sliders moved at random while it trains: make soak

Prints once a minute what a minute has cost: the memory of the process, the milliseconds of its
processor's time for a step and for a picture, and how long a slider waited for its turn. At the end
stands what the last minute has cost over the first. `make soak MINUTES=2` is shorter.
"""

import argparse
import asyncio
import statistics
import time

import numpy as np
import psutil

from classroom import cockpit, mnist
from classroom.optimizers import Momentum
from mytorch_core import nn, optim

RULES = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "Momentum": lambda p: Momentum(p, lr=0.1),
    "AdaGrad": lambda p: optim.AdaGrad(p, lr=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.001),
}


def network():
    start = {"rng": np.random.default_rng(0)}
    first, second = nn.Linear(784, 256, **start), nn.Linear(256, 100, **start)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(100, 10, **start))


async def minute(shown, rng, seconds):
    """What so many seconds of training cost, while sliders are moved within a factor of ten."""
    frames, waits, end = [0], [], time.perf_counter() + seconds
    shown.image.observe(lambda _: frames.append(frames.pop() + 1), "value")
    steps, spent = shown.race.t, time.process_time()
    while time.perf_counter() < end:
        knob = rng.choice(list(shown.knobs.values()))
        start = time.perf_counter()
        await asyncio.sleep(0)
        waits.append(time.perf_counter() - start)
        middle = knob.control.position(knob.control.start)
        knob.slider.value = int(np.clip(middle + rng.integers(-10, 3), 0, knob.slider.max))
        await asyncio.sleep(0.2)
    shown.image.unobserve_all("value")
    spent = 1e3 * (time.process_time() - spent)
    start = time.process_time()
    for _ in range(20):
        shown.redraw(1)
    return {
        "MB": psutil.Process().memory_info().rss / 2**20,
        "ms a step, with its pictures": spent / max(shown.race.t - steps, 1),
        "ms a picture": 1e3 * (time.process_time() - start) / 20,
        "ms until a slider's turn": 1e3 * statistics.median(waits),
        "pictures a second": frames[0] / seconds,
    }


async def soak(minutes):
    """Train for so many minutes, and print what each has cost."""
    rng = np.random.default_rng(0)
    shown = cockpit.race(network(), mnist.load(), RULES, rng=np.random.default_rng(1))
    shown.start()
    costs = []
    for i in range(minutes):
        costs.append(await minute(shown, rng, 60))
        told = ", ".join(f"{value:.1f} {name}" for name, value in costs[-1].items())
        print(f"minute {i + 1:2}: step {shown.race.t:,}, {told}", flush=True)
        if not shown.race.running:
            shown.reset()  # a slider has led every rule astray
            shown.start()
    shown.close()
    first, last = costs[0], costs[-1]
    print("last over first:", {name: round(last[name] / first[name], 2) for name in first})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=30)
    asyncio.run(soak(parser.parse_args().minutes))
