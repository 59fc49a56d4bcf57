"""What is said of an answer that an edit makes right: the reader's own line, and what is wrong."""

import re
from dataclasses import dataclass

from classroom.judging.kinds import kind_of
from classroom.judging.mending import mend
from classroom.judging.reading import source_of
from classroom.judging.slips import Slip
from classroom.judging.verdict import Verdict
from classroom.judging.worker import in_worker


@dataclass(frozen=True)
class Mend:
    """The lines of a reader that an edit, or two of them, make right.

    lines  one `mending.Line` for each edit
    where  what the lines are counted in
    """

    lines: tuple
    where: str
    of_rule: bool

    @property
    def kind(self):
        """The kind of mistake that it is, if it has a name."""
        return kind_of(self.lines, self.of_rule)

    @property
    def slug(self):
        """Its name, for `Verdict.mistake`."""
        if self.kind:
            return self.kind.slug
        words = {"expression": "line", "equation": "line", "right": "line"}
        kinds = [words.get(line.kind, line.kind) for line in self.lines]
        return "mended-" + "-and-".join(dict.fromkeys(kinds))

    def is_better_than(self, found):
        """Whether it says more than these mistakes: it is smaller, or as small and has the line."""
        return len(self.lines) <= len(found)

    def added_to(self, verdict, what, look=None, named=False):
        """A verdict that says this, too; named says whether it has the mistake's name already."""
        if self.kind and not named:
            verdict.mistake = self.slug
        verdict.mistake = verdict.mistake or self.slug
        verdict.message += f"\n\n{self.told(what, look)}"
        return verdict

    def told(self, what, look=None):
        """The lines, what the equations ask there, and what makes the rule or function right."""
        several = len(self.lines) > 1
        parts, before = [], None
        for line in self.lines:
            place = f"Line {line.number} of {self.where}"
            place += f", in {line.inside}" if line.inside else ""
            part = f"{place}:\n    {line.text}\n{_asked(line, look or {})}"
            if self.kind:
                part += f"{self.kind.sentence}\n"
            said = _said(line, what, several)
            if line.number == before:  # two changes of one line
                parts[-1] += f" {said}"
            else:
                parts.append(part + said)
            before = line.number
        end = f"With {'both' if several else 'that'} your {what} is right."
        return "\n\n".join(parts) + (f"\n\n{end}" if several else "")


def _asked(line, look):
    """The equation that a line is about."""
    about = line.about or _about(line, look)
    equation = look.get(about)
    return f"The equation: {equation}\n" if equation else ""


def _about(line, look):
    names = re.findall(r"\w+", line.target)
    return next((name for name in names if name in look), "w" if "data" in names else "")


def _said(line, what, several):
    """What is wrong in a line, or makes it right."""
    if line.kind == "missing" and line.about:
        said = f"{line.said[0].upper()}{line.said[1:]}."
    elif line.kind == "equation" and line.said:
        said = f"That is not what comes out of it: look at the line, and at {line.said}."
    elif line.kind == "equation":
        said = "That is not what this line does."
    elif line.kind == "right":
        said = (
            f"With the right line in its place your {what} is right: what is wrong is in it, or in "
            "what it is given."
        )
    elif several:
        said = f"{line.said[0].upper()}{line.said[1:]}".rstrip(",") + "."
    else:
        said = f"{line.said[0].upper()}{line.said[1:]} your {what} is right."
    return said


def is_named(found):
    """Whether one of the exercise's own mistakes explains an answer alone, and says how."""
    wrong = [mistake for mistake in found if not mistake.fine]
    if not wrong:
        return bool(found)
    return len(wrong) == 1 and not isinstance(wrong[0], Slip) and not wrong[0].causes


def mended(answer, task):
    """The smallest mend of a reader's answer that the worker finds in time, or None."""
    source = source_of(answer)
    if source is None:
        return None
    lines = in_worker(mend, source, task)
    if isinstance(lines, Verdict) or not lines[0]:
        return None
    return Mend(tuple(lines[0]), source.where, task.text is not None)
