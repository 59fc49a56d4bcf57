"""The optimizers of chapter 04 that the core leaves to the reader: Momentum and RMSProp."""

from classroom.exercises.momentum import Momentum
from classroom.exercises.rmsprop import RMSProp

__all__ = ["Momentum", "RMSProp"]
