"""The web site and the slides, as built from the notebooks, in Chromium with no network."""

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import chromium
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
FETCHED = re.compile(
    r"""<(?:script|img|iframe|link|source)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|url\(\s*["']?((?:https?:)?//[^"')]+)|@import\s+["']((?:https?:)?//[^"']+)"""
)

BUILT = all(importlib.util.find_spec(name) for name in ("sphinx", "myst_nb", "sphinx_revealjs"))
if os.environ.get("REQUIRE_WEB"):
    assert BUILT, 'the site needs more packages: pip install -e ".[site]"'
NOT_HERE = "the site's packages, or its folder, are missing (make test-web)"
pytestmark = pytest.mark.skipif(not (BUILT and (ROOT / "web").exists()), reason=NOT_HERE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "site"
    lite = folder.parent / "lite"
    (lite / "lab").mkdir(parents=True)
    (lite / "lab" / "index.html").write_text("<!DOCTYPE html><title>JupyterLite</title>")
    options = ["--repository=somebody/course", f"--lite={lite}"]
    subprocess.run([sys.executable, ROOT / "web" / "pages.py", folder, *options], check=True)
    return folder


@pytest.fixture(scope="module")
def page():
    """A page that has no network; whatever it asks for beyond its own files fails and is listed."""
    chromium.needed()
    with chromium.browser() as browser:
        page = browser.new_page(reduced_motion="reduce")
        page.amiss = []
        page.on("console", lambda said: said.type == "error" and page.amiss.append(said.text))
        page.on("pageerror", lambda error: page.amiss.append(str(error)))

        def stop(route):
            page.amiss.append(route.request.url)
            route.abort()

        page.route(re.compile("^(https?|wss?):"), stop)
        yield page


def visit(page, path, query=""):
    page.amiss.clear()
    page.goto(path.as_uri() + query)
    page.evaluate("() => window.MathJax?.startup?.promise")


def written(folder):
    return sorted(p for p in folder.rglob("*.html") if not {"_static", "slides"} & {*p.parts})


def asked_for_elsewhere(folder):
    """{file: what it would fetch from another host}; a link to be clicked fetches nothing."""
    found = {}
    for path in [*folder.rglob("*.html"), *folder.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        if addresses := {next(filter(None, match)) for match in FETCHED.findall(text)}:
            found[path.name] = addresses
    return found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('<script src="https://a.org/x.js">', "https://a.org/x.js"),
        ("<link rel=stylesheet href=//a.org/x.css>", "//a.org/x.css"),
        ('<img alt="a" src="http://a.org/x.png">', "http://a.org/x.png"),
        ("p { background: url(https://a.org/x.png) }", "https://a.org/x.png"),
        ('@import "https://a.org/x.css";', "https://a.org/x.css"),
        ('<a href="https://a.org">', None),
        ('<script src="_static/x.js">', None),
    ],
)
def test_what_a_page_would_fetch_is_seen(tmp_path, text, address):
    (tmp_path / "a.html").write_text(text)
    assert asked_for_elsewhere(tmp_path) == ({"a.html": {address}} if address else {})


def test_the_site_asks_no_other_host(site):
    assert asked_for_elsewhere(site) == {}


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_of_the_site_fits_its_window_and_is_set(site, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    for path in written(site):
        visit(page, path)
        assert page.amiss == [], path.name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.locator("mjx-merror").count() == 0, path.name
        unset = "[...document.querySelectorAll('.math')].filter(m => !m.querySelector('svg'))"
        assert page.evaluate(f"{unset}.length") == 0, path.name


def stored_alternative_texts(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    shown = [
        output.data["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    return [alt for text in shown for alt in re.findall(r'<img alt="([^"]*)"', text)]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_keeps_its_pictures_and_folds_what_answers(site, page, name):
    visit(page, site / f"{name}.html")
    alts = re.findall(r'<img alt="([^"]*)" width', page.content())
    assert len(alts) == len(stored_alternative_texts(name)) > 0
    assert all(alts)
    solutions = page.locator(".tag_solution")
    assert solutions.count() > 0
    assert page.locator(".tag_solution .highlight:visible").count() == 0
    solutions.first.locator("summary").first.click()
    assert solutions.first.locator(".highlight").first.is_visible()
    answers = page.locator("details", has=page.locator("summary", has_text="Answer"))
    assert answers.count() > 0
    assert page.locator("details[open]").count() == 1  # the solution that was clicked
    for text in ("Run in the browser", "Run on Binder", "Open in Colab", "Download", "Slides"):
        assert page.locator(".chapter-links a", has_text=text).count() == 1


def test_the_front_page_says_how_to_install_in_colab(site, page):
    visit(page, site / "index.html")
    said = page.locator("article pre").all_text_contents()
    assert "%pip install -q git+https://github.com/somebody/course\n" in said


def test_an_image_can_be_made_from_the_course_that_the_site_hands_out(site):
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    with zipfile.ZipFile(site / "student.zip") as archive:
        names = archive.namelist()
    for source in " ".join(copied).split():
        assert any(re.match(rf"mytorch-student-[\d.]+/{source}", name) for name in names), source


def test_links_of_the_site_lead_somewhere(site):
    for path in written(site):
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r'<a\b[^>]*?\bhref="([^"#:?]+)[#?"]', text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_search_finds_an_english_word_in_another_form(site, page):
    visit(page, site / "search.html", "?q=diverging")
    page.wait_for_selector("#search-results a")
    found = page.locator("#search-results a").evaluate_all("all => all.map(a => a.href)")
    assert any("02_sgd.html" in address for address in found)


# What a slide takes on a screen of 1280 x 720 with all of it revealed; folded code counts folded.
MEASURED = """() => Reveal.getSlides().map((slide) => {
    const at = Reveal.getIndices(slide), seen = [];
    Reveal.slide(at.h, at.v || 0, 99);
    for (const one of slide.querySelectorAll(":scope :not(mjx-container *)")) {
        const box = one.getBoundingClientRect();
        const shown = one.checkVisibility() && !one.closest("details.code > .highlight");
        if (shown && box.width) seen.push({ box, text: one.matches("p, li, td"), one });
    }
    const sizes = seen.filter((s) => s.text).map((s) => getComputedStyle(s.one).fontSize);
    return {
        at: `${at.h}/${at.v || 0}`,
        scrolled: slide.scrollHeight,
        right: Math.max(...seen.map((s) => s.box.right)),
        bottom: Math.max(...seen.map((s) => s.box.bottom)),
        smallest: Math.min(99, ...sizes.map(parseFloat)),
        empty: !slide.querySelector(".piece :is(p, li, img, pre, table, h1, h2, h3)"),
    };
})"""


def opened(page, site, name):
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, site / "slides" / f"{name}.html")
    page.wait_for_function("() => Reveal.isReady()", timeout=60_000)


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_slide_fits_the_screen_and_can_be_read(site, page, name):
    opened(page, site, name)
    slides = page.evaluate(MEASURED)
    assert len(slides) > 10
    for slide in slides:
        assert slide["scrolled"] <= 720, slide
        assert slide["bottom"] <= 720, slide
        assert slide["right"] <= 1280, slide
        assert slide["smallest"] >= 18, slide  # pixels: the running title, a table
        assert not slide["empty"], slide
    assert page.locator("mjx-merror").count() == 0
    assert page.amiss == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_slides_leave_out_no_text_and_fold_the_code(site, page, name):
    opened(page, site, name)
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    shown = [cell for cell in notebook.cells if cell.metadata.slideshow.slide_type != "skip"]
    texts = [cell.source for cell in shown if cell.cell_type == "markdown"]
    words = page.evaluate("""() => [...document.querySelectorAll(".piece.text")]
        .filter((piece) => !piece.closest("aside"))
        .map((piece) => piece.textContent.replaceAll("¶", " ")).join(" ")""")
    for text in texts:
        plain = re.sub(r"<[^>]+>", " ", text)
        for part in re.findall(r"[A-Za-z ]{25,}", re.sub(r"\$[^$]+\$", "$", plain)):
            assert " ".join(part.split()) in " ".join(words.split()), part
    pictures = [o for cell in shown for o in cell.get("outputs", []) if "<img" in str(o)]
    assert page.locator(".piece img").count() == len(pictures)
    assert page.locator("details.code[open]").count() == 0
    code = page.locator(".piece .highlight").all_text_contents()
    assert not any(text.startswith("# Solution") for text in code)


def test_the_speaker_sees_times_and_usual_mistakes(site, page):
    opened(page, site, "03_adagrad")
    notes = page.locator("section.stack:nth-child(2) section:first-child aside.notes")
    assert "6 minutes" in notes.text_content()
    rule = page.locator("section.stack:nth-child(4) aside.notes").last.text_content()
    assert "9 minutes" in rule
    assert "Which array does the optimizer keep?" in rule
    with page.expect_popup() as window:
        page.keyboard.press("s")
    window.value.wait_for_selector(".speaker-controls-notes .value")
    page.evaluate("Reveal.slide(1, 0)")
    window.value.wait_for_function(
        "() => document.querySelector('.speaker-controls-notes .value').innerText.includes('6 min')"
    )
    window.value.close()


def test_the_slides_ask_no_other_host(site):
    assert asked_for_elsewhere(site / "slides") == {}
