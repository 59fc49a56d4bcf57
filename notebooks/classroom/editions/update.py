"""Take what a student wrote into a newer edition: `python -m classroom.editions.update OLD [NEW]`.

OLD is a folder of notebooks in which somebody has worked, NEW a newer edition of them (by default
the one that this command belongs to). An answer goes into the exercise of the same name, and a cell
that the student added goes below the cell that it stood below. OLD is only read. What is in NEW
already, an answer included, is kept, and what would have replaced it is named.
"""

import argparse
import sys
from pathlib import Path

import nbformat

from classroom.editions.publish import MADE_UP, NOTEBOOKS, normalise


def merged(old, new):
    """(the new notebook with the old one's answers and added cells, what was taken, what was not).

    The new notebook is changed in place.
    """
    taken, left = [], []
    own = {cell.id: cell for cell in new.cells}
    below, written = None, {cell.source for cell in new.cells}
    for cell in old.cells:
        if MADE_UP.fullmatch(cell.get("id", "")):
            if cell.source.strip() and cell.source not in written:
                place = new.cells.index(own[below]) + 1 if below else 0
                new.cells.insert(place, _added(cell))
                own[cell.id] = new.cells[place]
                taken.append("a cell of your own")
                below = cell.id
        elif cell.id in own:
            below = cell.id
            if _is_answer(cell) and cell.source != own[cell.id].source:
                (taken if _is_untouched(own[cell.id]) else left).append(cell.id)
                if _is_untouched(own[cell.id]):
                    own[cell.id].source = cell.source
        elif _is_answer(cell):
            left.append(cell.id)
    return new, taken, left


def _is_answer(cell):
    return "exercise" in cell.metadata.get("tags", [])


def _is_untouched(cell):
    """Whether the `...` of the stub still stands on a line of its own, or as a value."""
    return any(
        line.strip() == "..." or line.rstrip().endswith("= ...")
        for line in cell.source.splitlines()
    )


def _added(cell):
    made = nbformat.from_dict(dict(cell))
    if made.cell_type == "code":
        made.outputs, made.execution_count = [], None
    return made


def update(old, new):
    """Take over the answers in all notebooks of one folder; a text for each of what was done.

    Raises FileNotFoundError if there is no notebook of the course in either folder.
    """
    old, new, said = Path(old), Path(new), []
    for folder in (old, new):
        if not list(folder.glob("[0-9][0-9]_*.ipynb")):
            raise FileNotFoundError(f"no notebook of the course in {folder}: name its notebooks/")
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
            nbformat.write(normalise(notebook), target)
        words = [f"taken: {', '.join(taken)}"] if taken else []
        words += [f"not taken, since another answer or no such exercise is there: {', '.join(left)}"
                  ] if left else []  # fmt: skip
        said.append(f"{path.name}: {'; '.join(words) or 'nothing to take'}")
    return said


def main(arguments=None):
    """The command: says what was taken from each notebook."""
    parser = argparse.ArgumentParser(description="Take a student's answers into a newer edition.")
    parser.add_argument("old", metavar="OLD", type=Path, help="the notebooks that were worked in")
    parser.add_argument("new", metavar="NEW", type=Path, nargs="?", default=NOTEBOOKS)
    options = parser.parse_args(arguments)
    try:
        print("\n".join(update(options.old, options.new)))
    except FileNotFoundError as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
