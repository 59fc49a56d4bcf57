"""Checks: right answers pass whatever they look like, wrong ones are told which mistake it is."""

import functools
import itertools
import random
import re
import subprocess
import sys
import textwrap

import edited_answers
import numpy as np
import pytest
from reader_answers import ANSWERS

from classroom import checks, exercises
from classroom.checks import check
from classroom.judging import worker
from mytorch_core import Tensor, nn, optim
from mytorch_core.optim import Optimizer

RULES = ["sgd", "momentum", "adagrad", "rmsprop", "adam"]


def written(source, name="Mine"):
    """A class or function that a reader has typed into a cell."""
    space = {"Optimizer": Optimizer, "optim": optim, "np": np, "nn": nn, "Tensor": Tensor}
    space["__name__"] = "__main__"
    exec(compile(textwrap.dedent(source), "cell", "exec"), space)
    return space[name]


# ---------------------------------------------------------------- right answers

AVERAGES = (  # a <- beta a + (1 - beta) x, in place
    "{a} += (1 - {b}) * ({x} - {a})",
    "{a} *= {b}; {a} += (1 - {b}) * {x}",
    "{a}[...] = {b} * {a} + (1 - {b}) * {x}",
    "{a}[:] = {a} * {b} + {x} * (1 - {b})",
    "np.copyto({a}, {b} * {a} + (1 - {b}) * {x})",
    "{a} -= (1 - {b}) * ({a} - {x})",
)
SUMS = (
    "h += g * g",
    "h += g ** 2",
    "h[...] = h + np.square(g)",
    "np.add(h, g * g, out=h)",
    "h -= -(g * g)",
    "h += np.abs(g) ** 2",
)
MOVES = (
    "w -= {step}",
    "w += -({step})",
    "w[...] = w - {step}",
    "np.subtract(w, {step}, out=w)",
)
STEPS = {
    "sgd": ["self.lr * g", "g * self.lr", "self.lr * g.copy()", "np.multiply(g, self.lr)"],
    "momentum": ["self.lr * m", "m * self.lr", "np.multiply(self.lr, m)"],
    "adagrad": [
        "self.lr * g / (np.sqrt(h) + self.eps)",
        "self.lr / (h ** 0.5 + self.eps) * g",
        "g * (self.lr / (self.eps + np.sqrt(h)))",
    ],
    "rmsprop": [
        "self.lr * g / (np.sqrt(v) + self.eps)",
        "self.lr / (v ** 0.5 + self.eps) * g",
    ],
    "adam": [
        "self.lr * (m / (1 - self.p1)) / (np.sqrt(v / (1 - self.p2)) + self.eps)",
        "self.lr * (m / (1 - self.p1)) / ((v / (1 - self.p2)) ** 0.5 + self.eps)",
        "self.lr * (1 - self.p2) ** 0.5 / (1 - self.p1) * m / (np.sqrt(v) + self.eps)",
    ],
}
SIGNATURES = {
    "sgd": ("lr=0.1", "lr=lr", ""),
    "momentum": ("lr=0.1, beta=0.9", "lr=lr, beta=beta", "m"),
    "adagrad": ("lr=0.1, eps=1e-8", "lr=lr, eps=eps", "h"),
    "rmsprop": ("lr=0.1, beta=0.9, eps=1e-8", "lr=lr, beta=beta, eps=eps", "v"),
    "adam": (
        "lr=0.1, beta1=0.9, beta2=0.99, eps=1e-8",
        "lr=lr, beta1=beta1, beta2=beta2, eps=eps",
        "mv",
    ),
}


def bodies(rule):
    """Lines of `update` that are right, in many spellings."""
    if rule == "adagrad":
        memory = SUMS
    elif rule == "adam":
        first = [line.format(a="m", b="self.beta1", x="g") for line in AVERAGES]
        second = [line.format(a="v", b="self.beta2", x="g * g") for line in reversed(AVERAGES)]
        memory = [f"{one}\n{two}" for one, two in zip(first, second, strict=True)]
    elif rule == "sgd":
        memory = ["pass"]
    else:
        a, x = ("m", "g") if rule == "momentum" else ("v", "g * g")
        memory = [line.format(a=a, b="self.beta", x=x) for line in AVERAGES]
    for remember, step, move in itertools.product(memory, STEPS[rule], MOVES):
        yield remember + "\n" + move.format(step=step)


def with_update(rule, body):
    keywords, passed, state = SIGNATURES[rule]
    names = "".join(f"{name!r}, " for name in state)
    arguments = "".join(f", {name}" for name in state)
    body = body.replace("self.p1", "self.beta1 ** self.t").replace(
        "self.p2", "self.beta2 ** self.t"
    )
    return written(
        f"class Mine(Optimizer):\n"
        f"    state = ({names})\n"
        f"    def __init__(self, parameters, {keywords}):\n"
        f"        super().__init__(parameters, {passed})\n"
        f"    def update(self, w, g{arguments}):\n" + textwrap.indent(body, " " * 8)
    )


def with_step(rule, body, store):
    """The same in an overridden `step`, with a memory of the reader's own."""
    keywords, passed, state = SIGNATURES[rule]
    body = body.replace("self.p1", "self.beta1 ** self.t").replace(
        "self.p2", "self.beta2 ** self.t"
    )
    make = {
        "list": "[np.zeros_like(p.data) for p in self.parameters]",
        "dict": "{i: np.zeros(p.data.shape, p.data.dtype) for i, p in enumerate(self.parameters)}",
    }[store]
    setup = "".join(f"        self.{name}_ = {make}\n" for name in state)
    fetch = "".join(f"            {name} = self.{name}_[i]\n" for name in state)
    return written(
        f"class Mine(Optimizer):\n"
        f"    def __init__(self, parameters, {keywords}):\n"
        f"        super().__init__(parameters, {passed})\n{setup}"
        f"    def step(self):\n"
        f"        self.t += 1\n"
        f"        for i, p in enumerate(self.parameters):\n"
        f"            if p.grad is None:\n"
        f"                continue\n"
        f"            w, g = p.data, p.grad\n{fetch}" + textwrap.indent(body, " " * 12)
    )


def right_answers():
    rng = random.Random(0)
    for rule in RULES:
        spelled = list(bodies(rule))
        some = rng.sample(spelled, min(11, len(spelled)))
        for i, body in enumerate(some):
            yield pytest.param(rule, with_update(rule, body), id=f"{rule}-update-{i}")
        for i, body in enumerate(rng.sample(spelled, 4)):
            made = with_step(rule, body, ("list", "dict")[i % 2])
            yield pytest.param(rule, made, id=f"{rule}-step-{i}")
        yield pytest.param(rule, exercises.find(rule).right, id=f"{rule}-ours")


@pytest.mark.parametrize(("rule", "answer"), list(right_answers()))
def test_a_right_rule_passes_in_any_spelling(rule, answer):
    verdict = check(rule, answer)
    assert verdict.passed, verdict.message
    assert verdict.message.startswith("Right.")


def test_a_slow_loop_over_the_entries_passes():
    slow = with_update(
        "adagrad",
        "for i in np.ndindex(w.shape):\n"
        "    h[i] = h[i] + g[i] * g[i]\n"
        "    w[i] = w[i] - self.lr * g[i] / (float(h[i]) ** 0.5 + self.eps)",
    )
    assert check("adagrad", slow).passed


def test_memory_in_float32_passes():
    mine = written(
        """
        class Mine(Optimizer):
            def __init__(self, parameters, lr=0.1, beta=0.9):
                super().__init__(parameters, lr=lr, beta=beta)
                self.m = [np.zeros(p.shape, np.float32) for p in self.parameters]

            def step(self):
                for m, p in zip(self.m, self.parameters):
                    if p.grad is not None:
                        m[...] = self.beta * m + (1 - self.beta) * p.grad
                        p.data = p.data - self.lr * m
        """
    )
    assert check("momentum", mine).passed


@pytest.mark.parametrize(
    ("rule", "body", "slug"),
    [
        ("momentum", "m *= self.beta\nm += g\nw -= self.lr * m", "heavy-ball"),
        ("momentum", "m *= self.beta\nm += self.lr * g\nw -= m", "lr-inside-m"),
        ("adam", next(b for b in bodies("adam") if "(1 - self.p2) ** 0.5" in b), "lr-t-form"),
    ],
)
def test_a_legitimate_variant_passes_with_a_note(rule, body, slug):
    verdict = check(rule, with_update(rule, body))
    assert (verdict.passed, verdict.mistake) == (True, slug)
    assert len(verdict.message) > 60


@pytest.mark.parametrize("place", ["[...]", "[:]"])
def test_a_rule_that_needs_an_axis_passes_with_a_note(place):
    body = f"m{place} = self.beta * m + (1 - self.beta) * g\nw -= self.lr * m"
    verdict = check("momentum", with_update("momentum", body))
    assert (verdict.passed, verdict.mistake) == (True, None)
    assert ("a single number" in verdict.message) == (place == "[:]")


# ---------------------------------------------------------------- slips of the pen


@pytest.mark.parametrize(
    ("rule", "body", "slug"),
    [
        ("momentum", "m -= (1 - self.beta) * (g - m)\nw -= self.lr * m", "slip-minus-in-m"),
        ("momentum", "m += (1 + self.beta) * (g - m)\nw -= self.lr * m", "slip-plus-in-m"),
        ("momentum", "m += (2 - self.beta) * (g - m)\nw -= self.lr * m", "slip-2-for-1-in-m"),
        ("momentum", "m += (1 - self.beta) * (g - m)\nw -= m / self.lr", "divided-by-lr"),
        ("adagrad", "h -= g * g\nw -= self.lr * g / (np.sqrt(h) + self.eps)", "h-negative"),
        ("adagrad", "w -= self.lr * g / (np.sqrt(h) + self.eps)", "h-missing"),
        ("adagrad", "h += g * g\nw -= self.lr * g * (np.sqrt(h) + self.eps)", "root-times"),
        (
            "rmsprop",
            "v[...] = 0.9 * v + (1 - self.beta) * g * g\n"
            "w -= self.lr * g / (np.sqrt(v) + self.eps)",
            "slip-0.9-for-beta-in-v",
        ),
        (
            "adam",
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta1) * (g * g - v)\n"
            "m_hat = m / (1 - self.beta1 ** self.t)\nv_hat = v / (1 - self.beta2 ** self.t)\n"
            "w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            "slip-beta1-for-beta2-in-v",
        ),
        (
            "adam",
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (g * g - v)\n"
            "m_hat = m / (1 - self.beta1 ** self.t)\nv_hat = m / (1 - self.beta2 ** self.t)\n"
            "w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            "slip-m-for-v-in-v_hat",
        ),
    ],
)
def test_a_slip_of_the_pen_is_named(rule, body, slug):
    verdict = check(rule, with_update(rule, body))
    assert (verdict.passed, verdict.mistake) == (False, slug), verdict.message


@pytest.mark.parametrize("rule", RULES)
def test_every_slip_that_changes_the_rule_is_rejected_and_most_are_named(rule):
    exercise, named = exercises.find(rule), []
    variants = {m.slug for m in exercise.mistakes if m.fine}
    for text, right in edited_answers.slips_of(rule, tries=60, seed=11):
        with np.errstate(all="ignore"):
            paths = [
                edited_answers.moves(with_update(rule, t), exercise.settings) for t in (text, right)
            ]
        verdict = check(rule, with_update(rule, text))
        if not np.allclose(*paths, rtol=1e-6, atol=1e-9) and verdict.mistake not in variants:
            assert not verdict.passed, text
            if "stops with an error" not in verdict.message:
                named.append(verdict.mistake is not None)
    assert len(named) > 10
    assert sum(named) >= 0.85 * len(named)


def test_numbers():
    assert check("largest_rate", 1).passed
    assert check("largest_rate", np.float32(1.0)).passed
    assert check("largest_rate", 0.5).mistake == "one-over-c"
    assert "larger than the answer" in check("largest_rate", 3.3).message
    assert "asks for a number, not 'x'" in check("largest_rate", "x").message


# ---------------------------------------------------------------- what readers write


@pytest.mark.parametrize(
    ("rule", "body", "slug"),
    [
        ("sgd", "w = w - self.lr * g", "update-lost"),
        ("sgd", "w += self.lr * g", "ascends"),
        ("sgd", "w -= g", "lr-ignored"),
        ("sgd", "w -= 0.1 * g", "lr-hard-coded-0.1"),
        ("sgd", "g *= self.lr\nw -= g", "gradient-changed"),
        (
            "momentum",
            "m = self.beta * m + (1 - self.beta) * g\nw -= self.lr * m",
            "state-made-anew",
        ),
        ("momentum", "m += (1 - self.beta) * (g - m)\nw -= self.lr * g", "g-for-m"),
        ("momentum", "w -= self.lr * m\nm += (1 - self.beta) * (g - m)", "m-after-the-step"),
        ("momentum", "m += self.beta * (g - m)\nw -= self.lr * m", "betas-of-m-swapped"),
        ("momentum", "m += 0.1 * (g - m)\nw -= self.lr * m", "beta-hard-coded-0.9"),
        ("momentum", "m -= 0\nself.lr *= g\nw -= m", "hyperparameter-changed"),
        ("adagrad", "h += g\nw -= self.lr * g / (np.sqrt(h) + self.eps)", "not-squared"),
        ("adagrad", "h += g * g\nw -= self.lr * g / np.sqrt(h + self.eps)", "eps-inside-the-root"),
        ("adagrad", "h += g * g\nw -= self.lr * g / np.sqrt(h)", "eps-missing"),
        ("adagrad", "h += g * g\nw -= self.lr * g / (h + self.eps)", "root-missing"),
        (
            "adagrad",
            "h += (g * g).sum()\nw -= self.lr * g / (np.sqrt(h) + self.eps)",
            "sum-of-squares",
        ),
        ("adagrad", "h[...] = g * g\nw -= self.lr * g / (np.sqrt(h) + self.eps)", "h-replaced"),
        ("rmsprop", "v += g * g\nw -= self.lr * g / (np.sqrt(v) + self.eps)", "v-only-adds"),
        (
            "adam",
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (g * g - v)\n"
            "w -= self.lr * m / (np.sqrt(v) + self.eps)",
            "no-bias-correction",
        ),
        (
            "adam",
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (g * g - v)\n"
            "m /= 1 - self.beta1 ** self.t\nv /= 1 - self.beta2 ** self.t\n"
            "w -= self.lr * m / (np.sqrt(v) + self.eps)",
            "hats-written-back",
        ),
        (
            "adam",
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (g * g - v)\n"
            "t = self.t - 1\n"
            "m_hat = m / (1 - self.beta1 ** t)\nv_hat = v / (1 - self.beta2 ** t)\n"
            "w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            "t-late",
        ),
        (
            "adam",
            "t = (self.t - 1) % 50 + 1\n"
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (g * g - v)\n"
            "m_hat = m / (1 - self.beta1 ** t)\nv_hat = v / (1 - self.beta2 ** t)\n"
            "w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            "t-starts-again-after-50",
        ),
        (
            "adam",
            "self.n = getattr(self, 'n', 0) + 1\n"
            "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (g * g - v)\n"
            "m_hat = m / (1 - self.beta1 ** self.n)\nv_hat = v / (1 - self.beta2 ** self.n)\n"
            "w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            "t-per-parameter",
        ),
    ],
)
def test_what_a_reader_writes_is_named(rule, body, slug):
    verdict = check(rule, with_update(rule, body))
    assert (verdict.passed, verdict.mistake) == (False, slug), verdict.message


ZEROS = "np.zeros(p.data.shape, int)"


@pytest.mark.parametrize(
    "average",
    ["m[...] = self.beta * m + (1 - self.beta) * p.grad", "m += (1 - self.beta) * (p.grad - m)"],
    ids=["cuts", "raises"],
)
def test_a_state_of_integers_is_named_whether_it_raises_or_cuts_off_fractions(average):
    mine = written(
        f"""
        class Mine(Optimizer):
            def __init__(self, parameters, lr=0.1, beta=0.9):
                super().__init__(parameters, lr=lr, beta=beta)
                self.m = [{ZEROS} for p in self.parameters]

            def step(self):
                for m, p in zip(self.m, self.parameters):
                    if p.grad is not None:
                        {average}
                        p.data -= self.lr * m
        """
    )
    assert check("momentum", mine).mistake == "integer-state"


def test_an_unknown_mistake_is_described_by_what_is_seen_of_it():
    verdict = check("sgd", with_update("sgd", "w -= 2 * self.lr * g"))
    assert (verdict.passed, verdict.mistake) == (False, None)
    assert "your step is 2 times the right one" in verdict.message
    assert "in step 1" in verdict.message
    verdict = check("sgd", with_update("sgd", "w += 3 * self.lr * g"))
    assert "your step is the other way and 3 times the right one" in verdict.message


NEVER_FORGETS = "m += (1 - self.beta) * g\nw -= self.lr * m"


def test_the_table_shows_the_first_step_that_goes_wrong():
    verdict = check(
        "momentum", with_update("momentum", "m += (1 - self.beta) * g\nw -= self.lr * m")
    )
    lines = verdict.message.splitlines()
    assert re.split("  +", lines[2].strip()) == [
        *("step", "gradient", "expected m", "your m", "expected w", "your w")
    ]
    rows = [line.split() for line in lines[3:] if line]
    assert rows[0] == ["1", "2", "0.4", "0.4", "0.88", "0.88"]
    assert rows[1][:4] == ["2", "-1", "0.12", "0.2"]
    assert rows[1][4] != rows[1][5]


# What a reader wrote who had not seen the known mistakes, and what the checks let pass:
LEGITIMATE = {
    "factor 1 - beta is missing: the heavy-ball form, steps up to 1/(1-beta) times too large",
    "eps before the correction of v: sqrt(v) + eps is divided by the root of 1 - beta2^t",
}


@functools.cache
def verdict_on(exercise, source):
    return check(exercise, written(source, "Answer"))


@pytest.mark.parametrize(
    ("exercise", "right", "source", "words"),
    ANSWERS,
    ids=[f"{i}-{answer[0]}" for i, answer in enumerate(ANSWERS)],
)
def test_a_readers_answer_is_judged_as_the_reader_meant_it(exercise, right, source, words):
    verdict = verdict_on(exercise, source)
    assert verdict.passed == (right or words in LEGITIMATE), verdict.message


def test_most_of_the_readers_mistakes_are_named():
    wrong = [answer for answer in ANSWERS if not answer[1] and answer[3] not in LEGITIMATE]
    named = [bool(verdict_on(name, source).mistake) for name, _, source, _ in wrong]
    assert sum(named) >= 0.9 * len(named)


# ---------------------------------------------------------------- whatever an answer does


@pytest.mark.parametrize("answer", [None, ...])
@pytest.mark.parametrize("name", ["adam", "decay", "largest_rate"])
def test_nothing_is_not_attempted_yet(name, answer):
    verdict = check(name, answer)
    assert (verdict.passed, verdict.message) == (False, "not attempted yet")


def test_a_stub_is_not_attempted_yet():
    stub = with_update("adam", '"""Change w and the state in place."""\n...')
    assert check("adam", stub).message == "not attempted yet"
    assert check("adam", written("class Mine(Optimizer):\n    ...")).message == "not attempted yet"

    def decay(lr, lr_decay, t):
        """The rate of step t."""
        ...

    assert check("decay", decay).message == "not attempted yet"
    assert (
        check("decay", written("def Mine(lr, lr_decay, t):\n    return ...")).message
        == "not attempted yet"
    )


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no exercise 'adma'; there are accuracy, adagrad, adam"):
        check("adma", None)


@pytest.mark.parametrize(
    ("body", "line", "part"),
    [
        ("\nw -= self.lr * self.m", 7, "name what the rule remembers in `state`"),
        ("w -= self.lr * grad", 6, "misspelt"),
        ("w -= self.lr * g[:1, :1, :1]", 6, "IndexError"),
        ("w -= self.lr * np.ones(77)", 6, "same shape"),
        ("w -= 1 / 0", 6, "division by zero"),
        ("x = ...\nw -= x", 7, "`...` of the stub"),
    ],
)
def test_an_exception_is_one_line_with_its_place_and_a_likely_cause(body, line, part):
    verdict = check("sgd", with_update("sgd", body))
    assert not verdict.passed
    first = verdict.message.splitlines()[0]
    assert f"line {line} of update" in first
    assert part in verdict.message


def test_what_is_printed_is_shown():
    verdict = check("sgd", with_update("sgd", "print('g is', g.shape)\nw -= self.lr * g"))
    assert verdict.passed
    assert "Your code printed:\ng is (1,)" in verdict.message


def test_an_endless_loop_is_stopped_and_the_next_check_works(monkeypatch):
    monkeypatch.setattr(worker, "PATIENCE", 2.0)
    verdict = check("sgd", with_update("sgd", "while True: pass"))
    assert "Stopped after 2 seconds. Is there a loop that never ends?" in verdict.message
    monkeypatch.undo()
    assert check("sgd", optim.SGD).passed


def test_python_ends_though_an_endless_loop_was_checked():
    script = (
        "from classroom import checks\n"
        "from classroom.judging import worker\n"
        "from mytorch_core import optim\n"
        "class Endless(optim.Optimizer):\n"
        "    def __init__(self, parameters, lr=0.1):\n"
        "        super().__init__(parameters, lr=lr)\n"
        "    def update(self, w, g):\n"
        "        while True: pass\n"
        "worker.PATIENCE = 1.0\n"
        "for answer in (Endless, optim.SGD, Endless):\n"
        "    verdict = checks.check('sgd', answer)\n"
        "print(verdict.message)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.startswith("Stopped after 1 seconds.")


def test_code_that_ends_its_process_or_breaks_it_outlives_nothing():
    verdict = check("sgd", with_update("sgd", "import os; os._exit(3)"))
    assert "ended the process" in verdict.message
    breaks = with_update("sgd", "np.sqrt = None\nw -= self.lr * g")
    assert check("sgd", breaks).passed
    assert callable(np.sqrt)
    assert check("sgd", with_update("sgd", "raise SystemExit")).passed is False
    assert check("sgd", with_update("sgd", "raise KeyboardInterrupt")).passed is False
    assert check("adagrad", optim.AdaGrad).passed


def test_what_is_no_answer_to_the_exercise_is_said():
    assert "asks for a subclass of optim.Optimizer" in check("sgd", 3).message
    assert "asks for a function" in check("decay", 3).message
    no_beta = written(
        """
        class Mine(Optimizer):
            def __init__(self, parameters, lr=0.1):
                super().__init__(parameters, lr=lr)
            def update(self, w, g):
                w -= self.lr * g
        """
    )
    assert "has to take beta" in check("momentum", no_beta).message
    assert "missing" in check("numerical_gradient", lambda f, w, h: print(h)).message


@pytest.mark.parametrize("name", exercises.names())
def test_a_right_answer_costs_no_worker(name):
    assert check(name, exercises.find(name).right).passed
    process = worker._worker
    assert check(name, exercises.find(name).right).passed
    assert worker._worker is process is not None or name in ("largest_rate", "tenth_step")


def test_keywords_of_any_name_are_no_decay():
    mine = written(
        """
        class Mine(Optimizer):
            def __init__(self, parameters, lr=0.1, **others):
                super().__init__(parameters, lr=lr)

            def update(self, w, g):
                w -= self.lr * g
        """
    )
    verdict = check("sgd", mine)
    assert verdict.passed, verdict.message


def test_sgd_without_decay_is_judged_without_it():
    verdict = check("sgd", with_update("sgd", "w -= self.lr * g"))
    assert verdict.passed
    assert "staircase" not in verdict.message
    assert "staircase" in check("sgd", optim.SGD).message


def test_the_verdict_is_shown_as_text_and_in_colour():
    bundle = check("largest_rate", 0.5)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("Not 0.5.")
    assert "<pre" in bundle["text/html"]
    assert "one-over-c" in repr(checks.progress("largest_rate", "adam"))
    check("largest_rate", 1)
    assert "<td>largest_rate</td><td>passed</td>" in checks.progress("largest_rate")._repr_html_()
