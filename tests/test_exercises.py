"""Exercises: every solution passes its own check, and the student edition holds none of them."""

import contextlib
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
from classroom.editions import student
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
        assert not cell.get("outputs")
        assert "attachments" not in cell
        assert set(cell.metadata) <= {"tags", "jupyter", "slideshow", "editable"}
    for solution in cells(path, "solution"):
        for line in solution.source.splitlines():
            if len(line.strip()) > 12 and line.strip() not in "\n".join(shown):
                assert json.dumps(line.strip())[1:-1] not in text, line


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


def test_the_zip_starts_elsewhere(edition, tmp_path):
    with zipfile.ZipFile(edition[1]) as archive:
        archive.extractall(tmp_path)
    root = tmp_path / "student"
    code = (
        "from classroom import mnist as m; "
        "print(m.__file__, m.data_folder(), len(m.load().x_train))"
    )
    paths = os.pathsep.join([str(root), str(root / "notebooks")])
    environment = {**os.environ, "PYTHONPATH": paths}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert answer.stdout.count(str(root)) == 2, answer
    assert answer.stdout.rstrip().endswith("10000")
    for name in student.FILES:
        assert (root / name).exists()


def test_progress_shows_what_was_checked():
    checks.check("largest_rate", 1)
    assert "passed" in repr(checks.progress("largest_rate"))
