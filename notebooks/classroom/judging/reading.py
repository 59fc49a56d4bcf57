"""The text of a reader's answer: where it stands, and the answer made anew from an edited text."""

import ast
import inspect
import linecache
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

OURS = ("classroom", "mytorch_core")


@dataclass(frozen=True)
class Source:
    """Where an answer was written.

    text   the whole cell or file
    where  what its lines are counted in, in words
    parts  (name, number of a line in it) of the answer and of the reader's classes it builds on
    names  what the names in it stand for, where they are not its own
    """

    text: str
    where: str
    parts: tuple
    names: dict


def source_of(answer):
    """The source of a class or function; None if there is none, as for what was never a cell."""
    if answer is None or is_ours(answer) or not _functions(answer):
        return None
    name = _functions(answer)[0].__code__.co_filename
    text = "".join(linecache.getlines(name))
    if not text:
        return None
    bases = [base for base in getattr(answer, "__mro__", (answer,))[1:] if not is_ours(base)]
    parts = [answer, *(b for b in bases if _functions(b) and _file(b) == name)]
    of_a_file = "ipykernel" not in name and Path(name).is_file()
    where = Path(name).name if of_a_file else "your cell"
    try:
        used = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    except (SyntaxError, ValueError):  # lines that only IPython understands
        return None
    names = {name: value for name, value in names_around(answer).items() if name in used}
    found = tuple((part.__name__, _first_line(part)) for part in parts)
    return Source(text, where, found, names | {"np": np, "__name__": "__main__"})


def is_ours(answer):
    """Whether a class or function belongs to the course."""
    return str(getattr(answer, "__module__", "")).split(".")[0] in OURS


def _file(answer):
    return _functions(answer)[0].__code__.co_filename


def _functions(answer):
    """The functions that a class or function is made of."""
    if not inspect.isclass(answer):
        return [answer] if hasattr(answer, "__code__") else []
    found = [getattr(f, "fget", None) or getattr(f, "__func__", f) for f in vars(answer).values()]
    found = [f for f in found if hasattr(f, "__code__")]
    return [f for f in found if f.__name__ != "<lambda>"] or found


def _first_line(answer):
    return min(f.__code__.co_firstlineno for f in _functions(answer))


def names_around(answer):
    """The names that the answer's code sees: its module's, and those of functions around it."""
    space = {}
    for part in getattr(answer, "__mro__", (answer,)):
        for function in [] if is_ours(part) else _functions(part):
            space |= function.__globals__
            code, cells = function.__code__, function.__closure__ or ()
            for name, cell in zip(code.co_freevars, cells, strict=True):
                if name != "__class__":
                    try:
                        space[name] = cell.cell_contents
                    except ValueError:  # it has no value yet
                        continue
    return space


class Reading:
    """An answer as a syntax tree that can be edited, and run as it stands at the moment."""

    def __init__(self, source):
        """Raises ValueError or SyntaxError if the answer is not to be found in its source."""
        tree = ast.parse(source.text)
        units = [_definition(tree, name, line) for name, line in source.parts]
        if units[0] is None:
            raise ValueError(f"{source.parts[0]} does not stand in its source")
        bases = [unit for unit in units[1:] if unit][::-1]
        self.lines, self.where = source.text.splitlines(), source.where
        self.last = units[0]
        self.units = [*_helpers(tree, [*bases, units[0]]), *bases, units[0]]
        self.names = source.names
        self.kept = [
            (value, type(value)(value))
            for name, value in self.names.items()
            if type(value) in (dict, list, set) and name[:1] != "_" and len(value) < 100
        ]
        self.is_class = isinstance(self.last, ast.ClassDef)
        self.alone = self._functions_that_can_be_run_alone()

    def _functions_that_can_be_run_alone(self):
        """Methods that can be exchanged one by one, which saves compiling all the others."""
        if not self.is_class:
            return set()
        body, found = self.last.body, set()
        plain = (ast.FunctionDef, ast.Expr, ast.Pass)
        for node in body:
            constant = isinstance(getattr(node, "value", None), (ast.Constant, ast.Tuple))
            if not isinstance(node, plain) and not constant:
                return set()  # an array or a dictionary of the class itself has to be new each time
        for node in body:
            if isinstance(node, ast.FunctionDef) and not node.decorator_list:
                names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                if not names & {"super", "__class__"} and not node.args.defaults:
                    found.add(node)
        return found

    def run(self, only=None):
        """The answer as its tree stands; `only` is the one method in which it was edited."""
        for value, kept in self.kept:
            value.clear()
            value.extend(kept) if isinstance(value, list) else value.update(kept)
        if only in self.alone:
            found = {}
            exec(compile(ast.Module([only], []), "your answer", "exec"), self.space, found)
            return type(self.last.name, (self.made,), found)
        names = dict(self.names)
        exec(compile(ast.Module(self.units, []), "your answer", "exec"), names)
        if isinstance(self.last, ast.Assign):
            return names[self.last.targets[0].id]
        return names[self.last.name]

    def keep(self):
        """Remember the answer as it stands, for `run(only=...)`."""
        self.space = dict(self.names)
        exec(compile(ast.Module(self.units, []), "your answer", "exec"), self.space)
        self.made = self.space.get(getattr(self.last, "name", ""))

    def quoted(self, node):
        """(number of a statement's line, the line), as the reader wrote it."""
        return node.lineno, self.lines[node.lineno - 1].strip()


def _definition(tree, name, line):
    """The innermost definition of this name around this line, or at it."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= line <= node.end_lineno:
                found = node
        elif isinstance(node, ast.Assign) and name == "<lambda>":
            around = node.lineno <= line <= node.end_lineno
            found = node if around and isinstance(node.value, ast.Lambda) else found
    return found


def _helpers(tree, units):
    """Other functions of the cell that the answer calls, itself or through others."""
    others = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef) and n not in units}
    found, left = {}, list(units)
    while left:
        for node in ast.walk(left.pop()):
            if isinstance(node, ast.Name) and node.id in others and node.id not in found:
                found[node.id] = others[node.id]
                left.append(others[node.id])
    return list(found.values())


def source_lines(function):
    """The statements of one of our own functions, without its docstring; [] without a source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    body = tree.body[0].body
    return body[1:] if ast.get_docstring(tree.body[0]) is not None else body
