"""The project's own papers agree with each other."""

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from classroom.editions import publish

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_environment_yml_names_what_pyproject_toml_names():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *packages, from_pip = environment["dependencies"]
    python, pip, *packages = packages
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    wanted = [name for name in wanted if ";" not in name]
    assert python == f"python{PROJECT['requires-python']}"
    project, *others = from_pip["pip"]
    assert (pip, project) == ("pip", "-e .")
    assert sorted(packages + others) == sorted(wanted)


def test_every_dependency_is_pinned_without_a_host():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    extras = PROJECT["optional-dependencies"]
    for name in PROJECT["dependencies"] + extras["test"] + extras["site"]:
        package = re.split("[>=;]", name)[0].strip()
        assert re.search(rf"^{package}==", pins, flags=re.MULTILINE), package
    assert "://" not in pins
    assert "torch" not in pins


def test_the_readme_gives_the_two_commands_and_lists_the_chapters():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make lab" in readme
    assert "make test" in readme
    for path in (ROOT / "notebooks").glob("0[0-6]_*.ipynb"):
        assert f"(notebooks/{path.name})" in readme


PAGES = ["README.md", "CONTRIBUTING.md", "data/mnist/README.md"]
PAGES += [f"notebooks/teaching/{name}.md" for name in ("README", "grading")]


@pytest.mark.parametrize("name", PAGES)
def test_links_inside_the_project_lead_somewhere(name):
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_jupyter_saves_notebooks_that_read_without_a_kernel():
    path = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_server_config.json"
    hook = json.loads(path.read_text(encoding="utf-8"))["ContentsManager"]["pre_save_hook"]
    assert hook == f"{publish.__name__}.{publish.without_views.__name__}"


def test_jupyterlab_has_the_settings_of_the_course():
    installed = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    ours = Path(publish.__file__).with_name("overrides.json")
    settings = json.loads(installed.read_text(encoding="utf-8"))
    assert settings == json.loads(ours.read_text(encoding="utf-8"))
    schemas = installed.parents[1] / "schemas"
    for plugin, values in settings.items():  # JupyterLab passes over what it does not know
        path = (schemas / plugin.replace(":", "/")).with_suffix(".json")
        known = json.loads(path.read_text(encoding="utf-8"))["properties"]
        for name, value in values.items():
            assert value in [option["const"] for option in known[name].get("oneOf", [])] or (
                type(value) is type(known[name]["default"])
            ), (plugin, name)


def test_the_workflow_covers_the_supported_pythons():
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(text)["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
