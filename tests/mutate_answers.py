"""Random edits of right rules: how many are rejected, and how many are told which mistake it is.

    python tests/mutate_answers.py [edits for each rule]

An edit exchanges an operator, a constant or a name, drops a call, or moves or drops a line. An edit
after which the rule moves the weights as before is no mistake; those that pass are listed.
"""

import random
import re
import sys
from collections import Counter

from test_checks import RULES, bodies, with_update

from classroom.checks import check

SWAPS = [
    (r"\+=", "-="), (r"-=", "+="), (r"(?<=\w) \+ (?=\w)", " - "), (r" - ", " + "), (r" \* ", " / "),
    (r" / ", " * "), (r"\b1\b", "2"), (r"\b1\b", "0"), (r"\b2\b", "3"), (r"0\.5", "1.0"),
    (r"np\.sqrt", ""), (r"\bg \* g\b", "g"), (r"\bg\b", "m"), (r"\bm\b", "g"), (r"\bv\b", "m"),
    (r"self\.beta1\b", "self.beta2"), (r"self\.beta2\b", "self.beta1"), (r"self\.beta\b", "0.9"),
    (r"self\.lr", "0.01"), (r"self\.lr \* ", ""), (r" \+ self\.eps", ""), (r"self\.t\b", "1"),
    (r"self\.t\b", "(self.t - 1)"), (r"self\.t\b", "(self.t + 1)"),
    (r" \*\* (self\.t|self\.p\d)", ""), (r"self\.p1", "self.p2"), (r"self\.p2", "0"),
]  # fmt: skip


def edited(body, rng):
    """The body with one edit, or None if the edit does not fit."""
    lines = body.split("\n")
    kind = rng.random()
    if kind < 0.1 and len(lines) > 1:
        del lines[rng.randrange(len(lines))]
        return "\n".join(lines)
    if kind < 0.2 and len(lines) > 1:
        rng.shuffle(lines)
        return "\n".join(lines)
    pattern, new = rng.choice(SWAPS)
    places = list(re.finditer(pattern, body))
    if not places:
        return None
    place = rng.choice(places)
    return body[: place.start()] + new + body[place.end() :]


def main(count):
    rng = random.Random(0)
    for rule in RULES:
        tally, unnamed, tried = Counter(), Counter(), set()
        spelled = list(bodies(rule))
        for _ in range(count):
            body = rng.choice(spelled)
            new = edited(body, rng)
            if new in (None, body) or new in tried:
                continue
            tried.add(new)
            try:
                answer = with_update(rule, new)
            except SyntaxError:
                continue
            verdict = check(rule, answer)
            stopped = "stops with an error" in verdict.message
            outcome = "passes" if verdict.passed else "named" if verdict.mistake else "described"
            tally["error" if stopped and not verdict.mistake else outcome] += 1
            if outcome != "named" and not stopped:
                unnamed[outcome + ": " + new.replace("\n", "; ")] += 1
        print(f"{rule}: {dict(tally)}")
        for text in sorted(unnamed):
            print("   ", text)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 150)
