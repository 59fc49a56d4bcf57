"""Is this folder in order? `python -m classroom.editions.intact` (`make check`) says so: packages,
digits and checks as in chapter 00, and every notebook and every link.
"""

import re
import sys
from pathlib import Path

import nbformat

from classroom import exercises
from classroom.editions import installation
from classroom.editions.publish import NOTEBOOKS

AGAIN = (
    "take it from a fresh copy of the course; `python -m classroom.editions.update` brings back "
    "what you wrote"
)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
PAGES = ("README.md", "notebooks/reference.md", "data/mnist/README.md")


def report(root=NOTEBOOKS.parent):
    """The report of the installation, with a row for each chapter and one for the links."""
    root = Path(root)
    chapters = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    read = {path: _read(path) for path in chapters}
    rows = [(f"chapter {path.name[:2]}", amiss, AGAIN) for path, (amiss, _) in read.items()]
    if not chapters:
        rows = [("chapters", f"there are none in {root / 'notebooks'}", AGAIN)]
    broken = [link for path, (_, texts) in read.items() for link in _broken(path, texts)]
    for name in PAGES:
        if (root / name).exists():
            path = root / name
            broken += _broken(path, [path.read_text(encoding="utf-8")])
    rows.append(("links", f"they lead nowhere: {', '.join(broken)}" if broken else "", AGAIN))
    return installation.Report([*installation.report().rows, *rows])


def _read(path):
    """(what is amiss with a chapter, or "", its texts if nothing is)."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # cut off, no notebook, a notebook that is none
        return f"{path.name} cannot be read ({type(error).__name__})", []
    known = exercises.names()
    for cell in notebook.cells:
        for name in re.findall(r'^check\("(\w+)"', cell.source, flags=re.MULTILINE):
            if name not in known:
                return f"{path.name} asks for an exercise that is not there, {name}", []
    return "", [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def _broken(path, texts):
    """The links of a page to files that are not there."""
    found = [link for text in texts for link in LINK.findall(text)]
    return [f"{link} in {path.name}" for link in found if not (path.parent / link).exists()]


def main():
    """The command: 0 if everything is in order, else 1."""
    found = report()
    print(found)
    return 0 if found.in_order else 1


if __name__ == "__main__":
    sys.exit(main())
