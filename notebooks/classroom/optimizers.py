"""The optimizers that the core leaves to the reader, chapter 04's two and AdamW of chapter 05; and
how long a step of one takes."""

import time

from classroom.exercises.adamw import AdamW
from classroom.exercises.momentum import Momentum
from classroom.exercises.rmsprop import RMSProp

__all__ = ["AdamW", "Momentum", "RMSProp", "step_time"]


def step_time(optimizer, repeats=100):
    """Seconds of the shortest of several steps: what else runs can only make one longer."""
    shortest = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        optimizer.step()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest
