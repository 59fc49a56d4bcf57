"""Is the reader's answer right, and if not, which mistake is it? `check("adam", MyAdam)`.

What is right, and what is known to go wrong, stands in `exercises`, one file for each; how an
answer is watched, judged and explained, in `judging`.
"""

from classroom import exercises
from classroom.judging import worker

results = {}
worker.warm()  # while the reader still reads


def check(exercise, answer):
    """Check an answer to an exercise, and return the verdict, which a notebook shows; what it says
    to a program stands in its `status`, or in `as_dict()`.

    exercise  its name: the name of a file in `exercises`, like "adam" or "loop"
    answer    a subclass of Optimizer, a function or a number, as the exercise asks

    Raises ValueError for a name that is not known. Whatever the answer does, nothing is raised.
    """
    verdict = exercises.find(exercise).verdict_on(answer)
    verdict.exercise = exercise
    results[exercise] = verdict
    return verdict


class Progress:
    """A table of exercises and what has been passed of them."""

    def __init__(self, names):
        self.rows = [(name, _state(results.get(name))) for name in names]

    def __repr__(self):
        return "\n".join(f"{name:20} {state}" for name, state in self.rows)

    def _repr_html_(self):
        rows = "".join(f"<tr><td>{name}</td><td>{state}</td></tr>" for name, state in self.rows)
        return f"<table><tr><th>exercise</th><th></th></tr>{rows}</table>"


def _state(verdict):
    if verdict is None:
        return "not checked yet"
    if verdict.status == "stopped":
        return "stopped"
    return "passed" if verdict.passed else verdict.mistake or "not yet"


def progress(*names):
    """A table of these exercises, or of all that were checked: passed, or the mistake."""
    return Progress(names or tuple(results))
