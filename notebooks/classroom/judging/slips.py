"""Slips of the pen: a right rule with one operator, number, name, bracket or line gone wrong.

An exercise's mistakes say better what people misunderstand; this finds what they mistype. The lines
of a rule are edited in every way that is one slip, and the edited text runs as a mistake's does.
Readers spell the rule in other ways, so a sentence says what a line seems to do, and slips that no
experiment can tell apart are told together.
"""

import ast
import functools
import itertools
import re
from dataclasses import dataclass, replace

from classroom.judging.written import subject


@dataclass(frozen=True)
class Slip:
    """One slip, which says all of the rule's lines anew.

    slug      its name, for `Verdict.mistake`
    sentence  what is wrong, to the reader
    look      the equation's line to look at
    lines     the edited lines of the rule
    once      and those that run once in each step
    given     what `__init__` passes on under a wrong name: pairs (name, whose value)
    """

    slug: str
    sentence: str
    look: str
    lines: tuple
    once: tuple
    given: tuple = ()
    fine = False

    @property
    def likely(self):
        """Whether a pen slips like this more easily than two mistakes meet."""
        return not re.search("for-part|further|-of-|minus-before|1-minus", self.slug)

    def applied(self, text):
        """The text with this slip in it."""
        return replace(text, lines=self.lines, once=self.once, given=self.given)


@functools.cache
def slips(rule):
    """Every slip in a rule, the likelier ones first."""
    found = {}
    for form in rule.spellings or (form_of(rule.text),):
        for slip in _Form(rule, form).slips():
            found.setdefault((slip.once, slip.lines, slip.given), slip)
    return sorted(
        found.values(), key=lambda slip: ("line-missing" not in slip.slug, not slip.likely)
    )


def spellings(slip):
    """The slip with beta^t as it stands, and as the product of the betas so far."""
    kept = tuple(re.sub(r"\b(beta\d*) \*\* t\b", r"\1_t", line) for line in slip.lines)
    return [slip, replace(slip, lines=kept)]


def together(found):
    """Slips that no experiment tells apart, as one."""
    others = list({slip.sentence: None for slip in found})[1:3]
    if not others or "line-missing" in found[0].slug:  # that line is what to look for
        return found[0]
    words = " Or else: ".join([found[0].sentence, *others])
    return replace(found[0], sentence=f"{words} No experiment tells these apart.")


# ------------------------------------------------------------------ the slips of one spelling


def form_of(text):
    """A rule's own lines as its only spelling: {part: [its lines]}, with beta^t as a power."""
    form = {}
    for line in text.lines:
        written = re.sub(r"\b(beta\d*)_t\b", r"\1 ** t", line)
        form.setdefault(subject(line), [[]])[0].append(written)
    return {"t": [list(text.once)]} | form if re.search(r"\bt\b", str(form)) else form


class _Form:
    """A rule in one spelling: {part: [its lines in one way, its lines in another]}."""

    def __init__(self, rule, form):
        self.form, self.look, self.once = form, rule.look, rule.text.once
        self.first = {part: spelled[0] for part, spelled in form.items()}
        self.numbers = sorted(n for n in rule.settings if re.search(rf"\b{n}\b", str(form)))
        self.arrays = {"w", "g", *rule.text.state}
        for part, lines in self.first.items():  # what is made of an array is an array
            if any(self.arrays & set(re.findall(r"\w+", line)) for line in lines):
                self.arrays.add(part)
        self.names = sorted({"w", "g", *form, *self.numbers})

    def slips(self):
        for part, spelled in self.form.items():
            for lines in spelled:
                for slug, sentence, new in self.in_part(part, lines):
                    yield self.slip(slug, sentence, part, self.first | {part: new})
        yield from self.orders()
        yield from self.constructed()
        yield from self.everywhere()

    def slip(self, slug, sentence, part, parts):
        lines = tuple(line for part, lines in parts.items() if part != "t" for line in lines)
        look = self.look.get(part, self.look["w"])
        return Slip(f"slip-{slug}", sentence, look, lines, tuple(parts.get("t", self.once)))

    def in_part(self, part, lines):
        """(slug, sentence, edited lines) of every slip in one part of a rule."""
        words = f"{part} never changes: its line is missing, or does nothing."
        yield f"{part}-line-missing", words, []
        for i, line in enumerate(lines):
            before, after = lines[:i], lines[i + 1 :]
            if len(lines) > 1:
                words = (
                    f"Half of what happens to {part} is missing: two lines, and one does nothing."
                )
                yield f"half-of-{part}-missing", words, before + after
            if part != "w":  # there it is a factor 2, which is said better from what is seen
                words = f"The line of {part} is run twice in each step."
                yield f"{part}-line-twice", words, [*before, line, line, *after]
            place = "the step" if part in ("w", "step") else f"the line of {part}"
            for slug, sentence, new in edits(line, place, self.names, self.arrays):
                yield f"{slug}-in-{part}", sentence, [*before, new, *after]
        if len(lines) > 1:
            words = f"The two lines of {part} have changed places."
            yield f"{part}-lines-exchanged", words, lines[::-1]

    def orders(self):
        """The lines in another order: one of them moved."""
        words = (
            "The lines stand in another order than in the equations: what is used comes too late."
        )
        ways = [self.first]
        ways += [self.first | {p: max(spelled, key=len)} for p, spelled in self.form.items()]
        for parts in ways:
            lines = [line for part, lines in parts.items() if part != "t" for line in lines]
            few = len(lines) <= 4
            for order in itertools.permutations(lines) if few else _one_moved(lines):
                yield self.slip("order-of-lines", words, "w", parts | {"w": order} | _none(parts))

    def constructed(self):
        """Slips in `super().__init__(parameters, lr=lr, ...)`."""
        right = self.slip("", "", "w", self.first)
        given = list(itertools.permutations(self.numbers, 2))
        given += [(name, value) for name in self.numbers for value in _usual(name)]
        for name, other in given:
            words = f"`__init__` passes {other} on as {name}: look at super().__init__(...)."
            slug = f"slip-{other}-for-{name}-in-init"
            yield replace(right, slug=slug, sentence=words, given=((name, other),))
        for a, b in itertools.combinations(self.numbers, 2):
            words = (
                f"`__init__` passes {a} on as {b}, and {b} as {a}: look at super().__init__(...)."
            )
            slug = f"slip-{a}-and-{b}-exchanged-in-init"
            yield replace(right, slug=slug, sentence=words, given=((a, b), (b, a)))

    def everywhere(self):
        """One name in place of another, in all lines."""
        numbers = sorted({*self.numbers, *({"t"} & set(self.names))})
        exchanged = list(itertools.permutations(numbers, 2))
        exchanged += [("g", name) for name in self.names if name in self.arrays and name != "g"]
        for old, new in exchanged:
            parts = {
                part: [re.sub(rf"\b{old}\b", new, line) for line in lines]
                for part, lines in self.first.items()
                if part != "t"
            }
            words = f"Wherever {old} belongs, the rule uses {new}."
            yield self.slip(f"{new}-for-{old}-everywhere", words, "w", self.first | parts)


def _none(parts):
    """No lines for all parts but t and w."""
    return {part: [] for part in parts if part not in ("t", "w")}


def _one_moved(lines):
    for i, k in itertools.permutations(range(len(lines)), 2):
        rest = lines[:i] + lines[i + 1 :]
        yield rest[:k] + [lines[i]] + rest[k:]


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


def _usual(name):
    """Numbers that people write in the place of a hyperparameter."""
    return USUAL.get(name.rstrip("12"), ())


def edits(line, place, names, arrays):
    """(slug, sentence, edited line) of every slip in one line, which `place` is called."""
    found = re.fullmatch(r"(\w+)(\[\.\.\.\])? (\S*)= (.*)", line)
    if not found:  # no assignment to one name: there is no word for its slips
        return
    target, kept, sign, value = found.group(1), found[2] or "", found[3], found[4]
    yield from _statements(target, kept, sign, value, place, names, arrays)
    tree = ast.parse(value, mode="eval")
    for put, node in _places(tree.body, functools.partial(setattr, tree, "body")):
        for slug, sentence, new in _instead(node, names, arrays):
            put(new)
            yield slug, sentence.format(place), f"{target}{kept} {sign}= {_unparsed(tree.body)}"
        put(node)
    for found in re.finditer(r" (\*\*|[-+*/]) ", value):  # as text, where another one binds first
        for new in _but(SIGNS, found[1]):
            edited = f"{value[: found.start()]} {new} {value[found.end() :]}"
            slug, sentence = _exchanged(found[1], new)
            yield slug, sentence.format(place), f"{target}{kept} {sign}= {edited}"


def _statements(target, kept, sign, value, place, names, arrays):
    """Slips in what comes before the value, and a factor that the value does not have."""
    here = "T" + place[1:]
    for new in _but(SIGNS, sign):
        if sign:
            slug, sentence = _exchanged(sign, new)
            yield slug, sentence.format(place), f"{target} {new}= {value}"
        elif kept:
            sentence = (
                f"{here} seems to change {target} further ({new}=), where it should give {target} "
                "its value."
            )
            yield f"{SIGNS[new]}-for-replaced", sentence, f"{target} {new}= {value}"
    if sign:
        sentence = f"{here} seems to replace {target} in each step, where it should change it."
        yield f"{target}-replaced", sentence, f"{target}[...] = {value}"
    if sign or kept:
        sentence = (
            f"{here} seems to make a new array (`{target} = ...`), which is forgotten after the "
            "step."
        )
        yield f"{target}-not-kept", sentence, f"{target} = {value}"
        for name in names:
            if name in arrays and name not in (target, "g"):
                sentence = f"{here} seems to change {name}, where {target} should change."
                yield f"{name}-for-{target}", sentence, f"{name}{kept} {sign}= {value}"
    for name in _but(names, *arrays):
        sentence = f"{here} seems to have a further {name} in it."
        for new in "*/":
            edited = f"({value}) {new} {name}"
            if value.startswith("w - "):
                edited = f"w - ({value[4:]}) {new} {name}"
            yield f"further-{name}", sentence, f"{target}{kept} {sign}= {edited}"


BINDS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.FloorDiv: 2, ast.Pow: 4}


def _unparsed(node, outside=0):
    """ast.unparse, for what rules are made of many times as fast."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.Call) and not node.keywords:
        return f"{ast.unparse(node.func)}({', '.join(map(_unparsed, node.args))})"
    if isinstance(node, ast.BinOp) and type(node.op) in BINDS:
        binds, power = BINDS[type(node.op)], isinstance(node.op, ast.Pow)
        left, right = _unparsed(node.left, binds + power), _unparsed(node.right, binds + 1 - power)
        text = f"{left} {OPERATORS[type(node.op)]} {right}"
        return f"({text})" if binds < outside else text
    text = ast.unparse(node)
    return f"({text})" if outside > (3 if isinstance(node, ast.UnaryOp) else 0) else text


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


def _instead(node, names, arrays):
    """(slug, sentence, expression that may stand there by a slip); {} is the line's place."""
    if isinstance(node, (ast.BinOp, ast.Call)):
        lost, words = _named(node)
        for name in names:
            sentence = f"In {{}} {name} seems to stand where {words} belongs."
            yield f"{name}-for-{lost}", sentence, ast.Name(name)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield from _instead_of_operation(node)
    elif isinstance(node, ast.Name):
        yield from _instead_of_name(node, names, arrays)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        c = node.value
        others = (0, 1, 2, 3, c + 1, c - 1, 2 * c, c / 2, 10 * c, c / 10, -1, 1 / 3, -c)
        for new in _but(dict.fromkeys(others), c):
            sentence = f"In {{}} {new:g} seems to stand where {c:g} belongs."
            yield f"{new:g}-for-{c:g}", sentence, ast.Constant(new)
    elif isinstance(node, ast.Call) and len(node.args) == 1:
        here = ast.unparse(node.func).removeprefix("np.")
        wanted = FUNCTIONS.get(here, here)
        yield f"{here}-missing", f"In {{}} {wanted} seems to be missing.", node.args[0]
        for name in _but(FUNCTIONS, here):
            sentence = f"In {{}} {FUNCTIONS[name]} seems to be taken where {wanted} belongs."
            yield f"{name}-for-{here}", sentence, _call(name, node.args[0])


def _but(things, *these):
    return [thing for thing in things if thing not in these]


def _call(name, argument):
    return ast.Call(ast.Attribute(ast.Name("np"), name), [argument], [])


def _exchanged(old, new):
    return SIGNS[new], f"In {{}} a {new} seems to stand where a {old} belongs."


def _instead_of_operation(node):
    a, op, b = node.left, type(node.op), node.right
    for new in _but(OPERATORS, op):
        sides = [(a, b)]
        if op in EITHER_WAY and new not in EITHER_WAY:
            sides.append((b, a))
        for left, right in sides:
            slug, sentence = _exchanged(OPERATORS[op], OPERATORS[new])
            if new is ast.Div and isinstance(right, ast.Name):
                slug = f"divided-by-{right.id}"
                sentence = (
                    f"In {{}} a division by {right.id} seems to stand where a {OPERATORS[op]} "
                    "belongs."
                )
            yield slug, sentence, ast.BinOp(left, new(), right)
    if op not in EITHER_WAY:
        sentence = f"In {{}} the two sides of a {OPERATORS[op]} seem to have changed places."
        yield f"sides-of-{SIGNS[OPERATORS[op]]}", sentence, ast.BinOp(b, node.op, a)
    for kept, lost in ((a, b), (b, a)):
        name, words = _named(lost)
        yield f"{name}-missing", f"In {{}} {words} seems to be missing.", kept
    sentence = "In {} brackets seem to be missing, or to stand elsewhere."
    if isinstance(a, ast.BinOp):
        yield "brackets", sentence, ast.BinOp(a.left, a.op, ast.BinOp(a.right, node.op, b))
    if isinstance(b, ast.BinOp):
        yield "brackets", sentence, ast.BinOp(ast.BinOp(a, node.op, b.left), b.op, b.right)


def _named(node):
    """(for a slug, for a sentence) of an operand: its name, or the names in it."""
    if isinstance(node, (ast.Name, ast.Constant)):
        return ast.unparse(node), ast.unparse(node)
    inside = {n.id: None for n in ast.walk(node) if isinstance(n, ast.Name)}
    names = [name for name in inside if name != "np"] or ["number"]
    return "-".join(["part-with", *names]), f"the part with {' and '.join(names)}"


def _instead_of_name(node, names, arrays):
    here = node.id
    for name in _but(names, here):
        sentence = f"In {{}} {name} seems to stand where {here} belongs."
        yield f"{name}-for-{here}", sentence, ast.Name(name)
    sentence = f"In {{}} {here} seems to have the other sign."
    yield f"minus-before-{here}", sentence, ast.UnaryOp(ast.USub(), node)
    if here[:4] == "beta":
        less = ast.BinOp(ast.Constant(1), ast.Sub(), node)
        sentence = f"In {{}} 1 - {here} seems to stand where {here} belongs."
        yield f"1-minus-{here}-for-{here}", sentence, less
    if here in arrays:
        for name, words in FUNCTIONS.items():
            sentence = f"In {{}} {words} of {here} seems to be taken where {here} itself belongs."
            yield f"{name}-of-{here}", sentence, _call(name, node)
    for value in _usual(here):
        sentence = f"In {{}} {value:g} seems to stand where {here} belongs."
        yield f"{value:g}-for-{here}", sentence, ast.Constant(value)
