"""Right rules with one slip of the pen, found by editing the text: for the share that is named.

The spellings and the edits are others than those that `slips` is made of: here a token of the text
is exchanged, left out or doubled, or a line is left out, moved or doubled.
"""

import random
import re

import numpy as np

from mytorch_core import Tensor

SPELLED = {
    "sgd": (
        "np.subtract(w, self.lr * g, out=w)",
        "change = -self.lr * g\nw += change",
        "w[...] -= g * self.lr",
    ),
    "momentum": (
        "m[...] = self.beta * m + g * (1 - self.beta)\nnp.subtract(w, self.lr * m, out=w)",
        "b = self.beta\nm *= b\nm += g - b * g\nw -= self.lr * m",
        "new = m + (1 - self.beta) * (g - m)\nm[...] = new\nw[...] -= new * self.lr",
    ),
    "adagrad": (
        "np.add(h, g ** 2, out=h)\nw -= (self.lr * g) / (self.eps + np.sqrt(h))",
        "square = g * g\nh += square\nbelow = np.sqrt(h) + self.eps\nw -= g * self.lr / below",
        "h[...] = g ** 2 + h\nrate = self.lr / (h ** 0.5 + self.eps)\nw -= g * rate",
    ),
    "rmsprop": (
        "v *= self.beta\nv += g ** 2 * (1 - self.beta)\nw -= self.lr / (self.eps + v ** 0.5) * g",
        "b = self.beta\nsquare = g * g\nv[...] = v * b + (1 - b) * square\n"
        "below = np.sqrt(v) + self.eps\nw -= self.lr * g / below",
        "new = v + (1 - self.beta) * (g * g - v)\nv[...] = new\n"
        "w[...] -= self.lr * g / (np.sqrt(new) + self.eps)",
    ),
    "adam": (
        "m *= self.beta1\nm += g * (1 - self.beta1)\n"
        "v *= self.beta2\nv += g ** 2 * (1 - self.beta2)\n"
        "mean = m / (1 - self.beta1 ** self.t)\nsize = np.sqrt(v / (1 - self.beta2 ** self.t))\n"
        "w -= self.lr * mean / (size + self.eps)",
        "a, b = self.beta1, self.beta2\n"
        "m[...] = a * m + (1 - a) * g\nv[...] = b * v + (1 - b) * g * g\n"
        "m_hat, v_hat = m / (1 - a ** self.t), v / (1 - b ** self.t)\n"
        "below = np.sqrt(v_hat) + self.eps\nw[...] = w - self.lr * m_hat / below",
        "m += (1 - self.beta1) * (g - m)\nv += (1 - self.beta2) * (np.square(g) - v)\n"
        "rate = self.lr / (1 - self.beta1 ** self.t)\nv_hat = v / (1 - self.beta2 ** self.t)\n"
        "w -= rate * m / (v_hat ** 0.5 + self.eps)",
    ),
}
TOKEN = re.compile(r"self\.\w+|np\.\w+|\w+(?:\.\d+)?|\*\*|[-+*/]=|\[\.\.\.\]|\S|\n")
OPERATORS = ["+", "-", "*", "/", "**"]
CHANGES = ["+=", "-=", "*=", "/=", "="]


def edited(body, rng):
    """The text with one slip; it may be no Python any more."""
    lines = body.split("\n")
    if rng.random() < 0.25 and len(lines) > 1:
        i = rng.randrange(len(lines))
        line = lines.pop(i)
        kind = rng.choice(["missing", "moved"])
        if kind == "moved":
            lines.insert(rng.randrange(len(lines) + 1), line)
        return "\n".join(lines)
    tokens = TOKEN.findall(body)
    i = rng.randrange(len(tokens))
    here = tokens[i]
    names = sorted({t for t in tokens if re.match(r"(?!np\.|out)[a-z]", t)})
    if here in OPERATORS:
        tokens[i] = rng.choice([o for o in OPERATORS if o != here])
    elif here in CHANGES:
        tokens[i] = rng.choice([o for o in CHANGES if o != here])
    elif here in names:
        tokens[i] = rng.choice([name for name in names if name != here])
        if rng.random() < 0.25:  # left out, with what joins it to the rest
            tokens[i : i + 2] = []
    elif here[0].isdigit():
        tokens[i] = rng.choice(["0", "1", "2", "3", "0.5", "-1"])
    elif here[:3] == "np." or here == "[...]":
        tokens[i] = ""
    else:
        return None
    return " ".join(tokens).replace(" [", "[").replace("\n ", "\n")


def moves(make, settings):
    """What a rule does to its weights along a long and random way; nan where it stops."""
    rng = np.random.default_rng(3)
    shapes = [(3,), (2, 2), (3,)]
    weights = [Tensor(np.ones(shape), requires_grad=True) for shape in shapes]
    path = np.full((40, 10), np.nan)
    try:
        optimizer = make(weights, **settings)
        for t in range(40):
            for name in settings:
                if t == 20:
                    setattr(optimizer, name, settings[name] * 0.9)
            for i, w in enumerate(weights):
                g = rng.normal(size=w.shape) * 10.0 ** rng.integers(-4, 2)
                w.grad = g * (rng.random(w.shape) < 0.8) if (t + i) % 7 else None
            optimizer.step()
            path[t] = np.concatenate([w.data.ravel() for w in weights])
    except Exception:  # a slip may raise anything
        return path
    return path


def slips_of(rule, tries, seed):
    """[(edited text of a rule, the text as it was)], each once."""
    rng, found = random.Random(seed), {}
    for _ in range(tries):
        body = rng.choice(SPELLED[rule])
        new = edited(body, rng)
        if new is None or new.split() == " ".join(TOKEN.findall(body)).split():
            continue
        try:
            compile(new, "slip", "exec")
        except SyntaxError:
            continue
        found.setdefault(new, body)
    return list(found.items())
