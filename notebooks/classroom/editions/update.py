"""Take what a student wrote into a newer edition: `python -m classroom.editions.update OLD [NEW]`.

OLD is a folder in which somebody has worked, NEW a newer edition (by default the one that this
command belongs to). An answer goes into the exercise of the same name, and a cell that the student
added goes below the cell that it stood below. OLD is only read. What is in NEW already, an answer
included, is kept, and what would have replaced it is named.
"""

import argparse
import ast
import re
import sys
from pathlib import Path

import nbformat

from classroom.editions.publish import MADE_UP, NOTEBOOKS


def merged(old, new):
    """(the new notebook with the old one's answers and added cells, what was taken, what was not).

    The new notebook is changed in place.
    """
    taken, left = [], []
    own = {cell.id: cell for cell in new.cells}
    places = {cell.source: cell.id for cell in new.cells}
    below = None
    for cell, name in zip(old.cells, _names(old.cells, new.cells), strict=True):
        if name in own:
            below = name
            if _is_answer(cell) and not _says_nothing(cell.source, own[name].source):
                (taken if is_stub(own[name].source) else left).append(name)
                if is_stub(own[name].source):
                    own[name].source = cell.source
        elif cell.source in places:  # a front end that keeps no ids
            below = places[cell.source]
        elif MADE_UP.fullmatch(name):
            if cell.source.strip():
                added = _added(cell, own)
                new.cells.insert(new.cells.index(own[below]) + 1 if below else 0, added)
                own[added.id] = added
                taken.append("a cell of your own")
                below = added.id
        else:
            left.append(name)
    return new, taken, left


def _names(cells, others):
    """The ids of the cells; an exercise that has lost its own has that of the exercise among the
    others that asks for the same."""
    asked = {_asked(cell): cell.id for cell in others if _is_answer(cell)}
    names = [cell.get("id", "") for cell in cells]
    for i, cell in enumerate(cells):
        same = asked.get(_asked(cell))
        if MADE_UP.fullmatch(names[i]) and same and same not in names:
            names[i] = same
    return names


def _asked(cell):
    """The exercise that a cell has checked, or None."""
    found = re.search(r'^check\("(\w+)"', cell.source, flags=re.MULTILINE)
    return found and cell.cell_type == "code" and found[1]


def _is_answer(cell):
    return "exercise" in cell.metadata.get("tags", []) or bool(_asked(cell))


def _says_nothing(source, stub):
    """Whether nothing was written into a stub, no comment either."""
    return source == stub or (is_stub(source) and _comments(source) <= _comments(stub))


def _comments(source):
    return {line.partition("#")[2] for line in source.splitlines()}


def is_stub(source):
    """Whether a body is a docstring and `...` alone, or a value is `...`."""
    try:
        return any(map(_is_empty, ast.walk(ast.parse(source))))
    except SyntaxError:  # somebody is at work
        return False


def _is_empty(node):
    if isinstance(node, ast.Assign):
        return _is_ellipsis(node.value)
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return False
    body = node.body[ast.get_docstring(node) is not None :]
    return len(body) == 1 and isinstance(body[0], ast.Expr) and _is_ellipsis(body[0].value)


def _is_ellipsis(node):
    return isinstance(node, ast.Constant) and node.value is ...


def _added(cell, known):
    """A copy of a cell, without outputs, and with an id that is not known yet."""
    made = nbformat.from_dict(dict(cell))
    while made.get("id", "") in {"", *known}:
        made.id = nbformat.v4.new_markdown_cell().id
    if made.cell_type == "code":
        made.outputs, made.execution_count = [], None
    return made


def update(old, new):
    """Take over the answers in all notebooks of one folder; a text for each of what was done.

    Raises FileNotFoundError if there is no notebook of the course in either folder.
    """
    old, new, said = _notebooks_of(old), _notebooks_of(new), []
    for path in sorted(old.glob("*.ipynb")):
        target = new / path.name
        if not target.exists():
            said.append(f"{path.name}: is no part of the new edition, left where it is")
            continue
        try:
            answered = nbformat.read(path, as_version=4)
        except Exception as error:  # a file that was cut off, or is no notebook
            said.append(f"{path.name}: cannot be read ({error}), nothing taken")
            continue
        notebook, taken, left = merged(answered, nbformat.read(target, as_version=4))
        if taken:
            nbformat.write(notebook, target)
        words = [f"taken: {', '.join(taken)}"] if taken else []
        words += [f"not taken, since another answer or no such cell is there: {', '.join(left)}"
                  ] if left else []  # fmt: skip
        said.append(f"{path.name}: {'; '.join(words) or 'nothing to take'}")
    return said


def _notebooks_of(folder):
    """The folder of the notebooks: this one, or the one in it."""
    for place in (Path(folder), Path(folder) / "notebooks"):
        if list(place.glob("[0-9][0-9]_*.ipynb")):
            return place
    raise FileNotFoundError(f"no notebook of the course in {folder}: name its notebooks/")


def main(arguments=None):
    """The command: says what was taken from each notebook."""
    parser = argparse.ArgumentParser(description="Take a student's answers into a newer edition.")
    parser.add_argument("old", metavar="OLD", type=Path, help="the folder that was worked in")
    parser.add_argument("new", metavar="NEW", type=Path, nargs="?", default=NOTEBOOKS)
    options = parser.parse_args(arguments)
    try:
        print("\n".join(update(options.old, options.new)))
    except FileNotFoundError as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
