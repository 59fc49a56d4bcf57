"""What a class sees at 1280 x 720: every live figure whole, no question, the chapters' names."""

import chromium
import nbformat
import pytest
from live_cells import NOTEBOOKS, chapters, excerpt

from classroom import live

CHAPTERS = {stem: list(figures) for stem, _, figures in chapters()}  # ids of cells
WIDTH, HEIGHT = 950, 599  # pixels of a notebook's panel beside the list of files

MEASURE = """cell => {
    const rect = element => element.getBoundingClientRect();
    const screen = cell.querySelector(".classroom-screen"), output = rect(screen.parentElement);
    const reset = [...screen.querySelectorAll("button")].find(b => b.textContent === "Reset");
    const labels = [...screen.querySelectorAll(".widget-slider .widget-label")];
    const rows = [...screen.querySelectorAll(".widget-slider")].map(slider => rect(slider).top);
    return {
        height: rect(screen).height,
        beyond: Math.max(...[...screen.querySelectorAll("*")].map(e => rect(e).right))
            - output.right,
        image: rect(screen.querySelector("img")).width,
        labels: labels.filter(l => l.textContent).map(l => getComputedStyle(l).fontSize),
        cut: labels.filter(l => l.scrollWidth > l.clientWidth).map(l => l.textContent),
        sliders: [...screen.querySelectorAll(".noUi-target")].map(s => rect(s).width),
        reset: Math.min(...rows.map(top => Math.abs(top - rect(reset).top))),
        cockpit: [...screen.querySelectorAll("button")].length > 1,
    };
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    chromium.needed()
    folder = tmp_path_factory.mktemp("screen")
    for stem in CHAPTERS:
        nbformat.write(excerpt(stem), folder / f"{stem}.ipynb")
    with chromium.server(folder) as address, chromium.browser() as browser:
        yield address, browser


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(lab, request):
    """A chapter's page with every cell run, and the ids of its live figures' cells."""
    errors = []
    page = chromium.open_notebook(lab[1], lab[0], f"{request.param}.ipynb", errors, height=720)
    chromium.run_all(page)
    yield page, CHAPTERS[request.param]
    assert errors == []
    page.close()


def show(page, name):
    """The cell of this id, scrolled to, when its figure is complete."""
    page.evaluate(
        """async name => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const place = notebook.widgets.findIndex(cell => cell.model.id === name);
            await notebook.scrollToItem(place, "start");
            notebook.widgets[place].node.dataset.shown = name;
        }""",
        name,
    )
    cell = page.locator(f"[data-shown='{name}']")
    cell.locator("img.widget-image").wait_for()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0",
        arg=cell.locator("img.widget-image").element_handle(),
    )
    return cell


def train(page, cell):
    """A cockpit's sentence is longest when it tells of test accuracies."""
    press = lambda name: cell.get_by_role("button", name=name).click()
    press("Start")
    page.wait_for_function(
        "cell => cell.querySelector('[role=status]').textContent.includes('after step')",
        arg=cell.element_handle(),
        timeout=60_000,
    )
    press("Pause")


def test_every_live_figure_fits_with_its_sliders_and_sentence(chapter):
    page, figures = chapter
    panel = page.locator(".jp-NotebookPanel-notebook").bounding_box()
    assert (panel["width"], panel["height"]) == (WIDTH, HEIGHT)
    for name in figures:
        cell = show(page, name)
        seen = cell.evaluate(MEASURE)
        if seen["cockpit"]:
            train(page, cell)
            seen = cell.evaluate(MEASURE)
        assert seen["height"] <= live.HIGH, (name, seen)
        assert seen["beyond"] <= 0, (name, seen)
        assert min(float(size.removesuffix("px")) for size in seen["labels"]) >= 15, (name, seen)
        assert seen["cut"] == [], (name, seen)
        assert min(seen["sliders"]) >= 100, (name, seen)
        assert seen["image"] >= (540 if seen["cockpit"] else 750), (name, seen)
        assert seen["cockpit"] or seen["reset"] < 8, (name, "Reset stands beside no slider", seen)


def test_a_fresh_jupyterlab_asks_nothing_and_shows_the_chapters_names(lab):
    page = lab[1].new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{lab[0]}/lab")
    page.wait_for_selector(".jp-DirListing-item")
    names = page.locator(".jp-DirListing-itemText")
    for path in NOTEBOOKS:
        name = names.filter(has_text=path.stem)
        # What the browser writes of the name is cut at its end, where ".ipynb" stands.
        room, letters = name.evaluate("name => [name.clientWidth, name.scrollWidth]")
        assert letters * len(path.stem) / len(path.name) <= room, path.name
    page.wait_for_timeout(3000)  # the question comes a moment after the list
    assert page.locator(".jp-toastContainer, .Toastify__toast").all_inner_texts() == []
    page.close()
