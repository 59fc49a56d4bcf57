"""The student edition: the course without its solutions, as a folder and a zip (`make student`).

The notebooks lose the cells tagged `solution` and every output. What is left runs from top to
bottom with every stub untouched, because nothing after an exercise depends on its answer.
"""

import shutil
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
from traitlets.config import Config

from classroom.editions.publish import NOTEBOOKS, normalise

ROOT = NOTEBOOKS.parent
FOLDERS = ("mytorch_core", "notebooks/classroom", "data")
FILES = (
    "environment.yml",
    "pyproject.toml",
    "constraints.txt",
    "Makefile",
    "README.md",
    "LICENSE",
    "notebooks/reference.md",
)


def without_solutions(notebook):
    """A copy of the notebook without solutions and outputs, in its normal form."""
    config = Config()
    config.TagRemovePreprocessor.remove_cell_tags = {"solution"}
    config.TagRemovePreprocessor.enabled = True
    notebook, _ = TagRemovePreprocessor(config=config).preprocess(notebook, {})
    notebook, _ = ClearOutputPreprocessor(config=config).preprocess(notebook, {})
    return normalise(notebook)


def build(target):
    """Write the edition to target/student and target/student.zip, in place of older ones."""
    edition = Path(target) / "student"
    shutil.rmtree(edition, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, edition / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, edition / name)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = without_solutions(nbformat.read(path, as_version=4))
        nbformat.write(notebook, edition / "notebooks" / path.name)
    archive = shutil.make_archive(str(edition), "zip", root_dir=target, base_dir="student")
    return edition, Path(archive)


if __name__ == "__main__":
    print("\n".join(str(path) for path in build(sys.argv[1] if sys.argv[1:] else ROOT / "dist")))
