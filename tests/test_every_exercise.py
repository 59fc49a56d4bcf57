"""The standard that every file in `exercises` is held to, found without being listed anywhere."""

import itertools
import random
import re
import sys

import edited_answers
import numpy as np
import pytest

from classroom import exercises
from classroom.judging import slips
from classroom.judging.comparing import expected, same
from classroom.judging.diagnosis import explained
from classroom.judging.failures import run_quietly
from classroom.judging.function import Function
from classroom.judging.probes import watch, watch_calls, watch_rule
from classroom.judging.rule import Rule
from classroom.judging.value import Value
from classroom.judging.written import compatible, with_mistakes

EXERCISES = [exercises.find(name) for name in exercises.names()]
FUNCTIONS = [e for e in EXERCISES if isinstance(e, Function)]
VALUES = [e for e in EXERCISES if isinstance(e, Value)]
# A rule, and what is checked in its place if an answer takes one more hyperparameter.
RULES = {e.name: e for e in EXERCISES if isinstance(e, Rule)}
RULES |= {f"{n}-{taken}": e for n, r in RULES.items() for taken, e in r.taking.items()}
of_rules = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def each(of, things):
    """pytest's parameters: every thing of every exercise."""
    for name, exercise in of.items() if isinstance(of, dict) else [(e.name, e) for e in of]:
        for thing in things(exercise):
            yield pytest.param(exercise, thing, id=f"{name}-{thing.slug}")


def seen_of(rule, make):
    return run_quietly(watch_rule, rule.experiments, make, rule.settings)[0]


def made(rule, *mistakes):
    return with_mistakes(rule.text, mistakes).make


def moves_otherwise(rule, make):
    """Whether it parts from the right rule on a long and random way."""
    with np.errstate(all="ignore"):
        ways = [edited_answers.moves(m, rule.settings) for m in (make, rule.right)]
    return not np.allclose(*ways, rtol=1e-6, atol=1e-9)


# ---------------------------------------------------------------- all of them


def test_there_is_an_exercise_of_each_kind():
    assert len(RULES) >= 6
    assert len(FUNCTIONS) >= 9
    assert len(VALUES) >= 2
    assert sum(len(e.mistakes) for e in [*RULES.values(), *FUNCTIONS, *VALUES]) >= 250


@pytest.mark.parametrize(
    "exercise", [*RULES.values(), *FUNCTIONS, *VALUES], ids=lambda exercise: exercise.name
)
def test_the_words_of_an_exercise(exercise):
    slugs = [mistake.slug for mistake in exercise.mistakes]
    assert len(slugs) == len(set(slugs))
    assert len(slugs) >= 3
    for mistake in exercise.mistakes:
        assert re.fullmatch(r"[A-Za-z0-9.][\w.-]+", mistake.slug)
        assert mistake.sentence.endswith((".", "?", ".)")), mistake.slug
        assert len(mistake.sentence.split()) >= 3, mistake.slug
        assert mistake.look


# ---------------------------------------------------------------- rules


@of_rules
def test_the_lines_of_a_rule_are_its_right_answer(rule):
    ours = seen_of(rule, rule.right)
    for name, seen in seen_of(rule, made(rule)).items():
        assert seen.failure is None
        assert same(seen, ours[name]), name
    assert rule.verdict(ours).message.startswith("Right. Tried: ")


@pytest.mark.parametrize(("rule", "mistake"), list(each(RULES, lambda rule: rule.known)))
def test_every_mistake_in_a_rule_is_named(rule, mistake):
    verdict = rule.verdict(seen_of(rule, made(rule, mistake)))
    assert (verdict.passed, verdict.mistake) == (mistake.fine, mistake.slug), verdict.message
    if not mistake.fine:
        assert verdict.message.startswith("Not yet: ")
        assert mistake.sentence in verdict.message
        assert f"Look at: {mistake.look}" in verdict.message


@of_rules
def test_two_mistakes_at_once_are_rejected_and_one_of_them_is_named(rule):
    pairs = [
        pair
        for pair in itertools.combinations(rule.mistakes, 2)
        if compatible(pair) and not all(m.fine for m in pair)
    ]
    for pair in random.Random(0).sample(pairs, min(40, len(pairs))):
        seen = seen_of(rule, made(rule, *pair))
        verdict = rule.verdict(seen)
        assert not verdict.passed, pair
        if verdict.mistake not in {m.slug for m in pair if not m.fine}:
            # Together they do what others do: no experiment tells them apart.
            found = tuple(explained(rule, seen))
            assert verdict.mistake in {m.slug for m in found}, pair
            for probe in rule.probes:
                assert same(seen[probe.name], expected(rule, found, probe.name)), pair


@of_rules
def test_the_right_spellings_pass(rule):
    for form in rule.spellings or (slips.form_of(rule.text),):
        first = {part: spelled[0] for part, spelled in form.items()}
        for part, spelled in form.items():
            for lines in spelled:
                right = slips._Form(rule, form).slip("", "", "w", first | {part: lines})
                for spelling in slips.spellings(right):
                    verdict = rule.verdict(seen_of(rule, made(rule, spelling)))
                    assert verdict.passed, spelling


def passes(rule, make):
    """Whether no experiment tells it from the right rule."""
    return all(
        same(run_quietly(watch, probe, make, rule.settings)[0], expected(rule, (), probe.name))
        for probe in rule.probes
    )


@of_rules
def test_a_rule_that_differs_in_any_line_is_rejected(rule):
    others = [made(rule, slip) for slip in slips.slips(rule)]
    assert len(others) > 50
    for slip, make in zip(slips.slips(rule), others, strict=True):
        if passes(rule, make):
            assert not moves_otherwise(rule, make), slip


@of_rules
def test_no_sentence_prints_a_line_of_the_solution(rule):
    forms = [*rule.spellings, slips.form_of(rule.text)]
    lines = [x for form in forms for spelled in form.values() for part in spelled for x in part]
    values = [line.split("= ", 1)[1] for line in lines if len(line) > 12]
    for mistake in [*rule.known, *slips.slips(rule)]:
        said = f"{mistake.slug} {mistake.sentence}"
        assert not any(value in said for value in values), mistake


@of_rules
def test_a_slip_is_named_or_what_does_the_same(rule):
    for slip in random.Random(0).sample(slips.slips(rule), 12):
        seen = seen_of(rule, made(rule, slip))
        verdict = rule.verdict(seen)
        stops = any(s.failure for s in seen.values())
        assert verdict.passed or verdict.mistake or stops, slip


# ---------------------------------------------------------------- functions and values


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda exercise: exercise.name)
def test_the_right_function_passes(exercise):
    seen = run_quietly(watch_calls, exercise.calls, exercise.right)[0]
    assert not any(one.failure for one in seen.values())
    verdict = exercise.verdict(seen)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_no_answer_can_change_what_the_next_one_is_given(exercise):
    for name, value in vars(sys.modules[exercise.module]).items():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, name


def _that_show(exercise):
    """The mistakes that show in what an answer does; others show in its text."""
    return [mistake for mistake in exercise.mistakes if not mistake.reads]


@pytest.mark.parametrize(("exercise", "mistake"), list(each(FUNCTIONS, _that_show)))
def test_every_mistake_in_a_function_is_named(exercise, mistake):
    verdict = exercise.verdict_on(mistake.answer)
    assert (verdict.passed, verdict.mistake) == (mistake.fine, mistake.slug), verdict.message
    assert mistake.sentence in verdict.message


@pytest.mark.parametrize("exercise", VALUES, ids=lambda exercise: exercise.name)
def test_every_wrong_number_is_named(exercise):
    assert exercise.verdict_on(exercise.right).passed
    for mistake in exercise.mistakes:
        verdict = exercise.verdict_on(mistake.answer)
        assert (verdict.passed, verdict.mistake) == (False, mistake.slug)
        assert mistake.sentence in verdict.message
