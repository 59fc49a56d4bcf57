"""What may stand in place of an expression: another operator, name, number, call or bracket."""

import ast
import copy
import itertools
import re

from classroom.judging import slips
from classroom.judging.slips import EITHER_WAY
from classroom.judging.trees import expression, shown

# A slip of the pen exchanges no product of matrices; here it may stand for another operator.
OPERATORS = slips.OPERATORS | {ast.MatMult: "@"}
COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
# Functions and methods that are taken for each other.
ALIKE = (
    ("sum", "mean", "max", "min"),
    ("argmax", "argmin", "max"),
    ("sqrt", "square", "abs", "exp"),
    ("zeros_like", "ones_like", "empty_like"),
    ("zeros", "ones"),
    ("any", "all"),
    ("append", "extend"),
    ("maximum", "minimum"),
    ("floor", "ceil", "round"),
    ("range", "reversed"),
)
REMOVED = 0.8  # the cost of leaving something out: nobody asked for it
BOUNDS = ("clip", "round", "around", "maximum", "minimum", "max", "min")
REDUCES = ("sum", "mean", "max", "min", "argmax", "argmin")


def without(node):
    """What is said of leaving something out."""
    return lambda: f"without `{shown(node)}`"


def instead(node, atoms, numbers, of_function):
    """(cost, what may stand in place of an expression, what is said of it or None)."""
    if isinstance(node, ast.BinOp):
        yield from _instead_of_operation(node, of_function)
    elif isinstance(node, ast.UnaryOp):
        yield 1, node.operand, None
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield 0.9, ast.BoolOp(other, node.values), None
        for i, part in enumerate(node.values if node.values[1:] else ()):
            rest = node.values[:i] + node.values[i + 1 :]
            yield REMOVED, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest), without(part)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in COMPARED:
            if op is not type(node.ops[0]):
                yield 1, ast.Compare(node.left, [op()], node.comparators), None
    elif isinstance(node, ast.Constant):
        yield from _instead_of_constant(node, numbers)
    elif isinstance(node, ast.Call):
        yield from _instead_of_call(node)
    elif isinstance(node, ast.Subscript):
        yield 0.9, node.value, None
    elif isinstance(node, ast.Slice):
        yield from _instead_of_slice(node)
    elif isinstance(node, ast.IfExp):
        yield 2, node.body, None
        yield 2, node.orelse, None
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "data", "flat", "size", "real"):
        yield 1.5, node.value, None
    if isinstance(node, ast.Attribute) and node.attr == "data":
        yield 1, ast.Call(ast.Attribute(node, "copy", ast.Load()), [], []), None
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield from _instead_of_name(node, atoms, of_function)


def _operation(left, op, right):
    return ast.BinOp(left, op(), right)


def powers(node):
    """An expression with `**` where it has `^`, which binds less."""
    return expression(ast.unparse(node).replace(" ^ ", " ** "))


def _instead_of_operation(node, of_function):
    a, op, b = node.left, type(node.op), node.right
    if isinstance(a, ast.List) and op is ast.Mult:
        each = copy.deepcopy(a.elts[0]) if a.elts else ast.Constant(None)
        count = ast.comprehension(
            ast.Name("_", ast.Store()), ast.Call(ast.Name("range", ast.Load()), [b], []), [], 0
        )
        yield 0.5, ast.ListComp(each, [count]), "with an array made for each, not one repeated,"
    if op is ast.BitXor:
        yield 0.5, powers(node), None
    for new in OPERATORS:
        if new is not op and (of_function or new is not ast.MatMult):
            yield 1, _operation(a, new, b), None
            if op in EITHER_WAY and new not in EITHER_WAY:
                yield 1.2, _operation(b, new, a), None
    if op not in EITHER_WAY:
        yield 1, _operation(b, op, a), None
    yield REMOVED, a, without(b)
    if op in (ast.Sub,):
        yield 1.2, ast.UnaryOp(ast.USub(), b), without(a)
    elif op is not ast.Pow:
        yield REMOVED, b, without(a)
    if isinstance(a, ast.Call) and len(a.args) == 1:
        yield 1.5, _called(a, _operation(a.args[0], op, b)), None


def bracketed(holder, node):
    """An operation with one more pair of brackets; holder is what it stands in."""
    text = ast.unparse(node)
    if isinstance(holder, ast.BinOp) and f"({text})" not in ast.unparse(holder):
        return  # the whole of it comes by itself
    parts, depth = [""], 0
    for part in re.split(r"( (?:\*\*|//|[-+*/@]) )", text):
        outside = depth == 0 and part[:1] == " " == part[-1:]
        parts += [part, ""] if outside else []
        parts[-1] += "" if outside else part
        depth += part.count("(") + part.count("[") - part.count(")") - part.count("]")
    if not 5 <= len(parts) <= 13:
        return
    for i, k in itertools.combinations(range(0, len(parts), 2), 2):
        new = [*parts[:i], "(", *parts[i : k + 1], ")", *parts[k + 1 :]]
        new = expression("".join(new)) if (i, k) != (0, len(parts) - 1) else node
        if ast.dump(new) != ast.dump(node):
            yield 0.9, new, None


def _called(call, argument):
    return ast.Call(call.func, [argument], call.keywords)


def _instead_of_constant(node, numbers):
    c = node.value
    if isinstance(c, bool):
        yield 1, ast.Constant(not c), None
    elif isinstance(c, (int, float)):
        others = [0, 1, 2, -1, c + 1, c - 1, 2 * c, c / 2, 3, 100, 0.5, -c]
        for new in dict.fromkeys(others):
            if new != c or (type(new) is not type(c) and new != c):
                yield 1, ast.Constant(new), None
        if not isinstance(c, int) or c > 3:
            yield 1, _operation(ast.Constant(1), ast.Sub, node), None
        for name in numbers:
            yield 1, expression(name), None
            if c and isinstance(c, float):
                yield 1.2, expression(f"1 - {name}"), None
        yield 1.5, ast.Constant(None), None
    elif c is None:
        for new in (0, 1, -1):
            yield 1.5, ast.Constant(new), None


def _name_of(func):
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _renamed(func, name):
    if isinstance(func, ast.Attribute):
        return ast.Attribute(func.value, name, ast.Load())
    return ast.Name(name, ast.Load())


def _instead_of_call(node):
    here, args, keywords = _name_of(node.func), node.args, node.keywords
    if here == "range":
        for i, part in enumerate(args):
            for op in (ast.Add, ast.Sub):
                new = _operation(part, op, ast.Constant(1))
                yield 0.9, ast.Call(node.func, [*args[:i], new, *args[i + 1 :]], []), None
    if here in ("dot", "inner", "vdot", "matmul") and len(args) == 2:
        yield 0.6, _operation(args[0], ast.Mult, args[1]), None
    if ast.unparse(node.func) == f"math.{here}":
        yield 0.5, ast.Call(expression(f"np.{here}"), args, keywords), None
    is_method = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) != "np"
    if len(args) == 1 and not isinstance(args[0], ast.Starred):
        if here not in ("append", "range", "enumerate", "step"):
            yield REMOVED, args[0], f"without `{here}`"
        inner = args[0]
        if isinstance(inner, ast.BinOp):
            outside = _operation(_called(node, inner.left), type(inner.op), inner.right)
            yield 0.9, outside, None
    if is_method and not (isinstance(node.func.value, ast.Name) and here in ("step", "backward")):
        yield REMOVED, node.func.value, f"without `.{here}(...)`"
    for group in ALIKE:
        if here in group:
            for name in group:
                if name != here:
                    yield 1, ast.Call(_renamed(node.func, name), args, keywords), None
    if len(args) > 1 and not is_method:
        yield REMOVED if here in BOUNDS else 1.5, args[0], f"without `{here}`"
    if len(args) > 1:
        yield 1.5, ast.Call(node.func, [args[1], args[0], *args[2:]], keywords), None
        for i, part in enumerate(args):
            yield 1.5, ast.Call(node.func, args[:i] + args[i + 1 :], keywords), without(part)
    for i, keyword in enumerate(keywords):
        rest = keywords[:i] + keywords[i + 1 :]
        said = f"without `{shown(keyword.value) if not keyword.arg else keyword.arg}=...`"
        yield 1, ast.Call(node.func, args, rest), said
        if keyword.arg == "axis":
            for axis in (0, 1, -1, None):
                new = ast.keyword("axis", ast.Constant(axis))
                yield 1, ast.Call(node.func, args, [*rest, new]), f"with `axis={axis}`"
    if here in REDUCES:
        given = {k.arg for k in keywords}
        for axis in () if "axis" in given else (0, 1):
            added = [*keywords, ast.keyword("axis", ast.Constant(axis))]
            yield 1.5, ast.Call(node.func, args, added), f"with `axis={axis}` in `{here}`"
            if "keepdims" not in given and here[:3] != "arg":
                both = [*added, ast.keyword("keepdims", ast.Constant(True))]
                said = f"with `axis={axis}, keepdims=True` in `{here}`"
                yield 1.7, ast.Call(node.func, args, both), said
        if "keepdims" not in given and here[:3] != "arg":
            added = [*keywords, ast.keyword("keepdims", ast.Constant(True))]
            yield 1.5, ast.Call(node.func, args, added), f"with `keepdims=True` in `{here}`"


def _instead_of_slice(node):
    lower, upper = node.lower, node.upper
    if lower is not None:
        yield 1.5, ast.Slice(None, upper, node.step), None
    if upper is not None:
        yield 1.5, ast.Slice(lower, None, node.step), None
        if lower is not None and not isinstance(upper, ast.BinOp):
            yield 1.5, ast.Slice(lower, _operation(lower, ast.Add, upper), node.step), None


def is_number(name):
    """Whether a name is that of a number: a hyperparameter, or t."""
    return name.startswith("self.") and "[" not in name


def _instead_of_name(node, atoms, of_function):
    here = ast.unparse(node)
    for name in atoms:
        if name != here:  # a number in the place of an array is rare, and the other way round
            yield 1 if is_number(name) == is_number(here) else 1.4, expression(name), None
    if here in atoms:
        yield 2, ast.UnaryOp(ast.USub(), node), None
        yield 1.5, _operation(ast.Constant(1), ast.Sub, node), None
        yield 1.5, _operation(node, ast.Mult, node), None
        yield 2, expression(f"np.sqrt({here})"), None
        yield 2, expression(f"np.abs({here})"), None
        yield 1.8, _operation(node, ast.Add, ast.Constant(1)), None
        yield 1.8, _operation(node, ast.Sub, ast.Constant(1)), None
        if of_function:
            yield 1.5, expression(f"{here}.copy()"), None
            yield 1.5, expression(f"{here}.T"), None
            yield 2, expression(f"len({here})"), None
            yield 2, expression(f"{here}.size"), None
            yield 2, expression(f"{here}.shape"), None
            yield 2, expression(f"{here}.data"), None
            yield 2, expression(f"{here}.item()"), None


def further(node, numbers):
    """A factor that may be missing."""
    for name in numbers:
        factor = expression(name)
        if "beta" in name or "decay" in name:
            rest = expression(f"1 - {name}")
            yield 2.4, _operation(rest, ast.Mult, node), _and_so(node, f"times `1 - {name}`")
        yield 2.4, _operation(factor, ast.Mult, node), _and_so(node, f"times `{name}`")
        yield 2.5, _operation(node, ast.Div, factor), _and_so(node, f"divided by `{name}`")
        yield 2.5, _operation(node, ast.Add, factor), _and_so(node, f"plus `{name}`")
    for factor in (2, 0.5, -1):
        new = _operation(ast.Constant(factor), ast.Mult, node)
        yield 2.3, new, _and_so(node, f"times {factor}")


def _and_so(node, words):
    return lambda: f"with `{shown(node)}` {words}"
