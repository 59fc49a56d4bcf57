"""Grading: submissions as they come, right, wrong, endless and forged, each told for what it is."""

import csv
import importlib
import time

import nbformat
import pytest

from classroom import exercises
from classroom.editions import publish
from classroom.editions.student import without_solutions
from classroom.grading import confined, marking, submissions, suspicion
from classroom.judging import workshop
from classroom.judging.failures import run_quietly
from classroom.judging.probes import watch_rule
from mytorch_core import optim

command = importlib.import_module("classroom.grading.__main__")

DECAY = "return lr * (1 - lr_decay) ** ((t - 1) // 100)"
HELPER = "%matplotlib inline\nimport math\n\n\ndef down(w, g, lr):\n    w -= lr * g\n"
FORGED = """
import classroom.checks as checks
from classroom.judging import rule
checks.results.update(sgd="passed")
rule.same = lambda *seen: True
np.isclose = lambda *numbers: True
"""
CALLS = """
    def step(self):
        optim.SGD(self.parameters, lr=self.lr).step()


check("sgd", MySGD)
"""


class Handed:
    """A notebook of the student edition, in which somebody works."""

    def __init__(self, chapter="02_sgd"):
        whole = nbformat.read(publish.NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
        self.notebook = without_solutions(whole)
        self.chapter = chapter

    def cell(self, name):
        return next(cell for cell in self.notebook.cells if cell.id == f"{name}-stub")

    def answer(self, **bodies):
        for name, body in bodies.items():
            cell = self.cell(name.replace("_", "-"))
            cell.source = cell.source.replace("...", body)
        return self

    def add(self, source, after):
        place = self.notebook.cells.index(self.cell(after)) + 1
        self.notebook.cells.insert(place, nbformat.v4.new_code_cell(source))
        return self

    def remove(self, name):
        self.notebook.cells.remove(self.cell(name))
        return self

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(self.notebook, path)


def by_hand(source, name="rule"):
    handed = Handed()
    handed.cell(name).source = source
    return handed


def forged():
    handed = Handed().answer(rule="w += self.lr * g", decay="return lr")
    handed.cell("rule").source = FORGED + handed.cell("rule").source
    handed.cell("largest-rate").source = "largest = 7\n"
    edited = handed.cell("decay").source.replace('"decay", lr_at', '"decay", lambda lr, *_: lr')
    handed.cell("decay").source = edited
    output = nbformat.v4.new_output("execute_result", {"text/plain": "Right. Tried: everything."})
    handed.cell("rule").outputs = [output]
    return handed


def split_and_renamed():
    handed = by_hand("class Other(optim.Optimizer):\n    pass\n")
    definition = Handed().answer(rule="w -= self.lr * g").cell("rule").source
    definition, check = definition.rsplit("\n\n\n", 1)
    handed.cell("rule").source = definition
    handed.add(check, after="rule")
    renamed = Handed().answer(decay=DECAY).cell("decay").source.replace("lr_at", "rate")
    handed.cell("decay").source = renamed
    return handed


def calling():
    head = Handed().cell("rule").source.split("\n\n    def update")[0]
    return by_hand(head + "\n" + CALLS)


HOG = {"rule": "w -= np.ones(10**10).sum()", "largest_rate": "np.ones(10**10)"}
ENDLESS = {"rule": "while True: pass", "largest_rate": "sum(iter(int, 1))"}
HEAVY_BALL = "m[...] = self.beta * m + g\n        w -= self.lr * m"
PASTED = Handed().answer(decay=DECAY).cell("decay").source

SUBMISSIONS = {
    "right": Handed().answer(rule="w -= self.lr * g", largest_rate="2 / 2.0", decay=DECAY),
    "untouched": Handed(),
    "wrong": Handed().answer(rule="w += self.lr * g", largest_rate="0.5", decay="return lr"),
    "variant": Handed("04_adam").answer(momentum=HEAVY_BALL),
    "endless": Handed().answer(**ENDLESS, decay="return lr / 0"),
    "hog": Handed().answer(**HOG, decay="import os; os._exit(0)"),
    "syntax": Handed().answer(rule="w -= self.lr *", largest_rate="1", decay="return (lr"),
    "stops": Handed().answer(largest_rate="unknown + 1", decay="raise SystemExit"),
    "forged": forged(),
    "deleted": Handed().remove("rule"),
    "pasted": Handed().remove("decay").add(PASTED, after="rule"),
    "inherits": by_hand('class MySGD(optim.SGD):\n    pass\n\n\ncheck("sgd", MySGD)\n'),
    "itself": by_hand('MySGD = optim.SGD\n\ncheck("sgd", MySGD)\n'),
    "calls": calling(),
    "helped": Handed().add(HELPER, after="largest-rate").answer(rule="down(w, g, self.lr)"),
    "split": split_and_renamed(),
    "twice": Handed().answer(rule="w -= self.lr * g").add("MySGD = None", after="rule"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """({(student, exercise): row}, what was said, when) of one run of the command's parts."""
    folder = tmp_path_factory.mktemp("collected")
    for student, handed in SUBMISSIONS.items():
        handed.write(folder / student / f"{handed.chapter}.ipynb")
    Handed().write(folder / "zoe_02_sgd.ipynb")
    (folder / "torn").mkdir()
    (folder / "torn" / "02_sgd.ipynb").write_text('{"cells": [', encoding="utf-8")
    nbformat.write(nbformat.v4.new_notebook(), folder / "torn" / "mine.ipynb")
    Handed().write(folder / "right" / ".ipynb_checkpoints" / "02_sgd-checkpoint.ipynb")
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    said = []
    limits = marking.Limits(seconds=2, memory=2**29)
    rows = command.grade(folder, limits=limits, jobs=2, say=said.append)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return {(row["student"], row["exercise"]): row for row in rows}, said, rows


def of(graded, student, *keys):
    exercises = ("sgd", "largest_rate", "decay")
    return [tuple(graded[0][student, e][key] for key in keys) for e in exercises]


@pytest.mark.parametrize(
    ("student", "statuses"),
    [
        ("right", "right right right"),
        ("untouched", "untouched untouched untouched"),
        ("wrong", "wrong wrong wrong"),
        ("endless", "stopped stopped error"),
        ("hog", "stopped stopped stopped"),
        ("syntax", "error right error"),
        ("stops", "untouched error error"),
        ("forged", "wrong wrong wrong"),
        ("deleted", "missing untouched untouched"),
        ("pasted", "untouched untouched right"),
        ("inherits", "wrong untouched untouched"),
        ("itself", "wrong untouched untouched"),
        ("calls", "wrong untouched untouched"),
        ("helped", "right untouched untouched"),
        ("split", "right untouched right"),
        ("twice", "right untouched untouched"),
        ("zoe", "untouched untouched untouched"),
    ],
)
def test_a_status_tells_what_became_of_an_answer(graded, student, statuses):
    found = [status for (status,) in of(graded, student, "status")]
    assert found == statuses.split(), of(graded, student, "message")
    passed = [passed for (passed,) in of(graded, student, "passed")]
    assert passed == [status in ("right", "variant") for status in found]


def test_mistakes_and_variants_have_their_slugs(graded):
    assert [slug for (slug,) in of(graded, "wrong", "slug")][:2] == ["ascends", "one-over-c"]
    variant = graded[0]["variant", "momentum"]
    assert (variant["status"], variant["slug"], variant["passed"]) == (
        "variant",
        "heavy-ball",
        True,
    )
    assert graded[0]["syntax", "sgd"]["slug"] == "syntax-error"
    assert graded[0]["stops", "largest_rate"]["slug"] == "cell-stops"
    for student in ("inherits", "itself", "calls"):
        assert graded[0][student, "sgd"]["slug"] == "shipped", student


@pytest.mark.parametrize(
    ("student", "exercise", "slug", "meant"),
    [
        ("forged", "sgd", "results-changed", "checks.results"),
        ("forged", "sgd", "course-changed", "same"),
        ("forged", "sgd", "looks-inside", "from classroom.judging import rule"),
        ("forged", "sgd", "output-differs", "wrong"),
        ("forged", "largest_rate", "check-deleted", "cell"),
        ("forged", "decay", "check-edited", "lambda"),
        ("pasted", "decay", "cell-replaced", "cell"),
        ("syntax", "largest_rate", "syntax-error", "line 7"),
        ("split", "decay", "check-edited", "rate"),
        ("twice", "sgd", "defined-elsewhere", "cell"),
    ],
)
def test_what_should_be_looked_at_is_told(graded, student, exercise, slug, meant):
    remarks = graded[0][student, exercise]["remarks"]
    assert slug in remarks
    assert meant in remarks.split(slug)[1].split(";")[0]


@pytest.mark.parametrize("student", ["right", "untouched", "wrong", "helped", "endless", "zoe"])
def test_nothing_is_told_of_honest_work(graded, student):
    assert {remarks for (remarks,) in of(graded, student, "remarks")} == {""}
    assert graded[0]["split", "sgd"]["remarks"] == ""


def test_what_cannot_be_read_is_a_row_and_disturbs_nobody(graded):
    torn = [row for row in graded[2] if row["student"] == "torn"]
    assert [(row["status"], row["slug"]) for row in torn] == [("error", "unreadable")] * 2
    assert "cannot be read" in torn[0]["message"]
    assert "no chapter" in torn[1]["message"]
    assert len(graded[1]) == len(SUBMISSIONS) + 3
    assert any("right/02_sgd.ipynb: right, right, right" in line for line in graded[1])


def test_the_table_and_the_summary(graded, tmp_path):
    command.write(graded[2], tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", newline="", encoding="utf-8-sig") as file:
        read = list(csv.DictReader(file))
    assert [row["status"] for row in read] == [row["status"] for row in graded[2]]
    assert list(read[0]) == list(command.COLUMNS)
    text = command.summary(graded[2])
    counts = next(line.split() for line in text.splitlines() if line.startswith("02_sgd sgd"))
    mine = [row["status"] for row in graded[2] if row["exercise"] == "sgd"]
    assert [int(count) for count in counts[2:]] == [mine.count(s) for s in command.STATUSES]
    assert "shipped 3" in text
    assert "forged/02_sgd.ipynb: check-deleted, " in text


def test_no_value_of_the_table_is_a_formula(tmp_path):
    command.write([dict.fromkeys(command.COLUMNS, "=1+1")], tmp_path / "a.csv")
    assert "'=1+1,'=1+1" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


def test_a_folder_without_notebooks_and_an_unknown_chapter_are_named(tmp_path, capsys):
    assert "no notebook to be graded in" in command.main([str(tmp_path)])
    said = command.main([str(tmp_path), "--chapter", "02"])
    assert said.startswith("there is no chapter 02; there are 00_start_here, 01_")


def _waits(sender, place):
    time.sleep(1000)


def test_who_waits_for_ever_is_ended_by_the_clock(tmp_path):
    begun = time.monotonic()
    *_, (late, code) = marking._messages(_waits, folder=tmp_path, clock=1)
    assert late
    assert code
    assert time.monotonic() - begun < 500
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(confined.version() < 6, reason="needs Landlock as of Linux 6.12")
@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("open({mine!r}).read()", "PermissionError"),
        ("open({other!r}, 'w')", "PermissionError"),
        ("import os; os.remove({mine!r})", "PermissionError"),
        ("import os; os.kill(os.getppid(), 9)", "PermissionError"),
        ("import socket; socket.create_connection(('127.0.0.1', 1))", "PermissionError"),
        ("import subprocess; subprocess.run(['touch', {other!r}], check=True)", "Error"),
        ("open('a', 'wb').write(bytes(2**25))", "OSError"),
        ("open('a', 'w').write('mine')", ""),
    ],
)
def test_files_the_network_and_other_processes_are_out_of_reach(tmp_path, source, kind):
    secret = tmp_path / "neighbour.ipynb"
    secret.write_text("neighbour", encoding="utf-8")
    other = tmp_path / "outside"
    source = source.format(mine=str(secret), other=str(other))
    handed = by_hand(f'{source}\nlargest = 1\n\ncheck("largest_rate", largest)\n', "largest-rate")
    handed.write(tmp_path / "in" / "spy" / "02_sgd.ipynb")
    _, row, _ = command.grade(tmp_path / "in", limits=marking.Limits(seconds=5))
    assert row["status"] == ("error" if kind else "right"), row
    assert kind in row["message"]
    assert "reaches-out" in row["remarks"]
    assert secret.read_text(encoding="utf-8") == "neighbour"
    assert not other.exists()


@pytest.mark.parametrize("path", sorted(publish.NOTEBOOKS.glob("0*.ipynb")), ids=lambda p: p.stem)
def test_every_chapter_is_known_and_its_solutions_raise_no_suspicion(path, tmp_path):
    """Its solutions, put into its stubs, are what is to be run, with the set-up cell alone."""
    whole = nbformat.read(path, as_version=4)
    solutions = {c.id.removesuffix("-solution"): c.source for c in whole.cells
                 if "solution" in c.metadata.get("tags", []) and c.cell_type == "code"}  # fmt: skip
    handed = Handed(path.stem)
    for name, source in solutions.items():
        cell = handed.cell(name)
        cell.source = source.split("\n\n\nmine =")[0] + "\n\n\n" + cell.source.splitlines()[-1]
    handed.write(tmp_path / "any name.ipynb")
    (found,) = submissions.found_in(tmp_path, submissions.chapters())
    assert (found.chapter.name, found.remarks, found.unreadable) == (path.stem, {}, "")
    assert [part.task.id for part in found.parts] == [f"{name}-stub" for name in solutions]
    for part in found.parts:
        assert (part.status, part.remarks, len(part.cells)) == ("", {}, 1), part


def _processor_time_of_a_wrong_rule(sender, place):
    """Of judging what was seen of it: what all mistakes do is known already in a copy."""
    rule = exercises.find("adam")
    seen, _ = run_quietly(watch_rule, rule.experiments, optim.SGD, {"lr": 0.3})
    begun = time.process_time()
    rule.verdict(seen)
    sender.send_bytes(str(time.process_time() - begun).encode())


@pytest.mark.skipif(not workshop.COPIES, reason="every process begins anew here")
def test_a_process_of_a_submission_finds_everything_ready(tmp_path):
    took, _ = marking._messages(_processor_time_of_a_wrong_rule, folder=tmp_path, clock=100)
    assert float(took) < 0.4  # else about 1


def test_the_page_for_instructors_names_every_status_and_every_remark():
    page = (publish.NOTEBOOKS / "teaching" / "grading.md").read_text(encoding="utf-8")
    for name in (*command.STATUSES, *suspicion.REMARKS):
        assert f"`{name}`" in page


def test_a_remark_is_a_sentence_of_its_own():
    assert all(not text.endswith(".") and len(text) > 15 for text in suspicion.REMARKS.values())


def test_nbgraders_metadata_survive_the_normal_form():
    kept = {"grade": True, "grade_id": "rule", "points": 2, "locked": False, "solution": True}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1", metadata={"nbgrader": kept, "other": 1})]
    )
    for made in (publish.normalise(notebook), without_solutions(notebook)):
        assert made.cells[0].metadata.nbgrader == kept
        assert "other" not in made.cells[0].metadata
