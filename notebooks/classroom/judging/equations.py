"""The lines of a right answer in the reader's own names, to be put in place of one of theirs."""

import ast
import copy
import itertools

from classroom.judging.edits import Edit
from classroom.judging.reading import source_lines
from classroom.judging.trees import (
    at,
    change_blocks,
    expression,
    inserted,
    names_in,
    places,
    put,
    replaced,
    statement,
    with_ctx,
)

CLOSE, FAR = 3.0, 3.1  # costs of a line in the place of one about the same name, or another
ZEROS = "[np.zeros_like(p.data) for p in self.parameters]"


class _Put(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, values):
        self.values = values

    def visit_Name(self, node):
        new = self.values.get(node.id)
        if new is None:
            return node
        new = expression(new) if isinstance(new, str) else new
        return with_ctx(new, ast.Store()) if isinstance(node.ctx, ast.Store) else new


def filled(node, values):
    """A copy of a node, with expressions in the place of names."""
    return _Put(values).visit(copy.deepcopy(node))


# ------------------------------------------------------------------ a rule


def edits_to_rule(unit, text, hyperparameters, right=None):
    """Edits that put a line of the rule in place of one of the reader's, or beside it."""
    for function in [n for n in unit.body if isinstance(n, ast.FunctionDef)]:
        here = [p for p in places(unit) if p.inside is function]
        if function.name == "__init__":
            yield from _of_constructor(unit, here, text, hyperparameters)
            continue
        for roles in _roles(function, text.state, hyperparameters):
            known = set(names_in(function, function))
            values, lines = _expanded(text, roles, known)
            yield from _replacing(here, values, lines, known)
            in_full = _expanded(text, roles, ())
            yield from _replacing(here, _new(in_full[0], values), _new(in_full[1], lines), known)
        if function.name == "update" and right is not None:
            yield from edits_to_function(function, right.update)
    yield from _of_class(unit, text)


def _new(values, others):
    """Those of the nodes that are not the same in another dictionary."""
    return {k: v for k, v in values.items() if ast.dump(v) != ast.dump(others[k])}


def _roles(function, state, hyperparameters):
    """What the rule's names are called in a function: {name: the reader's expression}."""
    arguments = [a.arg for a in function.args.args if a.arg != "self"]
    given = {name: f"self.{name}" for name in hyperparameters}
    if function.name == "update" and len(arguments) >= 2:
        w, g, *memories = arguments
    else:
        w = _alias(function, "data") or _first(function, "data")
        g = _alias(function, "grad") or _first(function, "grad")
        memories = []
    if w is None or g is None:
        return
    memories = memories[: len(state)]
    if len(memories) < len(state):
        memories = _memories(function, hyperparameters)
    for memory in itertools.islice(itertools.permutations(memories, len(state)), 6):
        called = dict(zip(state, memory, strict=True))
        if len(memories) > len(state) and not _fit(called):
            continue
        for t in dict.fromkeys([*_counters(function), "self.t"]):
            yield given | called | {"w": w, "g": g, "t": t}


def _fit(called):
    return all(name in text for name, text in called.items())


def _first(function, attr):
    found = [n for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr == attr]
    return ast.unparse(found[0]) if found else None


def _alias(function, attr):
    """The local name of an attribute, from `g = p.grad`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names = [node.targets[0].id] if getattr(node.value, "attr", "") == attr else []
            if names:
                return names[0]
    return None


def _memories(function, hyperparameters):
    """Where a function keeps something for each parameter: `self.m[i]`, or a name for it."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if _is_kept(node.value):
                found[node.targets[0].id] = None
        elif isinstance(node, ast.For):
            call = node.iter.args[0] if _is_call(node.iter, "enumerate") else node.iter
            names = node.target.elts[-1] if _is_call(node.iter, "enumerate") else node.target
            if _is_call(call, "zip") and isinstance(names, ast.Tuple):
                for name, over in zip(names.elts, call.args, strict=False):
                    if "self." in ast.unparse(over) and "parameters" not in ast.unparse(over):
                        found[ast.unparse(name)] = None
    kept = [n for n in ast.walk(function) if _is_kept(n)]
    found |= {ast.unparse(n): None for n in kept}
    if not found:
        others = {*hyperparameters, "t", "parameters", "update"}
        for node in [n for n in ast.walk(function) if isinstance(n, ast.Attribute)]:
            if ast.unparse(node.value) == "self" and node.attr not in others:
                found[ast.unparse(node)] = None
    return list(found)[:4]


def _is_kept(node):
    return isinstance(node, ast.Subscript) and ast.unparse(node.value).startswith("self.")


def _is_call(node, name):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def _counters(function):
    """What a function raises by 1: `self.n += 1`."""
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign) and ast.unparse(node.value) == "1":
            yield ast.unparse(node.target)
        elif isinstance(node, ast.Assign) and ast.unparse(node.value).endswith(" + 1"):
            yield ast.unparse(node.targets[0])


def _expanded(text, roles, keep):
    """({name: its value}, {name: its statement}) of a rule in the reader's names.

    What the rule computes on the way is written out, but for the names in `keep`, which the reader
    has, too.
    """
    names = {n: expression(x) for n, x in roles.items()}
    for name in [n for n in roles if n.startswith("beta")]:
        names[f"{name}_t"] = expression(f"{roles[name]} ** {roles['t']}")
    values, lines = {}, {}
    for line in text.lines:
        node = statement(line)
        target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
        name = target.id if isinstance(target, ast.Name) else target.value.id
        value = filled(node.value, names)
        if name in ("w", *text.state):
            lines[name] = filled(node, names)
            if isinstance(node, ast.AugAssign):
                value = ast.BinOp(names[name], node.op, value)
            if isinstance(names[name], ast.Subscript):
                lines[name] = ast.Assign([_stored(names[name])], value)
        elif name not in keep:
            names[name] = value
        values[name] = value
    return values, lines


def _stored(node):
    return with_ctx(node, ast.Store())


def _replacing(here, values, lines, known):
    """Edits with these values and statements."""
    for place in here:
        line, block, inside = place.line, place.block, place.inside
        if isinstance(line, ast.Assign):
            for name, value in values.items():
                new = at(value, line.value)
                do = put(line, "value", new)
                yield Edit(_cost(line, name, value), "equation", "", line, inside, do, name)
        for name, new in lines.items():
            new = at(new, line)
            if not isinstance(line, (ast.For, ast.If, ast.While, ast.Return)):
                do = replaced(block, line, new)
                yield Edit(_cost(line, name, new), "equation", "", line, inside, do, name)
            yield _beside(place, new, name, after=False)
            if block[-1] is line:
                yield _beside(place, new, name, after=True)
        for name, value in values.items():
            if name not in lines and (name in known or name.removesuffix("_hat") in known):
                for target in {name, name.removesuffix("_hat")} & known:
                    new = ast.Assign([ast.Name(target, ast.Store())], value)
                    yield _beside(place, at(new, line), name, after=False)


def _cost(line, name, new):
    """A line that is about this name, by what the reader calls it, is the likelier; and a part of
    the rule rather than a line in which all of it is written out."""
    targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", line)]
    size = sum(1 for _ in ast.walk(new)) / 500
    return size + (CLOSE if any(name in ast.unparse(t) for t in targets) else FAR)


def _beside(place, new, name, after):
    where = "after" if after else "before"
    said = f"a line about {name} is missing {where} it"
    do = inserted(place.block, place.line, new, after)
    return Edit(3.8, "missing", said, place.line, place.inside, do, name)


def _of_constructor(unit, here, text, hyperparameters):
    """Edits of `__init__`: what is passed on, and what is made there."""
    passed = ", ".join(f"{name}={name}" for name in hyperparameters)
    for place in here:
        line = place.line
        if "super().__init__(" in ast.unparse(line):
            new = at(statement(f"super().__init__(parameters, {passed})"), line)
            said = "with every hyperparameter passed on under its own name,"
            yield Edit(2.5, "passed-on", said, line, unit, replaced(place.block, line, new), "init")
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Attribute):
            new = at(expression(ZEROS), line.value)
            said = "with a list that has an array of zeros for each parameter,"
            yield Edit(2.2, "state", said, line, unit, put(line, "value", new), "state")
    last = [p for p in here if p.block is not None and not p.around]
    if not last:
        return
    place = last[-1]
    for line in unit.body:
        made = (ast.Dict, ast.List, ast.Call, ast.ListComp)
        if isinstance(line, ast.Assign) and isinstance(line.value, made):
            new = f"self.{ast.unparse(line.targets[0])} = {ast.unparse(line.value)}"
            do = inserted(place.block, place.line, at(statement(new), place.line))
            said = "with it made in `__init__`, so that each optimizer has its own,"
            yield Edit(1.5, "of-the-class", said, line, unit, do, "state")


EACH = """
def _each(update):
    def each(self, w, g, *state):
        i = next(k for k, p in enumerate(self.parameters) if p.data is w)
        own = vars(self).setdefault("own_", {{}})
        begun = vars(self).setdefault("begun_", {{n: getattr(self, n, 0.0) for n in {names}}})
        for n in {names}:
            value = begun[n]
            value = value[i] if isinstance(value, (list, tuple)) else value
            fits = value is not None and np.shape(value) in ((), w.shape)
            zeros = None if value is None else np.zeros_like(w)
            setattr(self, n, own.get((i, n), np.array(value) if fits else zeros))
        update(self, w, g, *state)
        own.update({{(i, n): getattr(self, n) for n in {names}}})
        for n in {names}:  # the base class takes a parameter's array out of its list
            setattr(self, n, begun[n] if isinstance(begun[n], list) else getattr(self, n))
    return each
update = _each(update)
"""


def one_for_each(unit, text, hyperparameters):
    """An edit that gives every parameter its own of what `update` keeps in self."""
    update = next((n for n in unit.body if getattr(n, "name", "") == "update"), None)
    if update is None:
        return
    known, lines = {*hyperparameters, "t", "parameters"}, {}
    for place in places(unit):
        line = place.line
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        for target in targets if place.inside is update else ():
            held = isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
            if held and target.attr not in known:
                lines.setdefault(target.attr, line)
    if not lines:
        return
    new = ast.parse(EACH.format(names=sorted(lines))).body
    first = next(iter(lines.values()))
    stated = [n for n in unit.body if ast.unparse(n).startswith("state =")]
    listed = any(all(repr(name) in ast.unparse(n) for name in lines) for n in stated)
    names = " and ".join(f"`self.{name}`" for name in lines)
    said = f"with {names} kept apart, one for each parameter,"
    if listed:
        said = f"with the array that `update` is given in place of {names}"
    do = change_blocks(lambda: [(unit.body, [*unit.body, *new])])
    yield Edit(1.2, "state", said, first, unit, do, "state")


def _of_class(unit, text):
    """Edits of the line `state = (...)`."""
    names = ", ".join(f"{name!r}" for name in text.state)
    new = statement(f"state = ({names},)" if names else "state = ()")
    for line in unit.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "state":
            do = replaced(unit.body, line, at(copy.deepcopy(new), line))
            yield Edit(2, "state", "with the names of the equations,", line, unit, do, "state")


# ------------------------------------------------------------------ a function


def edits_to_function(unit, right):
    """Edits that put a line of the right function in place of one of the reader's, or beside it."""
    body = source_lines(right)
    if not isinstance(unit, ast.FunctionDef) or not body:
        return
    ours = list(right.__code__.co_varnames[: right.__code__.co_argcount])
    theirs = [a.arg for a in unit.args.args]
    if len(ours) != len(theirs):
        return
    given = dict(zip(ours, theirs, strict=True))
    statements = [n for line in body for n in _simple(line)]
    here = [p for p in places(unit)]
    local = [n for n in names_in(unit, unit) if n not in theirs]
    known = _stored_in(body) - set(ours)
    values = _values(body, given)
    for node in statements:
        free = [n for n in _names(node) if n in known]
        for chosen in _called(free, local, values):
            new = filled(node, given | chosen)
            for place in here:
                yield from _put_at(place, new)


def _stored_in(body):
    return {
        n.id
        for line in body
        for n in ast.walk(line)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _names(node):
    return list(dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name)))


def _simple(line):
    """The statements in a statement that hold no others, and the headers of loops."""
    for node in ast.walk(line):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)):
            yield node
        elif isinstance(node, ast.For):
            yield ast.Expr(node.iter)


def _values(body, given):
    """What our function's names stand for, where they get a value once."""
    found = {}
    for line in body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            found[line.targets[0].id] = filled(line.value, given | found)
    return found


def _called(free, local, values):
    """What our names may be called by the reader: each of theirs, or written out."""
    choices = [[*local, *([values[name]] if name in values else [])] for name in free]
    for i, name in enumerate(free):
        if name in local:  # the same word is the likeliest
            choices[i] = [name]
    found = itertools.product(*choices)
    yield from (dict(zip(free, chosen, strict=True)) for chosen in itertools.islice(found, 24))


def _put_at(place, new):
    line, block, inside = place.line, place.block, place.inside
    if isinstance(new, ast.Expr) and isinstance(line, ast.For):
        value = at(new.value, line.iter)
        yield Edit(3.2, "right", "", line, inside, put(line, "iter", value))
    value = getattr(new, "value", None)
    kinds = (ast.Assign, ast.AugAssign, ast.Return)
    alike = isinstance(line, ast.AugAssign) == isinstance(new, ast.AugAssign)
    if isinstance(line, kinds) and value is not None and alike:
        do = put(line, "value", at(value, line))
        yield Edit(3.2, "right", "", line, inside, do)
    if isinstance(new, ast.Return) and not (isinstance(line, ast.Return) or block[-1] is line):
        return  # what follows would be left out
    targets = [getattr(new, "target", None), *getattr(new, "targets", [])]
    if all(t is None or isinstance(t, (ast.Name, ast.Subscript, ast.Attribute)) for t in targets):
        whole = at(new, line)
        if not isinstance(line, (ast.For, ast.While, ast.If)):
            yield Edit(3.6, "right", "", line, inside, replaced(block, line, whole))
        for after in _sides(new, line, block):
            where = "after" if after else "before"
            words = f"with one more line {where} it"
            do = inserted(block, line, whole, after)
            yield Edit(3.8, "missing", words, line, inside, do)


def _sides(new, line, block):
    """Where a line may be missing: before another one, or after the last; a return after it."""
    if isinstance(new, ast.Return):
        return (True,)
    return (False, True) if block[-1] is line else (False,)
