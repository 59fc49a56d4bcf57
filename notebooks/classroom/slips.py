"""Slips of the pen: a right rule with one operator, number, name, bracket or line gone wrong.

The catalogue of `mistakes` says better what people misunderstand; this finds what they mistype. The
lines of each rule are edited in every way that is one slip, and the edited rule runs like an entry
of the catalogue. Readers spell the rule in other ways, so a sentence says what a line does ("as
if"), and slips that no experiment can tell apart are told together.
"""

import ast
import functools
import itertools
import re
from dataclasses import dataclass, replace

import numpy as np

from mytorch_core.optim import Optimizer


@dataclass(frozen=True)
class Slip:
    """One slip.

    slug      its name, for `Verdict.mistake`
    sentence  what is wrong, to the reader
    look      the equation's line to look at
    once      the edited rule: the lines before each step
    lines     and those of the update
    given     what `__init__` passes on under a wrong name: pairs (name, whose value)
    """

    slug: str
    sentence: str
    look: str
    once: tuple
    lines: tuple
    given: tuple = ()
    fine = False

    @property
    def likely(self):
        """Whether a pen slips like this more easily than two mistakes meet."""
        return not re.search("for-part|further|-of-|minus-before|1-minus", self.slug)

    @property
    def make(self):
        """The edited rule, to be called like an optimizer."""
        return functools.partial(Slipped, once=self.once, lines=self.lines, given=self.given)


# ------------------------------------------------------------------ the rules, in a few spellings


def _averages(a, beta, x):
    return [
        [f"{a} += (1 - {beta}) * ({x} - {a})"],
        [f"{a}[...] = {beta} * {a} + (1 - {beta}) * {x}"],
        [f"{a} *= {beta}", f"{a} += (1 - {beta}) * {x}"],
        [f"{a} *= {beta}", f"{a} += {x} - {beta} * {x}"],
        [f"{a}[...] = {beta} * ({a} - {x}) + {x}"],
        [f"{a}[...] = {a} + (1 - {beta}) * ({x} - {a})"],
    ]


def _squares(beta):
    return [
        *_averages("v", beta, "(g * g)"),
        [f"v[...] = {beta} * v + (1 - {beta}) * g * g"],
        [f"v[...] = {beta} * v + g ** 2 * (1 - {beta})"],
    ]


def _steps(v):
    return [
        [f"w -= lr * g / (np.sqrt({v}) + eps)"],
        [f"w[...] = w - lr / ({v} ** 0.5 + eps) * g"],
        [f"w[...] = w - g * (lr / (np.sqrt({v}) + eps))"],
        [f"w += -lr * g / (np.sqrt({v}) + eps)"],
    ]


# Forms of each rule, as {part: its spellings, each a list of lines}.
ONCE = {"t": [["t += 1"]]}
AVERAGED = ONCE | {"m": _averages("m", "beta1", "g"), "v": _squares("beta2")}
FORMS = {
    "sgd": [{"w": [["w -= lr * g"], ["w[...] = w - lr * g"], ["w += -lr * g"]]}],
    "decay": [
        ONCE
        | {
            "lr_t": [["lr_t = lr * (1 - lr_decay) ** ((t - 1) // 100)"]],
            "w": [["w -= lr_t * g"], ["w[...] = w - lr_t * g"], ["w += -lr_t * g"]],
        }
    ],
    "momentum": [
        {
            "m": _averages("m", "beta", "g"),
            "w": [["w -= lr * m"], ["w[...] = w - lr * m"], ["w += -lr * m"]],
        }
    ],
    "adagrad": [
        {"h": [["h += g * g"], ["h[...] = h + g ** 2"], ["h += np.abs(g) ** 2"]], "w": _steps("h")}
    ],
    "rmsprop": [{"v": _squares("beta"), "w": _steps("v")}],
    "adam": [
        AVERAGED
        | {
            "m_hat": [["m_hat = m / (1 - beta1 ** t)"]],
            "v_hat": [["v_hat = v / (1 - beta2 ** t)"]],
            "w": [
                ["w -= lr * m_hat / (np.sqrt(v_hat) + eps)"],
                ["w[...] = w - lr / (v_hat ** 0.5 + eps) * m_hat"],
            ],
        },
        AVERAGED
        | {
            "lr_t": [["lr_t = lr * (1 - beta2 ** t) ** 0.5 / (1 - beta1 ** t)"]],
            "w": [
                ["w -= lr_t * m / (np.sqrt(v) + eps)"],
                ["w[...] = w - lr_t / (np.sqrt(v) + eps) * m"],
            ],
        },
        ONCE
        | {
            "m": _averages("m", "beta1", "g")[:1],
            "v": _squares("beta2")[:1],
            "rate": [["rate = lr / (1 - beta1 ** t)"]],
            "v_hat": [["v_hat = v / (1 - beta2 ** t)"]],
            "w": [["w -= rate * m / (np.sqrt(v_hat) + eps)"]],
        },
    ],
}
LOOK = {
    "t": "t counts steps, from 1",
    "m": "m <- beta m + (1 - beta) g",
    "v": "v <- beta v + (1 - beta) g g",
    "h": "h <- h + g g",
    "m_hat": "m_hat = m / (1 - beta1^t)",
    "v_hat": "v_hat = v / (1 - beta2^t)",
}
STEP = {
    "sgd": "w <- w - lr g",
    "decay": "w <- w - lr_t g,  lr_t = lr (1 - lr_decay)^((t - 1) // 100)",
    "momentum": "w <- w - lr m",
    "adagrad": "w <- w - lr g / (sqrt(h) + eps)",
    "rmsprop": "w <- w - lr g / (sqrt(v) + eps)",
    "adam": "w <- w - lr m_hat / (sqrt(v_hat) + eps)",
}


# ------------------------------------------------------------------ one edit of one line

SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "division", "**": "power", "//": "floor"}
OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.FloorDiv: "//",
}
EITHER_WAY = (ast.Add, ast.Mult)
FUNCTIONS = {"sqrt": "the root", "square": "the square", "abs": "the size", "sign": "the sign"}
USUAL = {"lr": (0.1, 0.01, 0.001), "eps": (1e-8, 1e-7, 1e-6), "beta": (0.9, 0.99, 0.999)}
ARRAYS = {"w", "g", "m", "v", "h", "m_hat", "v_hat"}
STATE = ("m", "v", "h")


def edits(line, names):
    """(slug, words, edited line) of every slip in one line; the words follow "it is as if"."""
    target, place, sign, value = re.match(r"(\w+)(\S*) (\S*)= (.*)", line).groups()
    yield from _statements(target, place, sign, value, names)
    tree = ast.parse(value, mode="eval")
    for put, node in _places(tree.body, functools.partial(setattr, tree, "body")):
        for slug, words, new in _instead(node, names):
            put(new)
            yield slug, words, f"{target}{place} {sign}= {ast.unparse(tree)}"
        put(node)
    for found in re.finditer(r" (\*\*|[-+*/]) ", value):  # as text, where another one binds first
        for new in _but(SIGNS, found[1]):
            edited = f"{value[: found.start()]} {new} {value[found.end() :]}"
            yield *_exchanged(found[1], new), f"{target}{place} {sign}= {edited}"


def _statements(target, place, sign, value, names):
    """Slips in what comes before the value, and a factor that the value does not have."""
    for new in _but(SIGNS, sign):
        if sign:
            yield *_exchanged(sign, new), f"{target} {new}= {value}"
        elif place:
            words = f"its line changed {target} further ({new}=) where it gives {target} its value"
            yield f"{SIGNS[new]}-for-replaced", words, f"{target} {new}= {value}"
    if sign:
        words = f"{target} were replaced in each step, where it has to change"
        yield f"{target}-replaced", words, f"{target}[...] = {value}"
    if sign or place:
        words = f"`{target} = ...` made a new array, which is forgotten after the step"
        yield f"{target}-not-kept", words, f"{target} = {value}"
        for name in _but(names, target, "g", *_but(names, *ARRAYS)):  # the other arrays
            words = f"{name} changed where {target} has to"
            yield f"{name}-for-{target}", words, f"{name}{place} {sign}= {value}"
    for name in _but(names, *ARRAYS):
        words = f"there were a further {name} in it"
        for new in "*/":
            edited = f"({value}) {new} {name}"
            if value.startswith("w - "):
                edited = f"w - ({value[4:]}) {new} {name}"
            yield f"further-{name}", words, f"{target}{place} {sign}= {edited}"


def _places(node, put):
    """(function that puts another expression in its place, expression), from the top."""
    if isinstance(node, ast.expr):
        yield put, node
    for name, value in ast.iter_fields(node):
        if name == "args":
            for i, part in enumerate(value):
                yield from _places(part, functools.partial(value.__setitem__, i))
        elif isinstance(value, ast.expr) and name != "func":
            yield from _places(value, functools.partial(setattr, node, name))


def _instead(node, names):
    """(slug, words, expression that may stand there by a slip)."""
    if isinstance(node, (ast.BinOp, ast.Call)):
        lost, words = _named(node)
        for name in names:
            yield f"{name}-for-{lost}", f"{words} were {name}", ast.Name(name)
    if isinstance(node, ast.BinOp):
        yield from _instead_of_operation(node)
    elif isinstance(node, ast.Name):
        yield from _instead_of_name(node, names)
    elif isinstance(node, ast.Constant):
        c = node.value
        others = (0, 1, 2, 3, c + 1, c - 1, 2 * c, c / 2, 10 * c, c / 10, -1, 1 / 3, -c)
        for new in _but(dict.fromkeys(others), c):
            yield f"{new:g}-for-{c:g}", f"{c:g} were {new:g}", ast.Constant(new)
    elif isinstance(node, ast.Call):
        here = node.func.attr
        yield f"{here}-missing", f"{FUNCTIONS[here]} were missing", node.args[0]
        for name in _but(FUNCTIONS, here):
            words = f"{FUNCTIONS[here]} were {FUNCTIONS[name]}"
            yield f"{name}-for-{here}", words, _call(name, node.args[0])


def _but(things, *these):
    return [thing for thing in things if thing not in these]


def _call(name, argument):
    return ast.Call(ast.Attribute(ast.Name("np"), name), [argument], [])


def _exchanged(old, new):
    return SIGNS[new], f"a {old} were a {new}"


def _instead_of_operation(node):
    a, op, b = node.left, type(node.op), node.right
    for new in _but(OPERATORS, op):
        sides = [(a, b)]
        if op in EITHER_WAY and new not in EITHER_WAY:
            sides.append((b, a))
        for left, right in sides:
            slug, words = _exchanged(OPERATORS[op], OPERATORS[new])
            if new is ast.Div and isinstance(right, ast.Name):
                slug, words = f"divided-by-{right.id}", f"it were divided by {right.id}"
            yield slug, words, ast.BinOp(left, new(), right)
    if op not in EITHER_WAY:
        words = f"the two sides of a {OPERATORS[op]} had changed places"
        yield f"sides-of-{SIGNS[OPERATORS[op]]}", words, ast.BinOp(b, node.op, a)
    for kept, lost in ((a, b), (b, a)):
        name, words = _named(lost)
        yield f"{name}-missing", f"{words} were missing", kept
    words = "brackets were missing, or stood elsewhere"
    if isinstance(a, ast.BinOp):
        yield "brackets", words, ast.BinOp(a.left, a.op, ast.BinOp(a.right, node.op, b))
    if isinstance(b, ast.BinOp):
        yield "brackets", words, ast.BinOp(ast.BinOp(a, node.op, b.left), b.op, b.right)


def _named(node):
    """(for a slug, for a sentence) of an operand: its name, or the names in it."""
    if isinstance(node, (ast.Name, ast.Constant)):
        return ast.unparse(node), ast.unparse(node)
    inside = {n.id: None for n in ast.walk(node) if isinstance(n, ast.Name)}
    names = [name for name in inside if name != "np"] or ["number"]
    return "-".join(["part-with", *names]), f"the part with {' and '.join(names)}"


def _instead_of_name(node, names):
    here = node.id
    for name in _but(names, here):
        yield f"{name}-for-{here}", f"{here} were {name}", ast.Name(name)
    yield f"minus-before-{here}", f"{here} had the other sign", ast.UnaryOp(ast.USub(), node)
    if here[:4] == "beta":
        less = ast.BinOp(ast.Constant(1), ast.Sub(), node)
        yield f"1-minus-{here}-for-{here}", f"{here} were 1 - {here}", less
    if here in ARRAYS:
        for name, words in FUNCTIONS.items():
            yield f"{name}-of-{here}", f"{here} were {words} of {here}", _call(name, node)
    for value in USUAL.get(here.rstrip("12"), ()):
        yield f"{value:g}-for-{here}", f"{here} were {value:g}, whatever it is", ast.Constant(value)


# ------------------------------------------------------------------ all slips of a rule


@functools.cache
def slips(rule):
    """Every slip in a rule ("decay" is SGD with a falling rate), the likelier ones first."""
    found = {}
    for form in FORMS[rule]:
        for slip in _of_form(rule, form):
            found.setdefault((slip.once, slip.lines, slip.given), slip)
    return sorted(
        found.values(), key=lambda slip: ("line-missing" not in slip.slug, not slip.likely)
    )


def spellings(slip):
    """The slip with beta^t as it stands, and as the product of the betas so far."""
    kept = tuple(re.sub(r"\b(beta\d) \*\* t\b", r"\1_t", line) for line in slip.lines)
    return [slip, replace(slip, lines=kept)]


def together(found):
    """Slips that no experiment tells apart, as one."""
    others = list({slip.sentence: None for slip in found})[1:3]
    if not others:
        return found[0]
    words = f"{found[0].sentence} No experiment tells it from these: {' '.join(others)}"
    return replace(found[0], sentence=words)


def _of_form(rule, form):
    hyper = set(re.findall(r"\b(?:lr|eps|beta\d?|lr_decay)\b", str(form)))
    names = sorted({"w", "g", *form} | hyper)
    first = {part: spellings[0] for part, spellings in form.items()}
    for part, spellings in form.items():
        look = LOOK.get(part, STEP[rule])
        for lines in spellings:
            for slug, words, new in _of_lines(part, lines, names):
                yield _slip(slug, words, look, first | {part: new})
    yield from _orders(form, STEP[rule])
    yield from _constructed(sorted(hyper), _slip("", "", STEP[rule], first))
    exchanged = list(itertools.permutations(sorted(hyper | {"t"} & set(names)), 2))
    for old, new in exchanged + [("g", name) for name in names if name in ARRAYS and name != "g"]:
        parts = {p: [re.sub(rf"\b{old}\b", new, x) for x in first[p]] for p in first if p != "t"}
        words = f"Wherever {old} belongs, the rule uses {new}."
        yield _slip(f"{new}-for-{old}-everywhere", words, STEP[rule], first | parts)


def _constructed(hyper, right):
    """Slips in `super().__init__(parameters, lr=lr, ...)`."""
    given = list(itertools.permutations(hyper, 2))
    given += [(name, value) for name in hyper for value in USUAL.get(name.rstrip("12"), ())]
    for name, other in given:
        words = f"`__init__` passes {other} on as {name}: look at super().__init__(...)."
        slug = f"slip-{other}-for-{name}-in-init"
        yield replace(right, slug=slug, sentence=words, given=((name, other),))
    for a, b in itertools.combinations(hyper, 2):
        words = f"`__init__` passes {a} on as {b}, and {b} as {a}: look at super().__init__(...)."
        slug = f"slip-{a}-and-{b}-exchanged-in-init"
        yield replace(right, slug=slug, sentence=words, given=((a, b), (b, a)))


def _of_lines(part, lines, names):
    """(slug, sentence, edited lines) of every slip in one part of a rule."""
    yield (
        f"{part}-line-missing",
        f"{part} never changes: its line is missing, or does nothing.",
        [],
    )
    for i, line in enumerate(lines):
        before, after = lines[:i], lines[i + 1 :]
        if len(lines) > 1:
            words = f"Half of what happens to {part} is missing: two lines, and one does nothing."
            yield f"half-of-{part}-missing", words, before + after
        if part != "w":  # there it is a factor 2, which is said better from what is seen
            words = f"The line of {part} is run twice in each step."
            yield f"{part}-line-twice", words, [*before, line, line, *after]
        for slug, words, new in edits(line, names):
            where = "In the step it" if part == "w" else f"In the line of {part} it"
            yield f"{slug}-in-{part}", f"{where} is as if {words}.", [*before, new, *after]
    if len(lines) > 1:
        words = f"The two lines of {part} have changed places."
        yield f"{part}-lines-exchanged", words, lines[::-1]


def _orders(form, look):
    """The lines in another order: one of them moved."""
    words = "The lines stand in another order than in the equations: what is used comes too late."
    longest = {part: max(spellings, key=len) for part, spellings in form.items()}
    shortest = {part: spellings[0] for part, spellings in form.items()}
    for parts in [shortest] + [shortest | {part: lines} for part, lines in longest.items()]:
        lines = [line for part, lines in parts.items() if part != "t" for line in lines]
        orders = itertools.permutations(lines)
        if len(lines) > 4:
            orders = _one_moved(lines)
        for order in orders:
            yield Slip("slip-order-of-lines", words, look, tuple(parts.get("t", ())), tuple(order))


def _one_moved(lines):
    for i, k in itertools.permutations(range(len(lines)), 2):
        rest = lines[:i] + lines[i + 1 :]
        yield rest[:k] + [lines[i]] + rest[k:]


def _slip(slug, words, look, parts):
    once = tuple(parts.get("t", ()))
    lines = tuple(line for part, lines in parts.items() if part != "t" for line in lines)
    return Slip(f"slip-{slug}", words, look, once, lines)


# ------------------------------------------------------------------ an edited rule that runs


class Slipped(Optimizer):
    """A rule that runs the lines of a slip."""

    def __init__(self, parameters, once, lines, given, **hyperparameters):
        passed = {name: hyperparameters.get(other, other) for name, other in given}
        hyperparameters |= passed
        super().__init__(parameters, **hyperparameters)
        self.once, self.lines, self.clock = once, lines, 0
        self.products = {f"{name}_t": 1.0 for name in hyperparameters if name[:4] == "beta"}
        self.memory = [{n: np.zeros_like(p.data) for n in STATE} for p in self.parameters]

    def step(self):
        numbers = {name: getattr(self, name) for name in self.hyperparameters}
        for name in self.products:
            self.products[name] *= numbers[name[:-2]]
        self.clock = _run(self.once, numbers | {"t": self.clock})["t"]
        numbers |= {"np": np, "t": self.clock} | self.products
        for p, memory in zip(self.parameters, self.memory, strict=True):
            if p.grad is not None:
                _run(self.lines, numbers | memory | {"w": p.data, "g": p.grad})


def _run(lines, names):
    for line in lines:
        exec(_compiled(line), names)
    return names


@functools.cache
def _compiled(line):
    return compile(line, "slip", "exec")
