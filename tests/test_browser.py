"""The live figures of chapter 02 in a real JupyterLab: sliders, the cockpit, without a kernel."""

import re

import chromium
import nbformat
import pytest
from live_cells import excerpt

CHAPTER = "02_sgd.ipynb"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    chromium.needed()
    folder = tmp_path_factory.mktemp("lab")
    nbformat.write(excerpt("02_sgd"), folder / CHAPTER)
    with chromium.server(folder) as address, chromium.browser() as browser:
        yield address, browser


@pytest.fixture(scope="module")
def errors():
    return []


@pytest.fixture(scope="module")
def page(lab, errors):
    page = chromium.open_notebook(lab[1], lab[0], CHAPTER, errors)
    chromium.run_all(page)
    return page


def figure_after(page, text):
    """The live figure of the first cell whose source contains this text."""
    cell = page.locator(".jp-CodeCell").filter(has_text=text).first
    cell.scroll_into_view_if_needed()
    image = cell.locator("img.widget-image")
    image.scroll_into_view_if_needed()
    return cell, image


def changed(page, image, action):
    """Do it, and wait until the picture is another one."""
    before = image.get_attribute("src")
    pixels = image.screenshot()
    action()
    page.wait_for_function(
        "([image, before]) => image.src !== before && image.complete && image.naturalWidth > 0",
        arg=[image.element_handle(), before],
        timeout=10_000,
    )
    page.wait_for_timeout(400)  # until the sharp picture is there
    return image.screenshot() != pixels


def words(cell):
    return cell.locator("[role=status]").inner_text()


def test_a_slider_is_dragged(page):
    cell, image = figure_after(page, "surfaces.ravine, lr=0.3")
    handle = cell.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()

    def drag():
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        for i in range(20):
            page.mouse.move(box["x"] + 5 * i, box["y"] + box["height"] / 2)
        page.mouse.up()

    assert "diverges" not in words(cell)
    assert changed(page, image, drag)
    page.wait_for_function(
        "cell => /SGD diverges: lr \\S+ > 2.L = 1/.test("
        "cell.querySelector('[role=status]').textContent)",
        arg=cell.element_handle(),
        timeout=10_000,
    )


def test_a_slider_is_moved_by_the_keyboard_alone(page):
    cell, image = figure_after(page, "views.slope_view")
    handle = cell.locator(".noUi-handle").first
    handle.focus()
    assert changed(page, image, lambda: page.keyboard.press("ArrowRight"))
    assert "At w = 2.04 the slope is 2.04" in words(cell)
    field = cell.locator("input[type=text]").first
    assert field.input_value() == "2.04"


def test_a_number_is_typed(page):
    cell, image = figure_after(page, "views.slope_view")
    field = cell.locator("input[type=text]").first
    field.fill("1.234")
    assert changed(page, image, lambda: field.press("Enter"))
    assert "At w = 1.234 the slope is 1.23" in words(cell)
    field.fill("far")
    field.press("Enter")
    page.wait_for_function(
        "cell => cell.querySelector('[role=status]').textContent.includes(\"not 'far'\")",
        arg=cell.element_handle(),
    )


def test_reset_brings_the_defaults_back(page):
    cell, image = figure_after(page, "views.slope_view")
    reset = cell.get_by_role("button", name="Reset")
    assert changed(page, image, reset.click)
    assert cell.locator("input[type=text]").first.input_value() == "2"


def test_the_picture_is_sharp_on_a_dense_display(page):
    _, image = figure_after(page, "views.slope_view")
    natural, shown = image.evaluate("image => [image.naturalWidth, image.clientWidth]")
    assert natural >= 2 * shown


def step(cell):
    return int(re.match(r"Step ([\d,]+)\.", words(cell))[1].replace(",", ""))


def test_the_cockpit_starts_pauses_and_resets(page):
    cell, image = figure_after(page, "cockpit.race")
    button = {name: cell.get_by_role("button", name=name) for name in ("Start", "Pause", "Reset")}
    assert changed(page, image, button["Start"].click)
    page.wait_for_function(
        "cell => /^Step [1-9]\\d/.test(cell.querySelector('[role=status]').textContent)",
        arg=cell.element_handle(),
    )
    button["Pause"].click()
    page.wait_for_function("b => b.disabled", arg=button["Pause"].element_handle())
    page.wait_for_timeout(500)
    paused = step(cell)
    page.wait_for_timeout(500)
    assert step(cell) == paused > 0
    natural, shown = image.evaluate("image => [image.naturalWidth, image.clientWidth]")
    assert natural >= 2 * shown
    assert changed(page, image, button["Reset"].click)
    assert step(cell) == 0


def test_the_console_holds_no_error(page, errors):
    assert page is not None
    assert errors == []


def test_saved_and_opened_without_a_run_it_shows_pictures_with_alternative_text(lab, page):
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    errors = []
    fresh = chromium.open_notebook(lab[1], lab[0], CHAPTER, errors)
    fresh.wait_for_timeout(1000)
    cell = fresh.locator(".jp-CodeCell").filter(has_text="views.slope_view").first
    cell.scroll_into_view_if_needed()
    image = cell.locator(".jp-OutputArea img")
    assert image.get_attribute("alt").startswith("At w = 2 the slope is 2")
    assert "model not found" not in fresh.content()
    assert errors == []


def test_a_click_that_waits_for_a_busy_kernel_shows_that_it_was_heard(page):
    cell, _ = figure_after(page, "cockpit.race")
    button = cell.get_by_role("button", name="Step")
    pressed = "button => button.classList.contains('mod-active')"
    assert (step(cell), button.evaluate(pressed)) == (0, False)
    page.evaluate(
        """() => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            kernel.requestExecute({code: "import time; time.sleep(3)"});
        }"""
    )
    page.wait_for_timeout(500)  # now the cell runs
    button.click()
    page.wait_for_timeout(500)
    assert (step(cell), button.evaluate(pressed)) == (0, True)
    page.wait_for_function(f"button => !({pressed})(button)", arg=button.element_handle())
    assert step(cell) == 1


def test_after_a_restart_of_the_kernel_the_controls_say_that_they_are_dead(page):
    cell, _ = figure_after(page, "cockpit.race")
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    screen = cell.locator(".classroom-screen")
    page.wait_for_function(
        "screen => screen.classList.contains('jupyter-widgets-disconnected')",
        arg=screen.element_handle(),
    )
    told = screen.evaluate("screen => getComputedStyle(screen, '::after').content")
    assert "run this cell again" in told
    assert screen.evaluate("screen => getComputedStyle(screen.children[1]).opacity") == "0.4"
