"""JupyterLab in a real browser: a server of its own, a headless Chromium, a notebook on a page."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

INSTALL = f"{Path(sys.executable).parent / 'playwright'} install --with-deps chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SERVER = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--IdentityProvider.token=",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
)

READY = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""


def executable():
    """Where a Chromium is on this machine, or None."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def needed():
    """Skip the tests that ask for this where there is no Chromium, or fail if one is required."""
    if executable() is None:
        message = f"no Chromium here; to get one: {INSTALL}"
        (pytest.fail if os.environ.get("REQUIRE_CHROMIUM") else pytest.skip)(message)


@contextlib.contextmanager
def server(folder):
    """A JupyterLab on this folder, open to this machine alone; gives its address.

    It has the settings of its environment, and none of the user's.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", f"--port={port}", *SERVER]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(folder / ".jupyter")}
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api", process, folder / "server.log")
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address, process, log, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=5)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def browser():
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable(), headless=True, args=arguments
        )
        try:
            yield chromium
        finally:
            chromium.close()


def open_notebook(chromium, address, name, errors, height=900):
    """A page with this notebook, alone; errors of the console and addresses of other machines are
    added to the list."""
    page = chromium.new_page(viewport={"width": 1280, "height": height}, reduced_motion="reduce")
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    here = (address, address.replace("http", "ws", 1), "data:", "blob:")
    page.on("request", lambda asked: asked.url.startswith(here) or errors.append(asked.url))
    page.goto(f"{address}/lab/workspaces/w{time.monotonic_ns()}/tree/{name}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.sessionContext")
    finish(page, READY, seconds=60)
    return page


def run_all(page):
    """Run every cell of the notebook and wait for the last."""
    finish(page, "() => window.jupyterapp.commands.execute('notebook:run-all-cells')", seconds=300)


def finish(page, function, seconds):
    """Call an asynchronous JavaScript function and wait for its end, but no longer than this."""
    start = "() => { window.ended = false; (FUNCTION)().finally(() => { window.ended = true; }); }"
    page.evaluate(start.replace("FUNCTION", function))
    page.wait_for_function("() => window.ended", timeout=1000 * seconds)
