"""What is said of a rule: that it is right, or the first step that goes wrong, and why."""

import numpy as np

from classroom.judging.comparing import close, expected, same
from classroom.judging.probes import NUMBER
from classroom.judging.verdict import Verdict, about_failure


def told(rule, seen, wrong, found, mend=None):
    """The verdict on what was seen; wrong are the probes that fail, found is what explains them.

    mend is what makes the answer right, a `Mend`, or None.
    """
    if not wrong:
        tried = "; ".join(probe.shows for probe in rule.probes)
        return Verdict(True, None, f"Right. Tried: {tried}.{_of_a_number(rule, seen, ())}")
    if found and all(mistake.fine for mistake in found):
        notes = " ".join(mistake.sentence for mistake in found)
        note = _of_a_number(rule, seen, tuple(found))
        return Verdict(True, found[0].slug, f"Right. {notes}{note}")
    base = tuple(mistake for mistake in found if mistake.fine)
    found = [mistake for mistake in found if not mistake.fine]
    failures = [seen[probe.name].failure for probe in wrong if seen[probe.name].failure]
    if failures and not found:
        verdict = about_failure(failures[0], likely=not (mend and mend.kind))
        return mend.added_to(verdict, "rule", rule.look) if mend else verdict
    story = _story(rule, seen, wrong, base)
    table = _counterexample(rule, seen, story, base)
    if failures:
        table += f"\n\nYour code stops with an error, {failures[0]}"
    if not found and not (mend and mend.kind) and _with_several_alone(rule, wrong):
        return Verdict(False, "once-for-each-parameter", f"{table}\n\n{SEVERAL}")
    if mend and len(found) == 1 and getattr(found[0], "causes", "") and not mend.lines[1:]:
        verdict = Verdict(False, found[0].slug, f"{table}\n\n{found[0].sentence}")
        return mend.added_to(verdict, "rule", rule.look, named=True)
    if mend and (not found or mend.is_better_than(found)):
        return mend.added_to(Verdict(False, None, table), "rule", rule.look)
    if found:
        text = " Also: ".join(_in_full(mistake) for mistake in found)
        message = f"{table}\n\n{text}\n\nLook at: {found[0].look}"
        return Verdict(False, found[0].slug, message, status="error" if failures else "wrong")
    return Verdict(False, None, f"{table}\n\n{_what_can_be_said(rule, seen, wrong, story, base)}")


SEVERAL = (
    "With a single parameter your rule is right, with several it is not. `update` runs once for "
    "each parameter: what it counts, multiplies or loops over there happens several times in a "
    "step. What is to happen once in a step belongs into `before_step`; a memory of its own for "
    "each parameter is made by `state`, and handed over."
)


def _with_several_alone(rule, wrong):
    """Whether only experiments with several parameters go wrong, and most of these do."""
    several = [probe for probe in rule.probes if len(probe.gradients[0]) > 1 or probe.twin]
    failing = [probe for probe in wrong if probe in several]
    others = [probe for probe in wrong if probe not in several and not probe.changes]
    return not others and 2 * len(failing) > len(several)


def _in_full(mistake):
    return f"{mistake.sentence} {getattr(mistake, 'causes', '')}".rstrip()


def _of_a_number(rule, seen, variant):
    """A note, not a mistake: every parameter of the course has an axis."""
    if same(seen[NUMBER.name], expected(rule, variant, NUMBER.name)):
        return ""
    return (
        "\n\nOne thing to know: with a parameter that is a single number, of shape (), it does "
        "something else. `m[...] = ...` works for every shape, `m[:] = ...` needs an axis."
    )


def _story(rule, seen, wrong, base):
    """(probe, step, parameter, entry): the experiment of which everything is told, the smallest.

    base holds the legitimate variants that the answer has: they are not what is wrong in it.
    """
    return min(
        (_first_difference(rule, seen, probe, base) for probe in wrong),
        key=lambda found: (found[1], _weights(found[0]), len(found[0].gradients)),
    )


def _weights(probe):
    return sum(np.size(g) for g in probe.gradients[0]) * (1 + probe.twin)


def _counterexample(rule, seen, story, base):
    """The experiment as a table of the weight that goes wrong first."""
    probe, t, i, entry = story
    mine, theirs = seen[probe.name].steps, expected(rule, base, probe.name).steps
    steps = range(max(1, t - 4), t + 1)
    columns = _state_columns(rule, seen, story, steps, base)
    rows = [("step", "gradient", *(name for name, _ in columns), "expected w", "your w")]
    for k, step in enumerate(steps):
        g = probe.given(step, i)
        rows.append(
            (
                str(step),
                "none" if g is None else f"{np.ravel(g)[entry]:g}",
                *(cells[k] for _, cells in columns),
                f"{np.ravel(theirs[step - 1][i])[entry]:.6g}",
                _entry(mine[step - 1][i], theirs[step - 1][i], entry) if step <= len(mine) else "-",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    values = rule.settings | {n: v for k in range(1, t + 1) for n, v in _set_at(probe, k).items()}
    given = ", ".join(f"{name} {value:g}" for name, value in values.items())
    which = _which(probe, theirs[0], i, entry)
    begun = f"Not yet: {probe.shows}, starting at w = 1, with {given}."
    return "\n".join([begun, *([which] if which else []), "", *lines])


def _state_columns(rule, seen, story, steps, base):
    """(head, cells) of what is remembered, expected and the reader's, where the two differ."""
    probe, _, i, entry = story
    mine, theirs = seen[probe.name].kept, expected(rule, base, probe.name).kept
    columns = []
    for name in rule.text.state:
        pairs = [
            (b[name][i].ravel()[entry], a[name][i].ravel()[entry])
            for a, b in zip(mine[steps[0] - 1 :], theirs[steps[0] - 1 :], strict=False)
            if i < len(a.get(name, ())) and i < len(b.get(name, ()))
        ][: len(steps)]
        if len(pairs) == len(steps) and not all(close(*np.array(pairs).T)):
            for head, cells in zip(("expected", "your"), zip(*pairs, strict=True), strict=True):
                columns.append((f"{head} {name}", [f"{cell:.5g}" for cell in cells]))
    return columns


def _set_at(probe, t):
    return probe.changes.get(t, {})


def _entry(mine, theirs, entry):
    if mine.shape != theirs.shape:
        return f"shape {mine.shape}, not {theirs.shape}"
    return f"{mine.ravel()[entry]:.6g}"


def _which(probe, weights, i, entry):
    """Which of several weights the table is about."""
    count, said = len(probe.gradients[0]), []
    if probe.twin:
        said.append(f"of the {'second' if i >= count else 'first'} optimizer")
    if count > 1:
        said.append(f"parameter {i % count + 1} of {count}, of shape {weights[i].shape}")
    if weights[i].size > 1:
        place = tuple(map(int, np.unravel_index(entry, weights[i].shape)))
        said.append(
            f"its entry [{', '.join(map(str, place))}]" if count > 1 else f"entry {place[0]}"
        )
    return f"The weight that parts first: {', '.join(said)}." if said else ""


def _first_difference(rule, seen, probe, base):
    """(probe, step from 1, parameter, entry) where the weights first part."""
    seen, right = seen[probe.name], expected(rule, base, probe.name)
    old_mine = old_theirs = [np.ones_like(w) for w in right.steps[0]]
    for t, theirs in enumerate(right.steps, start=1):
        if t > len(seen.steps):
            return probe, t, 0, 0
        mine = seen.steps[t - 1]
        for i, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if a.shape != b.shape:
                return probe, t, i, 0
            with np.errstate(all="ignore"):
                alike = close((a - old_mine[i]).ravel(), (b - old_theirs[i]).ravel())
            if not alike.all():
                return probe, t, i, int(np.flatnonzero(~alike)[0])
        old_mine, old_theirs = mine, theirs
    return probe, len(right.steps), 0, 0


def _what_can_be_said(rule, seen, wrong, story, base):
    """No known mistake: what is seen of it in the experiment of the table."""
    probe, t, i, entry = story
    said = [f"No mistake that is known here does this. It goes wrong first in step {t}"]
    mine, theirs = seen[probe.name].steps, expected(rule, base, probe.name).steps
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
    others = "; ".join(probe.shows for probe in wrong)
    return ": ".join(said) + f".\n\nWhat goes wrong: {others}."
