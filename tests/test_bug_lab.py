"""Chapter 06: its patients, its probes, and what it says that they cost."""

import contextlib
import functools
import io
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from classroom import checks, exercises, lab, mnist, training, views
from classroom.judging.bench import black_box
from classroom.judging.failures import run_quietly
from classroom.judging.probes import watch_calls, watch_rule
from classroom.judging.written import with_mistakes
from classroom.optimizers import Momentum, RMSProp
from conftest import digits_once
from mytorch_core import Tensor, nn, optim

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "06_bug_lab.ipynb"
PROBES = {
    "first step": "first_step_probe",
    "constant": "constant_probe",
    "times 1,000": "scale_probe",
    "equal pair": "equal_probe",
}
HEALTHY = {
    "SGD": optim.SGD,
    "SGD with a decay": functools.partial(optim.SGD, lr=0.3, lr_decay=0.01),
    "Momentum": Momentum,
    "AdaGrad": optim.AdaGrad,
    "RMSProp": RMSProp,
    "Adam": optim.Adam,
    "Adam of the libraries": functools.partial(optim.Adam, lr=0.001, beta2=0.999),
}
TABLE = {
    "A": "silent silent silent fires",
    "B": "silent silent fires silent",
    "C": "silent fires silent silent",
    "D": "silent fires silent silent",
    "E": "- - silent fires",
    "F": "fires fires silent silent",
}


def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.fixture(scope="module")
def solved():
    """The probes of the notebook's own solution cells."""
    code = [cell for cell in cells() if cell.cell_type == "code"]
    space = {}
    with contextlib.redirect_stdout(io.StringIO()), digits_once():
        exec(code[0].source, space)
        for cell in code:
            if "solution" in cell.metadata.get("tags", []) and "_probe(rule)" in cell.source:
                exec(cell.source, space)
    return {name: space[function] for name, function in PROBES.items()}


def box(claim, slug, **settings):
    exercise = exercises.find(claim)
    return black_box("Box", exercise, slug, **exercise.settings | settings)


# ---------------------------------------------------------------- patients and probes


@pytest.mark.parametrize("whose", ["the notebook's", "the lab's"])
def test_every_patient_is_caught_and_no_healthy_rule_is(solved, whose):
    probes = solved if whose == "the notebook's" else lab.probes
    chart = lab.chart(lab.patients, probes)
    assert {name: " ".join(chart.said(name)) for name in lab.patients} == TABLE
    assert all("fires" in chart.said(name) for name in lab.patients)
    for name, said in ((n, lab.chart(HEALTHY, probes).said(n)) for n in HEALTHY):
        assert "fires" not in said, name
    assert "fires" not in repr(lab.chart(lab.right, probes))


def test_the_table_of_the_answer_is_the_chart(solved):
    (answer,) = (cell.source for cell in cells() if cell.id == "table-answer")
    rows = re.findall(r"^\| (?!bug|-)[^|]+\| ([^|]+) \| (\w)", answer, flags=re.MULTILINE)
    assert sorted(letter for _, letter in rows) == list(lab.patients)
    chart = lab.chart(lab.patients, solved)
    for told, letter in rows:
        fired = [
            n for n, said in zip(chart.found, chart.said(letter), strict=True) if said == "fires"
        ]
        assert re.sub(r" \(.+?\)", "", told) == ", ".join(fired), letter


def test_a_patient_is_a_rule_that_can_be_constructed_and_stepped():
    for name, patient in lab.patients.items():
        assert isinstance(patient, type)
        assert issubclass(patient, optim.Optimizer)
        assert patient.__name__ == f"Patient{name}"
        model = nn.Linear(3, 2, rng=np.random.default_rng(0))
        before = model.weight.data.copy()
        rule = patient(model, lr=0.05)
        assert rule.lr == 0.05
        nn.cross_entropy(model(np.ones((4, 3), np.float32)), np.array([0, 1, 0, 0])).backward()
        rule.step()
        assert rule.t == 1
        assert model.weight.data.dtype == np.float32
        assert (model.weight.data != before).any()
    with pytest.raises(TypeError, match="PatientA has no momentum; it takes lr, beta1"):
        lab.patients["A"]([Tensor([1.0], requires_grad=True)], momentum=0.9)
    with pytest.raises(ValueError, match=r"beta1 must lie in \[0, 1\)"):
        lab.patients["A"]([Tensor([1.0], requires_grad=True)], beta1=1.5)


def test_steps_are_downhill_and_in_units_of_lr():
    np.testing.assert_allclose(lab.steps(optim.SGD, [1, 1, -2]), [1, 1, -2])
    assert lab.steps(optim.SGD, np.ones((3, 2))).shape == (3, 2)
    momentum = lab.steps(functools.partial(Momentum, beta=0.9), np.ones(30))
    np.testing.assert_allclose(momentum, 1 - 0.9 ** np.arange(1, 31))
    squares = lab.steps(functools.partial(RMSProp, beta=0.9), np.ones(30))
    np.testing.assert_allclose(squares, (1 - 0.9 ** np.arange(1, 31)) ** -0.5, rtol=1e-6)
    np.testing.assert_allclose(
        lab.steps(optim.AdaGrad, np.ones(30)), np.arange(1, 31) ** -0.5, rtol=1e-6
    )


def test_patient_e_is_healthy_where_no_two_shapes_are_equal():
    def trained(rule):
        start = {"rng": np.random.default_rng(0)}
        first, second = nn.Linear(784, 256, **start), nn.Linear(256, 100, **start)
        model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(100, 10, **start))
        optimizer, data = rule(model), mnist.load(300, 10)
        training.train(model, optimizer, data, 1, rng=np.random.default_rng(1), progress=False)
        return model[0].weight.data

    np.testing.assert_allclose(
        trained(lab.patients["E"]), trained(lab.right["Momentum"]), rtol=1e-4, atol=1e-6
    )


# ---------------------------------------------------------------- what it costs


def test_the_costs_that_the_prose_names():
    uncorrected = lab.steps(lab.patients["D"], np.ones(40))
    assert (uncorrected.argmax() + 1, round(uncorrected.max(), 2)) == (13, 2.13)
    longer = lab.steps(functools.partial(lab.patients["D"], beta2=0.999), np.ones(40))
    assert longer[0] == pytest.approx(3.16, abs=0.005)
    assert (longer.argmax() + 1, round(longer.max(), 2)) == (12, 6.57)
    assert sum((t - 1) // 100 for t in range(1, 801)) == 2800
    slow = functools.partial(lab.patients["C"], lr=0.1, lr_decay=0.01)
    assert 0.1 * lab.steps(slow, np.ones(800))[-1] == pytest.approx(6e-14, rel=0.01)
    assert lab.steps(lab.patients["C"], np.ones(300))[-1] == pytest.approx(0.05, abs=0.001)
    eight = lab.steps(lab.patients["A"], np.ones((400, 8)))
    assert eight[0, 0] == pytest.approx(1)
    assert eight[0, -1] == pytest.approx(0.49, abs=0.005)
    assert eight[12] == pytest.approx(1.7, abs=0.02)
    assert eight[-1] == pytest.approx(1, abs=0.01)
    small, large = (lab.steps(lab.patients["B"], [g])[0] for g in (1e-5, 1e-2))
    assert large / small == pytest.approx(10, rel=0.01)
    small, large = (lab.steps(optim.Adam, [g])[0] for g in (1e-5, 1e-2))
    assert large / small == pytest.approx(1.001, abs=1e-4)


def network(seed):
    start = {"rng": np.random.default_rng(seed)}
    layers = []
    for n_in, n_out in ((784, 64), (64, 64), (64, 64), (64, 10)):
        layers += [nn.Linear(n_in, n_out, **start), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def test_a_larger_rate_makes_the_right_adam_better_than_the_bugs_that_beat_it():
    data, ends = mnist.load(n_test=1000), {}
    rules = {"A": lab.patients["A"], "D": lab.patients["D"], "F": lab.patients["F"]}
    rules |= {"right": functools.partial(optim.Adam, lr=0.0015)}
    for name, rule in rules.items():
        model, rng = network(0), np.random.default_rng(100)
        history = training.train(model, rule(model), data, 3, rng=rng, progress=False)
        ends[name] = history.train_loss[-1]
    assert ends["right"] < min(ends["A"], ends["D"], ends["F"]) - 0.01, ends


def test_what_four_probes_miss():
    adam = lab.catalogue("Adam")
    chart = lab.chart(adam)
    seen = [slug for slug in adam if "fires" in chart.said(slug)]
    assert (len(adam), len(seen)) == (68, 49)
    assert "g-for-m" not in seen
    assert lab.steps(adam["g-for-m"], [1, 1, 1, 0, 0]) == pytest.approx([1, 1, 1, 0, 0])


# ---------------------------------------------------------------- the seventh


def test_a_seed_draws_a_patient_that_a_probe_sees():
    found = {}
    for seed in range(200):
        patient = lab.seventh(seed)
        rule = patient([Tensor([1.0], requires_grad=True)])
        exercise = exercises.find(patient.claims.lower())
        assert patient.honest is exercise.right
        slugs = [
            m.slug for m in exercise.mistakes if with_mistakes(exercise.text, (m,)) == rule.text
        ]
        assert len(slugs) == 1  # which the check names: test_every_exercise.py
        found[seed] = patient.claims, slugs[0]
    assert len(set(found.values())) > 40
    assert {claim for claim, _ in found.values()} == {"AdaGrad", "RMSProp", "Adam"}
    assert found[16] == ("Adam", "root-missing")


@pytest.mark.parametrize("seed", [0, 1, 2, 16, 33])
def test_the_check_names_the_seventh(seed):
    patient, again = lab.seventh(seed), lab.seventh(seed)
    rules = [make([Tensor([1.0], requires_grad=True)]) for make in (patient, again)]
    assert rules[0].text == rules[1].text
    assert "fires" in lab.chart({"seventh": patient}).said("seventh")
    exercise = exercises.find(patient.claims.lower())
    seen = run_quietly(watch_rule, exercise.experiments, patient, exercise.settings)[0]
    verdict = exercise.verdict(seen)
    assert not verdict.passed
    mistake = next(m for m in exercise.mistakes if m.slug == verdict.mistake)
    assert with_mistakes(exercise.text, (mistake,)) == rules[0].text


def test_what_the_answer_says_of_seed_16():
    patient = lab.seventh(16)
    assert lab.steps(patient, [0.01])[0] == pytest.approx(100, rel=1e-3)
    assert lab.steps(patient, [10])[0] == pytest.approx(0.1, rel=1e-3)


# ---------------------------------------------------------------- readers' probes


def verdict(name, probe):
    exercise = exercises.find(name)
    return exercise.verdict(run_quietly(watch_calls, exercise.calls, probe)[0])


def raw_first_step(rule):
    w = Tensor([5.0, -3.0], requires_grad=True)
    optimizer = rule([w])
    before = w.data.copy()
    (w * 1.0).sum().backward()
    optimizer.step()
    moved = (before - w.data) / optimizer.lr
    return bool(np.any(np.abs(moved - 1) > 0.02))


def raw_constant(rule):
    w = Tensor([0.0], requires_grad=True)
    optimizer, last = rule([w]), 0.0
    for _ in range(400):
        w.grad = np.array([1.0], np.float32)
        optimizer.step()
        ratio = (last - w.data[0]) / optimizer.lr
        last = float(w.data[0])
        if ratio > 1.15 or ratio < 0.85:
            return True
    return False


def raw_scale(rule):
    moves = []
    for g in (2e-6, 2e-3):
        w = Tensor(np.zeros(1), requires_grad=True)
        w.grad = np.array([g])
        rule([w]).step()
        moves.append(w.data[0])
    ratio = moves[1] / moves[0]
    return not (0.9 < ratio < 1.1 or 900 < ratio < 1100)


def raw_equal(rule):
    rng = np.random.default_rng(3)
    gradients = rng.normal(size=(5, 2, 3))
    ends = []
    for count in (1, 3):
        parameters = [Tensor(np.ones((2, 3)), requires_grad=True) for _ in range(count)]
        optimizer = rule(parameters)
        for g in gradients:
            for p in parameters:
                p.grad = g.copy()
            optimizer.step()
        ends += [p.data for p in parameters]
    return any(abs(end - ends[0]).max() > 1e-9 for end in ends[1:])


RAW = {
    "first_step_probe": raw_first_step,
    "constant_probe": raw_constant,
    "scale_probe": raw_scale,
    "equal_probe": raw_equal,
}


@pytest.mark.parametrize(("name", "probe"), RAW.items())
def test_right_probes_in_other_words_pass(name, probe):
    found = verdict(name, probe)
    assert found.passed, found.message
    assert found.message.startswith("Right. It is silent on: SGD")


@pytest.mark.parametrize("name", PROBES.values())
@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (lambda rule: False, "never fires"),
        (lambda rule: True, "always fires"),
        (lambda rule: None, "is the `return` missing?"),
        (lambda rule: 3.16, "a probe returns one True or False, not 3.16"),
        (lambda rule: np.array([True, False]), "a probe returns one True or False"),
        (lambda rule: 1 / 0, "ZeroDivisionError"),
        (lambda rule: rule.nothing, "has no attribute"),
        (lambda rule: rule([]) and False, "parameters can learn"),
        (lambda: True, "positional argument"),
    ],
)
def test_what_is_said_of_probes_that_are_none(name, probe, words):
    found = verdict(name, probe)
    assert not found.passed
    assert words in found.message


def test_a_probe_that_blames_a_right_rule_is_told_which():
    found = verdict("first_step_probe", lambda rule: lab.steps(rule, [1.0])[0] != 1)
    assert found.mistake == "no-tolerance"
    assert "It fires on a right rule: Adam." in found.message
    assert "It fires on a right rule: SGD." not in found.message


def test_a_probe_that_nobody_has_foreseen_is_told_what_it_does():
    found = verdict("equal_probe", lambda rule: rule is optim.SGD)
    assert not found.passed
    assert "It fires on a right rule: SGD." in found.message
    assert "It is silent on a wrong rule: an AdaGrad with one h" in found.message
    assert "not the right ones from the wrong ones" in found.message
    assert "not believed" in verdict("equal_probe", lambda r: raw_equal(r) or r is Momentum).message
    some = verdict("scale_probe", lambda r: raw_scale(r) and "RMS" not in r.__name__)
    assert "It blames nobody who is innocent" in some.message


def test_the_checks_of_the_chapter_run_in_a_process_of_their_own():
    found = exercises.find("constant_probe").verdict_on(raw_constant)
    assert found.passed, found.message
    gone = exercises.find("constant_probe").verdict_on(lambda rule: os._exit(1))
    assert "ended the process" in gone.message
    seventh = lab.seventh(16)
    assert exercises.find("adam").verdict_on(seventh).mistake == "root-missing"


# ---------------------------------------------------------------- figures


def test_the_sentences_of_the_figures():
    rules = {"Adam": optim.Adam, "uncorrected": lab.patients["D"]}
    view = views.steps_view(rules, beta1=0.0, beta2=0.0)
    assert "uncorrected: every step is 1 lr." in view.update()
    assert "farthest from 1 is step 13: 2.13 lr" in view.update(beta1=0.9, beta2=0.99)
    view = views.rate_view(lab.patients["C"], optim.SGD, lr=0.1, lr_decay=0.0)
    assert "the right rate is 0.0932, the patient's 6e-14" in view.update(lr_decay=0.01)
    view = views.scale_view(lambda g, eps: g / np.sqrt(g * g + eps))
    assert "SGD 1,000, Adam 1.001, patient 10.05" in view.update(g=1e-5, eps=1e-8)
    view = views.pair_view(lab.patients["A"])
    assert "1 lr for the first, 0.488 lr for the last" in view.update(n=8, t=1)


def test_a_probe_that_answers_nothing_is_not_silent():
    said = lab.chart({"Adam": optim.Adam}, {"mine": lambda rule: None}).said("Adam")
    assert said == ["no answer"]


def test_a_diagnosis_is_nobodys_answer():
    before = dict(checks.results)
    assert not lab.diagnosis(lab.seventh(16)).passed
    assert checks.results == before
