"""Which of the reader's own lines is wrong? The answer is mended, one edit at a time.

No catalogue of mistakes ends. But the reader's text is at hand, and so is the right answer: an edit
after which every experiment comes out right shows the line, and what is wrong in it. Edits of the
reader's own words come first, then lines of the right answer in their place, then two edits.
All of it is the reader's code, so it runs in the worker.
"""

import ast
import contextlib
import itertools
import signal
import threading
import time
from dataclasses import dataclass, field

from classroom.judging.reading import Reading
from classroom.judging.trees import places, places_in
from classroom.judging.trials import RuleTrial, Task

SECONDS = 1.2  # of processor time, for all edits
AT_MOST = 0.15  # for one of them: an edit can make a loop endless
NEAR = 1.25  # the cost of edits of the reader's own words that are tried before two of ours
CLOSEST = 3.1  # more than a line of the right answer costs in the place of one about its name
FURTHER = 0.6  # what a mend may cost more than the first one that was found


@dataclass
class Line:
    """One of the reader's lines that a mend changes.

    number  of the line, in the cell or file
    text    the line, as it was written
    inside  the function or class that it stands in
    kind    what the edit does, in a word
    said    a clause, to be followed by "your rule is right"; of an equation's line: what it uses
    about   the name whose equation it should be, or ""
    target  the name that the line is about, or ""
    """

    number: int
    text: str
    inside: str
    kind: str
    said: str
    about: str
    target: str


# ------------------------------------------------------------------ the search


def mend(source, task, seconds=SECONDS):
    """The lines of the smallest mend that is found in time, or []."""
    try:
        reading = Reading(source)
        reading.keep()
        reading.run()
    except Exception:  # what cannot be run from its text cannot be mended
        return []
    search = _Search(reading, task, seconds)
    with contextlib.suppress(_OutOfTimeError):
        search.run()
    return sorted((_line(reading, edit) for edit in search.best()), key=lambda line: line.number)


class _OutOfTimeError(Exception):
    """The time is over."""


class _TooLong(BaseException):
    """One edited answer takes too long."""


@dataclass
class _Search:
    """Looks for the line first, with lines of the right answer, and then for what is wrong in it.

    Two lines can be wrong: then two lines of the right answer take their places, and afterwards
    each makes room for the reader's own words where these can be mended.
    """

    reading: Reading
    task: Task
    seconds: float
    found: list = field(default_factory=list)

    def run(self):
        self.start = time.process_time()
        begun = self.progress(())
        if begun is None or (begun[2] and self.task.trial.right(self.reading.run())):
            return  # from its text it does something else
        trusted = self.trusted()
        own = self.in_order(self.task.own(self.reading), trusted)
        ours = self.in_order(self.task.ours(self.reading), trusted)
        near = [edit for edit in own if edit.cost <= NEAR]
        hopeful, of_rule = [], isinstance(self.task.trial, RuleTrial)
        for stage in (ours, near) if of_rule else (near, ours):
            hopeful += self.singly(stage, begun)
            if self.found and stage is ours:
                self.instead_of_ours(own)
            if self.found:
                return
        if of_rule:
            self.pairs_of_ours([edit for edit in ours if edit.cost <= CLOSEST], own)
        if not self.found:
            hopeful += self.singly([edit for edit in own if edit.cost > NEAR], begun)
        if not self.found:
            self.pairs(own + ours, hopeful)

    def in_order(self, edits, trusted):
        """Edits by their cost, which is higher in lines that are not likely to be wrong."""
        edits = list(edits)
        for edit in edits:
            edit.cost += edit.line in trusted
        return sorted(edits, key=lambda edit: edit.cost)

    def singly(self, edits, begun):
        """Tries one edit after the other; gives those after which the answer comes further."""
        hopeful = []
        for edit in edits:
            if self.found and edit.cost > self.found[0][1] + FURTHER:
                break
            progress = self.progress((edit,))
            if progress and progress[:2] > begun[:2]:
                hopeful.append((progress[:2], edit))
        return hopeful

    def instead_of_ours(self, own):
        """Edits of the reader's own words, first in the lines in whose place ours are right."""
        lines = {group[0].line for _, _, _, group in self.found}
        self.singly([edit for edit in own if edit.line in lines], (0, 0))
        self.singly([edit for edit in own if edit.line not in lines], (0, 0))

    def pairs_of_ours(self, ours, own):
        """Two of our lines in the places of two of the reader's; then the reader's own words."""
        for one, other in itertools.combinations(ours, 2):
            if one.line is not other.line and one.about != other.about:
                self.progress((one, other))
            if self.found:
                break
        for i in (0, 1) if self.found else ():
            cost, group = self.found[0][1], self.found[0][3]
            kept, line = group[1 - i], group[i].line
            for edit in [edit for edit in own if edit.line is line]:
                if edit.cost + kept.cost >= cost:
                    break
                self.progress((edit, kept))
                if self.found[0][1] < cost:
                    break

    def trusted(self):
        """The reader's lines about what is remembered right: they are not likely to be wrong."""
        if not isinstance(self.task.trial, RuleTrial):
            return set()
        names = self.task.trial.right_names(self.reading.run())
        return {
            place.line
            for unit in self.reading.units
            for place in places(unit)
            if _about(place, names, self.task.text.state)
        }

    def pairs(self, edits, hopeful):
        """Two edits, one of which alone brings the answer nearer."""
        of_rule = isinstance(self.task.trial, RuleTrial)
        hopeful.sort(key=lambda p: (not of_rule and p[1].cost > 3, [-x for x in p[0]], p[1].cost))
        for _, one in hopeful[:12]:
            here = sorted(edits, key=lambda other, one=one: other.line is not one.line)
            for other in here:
                if other.line is one.line and other.kind == one.kind == "equation":
                    continue
                self.progress((one, other))
                if self.found:
                    return

    def progress(self, group):
        """How far the answer comes with these edits; what is right is noted."""
        if time.process_time() - self.start > self.seconds:
            raise _OutOfTimeError
        undo = []
        try:
            for edit in group:
                undo.append(edit.do())
            with _in_time():
                inside = {edit.inside for edit in group}
                make = self.reading.run(inside.pop() if len(inside) == 1 else None)
                progress = self.task.trial.progress(make)
                if group and progress[2] and self.task.trial.right(make):
                    cost = sum(edit.cost for edit in group)
                    self.found.append((-progress[0], cost, len(self.found), group))
                    self.found.sort(key=lambda one: one[1])
                return progress
        except _TooLong:
            return None
        except Exception:  # an edit may give what is no Python, or stops in the class's body
            return None
        finally:
            for back in reversed(undo):
                back()

    def best(self):
        """The edits of the mend that is told: the memory as in the equations, then the smallest."""
        return min(self.found, key=_smallest)[3] if self.found else ()


def _smallest(found):
    remembered, cost, number, group = found
    return len(group), remembered, cost, number


def _about(place, names, state):
    """Whether a statement changes what one of these names of the rule's state is called here."""
    line = place.line
    target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
    if not isinstance(line, (ast.Assign, ast.AugAssign)) or not names:
        return False
    called = {name: name for name in names}
    if place.inside.name == "update":
        arguments = [a.arg for a in place.inside.args.args][3:]
        called = {n: a for n, a in zip(state, arguments, strict=False) if n in names} or called
    held = {n.id if isinstance(n, ast.Name) else getattr(n, "attr", "") for n in ast.walk(target)}
    return bool(held & set(called.values()))


@contextlib.contextmanager
def _in_time():
    """Stops what takes too long, where that can be done."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(*_):
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, AT_MOST, AT_MOST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _made_before(edit):
    """Names that a line uses and other lines of its function make: they may be what is wrong."""
    made = {
        node.id: None
        for place in places_in(edit.inside.body, (), edit.inside, edit.inside)
        for node in ast.walk(place.line)
        if place.line is not edit.line and isinstance(getattr(node, "ctx", None), ast.Store)
        if isinstance(node, ast.Name)
    }
    used = {node.id for node in ast.walk(edit.line) if isinstance(node, ast.Name)}
    used -= {argument.arg for argument in edit.inside.args.args}
    return [name for name in made if name in used]


def _line(reading, edit):
    number, text = reading.quoted(edit.line)
    inside = getattr(edit.inside, "name", reading.last.name if reading.is_class else "")
    said = edit.said if isinstance(edit.said, str) else edit.said()
    if edit.kind == "equation" and isinstance(edit.inside, ast.FunctionDef):
        said = " and ".join(f"`{name}`" for name in _made_before(edit))
    target = edit.line.targets[0] if isinstance(edit.line, ast.Assign) else edit.line
    target = getattr(target, "target", target)
    target = ast.unparse(target) if isinstance(target, ast.expr) else ""
    return Line(number, text, inside, edit.kind, said, edit.about, target)
