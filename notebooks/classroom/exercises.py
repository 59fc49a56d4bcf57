"""The exercises that ask for a function or a number: what is right, and what is known to go wrong.

The signature of an exercise is that of its right answer here, and its stub in the notebook says it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from classroom import probes
from classroom.mistakes import DECAY_LINE, STAIRCASES
from mytorch_core import nn, optim


@dataclass(frozen=True)
class WrongAnswer:
    """A known mistake: its slug, the broken function (or number), the sentence, where to look."""

    slug: str
    function: Callable | float
    sentence: str
    look: str


@dataclass(frozen=True)
class Exercise:
    """right, and calls: {what it shows: function of an answer}, which give what is compared.

    parts names what a call gives, if that is several things; one that ends in ? is yes or no.
    """

    name: str
    right: Callable | float
    calls: dict = field(default_factory=dict)
    mistakes: tuple = ()
    parts: tuple = ()


def watch(name, answer):
    """{what it shows: Seen} of an answer."""
    return probes.watch_calls(FUNCTIONS[name].calls)(answer)


# ------------------------------------------------------------------ the staircase


def decay(lr, lr_decay, t):
    """lr_t = lr (1 - lr_decay)^((t - 1) // 100)."""
    return lr * (1 - lr_decay) ** ((t - 1) // 100)


def _rates(times, lr=0.3, lr_decay=0.2):
    return lambda answer: np.array([answer(lr, lr_decay, t) for t in times])


def _left(share):
    """A rate of which this share is left."""
    return lambda lr, lr_decay, t: lr * share(lr_decay, t)


DECAY = Exercise(
    "decay",
    decay,
    {
        "the first hundred steps": _rates([1, 2, 50, 52, 98, 99, 100]),
        "the drops at 101, 201 and 301": _rates([100, 101, 200, 201, 300, 301]),
        "other rates": _rates([1, 150, 1000], lr=2.0, lr_decay=0.05),
        "no decay": _rates([1, 500], lr_decay=0.0),
    },
    (
        *[WrongAnswer(slug, _left(share), words, DECAY_LINE) for slug, share, words in STAIRCASES],
        WrongAnswer(
            "lr-forgotten",
            lambda lr, lr_decay, t: (1 - lr_decay) ** ((t - 1) // 100),
            "lr itself is missing: this is the factor alone.",
            DECAY_LINE,
        ),
    ),
)


# ------------------------------------------------------------------ the numerical gradient


def numerical_gradient(f, w, h=1e-5):
    """(f(w + h e_i) - f(w - h e_i)) / (2 h) for every entry i of the array w."""
    gradient = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        kept = w[i]
        w[i] = kept + h
        above = f(w)
        w[i] = kept - h
        below = f(w)
        w[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def _differences(above, below, divide, restore=True, entries=None):
    """A numerical gradient from f at above(w_i, h) and below(w_i, h)."""

    def answer(f, w, h=1e-5):
        gradient = np.zeros_like(w)
        for i in list(np.ndindex(w.shape))[:entries]:
            kept = w[i]
            w[i] = above(kept, h)
            high = f(w)
            w[i] = below(kept, h)
            low = f(w)
            if restore:
                w[i] = kept
            gradient[i] = (high - low) / divide(h)
        return gradient

    return answer


def _moved_all(f, w, h=1e-5):
    return np.full_like(w, (f(w + h) - f(w - h)) / (2 * h))


def _rows_moved(f, w, h=1e-5):
    gradient = np.zeros_like(w)
    for i in range(len(w)):
        high, low = w.copy(), w.copy()
        high[i] += h
        low[i] -= h
        gradient[i] = (f(high) - f(low)) / (2 * h)
    return gradient


def _rounded(f, w, h=1e-5):
    w = w.astype(np.float32)
    gradient = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        high, low = w.copy(), w.copy()
        high[i] += np.float32(h)
        low[i] -= np.float32(h)
        gradient[i] = np.float32(np.float32(f(high)) - np.float32(f(low))) / np.float32(2 * h)
    return gradient


def _gradient_of(f, w, h=1e-5):
    def call(answer):
        here = np.array(w, float)
        gradient = answer(f, here, h)
        return gradient, here

    return call


CENTRAL = "df/dw_i ~ (f(w + h e_i) - f(w - h e_i)) / (2 h)"
PLUS, MINUS, SAME = (lambda w, h: w + h), (lambda w, h: w - h), (lambda w, h: w)
NUMERICAL_GRADIENT = Exercise(
    "numerical_gradient",
    numerical_gradient,
    {
        "f(w) = w^3 at one weight, h = 0.1": _gradient_of(
            lambda w: float((w**3).sum()), [2.0], 0.1
        ),
        "three weights, each with a slope of its own": _gradient_of(
            lambda w: float((w**2) @ np.array([1.0, 2.0, 3.0]) + w[0] * w[2]), [1.0, -2.0, 0.5]
        ),
        "a matrix of weights": _gradient_of(lambda w: float((w * w).sum()), [[1.0, 2], [3, 4]]),
        "a tiny h": _gradient_of(lambda w: float((w**2).sum()), [1.0, 3.0], 1e-7),
    },
    (
        WrongAnswer(
            "forward-difference",
            _differences(PLUS, SAME, lambda h: h),
            "This is the forward difference (f(w + h) - f(w)) / h: its error falls like h, that of "
            "the central difference like h squared.",
            CENTRAL,
        ),
        WrongAnswer(
            "backward-difference",
            _differences(SAME, MINUS, lambda h: h),
            "This is the backward difference: its error falls only like h.",
            CENTRAL,
        ),
        WrongAnswer(
            "half-missing",
            _differences(PLUS, MINUS, lambda h: h),
            "The two points are 2 h apart, and the difference is divided by h.",
            CENTRAL,
        ),
        WrongAnswer(
            "h-multiplied",
            _differences(PLUS, MINUS, lambda h: 2 / h),
            "`/ 2 * h` divides by 2 and multiplies by h: put 2 * h into brackets.",
            CENTRAL,
        ),
        WrongAnswer(
            "not-divided",
            _differences(PLUS, MINUS, lambda h: 1.0),
            "The difference is not divided by anything: a slope is rise over run.",
            CENTRAL,
        ),
        WrongAnswer(
            "wrong-way",
            _differences(MINUS, PLUS, lambda h: 2 * h),
            "The sign is wrong: f(w + h) comes first.",
            CENTRAL,
        ),
        WrongAnswer(
            "weight-not-restored",
            _differences(PLUS, MINUS, lambda h: 2 * h, restore=False),
            "w is left changed: set each entry back before you move the next.",
            "w_i <- w_i + h, then - h, then back",
        ),
        WrongAnswer(
            "first-entry-only",
            _differences(PLUS, MINUS, lambda h: 2 * h, entries=1),
            "Only the first entry has a gradient: go through all of them (np.ndindex).",
            CENTRAL,
        ),
        WrongAnswer(
            "no-copy",
            lambda f, w, h=1e-5: np.zeros_like(w),
            "The gradient is 0 everywhere: f is called twice with the same array. `up = w` is no "
            "copy of w, and what is added to one is taken away again: w.copy() is one.",
            CENTRAL,
        ),
        WrongAnswer(
            "first-axis-only",
            _rows_moved,
            "Whole rows are moved: range(len(w)) goes along the first axis. np.ndindex(w.shape) "
            "goes through all entries.",
            CENTRAL,
        ),
        WrongAnswer(
            "flat",
            lambda f, w, h=1e-5: numerical_gradient(f, w, h).ravel(),
            "The result is one long row: it has the shape of w.",
            "one slope for each entry of w",
        ),
        WrongAnswer(
            "h-ignored",
            lambda f, w, h=1e-5: numerical_gradient(f, w, 1e-5),
            "h is 1e-5 whatever is asked for: use the argument h.",
            CENTRAL,
        ),
        WrongAnswer(
            "h-halved",
            _differences(lambda w, h: w + h / 2, lambda w, h: w - h / 2, lambda h: h),
            "The points are h apart, half a step to each side: here they are 2 h apart.",
            CENTRAL,
        ),
        WrongAnswer(
            "divided-by-h-squared",
            _differences(PLUS, MINUS, lambda h: 2 * h * h),
            "The difference is divided by h twice: once gives the slope.",
            CENTRAL,
        ),
        WrongAnswer(
            "sum-of-slopes",
            lambda f, w, h=1e-5: (f(w + h) - f(w - h)) / (2 * h),
            "w + h moves all weights at once, and the result is one number: the sum of all slopes. "
            "Move one entry at a time, and put its slope into an array like w.",
            CENTRAL,
        ),
        WrongAnswer(
            "returned-in-the-loop",
            lambda f, w, h=1e-5: numerical_gradient(f, w, h).ravel()[0],
            "One number is returned, the slope of the first entry: does `return` stand inside the "
            "loop?",
            "one slope for each entry of w",
        ),
        WrongAnswer(
            "all-moved-at-once",
            _moved_all,
            "All weights are moved at once: that is the slope along (1, 1, ...), the sum of all. "
            "Move one at a time.",
            CENTRAL,
        ),
        WrongAnswer(
            "float32-with-a-tiny-h",
            _rounded,
            "The difference is taken in float32, where w + h and w are one number when h is tiny: "
            "compute in float64.",
            "h = 1e-8 needs float64",
        ),
    ),
    parts=("the gradient", "w afterwards"),
)


# ------------------------------------------------------------------ the loop


class _Eye(nn.Module):
    """A linear model that notes which rows it is shown."""

    def __init__(self, table):
        self.layer = nn.Linear(table.shape[1], 3, rng=np.random.default_rng(0), dtype=np.float64)
        self.table, self.shown = table, []

    def forward(self, x):
        rows = [int(np.abs(self.table - row).sum(axis=1).argmin()) for row in x.data]
        self.shown.append(np.array(rows, int))
        return self.layer(x)


def _twice(z, y):
    e = (z - z.max(axis=1, keepdims=True).data).exp()
    return nn.cross_entropy(e / e.sum(axis=1, keepdims=True), y)


class _Notary(optim.SGD):
    """SGD that compares each gradient with what it should be, before the step."""

    def __init__(self, model, y):
        super().__init__(model.parameters(), lr=0.1)
        self.model, self.y, self.codes, self.losses, self.before = model, y, [], [], 0.0

    def gradient(self, rows, labels, function=nn.cross_entropy):
        parameters = self.model.layer.parameters()
        kept = [p.grad for p in parameters]
        self.model.layer.zero_grad()
        loss = function(self.model.layer(self.model.table[rows]), labels)
        loss.backward()
        found = np.concatenate([p.grad.ravel() for p in parameters])
        for p, g in zip(parameters, kept, strict=True):
            p.grad = g
        return found, loss.item()

    def step(self):
        rows = self.model.shown[-1] if self.model.shown else np.array([0])
        grads = [p.grad for p in self.parameters]
        right, loss = self.gradient(rows, self.y[rows])
        self.losses.append(loss)
        if any(g is None for g in grads):
            self.codes.append(4)
            return
        got = np.concatenate([g.ravel() for g in grads])
        start = sum(len(shown) for shown in self.model.shown[:-1])
        unshuffled = self.y[start : start + len(rows)]
        candidates = {0: right, 1: right * len(rows), 3: right + self.before}
        if len(unshuffled) == len(rows):
            candidates[2] = self.gradient(rows, unshuffled)[0]
        candidates[5] = self.gradient(rows, self.y[rows], _twice)[0]
        fits = [code for code, g in candidates.items() if np.allclose(got, g, atol=1e-9)]
        self.codes.append(min(fits, default=9))
        self.before = got
        super().step()


def _epoch(n, batch_size):
    def call(answer):
        again, *_ = once(answer)
        shown, model, optimizer, losses = once(answer)
        listed = isinstance(losses, (list, tuple, np.ndarray))
        numbers = listed and all(isinstance(loss, (int, float, np.number)) for loss in losses)
        values = np.array(losses if numbers else [], float)
        counts = np.bincount(shown, minlength=n)
        honest = len(values) == len(optimizer.losses) and np.allclose(values, optimizer.losses)
        return (
            (counts == 0).any(),
            (counts > 1).any(),
            len(shown),
            np.sort([len(rows) for rows in model.shown]),
            len(optimizer.codes),
            np.unique(optimizer.codes[1:] or optimizer.codes),
            losses is not None,
            listed,
            numbers,
            honest,
            (shown == np.arange(len(shown))).all(),
            np.array_equal(shown, again),
        )

    def once(answer):
        rng = np.random.default_rng(5)
        x, y = rng.normal(size=(n, 4)), rng.integers(3, size=n)
        model = _Eye(x.copy())
        optimizer = _Notary(model, y)
        losses = answer(model, optimizer, x.copy(), y.copy(), batch_size, np.random.default_rng(1))
        shown = np.concatenate(model.shown) if model.shown else np.array([], int)
        return shown, model, optimizer, losses

    return call


EPOCH = (
    "a sample is left out?",
    "a sample comes twice?",
    "samples shown",
    "sizes of the batches",
    "steps",
    "gradient at the steps (0 right, 4 none, else wrong)",
    "something is returned?",
    "it is a list?",
    "of numbers?",
    "these are the batches' losses?",
    "the samples come as they are stored?",
    "the same rng gives the same order?",
)


def loop(model, optimizer, x, y, batch_size, rng):
    """One epoch: every sample once, in a new order; returns the loss of every batch."""
    losses = []
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def _loop(
    order=None,
    labels=None,
    loss=None,
    stop=None,
    steps="zero backward step",
    keep=None,
    number=lambda value: value.item(),
    last=False,
):
    """The loop with parts exchanged."""

    def answer(model, optimizer, x, y, batch_size, rng):
        losses, chosen = [], rng.permutation(len(x)) if order is None else order(len(x), rng)
        for start in range(0, stop(len(x), batch_size) if stop else len(x), batch_size):
            rows = chosen[start : start + batch_size]
            right = y[rows] if labels is None else labels(y, start, len(rows))
            value = (loss or nn.cross_entropy)(model(x[rows]), right)
            for word in steps.split():
                if word == "zero":
                    optimizer.zero_grad()
                elif word == "backward":
                    value.backward()
                else:
                    optimizer.step()
            losses.append(number(value))
        if last:
            optimizer.step()
        return losses if keep is None else keep(losses)

    return answer


def _equal_parts(model, optimizer, x, y, batch_size, rng):
    losses = []
    for rows in np.array_split(rng.permutation(len(x)), -(-len(x) // batch_size)):
        losses += loop(model, optimizer, x[rows], y[rows], len(rows), rng)
    return losses


def _drawn_anew(model, optimizer, x, y, batch_size, rng):
    losses = []
    for start in range(0, len(x), batch_size):
        rows = rng.permutation(len(x))[: min(batch_size, len(x) - start)]
        losses += loop(model, optimizer, x[rows], y[rows], len(rows), rng)
    return losses


LOOP_LINE = "zero_grad(), backward(), step(), in this order, for every batch"
LOOP = Exercise(
    "loop",
    loop,
    {
        "12 samples in batches of 4": _epoch(12, 4),
        "10 samples in batches of 4: the last batch has 2": _epoch(10, 4),
        "one batch of everything": _epoch(6, 6),
    },
    (
        WrongAnswer(
            "zero-grad-missing",
            _loop(steps="backward step"),
            "zero_grad() is missing: each step uses the sum of all gradients so far.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "no-gradient-at-the-step",
            _loop(steps="backward zero step"),
            "There is no gradient when step() is called: backward() is missing, or zero_grad() "
            "stands between backward() and step(), or step() before backward(). No experiment "
            "tells these apart.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "step-missing",
            _loop(steps="zero backward"),
            "step() is never called: the weights stay where they are.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "labels-not-shuffled",
            _loop(labels=lambda y, start, n: y[start : start + n]),
            "x is shuffled and y is not: the images get the labels of others.",
            "x[rows] and y[rows], with the same rows",
        ),
        WrongAnswer(
            "labels-do-not-fit",
            _loop(labels=lambda y, start, n: np.roll(y, 1)[start : start + n]),
            "The gradient is not that of these samples with their labels. Are x and y shuffled "
            "separately, each in an order of its own? Draw one order and use it for both.",
            "x[rows] and y[rows], with the same rows",
        ),
        WrongAnswer(
            "sum-for-mean",
            _loop(loss=lambda z, y: nn.cross_entropy(z, y) * len(y)),
            "The loss of a batch is a sum: the gradient is B times that of the mean.",
            "loss = mean over the batch",
        ),
        WrongAnswer(
            "softmax-twice",
            _loop(loss=_twice),
            "cross_entropy takes logits and applies softmax itself: here it is applied twice.",
            "cross_entropy(model(x), y)",
        ),
        WrongAnswer(
            "last-batch-lost",
            _loop(stop=lambda n, size: n // size * size),
            "The last batch is smaller, and it is left out.",
            "for start in 0, B, 2 B, ... below N",
        ),
        WrongAnswer(
            "not-shuffled",
            _loop(order=lambda n, rng: np.arange(n)),
            "The samples come in the order in which they are stored: shuffle them with rng.",
            "order = rng.permutation(N)",
        ),
        WrongAnswer(
            "with-replacement",
            _loop(order=lambda n, rng: rng.integers(n, size=n)),
            "Samples are drawn with replacement: some come twice, others not at all.",
            "order = rng.permutation(N)",
        ),
        WrongAnswer(
            "drawn-anew",
            _drawn_anew,
            "Each batch is drawn from all samples anew: some come twice in an epoch, others not at "
            "all. Draw one order before the loop, and cut it into batches.",
            "order = rng.permutation(N)",
        ),
        WrongAnswer(
            "first-batch-only",
            _loop(stop=lambda n, size: 1),
            "Only one batch is used: an epoch shows every sample once.",
            "for every batch of the epoch",
        ),
        WrongAnswer(
            "equal-parts",
            _equal_parts,
            "The batches are made equal (np.array_split): each has batch_size samples, only the "
            "last one may have fewer.",
            "for start in 0, B, 2 B, ... below N",
        ),
        WrongAnswer(
            "step-after-the-loop",
            _loop(steps="zero backward", last=True),
            "There is one step for the whole epoch: step() stands after the loop over the batches.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "one-step-of-the-sum",
            _loop(steps="backward", last=True),
            "The gradients of all batches add up to one step: zero_grad() and step() stand outside "
            "the loop over the batches.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "mean-for-list",
            _loop(keep=lambda losses: sum(losses) / len(losses)),
            "One number is returned, a mean or a sum: asked for is the list of the losses of all "
            "batches.",
            "the list of the losses of all batches",
        ),
        WrongAnswer(
            "tensors-for-numbers",
            _loop(number=lambda value: value),
            "The losses are Tensors, which keep their graphs alive: loss.item() is a number.",
            "the list of the losses of all batches",
        ),
        WrongAnswer(
            "return-missing",
            _loop(keep=lambda losses: None),
            "Nothing is returned: the list of the losses is asked for. Does `return` stand there?",
            "the list of the losses of all batches",
        ),
        WrongAnswer(
            "rng-ignored",
            _loop(order=lambda n, rng: np.random.default_rng().permutation(n)),
            "The order does not come from rng: the same rng has to give the same order, or no run "
            "can be repeated. Use rng.permutation, not np.random.",
            "order = rng.permutation(N)",
        ),
        WrongAnswer(
            "one-loss-for-all",
            _loop(keep=lambda losses: losses[-1:]),
            "Only one loss is returned: one for every batch is asked for.",
            "the list of the losses of all batches",
        ),
    ),
    parts=EPOCH,
)


# ------------------------------------------------------------------ backward


@dataclass
class Node:
    """A value in a graph; inputs are pairs (node it was computed from, its pullback)."""

    value: np.ndarray
    inputs: list = field(default_factory=list)
    grad: np.ndarray | None = None


def _ordered(root):
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for child, _ in node.inputs:
                visit(child)
            order.append(node)

    visit(root)
    return order


def backward(root):
    """Set `grad` of every node: d root / d node, the sum over all ways from it to the root."""
    root.grad = np.ones_like(root.value)
    for node in reversed(_ordered(root)):
        for child, pullback in node.inputs:
            g = pullback(node.grad)
            child.grad = g if child.grad is None else child.grad + g


def _backward(take=lambda node: node.inputs, add=None, order=None, start=np.ones_like):
    def answer(root):
        root.grad = start(root.value)
        for node in (order or (lambda nodes: reversed(nodes)))(_ordered(root)):
            if node.grad is not None:
                for child, pullback in take(node):
                    add(child, pullback(node.grad))

    return answer


def _sum(child, g):
    child.grad = g if child.grad is None else child.grad + g


def _in_place(child, g):
    if child.grad is None:
        child.grad = g
    else:
        child.grad += g


def _overwrite(child, g):
    child.grad = g


def _depth_first(root):
    root.grad = np.ones_like(root.value) if root.grad is None else root.grad
    for child, pullback in root.inputs:
        _sum(child, pullback(root.grad))
        _depth_first(child)


def _once(node):
    return list({id(child): (child, pullback) for child, pullback in node.inputs}.values())


def _times(a, b):
    pulls = [(a, lambda g: g * b.value), (b, lambda g: g * a.value)]
    return Node(a.value * b.value, pulls)


def _plus(a, b):
    return Node(a.value + b.value, [(a, lambda g: g), (b, lambda g: g)])


def _graph(build):
    def call(answer):
        leaves = [Node(np.array([2.0, -1.0])), Node(np.array([3.0, 0.5]))]
        answer(build(*leaves))
        return tuple(leaf.grad if leaf.grad is not None else np.array(0.0) for leaf in leaves)

    return call


def _long_way(x, y):
    a = _times(x, y)
    b = _times(a, y)
    return _plus(_plus(b, a), _times(a, b))


CHAIN_RULE = "grad of a node = sum over all its uses of pullback(grad of the use)"
BACKWARD = Exercise(
    "backward",
    backward,
    {
        "a product": _graph(_times),
        "a value used twice, x * x": _graph(lambda x, y: _plus(_times(x, x), y)),
        "a value used by two others": _graph(lambda x, y: _times(_plus(x, y), x)),
        "ways of different lengths": _graph(_long_way),
        "sums of sums": _graph(lambda x, y: _plus(_times(x, y), _plus(x, y))),
    },
    (
        WrongAnswer(
            "overwritten",
            _backward(add=_overwrite),
            "A gradient is overwritten by the next one: a value that is used twice needs the sum.",
            CHAIN_RULE,
        ),
        WrongAnswer(
            "added-in-place",
            _backward(add=_in_place),
            "`grad += ...` changes an array that another node holds, too (the pullback of + hands "
            "the same one to both sides): write grad = grad + ...",
            CHAIN_RULE,
        ),
        WrongAnswer(
            "counted-once",
            _backward(take=_once, add=_sum),
            "In x * x the value x is an input twice, and it is counted once.",
            CHAIN_RULE,
        ),
        WrongAnswer(
            "depth-first",
            _depth_first,
            "A node hands its gradient on before all its uses have given theirs: go through the "
            "nodes in reverse topological order.",
            "first every use of a node, then the node",
        ),
        WrongAnswer(
            "forward-order",
            _backward(add=_sum, order=lambda nodes: nodes),
            "The nodes are visited in the order of the forward pass, or only the root's inputs "
            "are: backward begins at the root and goes through all nodes. No experiment tells "
            "the two apart.",
            "first every use of a node, then the node",
        ),
        WrongAnswer(
            "pullback-not-called",
            _backward(
                take=lambda node: [(child, lambda g: g) for child, _ in node.inputs], add=_sum
            ),
            "The gradient of the use is handed on as it is: its pullback has to be called with it.",
            CHAIN_RULE,
        ),
        WrongAnswer(
            "starts-at-zero",
            _backward(add=_sum, start=np.zeros_like),
            "The root's gradient starts as 0: d root / d root = 1.",
            "grad of the root = 1",
        ),
    ),
)

X = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
G = np.array([[2.0, -1.0, 4.0], [-3.0, 5.0, 0.5]])
A, B = np.arange(6.0).reshape(2, 3) + 1, np.arange(12.0).reshape(3, 4) - 5


def mean_pullback(g, x):
    """The gradient of x when g is that of x.mean(), a number."""
    return g * np.ones_like(x) / x.size


def relu_pullback(g, x):
    """The gradient of x when g is that of max(x, 0)."""
    return g * (x > 0)


def matmul_pullback(g, a, b):
    """The gradients of a and b when g is that of a @ b."""
    return g @ b.T, a.T @ g


def add_pullback(g, a, b):
    """The gradients of a and b, an array and a row, when g is that of a + b."""
    return g, g.sum(axis=0)


PULLBACKS = (
    Exercise(
        "mean_pullback",
        mean_pullback,
        {"six entries": lambda f: f(2.0, X), "one entry": lambda f: f(3.0, X[:1, :1])},
        (
            WrongAnswer(
                "one-over-n-missing",
                lambda g, x: g * np.ones_like(x),
                "The mean of N numbers divides by N, and so does its pullback.",
                "d mean / d x_i = 1/N",
            ),
            WrongAnswer(
                "flat-pullback",
                lambda g, x: g * np.ones(x.size) / x.size,
                "The result is one long row: it has the shape of x.",
                "one gradient for every entry of x",
            ),
            WrongAnswer(
                "one-number",
                lambda g, x: g / x.size,
                "The result is one number: every entry of x has a gradient, an array like x.",
                "d mean / d x_i = 1/N, for every i",
            ),
            WrongAnswer(
                "g-forgotten",
                lambda g, x: np.ones_like(x) / x.size,
                "g is missing: the slope 1/N is multiplied by the gradient of the mean.",
                "g times d mean / d x_i",
            ),
            WrongAnswer(
                "times-x",
                lambda g, x: g * x / x.size,
                "x itself does not belong into the slope of a mean: it is 1/N for every entry.",
                "d mean / d x_i = 1/N",
            ),
            WrongAnswer(
                "multiplied-by-n",
                lambda g, x: g * np.ones_like(x) * x.size,
                "The gradient is multiplied by N: the mean divides by it.",
                "d mean / d x_i = 1/N",
            ),
            WrongAnswer(
                "divided-by-rows",
                lambda g, x: g * np.ones_like(x) / len(x),
                "len(x) counts rows: N is the number of all entries, x.size.",
                "d mean / d x_i = 1/N",
            ),
        ),
    ),
    Exercise(
        "relu_pullback",
        relu_pullback,
        {"values of both signs, and 0": lambda f: f(G, X)},
        (
            WrongAnswer(
                "mask-of-g",
                lambda g, x: g * (g > 0),
                "The mask is taken from g: what counts is where x was above 0.",
                "relu'(x) = 1 where x > 0",
            ),
            WrongAnswer(
                "mask-missing",
                lambda g, x: g * 1.0,
                "Nothing is masked: where x was below 0, the slope is 0.",
                "relu'(x) = 1 where x > 0",
            ),
            WrongAnswer(
                "g-forgotten",
                lambda g, x: (x > 0) * 1.0,
                "This is relu's slope alone: it is multiplied by g.",
                "g times relu'(x)",
            ),
            WrongAnswer(
                "mask-turned",
                lambda g, x: g * (x < 0),
                "The mask is the wrong way round: g passes where x was above 0.",
                "relu'(x) = 1 where x > 0",
            ),
            WrongAnswer(
                "sign-for-mask",
                lambda g, x: g * np.sign(x),
                "Below 0 the slope of relu is 0: a sign gives -1 there.",
                "relu'(x) = 1 where x > 0",
            ),
            WrongAnswer(
                "value-for-slope",
                lambda g, x: g * np.maximum(x, 0),
                "g is multiplied by relu's value: it has to be its slope, 1 or 0.",
                "relu'(x) = 1 where x > 0",
            ),
            WrongAnswer(
                "slope-at-0",
                lambda g, x: g * (x >= 0),
                "At x = 0 the course takes relu'(0) = 0: > in place of >=.",
                "relu'(0) = 0",
            ),
        ),
    ),
    Exercise(
        "matmul_pullback",
        matmul_pullback,
        {
            "square matrices": lambda f: tuple(f(X[:, :2], A[:, :2], G[:, 1:])),
            "(2, 3) @ (3, 4)": lambda f: tuple(f(A @ B, A, B)),
        },
        (
            WrongAnswer(
                "sides-exchanged",
                lambda g, a, b: (b.T @ g, g @ a.T),
                "The factors stand on the wrong sides: a's gradient is g @ b.T, b's is a.T @ g.",
                "g b^T and a^T g",
            ),
            WrongAnswer(
                "transposes-missing",
                lambda g, a, b: (g @ b, a @ g),
                "The transposes are missing.",
                "g b^T and a^T g",
            ),
            WrongAnswer(
                "results-transposed",
                lambda g, a, b: (b @ g.T, g.T @ a),
                "Both gradients are transposed: each has the shape of its own matrix.",
                "g b^T and a^T g",
            ),
            WrongAnswer(
                "b-transposed",
                lambda g, a, b: (g @ b.T, g.T @ a),
                "The gradient of b is transposed: it has the shape of b.",
                "g b^T and a^T g",
            ),
            WrongAnswer(
                "gradients-exchanged",
                lambda g, a, b: (a.T @ g, g @ b.T),
                "The two gradients have changed places: the first belongs to a.",
                "g b^T and a^T g",
            ),
        ),
    ),
    Exercise(
        "add_pullback",
        add_pullback,
        {"a matrix plus a row": lambda f: tuple(f(G, X, X[0]))},
        (
            WrongAnswer(
                "broadcasting-not-undone",
                lambda g, a, b: (g, g),
                "b was one row, used for every row of a: its gradient is the sum over the rows.",
                "grad of b = sum of g over the rows",
            ),
            WrongAnswer(
                "summed-over-columns",
                lambda g, a, b: (g, g.sum(axis=1)),
                "The sum goes along the rows: b has an entry for each column, so sum over the "
                "rows, axis=0.",
                "grad of b = sum of g over the rows",
            ),
            WrongAnswer(
                "summed-over-everything",
                lambda g, a, b: (g, g.sum()),
                "Everything is summed into one number: b has an entry for each column.",
                "grad of b = sum of g over the rows",
            ),
            WrongAnswer(
                "axis-kept",
                lambda g, a, b: (g, g.sum(axis=0, keepdims=True)),
                "The gradient of b has an axis too many: b has the shape of one row.",
                "the shape of a gradient is that of its array",
            ),
            WrongAnswer(
                "mean-for-sum",
                lambda g, a, b: (g, g.mean(axis=0)),
                "The rows of g are averaged: every use of b counts in full, a sum.",
                "grad of b = sum of g over the rows",
            ),
            WrongAnswer(
                "first-row-only",
                lambda g, a, b: (g, g[0]),
                "Only one row of g is used: every row used b.",
                "grad of b = sum of g over the rows",
            ),
        ),
    ),
)


# ------------------------------------------------------------------ softmax and accuracy


def softmax(z):
    """Each row of z as probabilities: exp(z) over the sum of the row."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def accuracy(z, y):
    """The share of rows of z whose largest entry stands at the label."""
    return (z.argmax(axis=1) == y).mean()


def _shifted(z):
    return np.exp(z - z.max(axis=1, keepdims=True))


def _unshifted(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


LOGITS = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [2.0, 2.5, 0.1], [0.3, 0.2, 0.1]])
LABELS = np.array([1, 2, 0, 0])
OUTPUTS = (
    Exercise(
        "softmax",
        softmax,
        {"four rows": lambda f: f(LOGITS), "large logits": lambda f: f(LOGITS * 1000)},
        (
            WrongAnswer(
                "wrong-axis",
                lambda z: softmax(z.T).T,
                "The columns add up to 1: each row is a sample, and its entries have to.",
                "p_i = exp(z_i) / sum over the row",
            ),
            WrongAnswer(
                "over-everything",
                lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
                "All entries together add up to 1: each row has to.",
                "p_i = exp(z_i) / sum over the row",
            ),
            WrongAnswer(
                "divided-by-the-sum-of-all",
                lambda z: _shifted(z) / _shifted(z).sum(),
                "Each row is divided by the sum of all rows: sum over the row alone, axis=1.",
                "p_i = exp(z_i) / sum over the row",
            ),
            WrongAnswer(
                "without-the-shift",
                _unshifted,
                "exp overflows for large logits: subtract the row's largest entry first, which "
                "changes nothing else.",
                "exp(z - max z)",
            ),
            WrongAnswer(
                "shifted-by-the-largest-of-all",
                lambda z: _unshifted(z - z.max()),
                "Each row is shifted by the largest entry of all rows: in a row of much smaller "
                "ones every exp is 0, and 0 / 0 is nan. Subtract the row's own largest.",
                "exp(z - max z), with the max of the row",
            ),
            WrongAnswer(
                "exp-missing",
                lambda z: z / z.sum(axis=1, keepdims=True),
                "exp is missing: z can be negative, a probability cannot.",
                "p_i = exp(z_i) / sum over the row",
            ),
            WrongAnswer(
                "not-divided",
                _shifted,
                "Nothing is divided by the sum: the entries of a row have to add up to 1.",
                "p_i = exp(z_i) / sum over the row",
            ),
            WrongAnswer(
                "log-probabilities",
                lambda z: (
                    z
                    - z.max(axis=1, keepdims=True)
                    - np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
                ),
                "These are logarithms of probabilities: asked for are the probabilities.",
                "p_i = exp(z_i) / sum over the row",
            ),
            WrongAnswer(
                "twice",
                lambda z: softmax(softmax(z)),
                "Softmax is applied twice.",
                "p_i = exp(z_i) / sum over the row",
            ),
        ),
    ),
    Exercise(
        "accuracy",
        accuracy,
        {
            "four rows": lambda f: f(LOGITS, LABELS),
            "other labels": lambda f: f(LOGITS, np.array([2, 1, 0, 0])),
        },
        (
            WrongAnswer(
                "count-for-share",
                lambda z, y: (z.argmax(axis=1) == y).sum(),
                "This is how many are right: the share is the mean.",
                "right / all",
            ),
            WrongAnswer(
                "percent",
                lambda z, y: 100 * (z.argmax(axis=1) == y).mean(),
                "This is in percent: the share lies between 0 and 1.",
                "right / all",
            ),
            WrongAnswer(
                "one-answer-for-each-row",
                lambda z, y: (z.argmax(axis=1) == y) * 1.0,
                "This says of each row whether it is right: the share is their mean.",
                "right / all",
            ),
            WrongAnswer(
                "error-for-accuracy",
                lambda z, y: (z.argmax(axis=1) != y).mean(),
                "This is the share of wrong ones.",
                "right / all",
            ),
            WrongAnswer(
                "argmax-down-the-columns",
                lambda z, y: (z.argmax(axis=0) == y).mean(),
                "axis=0 goes down the columns: there is one answer for each row, axis=1.",
                "argmax over each row",
            ),
            WrongAnswer(
                "score-for-its-place",
                lambda z, y: (z.max(axis=1) == y).mean(),
                "max gives the largest score; argmax gives its place, which is the answer.",
                "argmax over each row",
            ),
            WrongAnswer(
                "argmax-of-everything",
                lambda z, y: (z.argmax() == y).mean(),
                "argmax without an axis gives one index for the whole array: axis=1.",
                "argmax over each row",
            ),
            WrongAnswer(
                "smallest-for-largest",
                lambda z, y: (z.argmin(axis=1) == y).mean(),
                "argmin finds the least likely digit.",
                "argmax over each row",
            ),
        ),
    ),
)


# ------------------------------------------------------------------ numbers

LARGEST_RATE = Exercise(
    "largest_rate",
    1.0,
    mistakes=(
        WrongAnswer("one-over-L", 0.5, "That is 1/L: beyond it the path zig-zags.", "2/L"),
        WrongAnswer("of-the-gentle-direction", 20.0, "That is 2/c of the gentle direction.", "2/L"),
        WrongAnswer("curvature-itself", 2.0, "That is the curvature L itself.", "2/L"),
    ),
)

TENTH_STEP = Exercise(
    "tenth_step",
    100,
    mistakes=(
        WrongAnswer(
            "without-the-root", 10, "h grows like t, and its root like sqrt(t).", "sqrt(h)"
        ),
        WrongAnswer("counted-from-0", 99, "The first step is t = 1, not t = 0.", "h = t g g"),
        WrongAnswer(
            "one-too-many", 101, "Step t has the length lr/sqrt(t), t = 1, 2, ...", "h = t g g"
        ),
    ),
)

FUNCTIONS = {e.name: e for e in (DECAY, NUMERICAL_GRADIENT, LOOP, BACKWARD, *PULLBACKS, *OUTPUTS)}
VALUES = {e.name: e for e in (LARGEST_RATE, TENTH_STEP)}
