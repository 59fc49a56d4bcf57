"""Binder, development containers, an image for a JupyterHub, the workflow that publishes the site.

None of these is started here; their files are read, and what is a command of ours is run.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def instructions():
    """(name, arguments) of each line of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return re.findall(r"^([A-Z]+) (.+)$", text, re.MULTILINE)


def the_only(instruction):
    (found,) = [rest for name, rest in instructions() if name == instruction]
    return found


def test_binder_pins_a_python_that_the_course_is_tested_with():
    environment = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text(encoding="utf-8"))
    (python,) = [name for name in environment["dependencies"] if name.startswith("python")]
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    )
    assert (
        python.removeprefix("python=") in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    )


def test_binder_installs_the_course_after_its_packages():
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert (
        script.read_text(encoding="utf-8").splitlines()[-1]
        == "python -m pip install --no-cache-dir -e ."
    )
    subprocess.run(["sh", "-n", script], check=True)


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_the_development_container_is_set_up_by_a_target_of_the_makefile():
    container = json.loads(
        (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    )
    command = shlex.split(container["postCreateCommand"])
    said = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    assert command[0] == "make"
    assert said.returncode == 0, said.stderr
    interpreter = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter.endswith("/.venv/bin/python")


def test_the_image_copies_what_there_is_and_installs_with_the_pins():
    copied = [
        source for name, rest in instructions() if name == "COPY" for source in rest.split()[:-1]
    ]
    assert {"pyproject.toml", "constraints.txt", "mytorch_core", "notebooks", "data"} <= {*copied}
    assert all((ROOT / source).exists() for source in copied)
    (install,) = [rest for name, rest in instructions() if "pip install" in rest]
    assert "-c constraints.txt . jupyterhub==" in install
    assert json.loads(the_only("CMD"))[0] == "jupyterhub-singleuser"


@pytest.mark.skipif(os.name == "nt", reason="the image is a Linux")
def test_the_image_gives_a_student_the_chapters_and_keeps_what_was_written(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    start = [part.replace("/opt/course", str(ROOT)) for part in json.loads(the_only("ENTRYPOINT"))]
    environment = os.environ | {"HOME": str(home)}

    def run():
        command = [*start, "echo", "the hub's own command"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "the hub's own command\n"

    run()
    given = {path.name for path in (home / "course").iterdir()}
    assert given == {
        p.name for p in (ROOT / "notebooks").iterdir() if p.suffix in (".ipynb", ".md")
    }
    mine = home / "course" / "02_sgd.ipynb"
    mine.write_text("my answers")
    (home / "course" / "03_adagrad.ipynb").unlink()
    run()
    assert mine.read_text() == "my answers"
    assert (home / "course" / "03_adagrad.ipynb").exists()


def test_the_site_is_published_by_pinned_actions_with_few_permissions():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    uses = re.findall(r"uses: (\S+)", text)
    assert len(uses) == 4
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in uses)
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in workflow["jobs"]["build"]
    assert workflow["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake (\S+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
