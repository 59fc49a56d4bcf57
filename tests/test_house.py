"""The rules of the house: what imports what, and how long the core may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "mytorch_core").glob("*.py"))
NOTEBOOKS = ROOT / "notebooks"
CLASSROOM = sorted((NOTEBOOKS / "classroom").rglob("*.py"))
TESTS = [path for name in ("tests", "benchmarks", "web") for path in (ROOT / name).rglob("*.py")]


def imports(path):
    """The names of the modules that a file imports, `from x import y` as "x"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            assert all(alias.name != "*" for alias in node.names), f"{path.name} has a star import"
            yield node.module


def named(path):
    """Files of the classroom that a file imports, whether as a module or as what is in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("classroom") for alias in node.names), path
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "classroom":
            module = NOTEBOOKS.joinpath(*node.module.split("."))
            for alias in node.names:
                places = (module / alias.name, module)
                files = [p for place in places for p in (place.with_suffix(".py"), place)]
                found = next(p for p in files if p.exists())
                yield found / "__init__.py" if found.is_dir() else found


def lines_of_code(path):
    """Lines that are neither blank, nor comment, nor docstring."""
    source = path.read_text(encoding="utf-8")
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            docstrings.update(range(first.lineno, first.end_lineno + 1))
    lines = enumerate(source.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and i not in docstrings
        for i, line in lines
    )


def test_the_core_can_be_read_in_one_sitting():
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in CORE}
    assert sum(map(lines_of_code, CORE)) < 475
    assert sum(lengths.values()) < 820
    assert max(lengths.values()) < 330, lengths


def test_the_core_imports_numpy_alone():
    for path in CORE:
        foreign = {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)
        assert foreign <= {"numpy", "mytorch_core"}, path.name


def test_importing_the_core_loads_numpy_and_nothing_else():
    report = (
        "import sys, numpy; before = set(sys.modules); import mytorch_core; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(loaded) - set(sys.stdlib_module_names) <= {"mytorch_core", "numpy"}


def test_imports_point_one_way():
    for path in CORE:
        assert not any(name.startswith("classroom") for name in imports(path)), path.name
    order = ["tensor", "nn", "optim"]
    for i, name in enumerate(order):
        used = {module for module in imports(ROOT / "mytorch_core" / f"{name}.py")}
        assert not used & {f"mytorch_core.{later}" for later in order[i:]}, name


@pytest.mark.parametrize(
    "path", [*CORE, *CLASSROOM, *TESTS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_file_edits_the_import_path_or_uses_a_global_seed(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    forbidden = {"sys" + ".path", "np.random" + ".seed", "numpy.random" + ".seed"}
    assert not attributes & forbidden


# A file imports from its own room and from those before it.
ROOMS = ["judging", "exercises", "training", "pictures", "", "editions", "grading"]  # "": the doors


def room(path):
    """The number of a file's room."""
    return ROOMS.index((*path.relative_to(NOTEBOOKS / "classroom").parts[:-1], "")[0])


def test_every_room_has_its_place():
    folders = {path.parent.name for path in CLASSROOM if path.name == "__init__.py"}
    assert folders - {"classroom", "views"} == set(ROOMS) - {""}


@pytest.mark.parametrize("path", CLASSROOM, ids=lambda path: str(path.relative_to(NOTEBOOKS)))
def test_arrows_between_rooms_point_one_way(path):
    for other in named(path):
        assert room(other) <= room(path), other


def test_no_files_import_each_other_in_a_circle():
    arrows = {path: set(named(path)) - {path} for path in CLASSROOM}
    while arrows:
        ends = {path for path, others in arrows.items() if not others & set(arrows)}
        assert ends, [str(path) for path in arrows]
        arrows = {path: others for path, others in arrows.items() if path not in ends}


TABLES = {"in_the_state", "in_squares"}  # functions that are lists of mistakes


@pytest.mark.parametrize("path", CLASSROOM, ids=lambda path: str(path.relative_to(NOTEBOOKS)))
def test_files_and_functions_are_short(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 410
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name not in TABLES:
            assert node.end_lineno - node.lineno < 60, node.name


def test_no_two_statements_on_a_line():
    for path in [*CORE, *CLASSROOM]:
        starts = [
            node.lineno
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.stmt)
        ]
        assert len(starts) == len(set(starts)), path.name
