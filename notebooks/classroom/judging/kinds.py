"""What a mended line is called: kinds of mistakes that show in the reader's own words."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of mistake, known by what a line says and what makes it right.

    slug      its name, for `Verdict.mistake`
    text      a pattern in the reader's line
    said      a pattern in what makes it right
    sentence  what is wrong, to the reader
    of_rules  whether functions do not have it
    """

    slug: str
    text: str
    said: str
    sentence: str
    of_rules: bool = False

    def fits(self, line):
        """Whether a `mending.Line` is of this kind."""
        return bool(re.search(self.text, line.text) and re.search(self.said, line.said))


ANY = ""
KINDS = (
    Kind("caret-for-power", r"\^", ANY, "In Python `^` is no power: `**` is."),
    Kind(
        "math-for-numpy",
        r"\bmath\.",
        ANY,
        "The functions of math take one number: np.sqrt takes a whole array, entry by entry.",
    ),
    Kind(
        "half-power",
        r"\*\* ?1 ?/ ?2",
        ANY,
        "`x ** 1 / 2` is half of x, since ** binds first: the root is x ** 0.5, or np.sqrt(x).",
    ),
    Kind(
        "clipped",
        r"clip|np\.m(in|ax)imum|\bm(in|ax)\(",
        r"^without|in its place|moved|after|before",
        "Something is cut off at a bound here. Nobody asked for one: the rule takes every number "
        "as it is.",
    ),
    Kind(
        "norm-for-entries",
        r"linalg\.norm|\.sum\(|np\.sum|np\.dot|@|\.mean\(|np\.mean|^n = ",
        r"(without|in place of) `[^`]*(norm|sum|dot|mean|@|n\b)|^$",
        "All entries of an array share one number here, a norm, a sum or a mean: the equation "
        "goes entry by entry.",
        of_rules=True,
    ),
    Kind(
        "weight-decay",
        r"\* ?w\b|\bw ?\*|\* ?p\.data",
        r"^without|^with `g`|in place of",
        "A share of w itself is in it (weight decay). Nobody asked for it here.",
        of_rules=True,
    ),
    Kind(
        "lr-changed",
        r"^self\.lr\b",
        ANY,
        "The rule changes lr, once for each parameter in each step: it should only read it.",
    ),
    Kind(
        "t-raised-again",
        r"^self\.t ?(\+=|=)",
        ANY,
        "self.t is counted already, once a step, before `update` is called.",
    ),
    Kind(
        "rate-over-t",
        r"self\.t\b",
        r"(without|in place of) `[^`]*self\.t\b",
        "The step depends on t here, and in the equation it does not.",
    ),
    Kind(
        "rounded",
        r"\bround\b|\baround\b|np\.rint",
        ANY,
        "The result is rounded: give all its digits.",
    ),
    Kind(
        "integer-array",
        r"dtype=int|, int\)|np\.int",
        ANY,
        "An array of integers cuts off what comes after the point.",
    ),
    Kind(
        "arguments-exchanged",
        r"^def ",
        r"in its head",
        "The arguments are given in the order of the stub: the names stand in another one here.",
    ),
    Kind(
        "state-of-the-class",
        ANY,
        r"each optimizer has its own",
        "What stands in the class belongs to all its optimizers: two of them share it.",
    ),
    Kind(
        "list-for-array",
        ANY,
        r"the array that `update` is given",
        "This is the list of all parameters' arrays: the one of this parameter is an argument of "
        "`update`.",
    ),
    Kind(
        "one-memory-for-all",
        ANY,
        r"one for each parameter",
        "An optimizer has many parameters, and `update` is called for each: what stands in self is "
        "one thing for all of them.",
    ),
    Kind("return-missing", ANY, r"with `return", "Nothing is returned: `return` is missing."),
    Kind(
        "array-changed",
        ANY,
        r"`\w+ = \w+ .*in its place|\.copy\(\)",
        "The array itself is changed, and others hold it, too.",
    ),
)


def kind_of(lines, of_rule):
    """The kind of a mend of one line, or None."""
    kinds = [kind for kind in KINDS if of_rule or not kind.of_rules]
    return next((kind for kind in kinds if len(lines) == 1 and kind.fits(lines[0])), None)
