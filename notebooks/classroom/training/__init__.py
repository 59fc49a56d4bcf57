"""Training: the digits, the loop of chapter 01, checkpoints, races, and runs over a grid."""

from classroom.training.checkpoints import load_checkpoint, save_checkpoint
from classroom.training.loop import History, evaluate, train

__all__ = ["History", "evaluate", "load_checkpoint", "save_checkpoint", "train"]
