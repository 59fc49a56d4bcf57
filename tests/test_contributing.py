"""CONTRIBUTING.md's walk through one addition, followed word by word in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from classroom.editions import student

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALK = TEXT[TEXT.index("## One addition") : TEXT.index("## The rules for a chapter")]
STEPS = re.split(r"^### \d\. .*$", WALK, flags=re.MULTILINE)[1:]
FOLDERS = ("mytorch_core", "notebooks", "data", "tests", "web", ".github")
OWN = ("README.md", "Makefile", "pyproject.toml", "conftest.py", "CONTRIBUTING.md")
FILES = (*student.FILES, *OWN)


def blocks(step):
    """(language, tag or "", text) of every fenced block."""
    return re.findall(r"^```(\w+) ?(\w*)\n(.*?)^```$", step, flags=re.MULTILINE | re.DOTALL)


def path_in(step):
    """The file that a step is about: the first that it names."""
    return re.search(r"`(notebooks/\S+)`", step)[1]


def cell_of(language, tag, text):
    """A cell as a front end makes it: with an id that says nothing, and no place in the slides."""
    new = nbformat.v4.new_markdown_cell if language == "markdown" else nbformat.v4.new_code_cell
    return new(text.rstrip("\n"), metadata={"tags": [tag]} if tag else {})


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy") / "mytorch"
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, root / name)
    exercise, colour, view, chapter, _ = STEPS
    for step in (exercise, view):
        ((_, _, text),) = blocks(step)
        target = root / path_in(step)
        assert not target.exists()
        target.write_text(text, encoding="utf-8")
    ((_, _, line),) = blocks(colour)
    palette = root / path_in(colour)
    before = palette.read_text(encoding="utf-8")
    head, tail = before.split("\n}\n", 1)  # the end of RULES, the first table of the file
    palette.write_text(f"{head}\n{line}}}\n{tail}", encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[cell_of(*block) for block in blocks(chapter)])
    nbformat.write(notebook, root / path_in(chapter))
    return root


def run(copy, *arguments):
    paths = os.pathsep.join([str(copy), str(copy / "notebooks")])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env=environment,
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_addition_is_three_files_beside_the_notebook():
    assert len({path_in(step) for step in STEPS[:3]}) == 3
    assert path_in(STEPS[3]).endswith(".ipynb")
    codes = [language for language, _, _ in blocks(STEPS[3]) if language == "python"]
    assert len(codes) == 6


def test_the_addition_passes_what_it_is_held_to(copy):
    commands = re.findall(r"^    \S+python -m (.+)$", STEPS[4], flags=re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        ran = run(
            copy, *command.split(), *(["-p", "no:cacheprovider"] if "pytest" in command else [])
        )
        assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-1000:]
    passed = int(re.search(r"(\d+) passed", ran.stdout)[1])
    assert passed > 60
    house = [f"tests/test_{name}.py" for name in ("figures", "house", "notebooks", "project")]
    ran = run(copy, "pytest", *house, "-p", "no:cacheprovider")
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-1000:]
    style = [*("ruff", "check"), path_in(STEPS[0]), path_in(STEPS[1]), path_in(STEPS[2])]
    assert run(copy, *style, path_in(STEPS[3])).returncode == 0


def test_publishing_again_changes_nothing(copy):
    path = copy / path_in(STEPS[3])
    before = path.read_bytes()
    assert run(copy, "classroom.editions.publish", "--no-run", str(path)).returncode == 0
    assert path.read_bytes() == before
