"""The optimizers that the core leaves to the reader: chapter 04's two, and AdamW of chapter 05."""

from classroom.exercises.adamw import AdamW
from classroom.exercises.momentum import Momentum
from classroom.exercises.rmsprop import RMSProp

__all__ = ["AdamW", "Momentum", "RMSProp"]
