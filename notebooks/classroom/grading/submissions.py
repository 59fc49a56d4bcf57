"""What was handed in: whose it is, which chapter, which exercises, and what has to be run for each.

Graded is the cell of the exercise. With it goes the course's set-up cell, and those cells of the
submission that give it a name which it needs, a helper for instance; no other cell is run.
"""

import ast
import builtins
import re
import symtable
from dataclasses import dataclass, field

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from classroom.editions.publish import NOTEBOOKS
from classroom.grading.suspicion import remarks_on

LARGEST = 50 * 2**20  # bytes of a notebook
KNOWN = {*dir(builtins), "__name__", "display", "get_ipython"}
NOT_LOOKED_AT = (".ipynb_checkpoints", "__MACOSX")


# ------------------------------------------------------------------ the course


@dataclass(frozen=True)
class Task:
    """An exercise of a chapter: its cell's id and text, its name, and that of the answer."""

    id: str
    stub: str
    exercise: str
    answer: str


@dataclass(frozen=True)
class Chapter:
    """A chapter: its file's name, its set-up cell, its exercises, and the cells by their ids."""

    name: str
    setup: str
    tasks: tuple
    cells: dict

    @property
    def imported(self):
        """The names that the set-up cell imports."""
        nodes = [n for n in ast.walk(ast.parse(self.setup)) if isinstance(n, _IMPORTS)]
        return {(a.asname or a.name).split(".")[0] for n in nodes for a in n.names}


_IMPORTS = (ast.Import, ast.ImportFrom)


def chapters(folder=NOTEBOOKS):
    """The chapters of the course that have exercises."""
    found = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        tasks = [_task(c) for c in cells if "exercise" in c.metadata.get("tags", [])]
        sources = {cell.id: cell.source.strip() for cell in cells}
        if tasks:
            found.append(Chapter(path.stem, cells[0].source.strip(), tuple(tasks), sources))
    return found


def _task(cell):
    exercise, answer = _checked(ast.parse(cell.source))[-1].args
    return Task(cell.id, cell.source.strip(), exercise.value, answer.id)


def _checked(tree):
    """The calls of check("name", answer) that are statements of a cell."""
    values = [s.value for s in tree.body if isinstance(s, (ast.Expr, ast.Assign))]
    calls = [value for value in values if isinstance(value, ast.Call)]
    return [c for c in calls if ast.unparse(c.func) == "check" and len(c.args) == 2]


# ------------------------------------------------------------------ a submission


@dataclass
class Part:
    """One exercise of a submission.

    cells    [(what the cell is called, its text)] to be run after the course's set-up cell
    answer   the name that the answer then has
    status   what is known without running anything, or ""
    remarks  {slug: what is meant}
    says     whether the stored output says that the answer is right
    """

    task: Task
    cells: list = field(default_factory=list)
    answer: str = ""
    status: str = ""
    slug: str = ""
    message: str = ""
    remarks: dict = field(default_factory=dict)
    says: bool = False


@dataclass
class Submission:
    """A notebook that was handed in: whose, where, of which chapter (None if that is not known),
    its parts, and remarks about all of it; `unreadable` says why it has no parts."""

    student: str
    path: object
    chapter: object = None
    parts: list = field(default_factory=list)
    remarks: dict = field(default_factory=dict)
    unreadable: str = ""


@dataclass
class Cell:
    """A code cell as Python sees it: its magics are calls, and tree is None if it is no Python."""

    label: str
    id: str
    source: str
    tags: list
    outputs: list
    error: str = ""
    tree: ast.Module | None = None
    gives: frozenset = frozenset()
    needs: frozenset = frozenset()


def found_in(folder, course):
    """The submissions of a folder: a folder for each student, or a file."""
    paths = [p for p in sorted(folder.rglob("*.ipynb")) if _is_looked_at(p, folder)]
    submissions = [_read(path, folder, course) for path in paths]
    for one in submissions:
        same = [s for s in submissions if (s.student, s.chapter) == (one.student, one.chapter)]
        if len(same) > 1 and one.chapter:
            one.remarks["two-notebooks"] = ", ".join(s.path.name for s in same)
    return submissions


def _is_looked_at(path, folder):
    inside = path.relative_to(folder).parts
    links = any(p.is_symlink() for p in (path, *path.parents[: len(inside) - 1]))
    return path.is_file() and not links and not set(inside) & set(NOT_LOOKED_AT)


def _read(path, folder, course):
    first, *below = path.relative_to(folder).parts
    submission = Submission(first if below else path.stem, path)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST / 2**20:g} MB")
        notebook = nbformat.read(path, as_version=4)
        cells = [_cell(i, c) for i, c in enumerate(notebook.cells, 1) if c.cell_type == "code"]
    except Exception as error:  # cut off, no notebook, one that is made to be none
        submission.unreadable = f"it cannot be read: {type(error).__name__}: {str(error)[:200]}"
        return submission
    chapter = submission.chapter = _chapter_of(path, cells, course)
    if chapter is None:
        submission.unreadable = "it is no chapter of the course"
        return submission
    if not below:
        submission.student = path.stem.replace(chapter.name, "").strip("_- ") or path.stem
    submission.remarks = _remarks(cells, chapter)
    submission.parts = [_part(task, cells, chapter) for task in chapter.tasks]
    return submission


def _chapter_of(path, cells, course):
    """The chapter that most cells belong to."""
    ids = {(cell.id, cell.source) for cell in cells}
    alike = {chapter.name: len(ids & set(chapter.cells.items())) for chapter in course}
    best = max(course, key=lambda c: (alike[c.name], c.name in path.stem), default=None)
    if best and (alike[best.name] >= 2 or best.name in path.stem):
        return best
    asked = {e for cell in cells if cell.tree for e in _asked(cell)}
    return next((c for c in course if asked and asked <= {t.exercise for t in c.tasks}), None)


def _cell(number, cell):
    tags = cell.metadata.get("tags", [])
    made = Cell(f"cell {number}", cell.get("id", ""), cell.source.strip(), tags, cell.outputs)
    try:
        made.source = TransformerManager().transform_cell(cell.source).strip()
        made.tree = ast.parse(made.source)
        table = symtable.symtable(made.source, made.label, "exec")
        made.gives, made.needs = frozenset(_gives(table)), frozenset(_needs(table))
    except SyntaxError as error:
        made.tree = None
        made.error = f"{made.label}, line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, thousands of brackets
        made.tree = None
        made.error = f"{made.label}: {type(error).__name__}"
    return made


def _gives(table):
    """The names that a cell gives to the others, also from inside a function (`global`)."""
    own = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    return own if table.get_type() == "module" else set()


def _needs(table):
    """The names that a cell takes from others, in its functions, too."""
    top = table.get_type() == "module"
    symbols = table.get_symbols()
    found = {s.get_name() for s in symbols if s.is_referenced() and (top or s.is_global())}
    for child in table.get_children():
        found |= _needs(child)
    return found - (_gives(table) if top else set())


# ------------------------------------------------------------------ remarks about all of it


def _remarks(cells, chapter):
    """What is to be said of the cells that are not the course's."""
    found = {}
    sources = set(chapter.cells.values())
    if not any(cell.source == chapter.setup for cell in cells):
        first = next(iter(chapter.cells))
        found["set-up-edited"] = next((c.label for c in cells if c.id == first), "it is gone")
    for cell in cells:
        if cell.error:
            found.setdefault("syntax-error", cell.error)
        elif cell.source not in sources:
            for slug, meant in remarks_on(cell.tree, chapter.imported):
                found.setdefault(slug, f"{cell.label}: {meant}")
    return found


# ------------------------------------------------------------------ one exercise


def _part(task, cells, chapter):
    part = Part(task, answer=task.answer)
    cell = _cell_of(task, cells, chapter, part)
    if cell is None:
        part.status, part.message = "missing", "The exercise's cell is gone."
        return part
    part.says = any(_says_right(output) for output in cell.outputs)
    if cell.tree is None:
        part.status, part.slug, part.message = "error", "syntax-error", f"No Python: {cell.error}"
        return part
    _look_at_the_check(part, cell, cells)
    others = [c for c in cells if c is not cell and c.tree and "solution" not in c.tags]
    sources = set(chapter.cells.values())
    own = [c for c in others if c.source not in sources]
    elsewhere = [c for c in own if part.answer in c.gives]
    if elsewhere and part.answer in cell.gives:
        part.remarks["defined-elsewhere"] = ", ".join(c.label for c in elsewhere)
    if cell.source == task.stub:
        part.status, part.message = "untouched", "not attempted yet"
        return part
    known = KNOWN | _gives(symtable.symtable(chapter.setup, "set-up", "exec"))
    course = [c for c in others if c.source in sources]
    helpers = _helpers(cell, {part.answer}, (own, course), cells, known)
    part.cells = [(c.label, c.source) for c in (*helpers, cell)]
    return part


def _cell_of(task, cells, chapter, part):
    """The exercise's cell: that of its name, or another one that has it checked."""
    named = [cell for cell in cells if cell.id == task.id]
    if named:
        return named[0]
    taken = {t.id for t in chapter.tasks}
    asking = [c for c in cells if c.id not in taken and task.exercise in _asked(c)]
    if not asking:
        return None
    if asking[-1].id:
        part.remarks["cell-replaced"] = asking[-1].label
    return asking[-1]


def _asked(cell):
    return re.findall(r'^check\(\s*["\'](\w+)["\']', cell.source, flags=re.MULTILINE)


def _look_at_the_check(part, cell, cells):
    """Is the exercise checked as the course does it? A renamed answer is graded all the same."""
    (wanted,) = _checked(ast.parse(part.task.stub))
    calls = _checked(cell.tree)
    if any(ast.dump(call) == ast.dump(wanted) for call in calls):
        return
    if any(part.task.exercise in _asked(c) for c in cells if c is not cell and not calls):
        calls = [call for c in cells if c.tree for call in _checked(c.tree)]
        calls = [call for call in calls if ast.dump(call.args[0]) == ast.dump(wanted.args[0])]
        if any(ast.dump(call) == ast.dump(wanted) for call in calls):
            return  # it was moved to a cell of its own
    part.remarks["check-edited" if calls else "check-deleted"] = (
        ast.unparse(calls[-1]) if calls else cell.label
    )
    other = calls[-1].args[1] if calls else None
    if part.answer not in cell.gives and isinstance(other, ast.Name) and other.id in cell.gives:
        part.answer = other.id


def _helpers(cell, wanted, others, cells, known):
    """The cells that give what a cell needs, and what these need, in their order: the submission's
    own before the course's (others are these two lists), and what stands before it before what
    follows."""
    at = cells.index(cell)
    chosen, given = [], known | cell.gives
    missing = (cell.needs | wanted) - given
    while missing:
        name = min(missing)
        givers = next(filter(None, ([c for c in some if name in c.gives] for some in others)), [])
        before = [c for c in givers if cells.index(c) < at]
        given = given | {name}
        if givers:
            giver = before[-1] if before else givers[0]
            chosen.append(giver)
            given |= giver.gives
            missing |= giver.needs
        missing -= given
    return sorted(chosen, key=cells.index)


def _says_right(output):
    return str(output.get("data", {}).get("text/plain", "")).startswith("Right")
