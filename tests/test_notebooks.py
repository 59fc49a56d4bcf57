"""The form of the notebooks: what makes them readable, comparable and free of surprises."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from classroom.editions import publish

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes"}
EXERCISE_TAGS = {"exercise", "solution"}
RECAP, GOING_DEEPER, BREAK = "What you can do now", "Going deeper", "**Lesson 1 ends here.**"
ANSWER = re.compile(r"<details><summary>Answer</summary>\n\n.+\n\n</details>", re.DOTALL)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def headings(notebook):
    """(level, text) of every heading, outside of code fences."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
            for marks, text in re.findall(r"^(#+) (.+)$", prose, flags=re.MULTILINE):
                yield len(marks), text


def is_a_main_one(path):
    """Whether it is one of the chapters 00 to 06, not a short one that somebody added."""
    return re.match("0[0-6]_", path.name)


def is_the_start(notebook):
    """Whether it is chapter 00, which is short, and whose first slider precedes any list."""
    return notebook.cells[0].source.startswith("# 0 ")


def opening(notebook):
    """The cell of the objectives, and that of the sections."""
    first = 0
    if is_the_start(notebook):
        first = next(i for i, c in enumerate(notebook.cells) if "You will be able to" in c.source)
    return notebook.cells[first : first + 2]


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_it_is_in_its_normal_form(notebook):
    before = nbformat.writes(notebook)
    assert nbformat.writes(publish.normalise(notebook)) == before, "run `make notebooks`"


def test_every_cell_was_executed_in_order(notebook):
    # A cell without a count is not compared when the notebooks are re-executed as tests.
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_outputs_are_clean(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", cell.id
    text = nbformat.writes(notebook)
    for trace in ("/home/", "/root/", "/tmp/", "site-packages", "Traceback"):
        assert trace not in text


def test_every_picture_has_alternative_text(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            assert "image/png" not in data, f"{cell.id}: use figures.show(figure, alt)"
            for tag in re.findall("<img[^>]*>", data.get("text/html", "")):
                alt = re.search('alt="([^"]*)"', tag)[1]
                assert 40 <= len(alt) <= 250, f"{cell.id}: {alt}"
                assert alt.endswith("."), f"{cell.id}: a sentence that states the finding"


def test_cells_are_short(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 15, cell.id
        else:
            assert len(cell.source.split()) <= 120, cell.id


def test_prose_stands_between_code(notebook):
    run = 0
    for cell in notebook.cells:
        is_exercise = EXERCISE_TAGS & set(cell.metadata.get("tags", []))
        run = run + 1 if cell.cell_type == "code" and not is_exercise else 0
        assert run <= 2, f"{cell.id}: more than two code cells without prose"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_main_chapter_has_twenty_to_thirty_five_code_cells(path):
    notebook = nbformat.read(path, as_version=4)
    if is_a_main_one(path) and not is_the_start(notebook):
        assert 20 <= len(code_cells(notebook)) <= 35


def test_it_opens_with_a_title_objectives_and_sections(notebook):
    first, second = opening(notebook)
    assert len(re.findall("^# ", notebook.cells[0].source, flags=re.MULTILINE)) == 1
    assert notebook.cells[0].source.startswith("# ")
    assert 3 <= len(re.findall(r"^(?:\d\.|-) ", first.source, flags=re.MULTILINE)) <= 5
    time, *lists = second.source.split("\n\n")
    assert re.fullmatch(r"(About \w+ minutes|One lesson of 45 minutes)\.( .+)?", time) or (
        time.startswith("Two lessons of 45 minutes.")
    )
    listed = [re.fullmatch(r"\*\*(.+):\*\* (.+)", line).groups() for line in lists]
    parts = [part for part, _ in listed]
    lessons = ["Lesson 1", "Lesson 2"] if time.startswith("Two") else ["Sections"]
    deeper = [GOING_DEEPER] if GOING_DEEPER in parts else []
    assert parts == lessons + deeper
    sections = [text for level, text in headings(notebook) if level == 2]
    named = [name for part, names in listed[: len(lessons)] for name in names.split(" · ")]
    assert named + deeper == sections
    further = [text for level, text in headings(notebook) if level == 3]
    assert further == (listed[-1][1].split(" · ") if deeper else [])


def test_the_end_of_the_first_lesson_is_marked(notebook):
    _, second = opening(notebook)
    ends = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith(BREAK)]
    assert len(ends) == second.source.startswith("Two")
    for end in ends:
        after = re.search(r"\*\*Lesson 2:\*\* (.+?) · ", second.source)[1]
        assert notebook.cells[end + 1].source.startswith(f"## {after}\n")


def recap(notebook):
    """The place of the cell that mirrors the objectives: the last one, or before Going deeper."""
    return next(i for i, c in enumerate(notebook.cells) if c.source.startswith(f"## {RECAP}\n"))


def test_the_recap_mirrors_the_objectives(notebook):
    end, pattern = recap(notebook), r"^\d\. "
    objectives = re.findall(pattern, opening(notebook)[0].source, flags=re.MULTILINE)
    assert objectives == re.findall(pattern, notebook.cells[end].source, flags=re.MULTILINE)
    after = notebook.cells[end + 1 :]
    assert not after or after[0].source.startswith(f"## {GOING_DEEPER}\n")


def test_the_first_slider_of_the_start_comes_before_any_list():
    cells = nbformat.read(NOTEBOOKS[0], as_version=4).cells
    assert is_the_start(nbformat.read(NOTEBOOKS[0], as_version=4))
    slider = next(i for i, cell in enumerate(cells) if cell.source.startswith("live("))
    assert slider <= 2
    assert not any(re.search(r"^(?:\d\.|-) ", cell.source, re.MULTILINE) for cell in cells[:slider])


def test_heading_levels_are_never_skipped(notebook):
    levels = [level for level, _ in headings(notebook)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_imports_stand_in_one_cell_of_at_most_six(notebook):
    importing = [
        re.findall(r"^(?:import|from) .*$", cell.source, flags=re.MULTILINE)
        for cell in code_cells(notebook)
    ]
    assert importing[0]
    assert not any(importing[1:])
    assert len(importing[0]) <= 6
    assert not any("*" in line for line in importing[0])
    assert "rng = np.random.default_rng(" in code_cells(notebook)[0].source


def test_every_prediction_has_its_answer_folded(notebook):
    # Markdown inside <details> is rendered only between empty lines.
    found = []
    for cell in notebook.cells[: recap(notebook)] + notebook.cells[recap(notebook) + 1 :]:
        if cell.source.startswith(publish.ANSWER):
            assert ANSWER.fullmatch(cell.source), f"{cell.id}: a cell of its own for the answer"
            assert cell.metadata.slideshow.slide_type == "subslide", cell.id
        if cell.cell_type == "markdown":
            found += re.findall(r"\*\*Predict|<summary>Answer</summary>", cell.source)
    assert found == ["**Predict", "<summary>Answer</summary>"] * (len(found) // 2)


def test_no_alternative_text_answers_a_prediction(notebook):
    asked = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            asked = (asked or publish.PREDICTION in cell.source) and not (
                cell.source.startswith((publish.ANSWER, f"## {RECAP}"))
            )
        elif asked and "figures.show(" in cell.source:
            assert cell.source.startswith(publish.PICTURE), cell.id


def test_setup_and_solutions_say_in_their_first_line_what_they_are(notebook):
    # They are folded, and JupyterLab shows the first line of what is folded.
    setup, *others = code_cells(notebook)
    assert setup.source.startswith("# Set-up\n")
    for cell in others:
        is_solution = "solution" in cell.metadata.get("tags", [])
        assert cell.source.startswith("# Solution\n") == is_solution, cell.id


def test_every_cell_has_a_place_in_the_slides(notebook):
    for cell in notebook.cells:
        slide = cell.metadata.get("slideshow", {}).get("slide_type")
        assert slide in SLIDE_TYPES, cell.id
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            assert slide == "slide", cell.id


def test_ids_are_unique_words(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-z][a-z0-9-]*", name) for name in ids)


def test_nothing_shifts_the_import_path_or_hides_output(notebook):
    for cell in code_cells(notebook):
        assert "sys.path" not in cell.source
        assert not re.search(r"^[%!]", cell.source, flags=re.MULTILINE), cell.id


# ---------------------------------------------------------------- publish


def test_normalising_drops_what_belongs_to_a_machine():
    cell = nbformat.v4.new_code_cell(
        "1",
        id="one",
        execution_count=1,
        metadata={"tags": ["exercise"], "execution": {"iopub.status.busy": "now"}},
        outputs=[
            nbformat.v4.new_output(
                "display_data", {publish.WIDGET_VIEW: {"model_id": "x"}, "text/plain": "a"}
            ),
            nbformat.v4.new_output("display_data", {"text/plain": ""}),
        ],
    )
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}, "vscode": 1})
    publish.normalise(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert cell.metadata.tags == ["exercise"]
    assert set(cell.metadata) == {"tags", "slideshow", "jupyter"}
    assert [output.data for output in cell.outputs] == [{"text/plain": "a"}]


def test_normalising_gives_places_in_the_slides_and_ids_made_of_words():
    made_up = "3f2a9c1e-0b1d-4c55-9e0f-1a2b3c4d5e6f"
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        text("# 7 · A rule\n\nIts question.", id="aa00bb11"),
        code("import numpy as np", id="aa00bb12"),
        text("## How far does it go?", id=made_up),
        code("# no heading\nlive(view)", id="aa00bb13"),
        code('...\n\n\ncheck("some_rule", Mine)', id="aa00bb14", metadata={"tags": ["exercise"]}),
        code("class Mine: pass", id="aa00bb15", metadata={"tags": ["solution"]}),
        text("What it says.", id="kept", metadata={"slideshow": {"slide_type": "notes"}}),
        text("**Predict:** how many?", id="question"),
        code("live(view)", id="figure"),
        code("print(7)", id="told"),
        code('# The picture\nfigures.show(figure, "It is 7.")', id="drawn"),
        text("<details><summary>Answer</summary>\n\n7.\n\n</details>", id="answer"),
        code("2", id="seen", metadata={"jupyter": {"outputs_hidden": True}}),
        code('progress("some_rule")', id="aa00bb16"),
    ]
    notebook = publish.normalise(nbformat.v4.new_notebook(cells=cells))
    assert [(cell.id, cell.metadata.slideshow.slide_type) for cell in notebook.cells] == [
        ("a-rule", "slide"),
        ("a-rule-2", "skip"),
        ("how-far-does-it", "slide"),
        ("how-far-does-it-2", "subslide"),
        ("some-rule-stub", "skip"),
        ("some-rule-solution", "skip"),
        ("kept", "notes"),
        ("question", "fragment"),
        ("figure", "subslide"),
        ("told", "subslide"),
        ("drawn", "subslide"),
        ("answer", "subslide"),
        ("seen", "subslide"),
        ("how-far-does-it-3", "skip"),
    ]
    folded = {c.id: dict(c.metadata.jupyter) for c in notebook.cells if "jupyter" in c.metadata}
    assert folded == {
        "a-rule-2": {"source_hidden": True},
        "some-rule-solution": {"source_hidden": True},
        "told": {"outputs_hidden": True},
        "drawn": {"source_hidden": True, "outputs_hidden": True},
    }


def test_only_the_normal_form_can_be_written(tmp_path, capsys):
    path = tmp_path / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    assert publish.main(["--no-run", str(path)]) == 0
    (cell,) = nbformat.read(path, as_version=4).cells
    assert (cell.id, cell.outputs) == ("start", [])
    path.write_text("no notebook", encoding="utf-8")
    assert publish.main([str(path), str(tmp_path / "none.ipynb")]).startswith("failed: one.ipynb")
    assert "cannot be read" in capsys.readouterr().out


def test_saving_drops_the_view_of_a_widget_that_has_a_picture():
    still = {"text/html": "<img>", "text/plain": "a", publish.WIDGET_VIEW: {"model_id": "x"}}
    other = {"text/plain": "b", publish.WIDGET_VIEW: {"model_id": "y"}}
    outputs = [{"data": dict(still)}, {"data": dict(other)}, {"output_type": "stream"}]
    content = {"cells": [{"outputs": outputs}, {"source": "text"}]}
    publish.without_views({"type": "notebook", "content": content})
    assert outputs[0]["data"] == {"text/html": "<img>", "text/plain": "a"}
    assert outputs[1]["data"] == other
    publish.without_views({"type": "file", "content": "text"})


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path, capsys):
    path = tmp_path / "broken.ipynb"
    cells = [nbformat.v4.new_code_cell("1 / 0", id="broken")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    assert publish.main([str(path)]) == "failed: broken.ipynb"
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().out
