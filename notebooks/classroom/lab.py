"""The bug lab of chapter 06: six patients, the probes that the chapter builds, and a seventh.

A patient is a rule with one bug in it, as a class that can be constructed and stepped and whose
source does not tell; its lines are those of a mistake in `exercises`.
"""

import functools

import numpy as np

from classroom import exercises
from classroom.exercises import adagrad, adam, momentum, rmsprop, sgd
from classroom.exercises.constant_probe import constant_probe
from classroom.exercises.equal_probe import equal_probe
from classroom.exercises.first_step_probe import first_step_probe
from classroom.exercises.momentum import Momentum
from classroom.exercises.scale_probe import scale_probe
from classroom.judging.bench import black_box, steps
from classroom.judging.failures import run_quietly
from mytorch_core import optim

__all__ = ["catalogue", "chart", "diagnosis", "patients", "probes", "right", "seventh", "steps"]

ADAM = {"lr": 0.001, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
MOMENTUM = {"lr": 0.5, "beta": 0.9}
SGD = {"lr": 0.3, "lr_decay": 0.01}
CATALOGUE = {"AdaGrad": adagrad.EXERCISE, "RMSProp": rmsprop.EXERCISE, "Adam": adam.EXERCISE}
# Others than any number that a mistake writes in the place of a name.
SEVENTH = {"lr": 0.02, "beta": 0.8, "beta1": 0.8, "beta2": 0.98, "eps": 1e-8}

patients = {
    "A": black_box("PatientA", adam.EXERCISE, "t-per-parameter", **ADAM),
    "B": black_box("PatientB", adam.EXERCISE, "eps-inside-the-root", **ADAM),
    "C": black_box("PatientC", sgd.WITH_DECAY, "decay-compounds", **SGD),
    "D": black_box("PatientD", adam.EXERCISE, "no-bias-correction", **ADAM),
    "E": black_box("PatientE", momentum.EXERCISE, "state-shared", **MOMENTUM),
    "F": black_box("PatientF", adam.EXERCISE, "g-for-m-corrected", **ADAM),
}
# What the patients claim to be.
right = {
    "Adam": functools.partial(optim.Adam, **ADAM),
    "SGD": functools.partial(optim.SGD, **SGD),
    "Momentum": functools.partial(Momentum, **MOMENTUM),
}

# The probes as the chapter's solutions have them, and which rules two of them are meant for.
probes = {
    "first step": first_step_probe,
    "constant": constant_probe,
    "times 1,000": scale_probe,
    "equal pair": equal_probe,
}
RULES = ("SGD", "Momentum", "AdaGrad", "RMSProp", "Adam")
SAID = {True: "fires", False: "silent"}
MEANT = {
    "first step": {"SGD", "AdaGrad", "Adam"},
    "constant": {"SGD", "Adam"},
}


def catalogue(claim):
    """{name of a mistake: the rule with it} of every mistake in the catalogue that can be stepped.

    claim is "AdaGrad", "RMSProp" or "Adam". What stops with an exception, or leaves the numbers at
    once, is left out: whoever trains with that knows.
    """
    mistakes = [mistake.slug for mistake in CATALOGUE[claim].mistakes if not mistake.fine]
    boxes = {slug: _box(claim, slug) for slug in mistakes}
    return {slug: box for slug, box in boxes.items() if _trains(box)}


def seventh(seed):
    """A patient drawn from the catalogue, on which at least one of the four probes fires.

    The same seed gives the same patient, an AdaGrad, an RMSProp or an Adam.
    """
    rng = np.random.default_rng(seed)
    while True:
        claim = str(rng.choice(list(CATALOGUE)))
        mistakes = [mistake.slug for mistake in CATALOGUE[claim].mistakes if not mistake.fine]
        patient = _box(claim, str(rng.choice(mistakes)))
        if _trains(patient) and "fires" in chart({claim: patient}).said(claim):
            return patient


def _box(claim, slug):
    settings = {name: SEVENTH[name] for name in CATALOGUE[claim].settings}
    return black_box("Seventh", CATALOGUE[claim], slug, **settings)


def _trains(rule):
    """Whether it can be stepped, and moves a weight by a finite step that is not huge."""
    try:
        moved = run_quietly(steps, rule, np.array([1.0, 0.0, -0.5, 2.0]))[0]
    except Exception:  # whatever the mistake leads to
        return False
    return bool(np.isfinite(moved).all() and moved.any() and abs(moved).max() < 100)


def diagnosis(patient):
    """What the check of its exercise says of a patient; it counts as nobody's answer."""
    return exercises.find(patient.claims.lower()).verdict_on(patient)


class Chart:
    """A table: which probe fires on which rule."""

    def __init__(self, rules, found):
        self.rules, self.found = rules, found

    def said(self, rule):
        """What the probes say of one of the rules, in their order."""
        return [column[self.rules.index(rule)] for column in self.found.values()]

    def rows(self):
        """The table's rows, its head first."""
        yield ["", *self.found]
        for name in self.rules:
            yield [name, *self.said(name)]

    def __repr__(self):
        first = max(map(len, self.rules))
        lines = (
            f"{row[0]:{first}}" + "".join(f"{cell:>13}" for cell in row[1:]) for row in self.rows()
        )
        return "\n".join(lines)

    def _repr_html_(self):
        rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in self.rows()]
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def chart(rules, probes=probes):
    """A table of {name: rule} against {name: probe}: fires, silent, or - where none is meant to.

    A probe of the chapter's is meant for the rules in `MEANT`; one with another name for all.
    """
    return Chart(list(rules), {name: _column(name, probes[name], rules) for name in probes})


def _column(name, probe, rules):
    meant = MEANT.get(name)
    return [
        "-" if meant and _claim(rule) not in meant else SAID.get(probe(rule), "no answer")
        for rule in rules.values()
    ]


def _claim(rule):
    """The name of the rule that this one is, or claims to be; of a class, as its name says."""
    name = getattr(rule, "claims", getattr(rule, "func", rule).__name__)
    return next((known for known in RULES if name.endswith(known)), name)
