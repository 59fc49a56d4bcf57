"""What a reader and a school may rely on: offline, no telemetry, nothing written elsewhere."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pytest
import yaml

from classroom import cockpit, live, mnist
from classroom.pictures.style import new
from classroom.pictures.views.view import View
from mytorch_core import nn, optim

ROOT = Path(__file__).parents[1]
SOURCES = [*ROOT.glob("mytorch_core/*.py"), *ROOT.glob("notebooks/classroom/**/*.py")]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))

# Runs the code cells of a notebook, and tells every address asked for and every file written.
WATCHED = """
import json, os, sys
import nbformat
told = {"addresses": [], "written": []}

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        told["addresses"].append(repr(arguments[1]))
    elif event in ("socket.getaddrinfo", "urllib.Request"):
        told["addresses"].append(repr(arguments[0]))
    elif event == "open" and isinstance(arguments[0], str):
        mode, flags = arguments[1:]
        if set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            told["written"].append(os.path.abspath(arguments[0]))

sys.addaudithook(watch)
space = {}
for cell in nbformat.read(sys.argv[1], as_version=4).cells:
    if cell.cell_type == "code":
        exec(compile(cell.source, cell.id, "exec"), space)
print(json.dumps(told), file=sys.__stderr__)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a chapter does to the world, told by the interpreter itself."""
    chapter = ROOT / "notebooks" / "01_learning_as_optimization.ipynb"
    command = [sys.executable, "-W", "ignore", "-c", WATCHED, str(chapter)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=chapter.parent)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stderr.strip().splitlines()[-1])


def test_no_cell_asks_for_another_machine(told):
    far = [place for place in told["addresses"] if "127.0.0.1" not in place]
    assert [place for place in far if not place.startswith("'/")] == []  # a socket of this machine


def test_a_chapter_writes_to_temporary_folders_alone(told):
    allowed = ("/tmp", "/dev", "/private", "/var/folders", str(Path.home() / ".cache"))
    results = str(ROOT / "notebooks" / ".results")
    odd = [path for path in told["written"] if not path.startswith((*allowed, results))]
    assert [path for path in odd if "__pycache__" not in path] == []


def test_make_lab_keeps_its_token_and_listens_to_this_machine_alone():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert not re.search(r"token|password|--ip|0\.0\.0\.0", makefile)
    config = ROOT / "notebooks" / "classroom" / "editions" / "jupyter_server_config.json"
    assert list(json.loads(config.read_text(encoding="utf-8"))) == ["ContentsManager"]


def test_files_are_never_unpickled_nor_evaluated():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            assert name not in ("eval", "pickle.load", "cloudpickle.load", "joblib.load"), path
            if name == "np.load":
                pickled = {k.arg: ast.unparse(k.value) for k in node.keywords}["allow_pickle"]
                assert pickled == "False", path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_the_least_rights_and_actions_that_nobody_can_exchange(path):
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action


def test_words_of_the_readers_stand_in_a_page_as_words():
    script = "<script>alert(1)</script>"
    shown = live.live(View(new()[0], [], lambda lr=1.0: script), lr=1.0)
    assert "&lt;script&gt;" in shown.words.value
    pages = [shown.words.value, shown._repr_mimebundle_()["text/html"]]
    model = nn.Linear(784, 10, rng=np.random.default_rng(0))
    race = cockpit.race(
        model, mnist.load(100, 100), {script: optim.SGD}, rng=np.random.default_rng(0)
    )
    pages += [part.value for part in parts(race) if isinstance(part, widgets.HTML)]
    assert sum("&lt;script&gt;" in page for page in pages) >= 4
    assert not any("<script>" in page for page in pages)
    shown.close()
    race.close()


def parts(widget):
    """A widget and everything inside."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)
