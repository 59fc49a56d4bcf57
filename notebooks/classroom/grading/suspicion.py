"""What in a submission an instructor should look at: tricks, and what looks like one.

Nothing here decides about a grade. Which answer is right is judged where no submission has run
(`marking.py`), so that a trick gains nothing; but it is told.
"""

import ast
import builtins
import inspect
import sys
import types

from mytorch_core.optim import Optimizer

DOORS = ("check", "progress")  # what a notebook has of the checks
REMARKS = {
    "cell-replaced": "the exercise's cell is gone; graded is another one that has it checked",
    "check-deleted": "the line with check(...) is gone",
    "check-edited": "the line with check(...) is another one than the course's",
    "defined-elsewhere": "the answer is defined in another cell, too, which is not graded",
    "output-differs": "the stored output says that it is right",
    "set-up-edited": "the set-up cell is not the course's",
    "syntax-error": "a cell is no Python",
    "results-changed": "it reaches into the results of the checks",
    "course-changed": "it gives another meaning to a name of the course or of NumPy",
    "looks-inside": "it looks into the course's answers or into what judges them",
    "reaches-out": "it uses files, processes, the network, or code made from text",
    "two-notebooks": "there are several notebooks of this chapter",
}
OURS = ("classroom", "mytorch_core")
INSIDE = ("classroom.judging", "classroom.exercises", "classroom.grading")
SECRETS = {"verdict_on", "getsource", "getsourcelines", "__globals__", "__subclasses__"}
SECRETS |= {"__reduce__", "__reduce_ex__", "__builtins__", "_getframe", "get_objects", "modules"}
OUTSIDE = {"os", "io", "subprocess", "shutil", "socket", "pathlib", "ctypes", "multiprocessing"}
OUTSIDE |= {"threading", "signal", "urllib", "requests", "http", "importlib", "pickle", "tempfile"}
OUTSIDE |= {"builtins", "atexit", "resource"}
CALLS = {"open", "exec", "eval", "compile", "__import__", "input", "system", "run_cell_magic"}


def remarks_on(tree, course):
    """[(slug, what is meant)] of a cell; course: the names that the set-up cell imports."""
    found = []
    for node in ast.walk(tree):
        for slug in _about(node, course):
            said = ast.unparse(node).splitlines()[0]
            found.append((slug, said if len(said) <= 60 else said[:57] + "..."))
    return found


def _about(node, course):
    """The slugs that a node of the syntax tree gives rise to."""
    name, changes = _name(node), not isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from _of_import(node)
    if isinstance(node, ast.Attribute):
        if node.attr == "results" and ast.unparse(node.value).endswith("checks"):
            yield "results-changed"
        if node.attr == "patch" or (changes and _root(node) in course):
            yield "course-changed"
    if isinstance(node, (ast.Attribute, ast.FunctionDef)) and name in SECRETS:
        yield "looks-inside"
    if isinstance(node, ast.Call):
        called = _name(node.func)
        if called in CALLS:
            yield "reaches-out"
        of_the_course = node.args and _root(node.args[0]) in course
        if called in ("setattr", "delattr") and of_the_course:
            yield "course-changed"
    if (changes or isinstance(node, (ast.FunctionDef, ast.ClassDef))) and name in DOORS:
        yield "course-changed"


def _name(node):
    """What a node is called, or what it names."""
    names = (getattr(node, key, None) for key in ("attr", "id", "name"))
    return next((name for name in names if isinstance(name, str)), None)


def _of_import(node):
    modules = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        modules = [f"{node.module}.{name}" for name in modules]
    for name in modules:
        if name.startswith("classroom.checks.") and name.split(".")[2] not in DOORS:
            yield "results-changed"
        if name.startswith(INSIDE):
            yield "looks-inside"
        if name.split(".")[0] in OUTSIDE:
            yield "reaches-out"


def _root(node):
    """The name that an expression such as optim.SGD.update begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


# ------------------------------------------------------------------ what a cell did


def meanings():
    """What the names of Python, NumPy and the course stand for: {"numpy.sqrt": object}."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name in ("builtins", "numpy") or name.split(".")[0] in OURS:
            found |= _public(name, module)
            for key, value in _public(name, module).items():
                if inspect.isclass(value) and value.__module__.startswith("mytorch_core"):
                    found |= {f"{key}.{k}": v for k, v in vars(value).items() if callable(v)}
    return found


def _public(name, module):
    if not isinstance(module, types.ModuleType):
        return {}
    return {f"{name}.{key}": v for key, v in list(vars(module).items()) if key[:1] != "_"}


def changed(before):
    """The names that stand for something else than before."""
    now = meanings()
    return [name for name, value in before.items() if now.get(name) is not value]


# ------------------------------------------------------------------ is it the course's own?


def leans_on_the_course(answer, right, given):
    """Whether an answer is the course's own, inherits from a rule of the course, or calls the right
    answer or, being a rule, another rule.

    right  the exercise's right answer
    given  the rules that the stub itself builds on
    """
    if not (inspect.isclass(answer) or inspect.isfunction(answer)):
        return _is_ours(answer) and callable(answer)
    parts = [base for base in getattr(answer, "__mro__", (answer,)) if base is not object]
    ours = [part for part in parts if _is_ours(part)]
    allowed = {Optimizer, *(base for rule in given for base in rule.__mro__)}
    if set(ours) - allowed:
        return True
    used = _used_by([part for part in parts if part not in ours])
    rules = [u for u in used if inspect.isclass(u) and issubclass(u, Optimizer) and _is_ours(u)]
    return any(u is right for u in used) or (inspect.isclass(answer) and bool({*rules} - allowed))


def _is_ours(thing):
    return str(getattr(thing, "__module__", "")).split(".")[0] in OURS


def _used_by(parts):
    """What the functions of an answer, and those of the submission that they call, name."""
    waiting, seen, used = list(parts), set(), []
    while waiting:
        part = waiting.pop()
        if id(part) in seen or _is_ours(part):
            continue
        seen.add(id(part))
        if inspect.isclass(part):
            waiting += [getattr(f, "__func__", f) for f in vars(part).values()]
        code = getattr(part, "__code__", None)
        if not isinstance(code, types.CodeType):
            continue
        names = {name for c in _codes(code) for name in c.co_names}
        held = [part.__globals__[name] for name in names if name in part.__globals__]
        held += [cell.cell_contents for cell in part.__closure__ or () if _filled(cell)]
        modules = [h for h in held if isinstance(h, types.ModuleType) and h is not builtins]
        held += [vars(m)[name] for m in modules for name in names if name in vars(m)]
        used += held
        waiting += [h for h in held if inspect.isclass(h) or inspect.isfunction(h)]
    return used


def _codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _filled(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:  # it has no value yet
        return False
