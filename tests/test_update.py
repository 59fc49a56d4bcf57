"""Taking an update: every answer of a student is in the new edition, and nothing is lost."""

import itertools
import shutil

import nbformat
import pytest

from classroom.editions import student, update

STUB = 'def f(x):\n    """Twice x."""\n    ...\n\n\ncheck("f", f)'
ANSWER = STUB.replace("...", "return 2 * x")


def notebook(*cells):
    made = []
    for name, source, *tags in cells:
        new = nbformat.v4.new_code_cell if tags or name == "code" else nbformat.v4.new_markdown_cell
        made.append(new(source, id=name, metadata={"tags": tags} if tags else {}))
    return nbformat.v4.new_notebook(cells=made)


def edition(stub=STUB, text="An exercise."):
    return notebook(("intro", text), ("f-stub", stub, "exercise"), ("end", "The end."))


def sources(made):
    return [cell.source for cell in made.cells]


def test_an_answer_moves_into_the_new_edition():
    made, taken, left = update.merged(edition(ANSWER), edition(text="A new text."))
    assert sources(made) == ["A new text.", ANSWER, "The end."]
    assert (taken, left) == (["f-stub"], [])


def test_an_answer_that_is_there_already_is_kept():
    other = ANSWER.replace("2 * x", "x + x")
    made, taken, left = update.merged(edition(ANSWER), edition(other))
    assert sources(made)[1] == other
    assert (taken, left) == ([], ["f-stub"])


def test_cells_of_ones_own_keep_their_place_and_come_once():
    old = edition(ANSWER)
    for place, source in ((2, "f(3)"), (3, "f(4)"), (4, "  ")):
        old.cells.insert(place, nbformat.v4.new_code_cell(source, id=f"0a1b2c3{place}"))
    made, _, _ = update.merged(old, edition())
    assert sources(made) == ["An exercise.", ANSWER, "f(3)", "f(4)", "The end."]
    assert all(cell.outputs == [] for cell in made.cells if cell.cell_type == "code")
    again, _, _ = update.merged(old, made)
    assert sources(again) == sources(made)


def test_a_stub_that_was_left_alone_does_not_replace_a_newer_one():
    newer = STUB.replace("Twice x.", "Two times x.")
    made, taken, left = update.merged(edition(), edition(newer))
    assert sources(made)[1] == newer
    assert (taken, left) == ([], [])


@pytest.mark.parametrize(
    "begun",
    [
        STUB.replace("...", "# first double it\n    ..."),
        STUB.replace("...", "y = x\n    ..."),
        STUB.replace("...", "return 2 *"),
    ],
)
def test_what_was_only_begun_is_kept(begun):
    assert sources(update.merged(edition(begun), edition())[0])[1] == begun
    other = ANSWER.replace("2 * x", "x + x")
    made, _, left = update.merged(edition(other), edition(STUB.replace("...", "y = x\n    ...")))
    assert "y = x" in sources(made)[1]
    assert left == ["f-stub"]


def test_a_front_end_that_keeps_no_ids_loses_no_answer():
    old = edition(ANSWER)
    old.cells.insert(2, nbformat.v4.new_code_cell("f(3)"))
    for cell in old.cells:
        del cell["id"]
    made, _, left = update.merged(old, edition())
    assert sources(made) == ["An exercise.", ANSWER, "f(3)", "The end."]
    assert left == []


def test_an_update_of_an_update_loses_no_cell(tmp_path):
    """Cells of one's own stay one's own, with what is attached to them."""
    chapters = [tmp_path / f"{i}" / "02_a.ipynb" for i in range(3)]
    for path in chapters:
        path.parent.mkdir()
        nbformat.write(edition(), path)
    worked = edition(ANSWER)
    mine = nbformat.v4.new_markdown_cell("![](attachment:a.png)", id="0a1b2c3d")
    mine["attachments"] = {"a.png": {"image/png": "aGFsbG8="}}
    worked.cells.insert(2, mine)
    nbformat.write(worked, chapters[0])
    for old, new in itertools.pairwise(chapters):
        update.update(old.parent, new.parent)
    last = nbformat.read(chapters[2], as_version=4)
    assert sources(last) == sources(worked)
    assert last.cells[2].attachments == mine.attachments


def test_an_exercise_or_a_cell_that_is_gone_is_named():
    new = notebook(("intro", "Nothing to do."))
    _, taken, left = update.merged(edition(ANSWER), new)
    assert (taken, left) == ([], ["f-stub", "end"])


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    return student.build(tmp_path_factory.mktemp("dist"))[0]


@pytest.fixture
def folders(handed_out, tmp_path):
    """The notebooks of the edition twice: an older folder, and a newer one."""
    for name in ("old", "new"):
        (tmp_path / name / "notebooks").mkdir(parents=True)
        for path in handed_out.glob("notebooks/*.ipynb"):
            shutil.copy(path, tmp_path / name / "notebooks")
    return tmp_path / "old" / "notebooks", tmp_path / "new"


def test_the_course_is_updated_in_place(folders, capsys):
    old, new = folders
    path = old / "02_sgd.ipynb"
    worked = nbformat.read(path, as_version=4)
    stub = next(cell for cell in worked.cells if cell.id == "rule-stub")
    stub.source = stub.source.replace("...", "w -= self.lr * g")
    nbformat.write(worked, path)
    (old / "mine.ipynb").write_text("no notebook", encoding="utf-8")
    before = path.read_bytes()
    assert update.main([str(old), str(new)]) == 0
    said = capsys.readouterr().out
    assert "02_sgd.ipynb: taken: rule-stub" in said
    assert "mine.ipynb: is no part of the new edition" in said
    cells = nbformat.read(new / "notebooks" / "02_sgd.ipynb", as_version=4).cells
    assert next(c for c in cells if c.id == "rule-stub").source == stub.source
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b'{"cells": [', b"no json"])
def test_a_damaged_notebook_costs_only_itself(folders, damage):
    old, new = folders
    (old / "02_sgd.ipynb").write_bytes(damage)
    said = update.update(old, new)
    assert any("02_sgd.ipynb: cannot be read" in line for line in said)
    assert len(said) == len(list(old.glob("*.ipynb")))


def test_a_folder_without_notebooks_is_named(tmp_path):
    assert "no notebook of the course" in update.main([str(tmp_path), str(tmp_path)])
