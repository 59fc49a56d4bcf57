"""Edits of a reader's own text: an operator, a name, a number, a call, a line; one at a time.

`edits` finds the small changes of an answer that people need who wrote it nearly right. Whether one
of them makes the answer right is tried by `mending`.
"""

import ast
import copy
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from classroom.judging.expressions import REMOVED, bracketed, further, instead, is_number, powers
from classroom.judging.trees import (
    all_of,
    at,
    both,
    change_blocks,
    expression,
    index,
    inserted,
    loaded,
    names_in,
    places,
    places_in,
    put,
    replaced,
    shown,
    with_beside,
    with_ctx,
    without,
)


@dataclass(eq=False)
class Edit:
    """One change of a reader's text.

    cost    how far it goes: the smaller are tried first, and told rather
    kind    a word for it
    said    a clause, to be followed by "your rule is right", or a function that gives it
    line    the reader's statement that it concerns
    inside  the outermost function that it stands in, or the class
    do      changes the tree, and gives the function that undoes it
    about   the name whose line of the equations it takes, if it does
    """

    cost: float
    kind: str
    said: str | Callable
    line: ast.stmt
    inside: ast.AST
    do: Callable
    about: str = ""


@dataclass
class Words:
    """Names that may be put into a text.

    numbers  hyperparameters and constants, as they are written there: "self.lr"
    further  other things: "self.t", "p.grad"
    """

    numbers: tuple = ()
    further: tuple = ()


def edits(unit, words, is_class):
    """Every edit of a definition."""
    for place in places(unit):
        inside = place.inside
        names = names_in(place.function, inside)
        atoms = [*names, *words.numbers, *words.further]
        numbers = [*words.numbers, *words.further[:1]] if is_class else names
        make = functools.partial(_edit, place)
        for holder, key, node in loaded(place.line):
            for cost, new, said in instead(node, atoms, numbers, not is_class):
                yield make(cost, holder, key, node, new, said)
            if isinstance(node, ast.BinOp):
                for cost, new, said in bracketed(holder, node):
                    yield make(cost, holder, key, node, new, said)
            if _can_have_a_factor(holder, key, node):
                for cost, new, said in further(node, numbers):
                    yield make(cost, holder, key, node, new, said)
        yield from _of_statement(place, names, words.numbers, is_class)
        if is_class:
            yield from _into_an_argument(place, make)
            yield from _kept(place, make)
    yield from _carets(unit)
    yield from _heads(unit)
    functions = {p.function: p for p in reversed(list(places(unit)))}
    for function, place in functions.items():
        if isinstance(function, ast.FunctionDef) and function.name != "__init__":
            yield from _everywhere_in(function, place.inside, words, is_class)


def _into_an_argument(place, make):
    """`w[...] = value` for a value that is given to another name, or returned, and lost."""
    line, block = place.line, place.block
    arguments = [a.arg for a in getattr(place.inside, "args", ast.arguments(args=[])).args][1:]
    if not isinstance(line, (ast.Assign, ast.Return)) or line.value is None:
        return
    targets = getattr(line, "targets", [None])
    name = targets[0].id if isinstance(targets[0], ast.Name) else None
    if name is None and isinstance(line, ast.Assign):
        return
    for argument in arguments[:1] + arguments[2:] if len(arguments) > 1 else ():
        new = at(ast.Assign([_everywhere(expression(argument))], line.value), line)
        said = f"with `{shown(new)}` in its place"
        yield Edit(0.9, "line", said, line, place.inside, replaced(block, line, new))
        if name and name != argument:
            new = at(ast.Assign([_everywhere(expression(argument))], expression(name)), line)
            said = f"with `{shown(new)}` after it"
            do = inserted(block, line, new)
            yield Edit(1.1, "line-inserted", said, line, place.inside, do)


WHICH = "next(k for k, p in enumerate(self.parameters) if p.data is {})"
KEPT = "vars(self).setdefault('kept_', {{}}).setdefault(({}, {!r}), {})"


def _kept(place, make):
    """What is made anew in each step, or is kept under a key that others have, too: kept for each
    parameter."""
    arguments = [a.arg for a in getattr(place.inside, "args", ast.arguments(args=[])).args]
    if getattr(place.inside, "name", "") != "update" or len(arguments) < 3:
        return
    which = WHICH.format(arguments[1])
    line = place.line
    if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
        name = line.targets[0].id
        if isinstance(line.value, ast.Call) and "zeros" in ast.unparse(line.value.func):
            new = expression(KEPT.format(which, name, ast.unparse(line.value)))
            said = f"with `{name}` made once for each parameter, and kept,"
            do = put(line, "value", at(new, line))
            yield Edit(1.2, "kept", said, line, place.inside, do, "state")
    for holder, _, node in loaded(line):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr not in ("setdefault", "get"):
                continue
            held, where, key = node.func.value, (node.args, 0), node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(holder, ast.Assign):
            held, where, key = node.value, (node, "slice"), node.slice
        else:
            continue
        if ast.unparse(held).startswith("self."):
            said = f"with one for each parameter in place of one for each `{shown(key)}`"
            yield make(0.9, *where, key, expression(which), said)


def _everywhere_in(function, inside, words, is_class):
    """One name for another, wherever it stands in a function, or two exchanged."""
    held = {}
    for node in ast.walk(function):
        for name, value in ast.iter_fields(node):
            for key, part in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(part, (ast.Name, ast.Attribute)):
                    where = (value, key) if key is not None else (node, name)
                    held.setdefault(ast.unparse(part), []).append((*where, part))
    names = [*names_in(function, inside), *words.numbers, *words.further]
    lines = [p for p in places_in(function.body, (), function, inside)]
    for old, uses in held.items():
        if old in ("np", "self") or (len(uses) < 2 and isinstance(uses[0][2].ctx, ast.Load)):
            continue
        line = _line_of(lines, uses[0][2]) or function.body[0]
        for new in names:
            if new == old or (is_class and is_number(new) != is_number(old) and "." not in old):
                continue
            if isinstance(uses[0][2].ctx, ast.Store) and old.isidentifier():
                continue
            said = f"with `{new}` in place of `{old}`, wherever it stands,"
            do = all_of(uses, lambda part, new=new: at(with_ctx(expression(new), part.ctx), part))
            if old == f"self.{new}":  # the list of all, where the one of this parameter is given
                said = f"with the array that `update` is given in place of `{old}`"
                do = all_of(uses, lambda part, new=new: at(_written(new, part.ctx), part))
                yield Edit(0.6, "state", said, line, inside, do, "state")
                continue
            yield Edit(1.6, "name", said, line, inside, do)
            if new in held and old < new:
                said = f"with `{old}` and `{new}` exchanged"
                there = all_of(
                    held[new], lambda p, old=old: at(with_ctx(expression(old), p.ctx), p)
                )
                yield Edit(1.6, "names", said, line, inside, both(do, there))


def _written(name, ctx):
    return _everywhere(expression(name)) if isinstance(ctx, ast.Store) else expression(name)


def _heads(unit):
    """The arguments of a function in another order."""
    for function in [n for n in ast.walk(unit) if isinstance(n, ast.FunctionDef)]:
        own = [a for a in function.args.args if a.arg != "self"]
        if function.name == "__init__" or len(own) > 4:
            continue
        for new in list(itertools.permutations(own))[1:]:
            said = f"with the arguments `{', '.join(a.arg for a in new)}` in its head"
            rest = [a for a in function.args.args if a.arg == "self"]
            do = put(function.args, "args", [*rest, *new])
            yield Edit(0.9, "head", said, function, function, do)


def _carets(unit):
    """`**` in place of every `^`."""
    found = [(p, h, k, n) for p in places(unit) for h, k, n in loaded(p.line)]
    carets = [one for one in found if isinstance(getattr(one[3], "op", None), ast.BitXor)]
    if len(carets) > 1:
        uses = [(h, k, n) for _, h, k, n in carets]
        do = all_of(uses, powers)
        line = carets[0][0]
        said = "with `**` in place of every `^`"
        yield Edit(0.5, "expression", said, line.line, line.inside, do)


def _line_of(lines, node):
    return next((p.line for p in lines if any(node is n for n in ast.walk(p.line))), None)


def _edit(place, cost, holder, key, node, new, said):
    new = at(new, node)
    said = said or functools.partial(_in_place_of, new, node)
    return Edit(cost, "expression", said, place.line, place.inside, put(holder, key, new))


def _in_place_of(new, node):
    return f"with `{shown(new)}` in place of `{shown(node)}`"


def _can_have_a_factor(holder, key, node):
    if isinstance(node, (ast.Constant, ast.Slice, ast.Compare, ast.Lambda, ast.Tuple, ast.List)):
        return False
    if isinstance(holder, (ast.Assign, ast.AugAssign, ast.Return)):
        return key == "value"
    return isinstance(holder, ast.BinOp)


def _of_statement(place, names, numbers, is_class):
    line, block, inside = place.line, place.block, place.inside

    def make(cost, kind, said, do):
        return Edit(cost, kind, said, line, inside, do)

    def to(cost, new, said=None):
        new = at(new, line)
        said = said or (lambda: f"with `{shown(new)}` in its place")
        return make(cost, "line", said, replaced(block, line, new))

    if isinstance(line, ast.AugAssign):
        yield from _of_change(line, to, is_class)
    elif isinstance(line, ast.Assign) and len(line.targets) == 1:
        yield from _of_assignment(line, to)
        for name in numbers if not isinstance(line.value, (ast.Name, ast.Attribute)) else ():
            do = put(line, "value", at(expression(name), line))
            yield make(1.1, "expression", f"with `{name}` in place of `{shown(line.value)}`", do)
    elif isinstance(line, ast.Expr):
        yield to(1, ast.Return(line.value), "with `return` before it")
    elif isinstance(line, ast.If):
        do = change_blocks(
            lambda: [(block, [p for s in block for p in (line.body if s is line else [s])])]
        )
        yield make(REMOVED, "line", "without this `if`", do)
    elif isinstance(line, (ast.Break, ast.Continue)):
        yield to(1, ast.Continue() if isinstance(line, ast.Break) else ast.Break())
    loops = [outer for outer, _ in place.around if isinstance(outer, (ast.For, ast.While))]
    if loops and isinstance(line, ast.Return):
        yield to(1.5, ast.Continue(), "with `continue` in its place")
    inner = isinstance(line, (ast.If, ast.For))
    said = "without it, and what stands in it," if inner else "without it"
    do = change_blocks(lambda: [(block, without(block, line))])
    yield make(REMOVED - 0.1 if inner else REMOVED + 0.1, "line-removed", said, do)
    yield from _moved(place, make)
    if block[-1] is line and not place.around and not isinstance(line, ast.Return):
        for name in names:
            new = at(ast.Return(ast.Name(name, ast.Load())), line)
            said = f"with `return {name}` after it"
            yield make(1.5, "line-inserted", said, inserted(block, line, new))


def _load(target):
    new = copy.deepcopy(target)
    for node in ast.walk(new):
        if hasattr(node, "ctx"):
            node.ctx = ast.Load()
    return new


def _everywhere(target):
    """`target[...]`, which writes into the array itself."""
    return ast.Subscript(_load(target), ast.Constant(...), ast.Store())


def _of_change(line, to, is_class):
    """Edits of `target += value`."""
    target, op, value = line.target, type(line.op), line.value
    for new in (ast.Add, ast.Sub, ast.Mult, ast.Div):
        if new is not op:
            yield to(1, ast.AugAssign(target, new(), value))
    yield to(1.5, ast.Assign([_everywhere(target)], value))
    yield to(1.5, ast.Assign([target], ast.BinOp(_load(target), line.op, value)))
    if isinstance(target, ast.Subscript):
        yield to(1.6, ast.Assign([target], value))
    else:
        yield to(1.6, ast.Assign([target], value))


def _of_assignment(line, to):
    """Edits of `target = value`."""
    target, value = line.targets[0], line.value
    if isinstance(target, (ast.Name, ast.Attribute)):
        yield to(0.5, ast.Assign([_everywhere(target)], value))
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        name = ast.Name(target.value.id, ast.Store())
        yield to(1.5, ast.Assign([name], value))
    if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
        for op in (ast.Add, ast.Sub, ast.Mult):
            yield to(1.5, ast.AugAssign(target, op(), value))


def _moved(place, make):
    """The statement in another place: further up or down, into a loop, or out of one."""
    line, block = place.line, place.block
    here = index(block, line)
    for k, other in enumerate(block):
        if other is line or (isinstance(other, ast.Expr) and isinstance(other.value, ast.Constant)):
            continue
        up = k < here
        if abs(k - here) == 1 and not up and isinstance(other, ast.stmt):
            pass  # the other's move up is the same
        else:
            said = f"with it {'before' if up else 'after'} line {other.lineno}"
            do = change_blocks(
                functools.partial(
                    lambda o, u: [(block, with_beside(without(block, line), o, line, not u))],
                    other,
                    up,
                )
            )
            yield make(1.15 + 0.02 * abs(k - here), "line-moved", said, do)
        inner = getattr(other, "body", None)
        if isinstance(other, (ast.For, ast.While)):
            for after in (False, True):
                edge = inner[-1] if after else inner[0]
                words = "last" if after else "first"
                said = f"with it inside the loop of line {other.lineno}, {words}"
                yield make(1.2, "line-moved", said, _into(block, line, inner, edge, after))
    for outer, around in place.around:
        if isinstance(outer, (ast.For, ast.While)):
            for after in (False, True):
                said = f"with it {'after' if after else 'before'} the loop of line {outer.lineno}"
                yield make(0.95, "line-moved", said, _into(block, line, around, outer, after))


def _into(block, line, other, place, after):
    """Moves a statement beside another one, in another block."""

    def change():
        yield block, without(block, line)
        yield other, with_beside(other, place, line, after)

    return change_blocks(change)
