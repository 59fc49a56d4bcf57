"""Is the reader's answer right, and if not, which mistake is it? `check("adam", MyAdam)`.

The answer runs in a worker process on the experiments of `probes`; so does, here, every mistake of
the catalogue, and every slip of the pen. The one that moves the weights as the answer does is the
one that was made.
"""

import dis
import functools
import html
import inspect
import itertools
import sys
from concurrent.futures import TimeoutError as Timeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

import cloudpickle
import numpy as np
from loky import ProcessPoolExecutor
from loky.process_executor import TerminatedWorkerError

from classroom import exercises, probes, slips
from classroom.mistakes import CATALOGUE, RULES, broken
from mytorch_core.optim import Optimizer

PATIENCE = 8.0  # seconds that an answer may take
CLOSE = 2e-5  # relative difference of two steps that counts as none
TINY = 3e-6  # the same, absolute: the last digits of float32 weights near 1


@dataclass
class Verdict:
    """What a check found.

    passed   whether the answer is right
    mistake  the slug of the catalogue's entry, or None
    message  what is shown, as text
    """

    passed: bool
    mistake: str | None
    message: str
    exercise: str = ""

    def _repr_mimebundle_(self, **_):
        color = "#009E73" if self.passed else "#D55E00"
        style = f"border-left: 4px solid {color}; padding-left: 12px; font-size: 15px; margin: 0"
        text = html.escape(self.message)
        return {"text/plain": self.message, "text/html": f'<pre style="{style}">{text}</pre>'}


results = {}


def check(exercise, answer):
    """Check an answer to an exercise, and return the verdict, which a notebook shows.

    exercise  its name: a rule ("sgd", "momentum", "adagrad", "rmsprop", "adam") or a function
    answer    a subclass of Optimizer, a function or a value, as the exercise asks

    Raises ValueError for a name that is not known. Whatever the answer does, nothing is raised.
    """
    known = [*RULES, *exercises.FUNCTIONS, *exercises.VALUES]
    if exercise not in known:
        raise ValueError(f"there is no exercise {exercise!r}; there are {', '.join(known)}")
    if exercise in RULES:
        verdict = _check_rule(exercise, answer)
    elif exercise in exercises.FUNCTIONS:
        verdict = _check_function(exercises.FUNCTIONS[exercise], answer)
    else:
        verdict = _check_value(exercises.VALUES[exercise], answer)
    verdict.exercise = exercise
    results[exercise] = verdict
    return verdict


# ------------------------------------------------------------------ rules


def _check_rule(rule, answer):
    if answer is None or answer is ...:
        return _not_yet()
    if not inspect.isclass(answer) or not issubclass(answer, Optimizer):
        text = f"{rule!r} asks for a subclass of optim.Optimizer, not {answer!r}."
        return Verdict(False, None, text)
    if _is_stub(answer):
        return _not_yet()
    for name in probes.SETTINGS[rule]:
        if not probes.accepts(answer, name):
            text = f"{answer.__name__}(parameters, ...) has to take {name}: name it in __init__."
            return Verdict(False, None, text)
    decay = rule == "sgd" and probes.accepts(answer, "lr_decay")
    seen = _in_worker(probes.watch_rule, rule, answer, decay)
    if isinstance(seen, Verdict):
        return seen
    seen, printed = seen
    verdict = _judge_rule(rule, seen, decay)
    if printed:
        verdict.message += f"\n\nYour code printed:\n{printed[:1000].rstrip()}"
    return verdict


def _judge_rule(rule, seen, decay):
    experiments = probes.probes(rule, decay)
    expected = {p.name: _expected(rule, (), p.name, decay) for p in experiments}
    wrong = [p for p in experiments if not _same(seen[p.name], expected[p.name])]
    if not wrong:
        tried = "; ".join(p.shows for p in experiments)
        return Verdict(True, None, f"Right. Tried: {tried}.{_of_a_number(rule, seen, (), decay)}")
    found = _diagnosis(rule, seen, decay)
    if found and all(mistake.fine for mistake in found):
        notes = " ".join(mistake.sentence for mistake in found)
        note = _of_a_number(rule, seen, tuple(found), decay)
        return Verdict(True, found[0].slug, f"Right. {notes}{note}")
    found = [mistake for mistake in found if not mistake.fine]
    failures = [seen[p.name].failure for p in wrong if seen[p.name].failure]
    if failures and not found:
        return _about_failure(failures[0])
    table = _counterexample(wrong, seen, expected, probes.settings(rule, decay))
    if failures:
        table += f"\n\nYour code stops with an error, {failures[0]}"
    if found:
        text = " Also: ".join(mistake.sentence for mistake in found)
        look = found[0].look
        return Verdict(False, found[0].slug, f"{table}\n\n{text}\n\nLook at: {look}")
    return Verdict(False, None, f"{table}\n\n{_what_can_be_said(wrong, seen, expected)}")


def _of_a_number(rule, seen, variant, decay):
    """A note, not a mistake: every parameter of the course has an axis."""
    if _same(seen[probes.NUMBER.name], _expected(rule, variant, probes.NUMBER.name, decay)):
        return ""
    return (
        "\n\nOne thing to know: with a parameter that is a single number, of shape (), it does "
        "something else. `m[...] = ...` works for every shape, `m[:] = ...` needs an axis."
    )


def _diagnosis(rule, seen, decay):
    """The mistakes that explain everything that was seen, or none.

    One of the catalogue; or else one slip of the pen; or else two of the catalogue; or else a slip
    that is less likely than these. A legitimate variant may come on top of those of the catalogue:
    it is no mistake, and hides none.
    """
    names = [p.name for p in probes.probes(rule, decay)]
    # First the experiment that tells most apart: few candidates are left for the others.
    names.sort(key=lambda name: name not in ("several", "decay"))
    # An exception says where it is: a slip has nothing to add.
    stops = any(seen[name].failure for name in names)
    for candidates in (_single, _pairs) if stops else (_single, _slips, _pairs, _unlikely_slips):
        found = [
            group
            for begun in _beginning_alike(candidates, rule, seen["zeros"], decay)
            for group in _spellings(rule, begun)
            if all(_same(seen[name], _expected(rule, group, name, decay)) for name in names)
        ]
        if found and isinstance(found[0][0], slips.Slip):
            return [slips.together([slip for (slip,) in found])]
        if found:
            return list(found[0])
    return []


def _single(rule, decay):
    return _groups(rule, decay, 1)


def _slips(rule, decay):
    return [(slip,) for slip in slips.slips("decay" if decay else rule) if slip.likely]


def _pairs(rule, decay):
    return _groups(rule, decay, 2)


def _unlikely_slips(rule, decay):
    return [(slip,) for slip in slips.slips("decay" if decay else rule) if not slip.likely]


def _groups(rule, decay, size):
    """As many mistakes of the catalogue, alone and on top of a legitimate variant."""
    catalogue = [m for m in CATALOGUE[rule] if decay or "decay" not in m.choices]
    alone = list(itertools.combinations(catalogue, size))
    variants = [m for m in catalogue if m.fine and not _begins_right(m)]
    varied = [group + (m,) for group in alone for m in variants]
    return [group for group in alone + varied if _compatible(group)]


def _begins_right(mistake):
    """Whether it shows only when a beta is moved: how beta^t is computed."""
    return mistake.choices.keys() == {"power"}


def _spellings(rule, group):
    """Rules that begin like this one."""
    if isinstance(group[0], slips.Slip):
        return [(slip,) for slip in slips.spellings(group[0])]
    on_top = [group + (m,) for m in CATALOGUE[rule] if _begins_right(m)]
    return [group, *filter(_compatible, on_top)]


def _compatible(mistakes):
    choices = [choice for mistake in mistakes for choice in mistake.choices]
    return len(choices) == len(set(choices))


@functools.lru_cache(maxsize=50_000)
def _expected(rule, group, name, decay):
    """What a rule with these mistakes does in one experiment."""
    probe = next(p for p in [*probes.probes(rule, decay), probes.NUMBER] if p.name == name)
    settings = probes.settings(rule, decay)
    return probes.run_quietly(probes.watch, probe, _made(rule, group), settings)[0]


def _made(rule, group):
    if group and isinstance(group[0], slips.Slip):
        return group[0].make
    return broken(rule, *group)


BEGINNING = 3  # steps that are looked at before an explanation is tried in full


def _beginning_alike(candidates, rule, seen, decay):
    """The candidates whose first steps in "zeros" are these, found in one comparison."""
    groups, begun = _beginnings(candidates, rule, decay)
    mine = _begun(seen)
    with np.errstate(all="ignore"):
        steps = np.diff(begun, axis=1), np.diff(mine, axis=0)
        close = np.isclose(*steps, rtol=CLOSE, atol=TINY)
        close |= ~np.isfinite(begun[:, 1:]) & ~np.isfinite(mine[1:])
    return [group for group, fits in zip(groups, close.all(axis=(1, 2)), strict=True) if fits]


@functools.cache
def _beginnings(candidates, rule, decay):
    """(candidates, the first steps of each)."""
    groups, settings = candidates(rule, decay), probes.settings(rule, decay)
    probe = next(p for p in probes.probes(rule, decay) if p.name == "zeros")
    short = replace(probe, gradients=probe.gradients[:BEGINNING])

    def run():
        return [_begun(probes.watch(short, _made(rule, group), settings)) for group in groups]

    return groups, np.array(probes.run_quietly(run)[0])


def _begun(seen):
    """The two weights before and after each of the first steps; 0 where there are none."""
    begun = np.zeros((BEGINNING + 1, 2))
    begun[0] = 1.0
    for t, (w, *_) in enumerate(seen.steps[:BEGINNING], start=1):
        begun[t] = w if w.shape == (2,) else 0.0
    return begun


def _same(seen, expected):
    if _cause(seen.failure) != _cause(expected.failure) or len(seen.steps) != len(expected.steps):
        return False
    before = [np.ones_like(w) for w in (seen.steps or [[]])[0]]
    last = before
    for mine, theirs in zip(seen.steps, expected.steps, strict=True):
        for a, b, old_a, old_b in zip(mine, theirs, before, last, strict=True):
            if a.shape != b.shape:
                return False
            with np.errstate(all="ignore"):
                close = np.isclose(a - old_a, b - old_b, rtol=CLOSE, atol=TINY, equal_nan=True)
                close |= ~np.isfinite(a) & ~np.isfinite(b)  # both have left the numbers
            if not close.all():
                return False
        before, last = mine, theirs
    return True


# ------------------------------------------------------------------ what is said of a wrong rule


def _counterexample(wrong, seen, expected, settings):
    """The smallest experiment that goes wrong, as a table of one weight."""
    probe, t, i, entry = min(
        (_first_difference(seen[p.name], expected[p.name], p) for p in wrong),
        key=lambda found: (found[1], found[0].gradients[0][0] is None, len(found[0].gradients)),
    )
    rows = [("step", "gradient", "expected w", "your w")]
    for step in range(max(1, t - 4), t + 1):
        g = probe.gradients[step - 1][i]
        mine = seen[probe.name].steps
        rows.append(
            (
                str(step),
                "none" if g is None else f"{np.ravel(g)[entry]:g}",
                f"{np.ravel(expected[probe.name].steps[step - 1][i])[entry]:.6g}",
                f"{np.ravel(mine[step - 1][i])[entry]:.6g}" if step <= len(mine) else "-",
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    given = ", ".join(f"{name} {value:g}" for name, value in settings.items())
    return f"Not yet: {probe.shows}, starting at w = 1, with {given}.\n\n" + "\n".join(lines)


def _first_difference(seen, expected, probe):
    """(probe, step from 1, parameter, entry) where the weights first part."""
    old_mine = old_theirs = [np.ones_like(w) for w in expected.steps[0]]
    for t, theirs in enumerate(expected.steps, start=1):
        if t > len(seen.steps):
            return probe, t, 0, 0
        mine = seen.steps[t - 1]
        for i, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if a.shape != b.shape:
                return probe, t, i, 0
            with np.errstate(all="ignore"):
                steps = (a - old_mine[i]).ravel(), (b - old_theirs[i]).ravel()
                close = np.isclose(*steps, rtol=CLOSE, atol=TINY, equal_nan=True)
            if not close.all():
                return probe, t, i, int(np.flatnonzero(~close)[0])
        old_mine, old_theirs = mine, theirs
    return probe, len(expected.steps), 0, 0


def _what_can_be_said(wrong, seen, expected):
    """No known mistake: what is seen of it."""
    probe = wrong[0]
    _, t, i, entry = _first_difference(seen[probe.name], expected[probe.name], probe)
    said = [f"No mistake that is known here does this. It goes wrong first in step {t}"]
    mine, theirs = seen[probe.name].steps, expected[probe.name].steps
    if t <= len(mine) and mine[t - 1][i].shape == theirs[t - 1][i].shape:
        before = (1.0, 1.0)
        if t > 1:
            before = (mine[t - 2][i].ravel()[entry], theirs[t - 2][i].ravel()[entry])
        a = mine[t - 1][i].ravel()[entry] - before[0]
        b = theirs[t - 1][i].ravel()[entry] - before[1]
        if not np.isfinite(a):
            said.append(f"there w becomes {mine[t - 1][i].ravel()[entry]}")
        elif b and a:
            sign = "the other way and " if a * b < 0 else ""
            said.append(f"there your step is {sign}{abs(a / b):.3g} times the right one")
        elif b:
            said.append("there w does not move, and should")
        else:
            said.append("there w moves, and should not")
    others = "; ".join(p.shows for p in wrong)
    return ": ".join(said) + f".\n\nWhat goes wrong: {others}."


# (part of an exception's message, slug, likely cause)
CAUSES = (
    (
        "read-only",
        "gradient-changed",
        "The gradient g is changed in place. Others see it, too: "
        "compute with it, but write only to w and the state.",
    ),
    ("ellipsis", "stub-left", "A `...` of the stub is still there."),
    (
        "'NoneType'",
        "nothing-there",
        "Something is None: a function without `return`, or a gradient that is missing.",
    ),
    (
        "dtype('O')",
        "stub-left",
        "Something in it is no number: is a `...` of the stub still there?",
    ),
    (
        "Cannot cast ufunc",
        "integer-state",
        "An array of integers cannot take a fraction: make the "
        "state with np.zeros_like(w), not from whole numbers.",
    ),
    (
        "has no attribute 'update'",
        "update-missing",
        "The class has neither `update` nor `step`.",
    ),
    (
        "has no attribute",
        "never-set",
        "It was never set: name what the rule remembers in `state`, and "
        "hyperparameters in super().__init__(parameters, lr=lr, ...).",
    ),
    (
        "positional argument",
        "arguments-of-update",
        "`update` gets w, g and one array for each name in `state`, in that order.",
    ),
    ("is not defined", "name-unknown", "A name is misspelt, or `self.` is missing before it."),
    ("before assignment", "used-too-early", "The name gets its value only later in the function."),
    (
        "not associated with a value",
        "used-too-early",
        "The name gets its value only later in the function.",
    ),
    (
        "broadcast",
        "shapes-differ",
        "Two arrays do not have the same shape: w, g and the state of one parameter do.",
    ),
    (
        "must be a number, not",
        "hyperparameter-changed",
        "A hyperparameter gets another value: the rule reads it, and writes to w and the state.",
    ),
    (
        "must lie in",
        "hyperparameter-changed",
        "A hyperparameter gets another value: the rule reads it, and writes to w and the state.",
    ),
    (
        "'float' object",
        "number-for-array",
        "A number stands where an array belongs: numbers have no entries and no shape.",
    ),
    (
        "division by zero",
        "divided-by-zero",
        "A correction divides by 0: is t 0 in the first step?",
    ),
)


# What the same causes are called in a function, which has no w, no state and no hyperparameters.
IN_FUNCTIONS = {
    "never-set": "There is no attribute or method of that name: is it misspelt?",
    "arguments-of-update": "The function is called with the arguments that its stub names.",
    "shapes-differ": "Two arrays do not fit each other: print their .shape.",
    "gradient-changed": "An argument is changed in place. Others see it, too: work on a copy.",
    "integer-state": "An array of integers cannot take a fraction.",
    "divided-by-zero": "Something is divided by 0.",
}


def _cause(failure):
    """(part of the message, slug, sentence) of the likely cause of an exception, if it has one."""
    if failure is None:
        return None
    return next((cause for cause in CAUSES if cause[0] in failure.message), (failure.kind,) * 3)


def _about_failure(failure, words=None):
    text = f"Your code stops with an error, {failure}"
    part, slug, sentence = _cause(failure)
    if part == failure.kind:
        return Verdict(False, None, text)
    return Verdict(False, slug, f"{text}\n\n{(words or {}).get(slug, sentence)}")


# ------------------------------------------------------------------ functions and values


def _check_function(exercise, answer):
    if answer is None or answer is ...:
        return _not_yet()
    if not callable(answer):
        return Verdict(False, None, f"{exercise.name!r} asks for a function, not {answer!r}.")
    if _is_stub(answer):
        return _not_yet()
    seen = _in_worker(exercises.watch, exercise.name, answer)
    if isinstance(seen, Verdict):
        return seen
    seen, printed = seen
    expected = _expected_of(exercise.name, None)
    wrong = [name for name in expected if not _alike(seen[name], expected[name])]
    if not wrong:
        verdict = Verdict(True, None, f"Right. Tried: {'; '.join(expected)}.")
    else:
        verdict = _judge_function(exercise, seen, expected, wrong)
    if printed:
        verdict.message += f"\n\nYour code printed:\n{printed[:1000].rstrip()}"
    return verdict


def _judge_function(exercise, seen, expected, wrong):
    for mistake in exercise.mistakes:
        theirs = _expected_of(exercise.name, mistake.slug)
        if all(_alike(seen[name], theirs[name]) for name in expected):
            table = _compare(exercise, wrong[0], seen, expected)
            text = f"{table}\n\n{mistake.sentence}\n\nLook at: {mistake.look}"
            return Verdict(False, mistake.slug, text)
    for name in wrong:
        if seen[name].failure:
            return _about_failure(seen[name].failure, IN_FUNCTIONS)
    table = _compare(exercise, wrong[0], seen, expected)
    right = [name for name in expected if name not in wrong]
    text = f"{table}\n\nNo mistake that is known here does this. It goes wrong: {'; '.join(wrong)}."
    return Verdict(False, None, text + (f" It is right: {'; '.join(right)}." if right else ""))


@functools.lru_cache(maxsize=500)
def _expected_of(name, slug):
    exercise = exercises.FUNCTIONS[name]
    function = exercise.right
    if slug is not None:
        function = next(m.function for m in exercise.mistakes if m.slug == slug)
    return probes.run_quietly(exercises.watch, name, function)[0]


def _alike(seen, expected):
    errors = [(f.kind, f.message) if f else None for f in (seen.failure, expected.failure)]
    if errors[0] != errors[1]:
        return False
    mine, theirs = seen.steps[0] if seen.steps else [], expected.steps[0] if expected.steps else []
    if len(mine) != len(theirs):
        return False
    for a, b in zip(mine, theirs, strict=True):
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True):
            return False
    return True


def _compare(exercise, name, seen, expected):
    """What was expected and what came, part by part if the parts have names."""
    right, mine = expected[name], seen[name]
    if exercise.parts and right.steps and mine.steps:
        rows = [
            f"{part}: expected {_shown(part, a)}, yours {_shown(part, b)}"
            for part, a, b in zip(exercise.parts, right.steps[0], mine.steps[0], strict=False)
            if a.shape != b.shape or not np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
        ]
        return "\n".join([f"Not yet: {name}.", "", *rows])
    lines = [f"Not yet: {name}.", ""]
    for label, what in (("expected", right), ("yours", mine)):
        if what.failure:
            lines.append(f"{label:>9}  {what.failure.kind}: {what.failure.message}")
        else:
            arrays = (_shown("", a) for a in what.steps[0])
            lines.append(f"{label:>9}  " + "\n           ".join(", ".join(arrays).splitlines()))
    return "\n".join(lines)


def _shown(part, array):
    """An array in short; a part whose name is a question is answered by yes or no."""
    if part.endswith("?"):
        return "yes" if array else "no"
    return np.array2string(array, precision=4, threshold=12)


def _check_value(exercise, answer):
    if answer is None or answer is ...:
        return _not_yet()
    try:
        number = float(answer)
    except (TypeError, ValueError):
        return Verdict(False, None, f"{exercise.name!r} asks for a number, not {answer!r}.")
    if np.isclose(number, exercise.right, rtol=1e-3):
        return Verdict(True, None, f"Right: {exercise.right:g}.")
    for mistake in exercise.mistakes:
        if np.isclose(number, mistake.function, rtol=1e-3):
            text = f"Not {number:g}. {mistake.sentence}\n\nLook at: {mistake.look}"
            return Verdict(False, mistake.slug, text)
    size = "larger" if number > exercise.right else "smaller"
    return Verdict(False, None, f"Not yet: {number:g} is {size} than the answer.")


# ------------------------------------------------------------------ the worker


def _not_yet():
    return Verdict(False, None, "not attempted yet")


EMPTY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "POP_TOP", "CACHE"}


def _is_stub(answer):
    """Whether there is nothing but a docstring and `...` where the reader's code belongs."""
    if inspect.isclass(answer):
        own = [vars(answer)[name] for name in ("update", "step") if name in vars(answer)]
        inherited = any(
            name in vars(base)
            for base in answer.__mro__[1:-1]
            if base is not Optimizer
            for name in ("update", "step")
        )
        return all(_is_stub(function) for function in own) and not inherited
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    names = {instruction.opname for instruction in dis.get_instructions(code)}
    returned = {i.argval for i in dis.get_instructions(code) if i.opname.endswith("CONST")}
    return names <= EMPTY and returned <= {None, Ellipsis}


_worker = None


def _in_worker(function, *arguments):
    """What `probes.run_quietly` gives in the worker process, or a verdict if it gives nothing."""
    global _worker
    _worker = _worker or ProcessPoolExecutor(max_workers=1, timeout=600)
    untouched = False
    try:
        load = _pickled((function, arguments))
        result, printed, untouched = _worker.submit(_run_pickled, load).result(timeout=PATIENCE)
        return result, printed
    except Timeout:
        text = f"Stopped after {PATIENCE:g} seconds. Is there a loop that never ends?"
        return Verdict(False, None, text)
    except (BrokenProcessPool, TerminatedWorkerError):
        text = "Your code ended the process that it ran in (exit, or memory?)."
        return Verdict(False, None, text)
    except Exception as error:
        return Verdict(False, None, f"Your code cannot be run: {type(error).__name__}: {error}")
    finally:
        if not untouched:  # the next answer gets a process of its own
            # Waits until it is dead: a loop that never ends would keep Python from ending.
            _worker.shutdown(wait=True, kill_workers=True)
            _worker = None


def _run_pickled(load):
    before = _fingerprint()
    function, arguments = cloudpickle.loads(load)
    result, printed = probes.run_quietly(function, *arguments)
    return result, printed, before == _fingerprint()


def _fingerprint():
    """What the modules that an answer works with hold, by identity."""
    shared = [module for name, module in sorted(sys.modules.items()) if name.startswith(SHARED)]
    shared += [
        thing for module in shared for thing in vars(module).values() if isinstance(thing, type)
    ]
    return {(id(t), name): id(value) for t in shared for name, value in list(vars(t).items())}


SHARED = ("mytorch_core", "classroom.probes", "classroom.exercises", "builtins", "numpy")


def _pickled(task):
    """The task as bytes, with the code of modules that the worker may not be able to import."""
    names = {getattr(part, "__module__", None) for part in task[1]}
    ours = {"classroom", "mytorch_core", "__main__", "builtins", "numpy"}
    modules = [sys.modules[n] for n in names if n in sys.modules and n.split(".")[0] not in ours]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(task)
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


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
    return "passed" if verdict.passed else verdict.mistake or "not yet"


def progress(*names):
    """A table of these exercises, or of all that were checked: passed, or the mistake."""
    return Progress(names or tuple(results))
