"""The student edition: the course without its solutions, as a folder and a zip (`make student`).

The notebooks lose the cells tagged `solution` and every output but the pictures that answer no
prediction. What is left runs from top to bottom with every stub untouched, because nothing after
an exercise depends on its answer. The README, the Makefile and the settings are the students' own.
"""

import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor
from traitlets.config import Config

from classroom.editions.publish import NOTEBOOKS, normalise

ROOT = NOTEBOOKS.parent
FOLDERS = ("mytorch_core", "notebooks/classroom", "data")
FILES = ("environment.yml", "constraints.txt", "LICENSE", "notebooks/reference.md")
HANDED_OUT = Path(__file__).with_name("handed_out")  # texts that only this edition has
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", "grading", "handed_out")
# Tables of pyproject.toml that are for those who work on the course.
OF_THE_PROJECT = ("[project.optional", "[tool.pytest", "[tool.coverage", "[tool.ruff")


def without_solutions(notebook):
    """A copy of the notebook without solutions, in its normal form; of the outputs the pictures
    are left."""
    config = Config()
    config.TagRemovePreprocessor.remove_cell_tags = {"solution"}
    config.TagRemovePreprocessor.enabled = True
    notebook, _ = TagRemovePreprocessor(config=config).preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            folded = cell.metadata.get("jupyter", {}).get("outputs_hidden")  # answers a prediction
            cell.outputs = [] if folded else [output for output in cell.outputs if shows(output)]
            cell.execution_count = None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = None
    return normalise(notebook)


def shows(output):
    """Whether an output is a picture: with it come its alternative text and its sentence."""
    return "<img" in "".join(output.get("data", {}).get("text/html", ""))


def version():
    """The course's version, as pyproject.toml has it."""
    return re.search(r'^version = "(.+)"$', _text("pyproject.toml"), flags=re.MULTILINE)[1]


def build(target):
    """Write the edition, as a folder and a zip named after its version, to the folder target, in
    place of older ones of the same name; their paths."""
    edition = Path(target) / f"mytorch-student-{version()}"
    shutil.rmtree(edition, ignore_errors=True)
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, edition / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, edition / name)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = without_solutions(nbformat.read(path, as_version=4))
        nbformat.write(notebook, edition / "notebooks" / path.name)
    for name, text in _texts():
        (edition / name).write_text(text, encoding="utf-8")
    archive = shutil.make_archive(str(edition), "zip", root_dir=target, base_dir=edition.name)
    return edition, Path(archive)


def _texts():
    """(name, text) of the files that are made for this edition."""
    readme = (HANDED_OUT / "README.md").read_text(encoding="utf-8")
    chapters = re.findall(r"^\| \[.*\]\(.*\.ipynb\) \|.*\|$", _text("README.md"), re.MULTILINE)
    yield "README.md", readme.format(version=version(), chapters="\n".join(chapters))
    yield "Makefile", (HANDED_OUT / "Makefile").read_text(encoding="utf-8")
    tables = re.split(r"^(?=\[)", _text("pyproject.toml"), flags=re.MULTILINE)
    kept = [table for table in tables if not table.startswith(OF_THE_PROJECT)]
    yield "pyproject.toml", "".join(kept).rstrip() + "\n"


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(str(path) for path in build(sys.argv[1] if sys.argv[1:] else ROOT / "dist")))
