"""A reader's text as a tree: where its statements stand, and how it is changed and restored."""

import ast
import copy
import functools
from dataclasses import dataclass

BLOCKS = ("body", "orelse", "finalbody")


@functools.cache
def expression(text):
    """A text as an expression: one node for all uses, since only the reader's tree is changed."""
    return ast.parse(text, mode="eval").body


def statement(text):
    """A text as a statement."""
    return ast.parse(text).body[0]


def shown(node, most=60):
    """An expression as text, in short."""
    text = ast.unparse(node)
    return text if len(text) <= most else f"{text[: most - 3]}..."


# ------------------------------------------------------------------ changing a tree


def put(holder, key, new):
    """Puts a node into a field of another, or into a list."""

    def do():
        if isinstance(holder, list):
            old, holder[key] = holder[key], new
            return lambda: holder.__setitem__(key, old)
        old = getattr(holder, key)
        setattr(holder, key, new)
        return lambda: setattr(holder, key, old)

    return do


def change_blocks(change):
    """Changes blocks of statements: change() gives pairs (block, its new statements)."""

    def do():
        kept = []
        for block, new in change():
            kept.append((block, list(block)))
            block[:] = new or [at(ast.Pass(), block[0])]

        def undo():
            for block, old in reversed(kept):
                block[:] = old

        return undo

    return do


def without(block, line):
    """A block without one of its statements."""
    return [s for s in block if s is not line]


def index(block, line):
    """The place of a statement in its block."""
    return next((i for i, s in enumerate(block) if s is line), len(block))


def with_beside(block, place, new, after=True):
    """A block with a statement more, beside one of its own."""
    i = index(block, place) + after
    return [*block[:i], new, *block[i:]]


def replaced(block, line, new):
    """Exchanges a statement for another."""
    return change_blocks(lambda: [(block, [new if s is line else s for s in block])])


def inserted(block, place, new, after=True):
    """Puts a statement beside another."""
    return change_blocks(lambda: [(block, with_beside(block, place, new, after))])


def at(new, old):
    """A new node in the place of an old one; what is in it, and stands elsewhere, too, stays."""
    if not hasattr(new, "lineno"):
        new.lineno = new.end_lineno = getattr(old, "lineno", 1)
        new.col_offset = new.end_col_offset = 0
        for part in ast.iter_child_nodes(new):
            at(part, old)
    return new


# ------------------------------------------------------------------ where things stand


@dataclass
class Place:
    """A statement: its block, the blocks around it, its function, and the outermost function."""

    line: ast.stmt
    block: list
    around: tuple
    function: ast.AST
    inside: ast.AST


def places(unit):
    """Every statement of a definition, with where it stands."""
    if isinstance(unit, ast.Assign):  # a lambda
        yield Place(unit, [unit], (), unit.value, unit)
        return
    yield from places_in(unit.body, (), unit, unit, isinstance(unit, ast.ClassDef))


def places_in(block, around, function, inside, of_a_class=False):
    """The statements of a block, and of the blocks in it."""
    for line in list(block):
        if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
            continue  # a docstring
        is_function = isinstance(line, ast.FunctionDef)
        if not is_function:
            yield Place(line, block, around, function, inside)
        for name in BLOCKS:
            inner = getattr(line, name, None)
            if inner:
                yield from places_in(
                    inner,
                    () if is_function else (*around, (line, block)),
                    line if is_function else function,
                    line if of_a_class and is_function else inside,
                )


def names_in(function, unit):
    """The names of things that a function can use: its arguments, and what it gives a value."""
    found = {}
    for node in (unit, function) if unit is not function else (function,):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            found |= dict.fromkeys(a.arg for a in node.args.args if a.arg != "self")
    if isinstance(function, ast.FunctionDef):
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = None
    return list(found)


def loaded(line):
    """(holder, key, expression) of every expression in a statement, but not in its blocks."""
    fields = [(n, v) for n, v in ast.iter_fields(line) if n not in (*BLOCKS, "handlers")]
    for name, value in fields:
        yield from _loaded(line, name, value)


def _loaded(holder, key, node):
    if isinstance(node, list):
        for i, part in enumerate(node):
            yield from _loaded(node, i, part)
    elif isinstance(node, ast.keyword):
        yield from _loaded(node, "value", node.value)
    elif isinstance(node, ast.comprehension):
        for name in ("iter", "ifs"):
            yield from _loaded(node, name, getattr(node, name))
    elif isinstance(node, ast.Call):
        yield holder, key, node
        func = node.func
        if isinstance(func, ast.Attribute) and ast.unparse(func.value) != "np":
            yield from _loaded(func, "value", func.value)
        yield from _loaded(node, "args", node.args)
        yield from _loaded(node, "keywords", node.keywords)
    elif isinstance(node, ast.expr):
        if isinstance(getattr(node, "ctx", None), ast.Store):
            if isinstance(node, ast.Subscript):
                yield from _loaded(node, "slice", node.slice)
            return
        yield holder, key, node
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return
        for name, value in ast.iter_fields(node):
            if name not in ("ctx", "args") or (isinstance(node, ast.Lambda) and name == "body"):
                yield from _loaded(node, name, value)


def with_ctx(node, ctx):
    """A node like this one, to be read or to be written to."""
    new = copy.copy(node)
    new.ctx = ctx
    return new


def all_of(uses, new):
    """Puts new(node) in the place of every node of (holder, key, node)."""
    changes = [put(holder, key, new(part)) for holder, key, part in uses]

    def do():
        undo = [change() for change in changes]
        return lambda: [back() for back in reversed(undo)]

    return do


def both(one, other):
    """One change after the other."""

    def do():
        undo = one(), other()
        return lambda: (undo[1](), undo[0]())

    return do
