"""Exercises: every solution passes its own check, and the student edition holds none of them."""

import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import symtable
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from cell_names import defines, needs
from nbclient import NotebookClient

from classroom import checks
from classroom.editions import intact, student
from conftest import digits_once

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def cells(path, tag=None):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and (tag is None or tag in cell.metadata.get("tags", [])):
            yield cell


def exercises():
    """(notebook, stub, solution) of every exercise."""
    for path in NOTEBOOKS:
        stubs = {c.id.removesuffix("-stub"): c for c in cells(path, "exercise")}
        solutions = {c.id.removesuffix("-solution"): c for c in cells(path, "solution")}
        assert stubs.keys() == solutions.keys(), path.name
        for name, stub in stubs.items():
            yield pytest.param(path, stub, solutions[name], id=f"{path.stem}-{name}")


def run(path, *sources):
    """The names that the set-up cell and these sources leave, as a notebook would."""
    space = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()), digits_once():
        exec(next(cells(path)).source, space)
        for source in sources:
            exec(source, space)
    return space


@pytest.mark.parametrize(("path", "stub", "solution"), list(exercises()))
def test_every_solution_passes_its_own_check(path, stub, solution):
    call = stub.source.splitlines()[-1]
    assert call.startswith("check(")
    # What follows the definition in a solution's cell needs cells before it.
    definition = re.split(r"\n\n\n(?=\w+ =)", solution.source)[0]
    verdict = eval(call, run(path, definition))
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(("path", "stub", "solution"), list(exercises()))
def test_every_stub_is_not_attempted_yet(path, stub, solution):
    space = run(path, stub.source)
    assert eval(stub.source.splitlines()[-1], space).message == "not attempted yet"
    assert solution.metadata.jupyter == {"source_hidden": True}
    text = [output.data["text/plain"] for output in stub.outputs]
    assert text == ["not attempted yet"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_table_at_the_end_lists_the_exercises_of_the_chapter(path):
    names = [
        re.search(r'check\("(\w+)"', c.source.splitlines()[-1])[1] for c in cells(path, "exercise")
    ]
    if names:
        (table,) = (cell.source for cell in cells(path) if cell.source.startswith("progress("))
        assert re.findall(r'"(\w+)"', table) == names


# ---------------------------------------------------------------- the student edition


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    return student.build(tmp_path_factory.mktemp("dist"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_student_edition_leaks_no_solution(edition, path):
    text = (edition[0] / "notebooks" / path.name).read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    shown = [c.source for c in cells(path) if "solution" not in c.metadata.get("tags", [])]
    for cell in notebook.cells:
        assert "solution" not in cell.metadata.get("tags", [])
        assert "attachments" not in cell
        assert set(cell.metadata) <= {"tags", "jupyter", "slideshow", "editable"}
    for solution in cells(path, "solution"):
        for line in solution.source.splitlines():
            if len(line.strip()) > 12 and line.strip() not in "\n".join(shown):
                assert json.dumps(line.strip())[1:-1] not in text, line
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert not re.search("solution", " ".join(texts), flags=re.IGNORECASE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_student_edition_keeps_the_pictures_that_answer_no_prediction(edition, path):
    notebook = nbformat.read(edition[0] / "notebooks" / path.name, as_version=4)
    kept = {c.id: c.outputs for c in notebook.cells if c.get("outputs")}
    for cell in cells(path):
        pictures = [output for output in cell.outputs if student.shows(output)]
        if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            pictures = []
        assert [o.data for o in kept.pop(cell.id, [])] == [o.data for o in pictures]
        for output in pictures:
            assert 'alt="' in output.data["text/html"]
            assert len(output.data["text/plain"]) > 20  # the sentence
    assert not kept
    assert {cell.get("execution_count") for cell in notebook.cells} == {None}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_outside_an_exercise_needs_an_answer(path):
    given, answers = set(), set()
    for cell in cells(path):
        table = symtable.symtable(cell.source, cell.id, "exec")
        gives = defines(table)
        if {"exercise", "solution"} & set(cell.metadata.get("tags", [])):
            answers |= gives - given
        else:
            assert not needs(table) & answers, cell.id
            given |= gives
            answers -= gives


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_can_be_run_again_after_all_the_others(path):
    """No cell gives another meaning to a name that a cell before it needs."""
    found = list(cells(path))
    tables = [symtable.symtable(cell.source, cell.id, "exec") for cell in found]
    for i, cell in enumerate(found):
        for later, table in zip(found[i + 1 :], tables[i + 1 :], strict=True):
            if not {"exercise", "solution"} & set(later.metadata.get("tags", [])):
                assert not needs(tables[i]) & defines(table), f"{later.id} changes it for {cell.id}"


# Every chapter has been run as a notebook already, so the student edition costs as much once more.
# Where nobody waits all of it runs, else the quick one.
ALL = os.environ.get("ALL_STUDENT_EDITIONS")
QUICK = [path for path in NOTEBOOKS if ALL or path.name.startswith("00")]


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_the_student_edition_runs_with_every_stub_untouched(edition, path):
    place = edition[0] / "notebooks"
    notebook = nbformat.read(place / path.name, as_version=4)
    resources = {"metadata": {"path": str(place)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()


def in_the_edition(root, *command):
    paths = os.pathsep.join([str(root), str(root / "notebooks")])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        [sys.executable, *command],
        env=environment,
        cwd=root.parent,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_zip_starts_elsewhere_and_is_in_order(edition, tmp_path):
    with zipfile.ZipFile(edition[1]) as archive:
        archive.extractall(tmp_path)
    root = tmp_path / f"mytorch-student-{student.version()}"
    code = (
        "from classroom import mnist as m; "
        "print(m.__file__, m.data_folder(), len(m.load().x_train))"
    )
    answer = in_the_edition(root, "-c", code)
    assert answer.stdout.count(str(root)) == 2, answer
    assert answer.stdout.rstrip().endswith("10000")
    looked_at = in_the_edition(root, "-m", "classroom.editions.intact")
    assert looked_at.returncode == 0, looked_at
    assert looked_at.stdout.count("in order") == len(intact.report(root).rows) + 1
    (root / "notebooks" / "02_sgd.ipynb").write_text('{"cells": [', encoding="utf-8")
    (root / "notebooks" / "reference.md").unlink()
    (root / "notebooks" / "06_bug_lab.ipynb").unlink()
    amiss = in_the_edition(root, "-m", "classroom.editions.intact")
    assert amiss.returncode == 1
    assert "chapter 02     02_sgd.ipynb cannot be read" in amiss.stdout
    assert "notebooks/reference.md in README.md" in amiss.stdout
    assert "notebooks/06_bug_lab.ipynb in README.md" in amiss.stdout


def test_the_papers_of_the_student_edition_are_the_students_own(edition):
    folder, _ = edition
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"version {student.version()}" in readme
    assert "{" not in readme
    rows = re.findall(r"^\| \[.*\]\(notebooks/(.*)\)", readme, flags=re.MULTILINE)
    assert rows == [path.name for path in NOTEBOOKS]
    makefile = (folder / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\S+)$|`make (\w+)`", readme, flags=re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, flags=re.MULTILINE), target
    for module in re.findall(r"-m (classroom\S+)", readme):
        assert importlib.util.find_spec(module)
    settings = (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert "pytest" not in settings
    assert "pip install" in readme
    for part in ("name", "version", "dependencies"):
        (line,) = re.findall(rf"^{part} = .*$", settings, flags=re.MULTILINE)
        assert line in (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")


def test_progress_shows_what_was_checked():
    checks.check("largest_rate", 1)
    assert "passed" in repr(checks.progress("largest_rate"))
