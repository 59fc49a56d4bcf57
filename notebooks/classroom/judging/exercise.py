"""What every exercise has."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)  # each is itself
class Exercise:
    """An exercise, whatever it asks for.

    module  `__name__` of the exercise's file, whose last part is the exercise's name
    right   the right answer; its signature, if it has one, is the exercise's
    """

    module: str
    right: object

    @property
    def name(self):
        """What `check` calls it."""
        return self.module.rpartition(".")[2]
