"""The slides: a deck of reveal.js for every chapter, to be shown without a network (`make slides`).

    python web/slides.py [FOLDER]

A cell stands where its slideshow metadata say. Code is folded, but for the stubs of exercises; an
answer is a slide of its own. What is too tall for a slide goes on the next one: `deck/deck.js` lays
out in the browser, where heights are known. The instructor's pages become the speaker's notes
(key S).
"""

import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

import nbformat
from nbconvert.exporters import SlidesExporter
from nbformat.v4 import new_markdown_cell
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).parents[1]
DECK, NOTEBOOKS = ROOT / "web" / "deck", ROOT / "notebooks"
REVEAL = ("dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE")
ANSWER = re.compile(r"<details><summary>Answer</summary>(.*?)</details>", re.DOTALL)
EXERCISE = re.compile(r'^check\("(\w+)"', re.MULTILINE)
MINUTES = re.compile(r"^\| (.+?) \| (\d+) \|$", re.MULTILINE)


def bundled(package, name):
    """The file of an installed package whose path ends like this."""
    try:
        files = metadata.files(package) or ()
    except metadata.PackageNotFoundError as error:
        raise SystemExit(f'{package} is missing: pip install -e ".[site]"') from error
    found = next((file for file in files if file.match(name)), None)
    if found is None:
        raise SystemExit(f"{package} {metadata.version(package)} has no {name}")
    return Path(found.locate())


def arranged(notebook, page):
    """The notebook with what the slides show, and with notes from the instructor's page."""
    cells, notes = [], Notes(page)
    for cell in notebook.cells:
        place = cell.metadata.slideshow.slide_type
        is_stub = "exercise" in cell.metadata.get("tags", [])
        if place == "slide" and cell.cell_type == "markdown":
            notes.begin(cell, cells)
        if is_stub:
            notes.exercise(EXERCISE.search(cell.source))
            cell.outputs = []  # "not attempted yet"
        if place == "skip":
            continue
        if cell.cell_type == "markdown":
            cell.source = ANSWER.sub(r"**Answer**\n\1", cell.source)
        elif not cell.outputs and not is_stub:
            cell.metadata.slideshow.slide_type = "-"  # folded code alone makes no slide
        cells.append(cell)
        if place == "slide" and cell.cell_type == "markdown":
            cells.append(notes.cell)
    notebook.cells = [cell for cell in cells if cell.source]
    return notebook


class Notes:
    """What the speaker reads: the whole page at the title; at a section its time and mistakes."""

    def __init__(self, page):
        self.page, self.cell = page, None
        self.rows = MINUTES.findall(page)

    def begin(self, heading, cells):
        """A slide begins: a new cell for its notes."""
        first = heading.source.partition("\n")[0].lstrip("# ")
        said = "" if cells else self.page
        for row in self.rows:
            if cells and re.split("[;,.?:]", row[0])[0].lower() in first.lower():
                said = f"{row[1]} minutes: {row[0]}"
                self.rows.remove(row)
                break
        as_notes = {"slideshow": {"slide_type": "notes"}}
        self.cell = new_markdown_cell(said, id=f"{heading.id}-notes", metadata=as_notes)

    def exercise(self, asked):
        """An exercise stands on this slide: the usual wrong answers to it."""
        for row in re.findall(rf"^\| `{asked[1]}` \| (.+) \| (.+) \|$", self.page, re.MULTILINE):
            self.cell.source += f"\n\n{row[0]}: *{row[1]}*"


def build(target):
    """Write a deck for every chapter into the folder, in place of older ones."""
    target = Path(target)
    shutil.rmtree(target, ignore_errors=True)
    for name in REVEAL:
        path = target / "reveal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bundled("sphinx-revealjs", f"revealjs/{name}"), path)
    shutil.copy(bundled("sphinx-mathjax-offline", "tex-svg.js"), target / "mathjax.js")
    shutil.copy(DECK / "deck.js", target)
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    styles = (DECK / "deck.css").read_text(encoding="utf-8")
    (target / "deck.css").write_text(f"{colours}\n{styles}", encoding="utf-8")
    exporter = SlidesExporter(extra_template_paths=[str(DECK)], template_file="deck.html.j2")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        teaching = NOTEBOOKS / "teaching" / f"{path.stem}.md"
        page = teaching.read_text(encoding="utf-8") if teaching.exists() else ""
        notebook = arranged(nbformat.read(path, as_version=4), page)
        title = re.match("# (.+)", notebook.cells[0].source)[1]
        body, _ = exporter.from_notebook_node(notebook, {"title": title})
        (target / f"{path.stem}.html").write_text(body, encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist" / "slides"
    build(folder)
    print("\n".join(str(path) for path in sorted(folder.glob("*.html"))))
