"""Taking an update: every answer of a student is in the new edition, and nothing is lost."""

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


def test_an_exercise_that_is_gone_is_named():
    new = notebook(("intro", "Nothing to do."))
    _, taken, left = update.merged(edition(ANSWER), new)
    assert (taken, left) == ([], ["f-stub"])


def test_the_course_is_updated_in_place(tmp_path, capsys):
    old, new = (student.build(tmp_path / name)[0] / "notebooks" for name in ("old", "new"))
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
    cells = nbformat.read(new / "02_sgd.ipynb", as_version=4).cells
    assert next(c for c in cells if c.id == "rule-stub").source == stub.source
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b'{"cells": [', b"no json"])
def test_a_damaged_notebook_costs_only_itself(tmp_path, damage):
    old, new = (student.build(tmp_path / name)[0] / "notebooks" for name in ("old", "new"))
    (old / "02_sgd.ipynb").write_bytes(damage)
    said = update.update(old, new)
    assert any("02_sgd.ipynb: cannot be read" in line for line in said)
    assert len(said) == len(list(new.glob("*.ipynb")))


def test_a_folder_without_notebooks_is_named(tmp_path):
    assert "no notebook of the course" in update.main([str(tmp_path), str(tmp_path)])
