"""One epoch of training: forward, loss, backward, step, batch by batch."""

import numpy as np

from classroom.judging.function import Function, WrongAnswer
from mytorch_core import nn, optim


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


# ------------------------------------------------------------------ what an epoch shows


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
        self.last, self.first = None, [p.data.copy() for p in self.parameters]

    def moved(self):
        """Whether the weights are others than at first."""
        now = [p.data for p in self.parameters]
        return not all(np.array_equal(a, b) for a, b in zip(now, self.first, strict=True))

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
        if self.last is not None:
            candidates[6] = self.last
        if len(unshuffled) == len(rows):
            candidates[2] = self.gradient(rows, unshuffled)[0]
        candidates[5] = self.gradient(rows, self.y[rows], _twice)[0]
        fits = [code for code, g in candidates.items() if np.allclose(got, g, atol=1e-9)]
        self.codes.append(min(fits, default=9))
        self.before, self.last = got, right
        super().step()


def _of_losses(values, right, sizes):
    """Which of `LOSSES` these numbers are."""
    right, sizes = np.array(right), np.array(sizes, float)
    if len(values) != len(right) or len(sizes) != len(right):
        return 9
    known = {0: right, 2: right * sizes, 3: right / sizes}
    fits = [code for code, losses in known.items() if np.allclose(values, losses)]
    rounded = any(np.array_equal(values, np.round(right, places)) for places in range(7))
    return min([*fits, *([1] * rounded)], default=9)


def _epoch(n, batch_size):
    def call(answer):
        again, *_ = once(answer)
        another, *_ = once(answer, 2)
        shown, model, optimizer, losses = once(answer)
        listed = isinstance(losses, (list, tuple, np.ndarray))
        numbers = listed and all(isinstance(loss, (int, float, np.number)) for loss in losses)
        values = np.array(losses if numbers else [], float)
        counts = np.bincount(shown, minlength=n)
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
            _of_losses(values, optimizer.losses, [len(rows) for rows in model.shown]),
            (shown == np.arange(len(shown))).all(),
            np.array_equal(shown, again),
            np.array_equal(shown, another),
            optimizer.moved(),
        )

    def once(answer, seed=1):
        rng = np.random.default_rng(5)
        x, y = rng.normal(size=(n, 4)), rng.integers(3, size=n)
        model = _Eye(x.copy())
        optimizer = _Notary(model, y)
        losses = answer(
            model, optimizer, x.copy(), y.copy(), batch_size, np.random.default_rng(seed)
        )
        shown = np.concatenate(model.shown) if model.shown else np.array([], int)
        return shown, model, optimizer, losses

    return call


GRADIENT = "the gradient at the steps"
GRADIENTS = {
    0: "right",
    1: "that of the sum, not of the mean",
    2: "that of other samples' labels",
    3: "added to the gradient before",
    4: "none",
    5: "that of softmax applied twice",
    6: "that of the batch before",
    9: "wrong",
}
NUMBERS = "the numbers"
LOSSES = {
    0: "the losses of the batches",
    1: "these losses, rounded",
    2: "these losses, times the number of samples",
    3: "these losses, divided by the number of samples",
    9: "others than the losses of the batches",
}
EPOCH = (
    "a sample is left out?",
    "a sample comes twice?",
    "samples shown",
    "sizes of the batches",
    "steps",
    GRADIENT,
    "something is returned?",
    "it is a list?",
    "of numbers?",
    NUMBERS,
    "the samples come as they are stored?",
    "the same rng gives the same order?",
    "another rng gives the same order?",
    "the weights move?",
)


# ------------------------------------------------------------------ mistakes


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
            losses.append(number(value) if number else value.item() * len(rows))
        if last:
            optimizer.step()
        return losses if keep is None else keep(losses)

    return answer


def _equal_parts(model, optimizer, x, y, batch_size, rng):
    losses = []
    for rows in np.array_split(rng.permutation(len(x)), -(-len(x) // batch_size)):
        losses += loop(model, optimizer, x[rows], y[rows], len(rows), rng)
    return losses


def _new_optimizers(model, optimizer, *others):
    return loop(model, optim.SGD(model, lr=0.1), *others)


def _drawn_anew(model, optimizer, x, y, batch_size, rng):
    losses = []
    for start in range(0, len(x), batch_size):
        rows = rng.permutation(len(x))[: min(batch_size, len(x) - start)]
        losses += loop(model, optimizer, x[rows], y[rows], len(rows), rng)
    return losses


LOOP_LINE = "zero_grad(), backward(), step(), in this order, for every batch"
EXERCISE = Function(
    __name__,
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
            "step-first",
            _loop(steps="step zero backward"),
            "Each step uses the gradient of the batch before: step() stands before backward().",
            LOOP_LINE,
        ),
        WrongAnswer(
            "new-optimizer-in-each-round",
            _new_optimizers,
            "The optimizer that was given makes no step, and yet the weights move: a new one is "
            "made, perhaps in each round, which forgets what it remembers. Use the one given.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "order-never-changes",
            _loop(order=lambda n, rng: np.random.default_rng(0).permutation(n)),
            "The order is the same in every epoch, whatever rng is: a generator is made here, with "
            "a seed of its own. Draw from the rng that is given.",
            "order = rng.permutation(N)",
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
            "Only one batch is used: an epoch shows every sample once. Does `return` stand inside "
            "the loop?",
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
            "losses-rounded",
            _loop(number=lambda value: round(value.item(), 2)),
            "The losses are rounded: append all their digits.",
            "the list of the losses of all batches",
        ),
        WrongAnswer(
            "losses-times-batch",
            _loop(number=None),
            "Each loss is multiplied by the number of its samples: asked for is the loss of each "
            "batch as it is, a mean.",
            "the list of the losses of all batches",
        ),
        WrongAnswer(
            "one-loss-for-all",
            _loop(keep=lambda losses: losses[-1:]),
            "Only one loss is returned: one for every batch is asked for.",
            "the list of the losses of all batches",
        ),
    ),
    parts=EPOCH,
    words={GRADIENT: GRADIENTS, NUMBERS: LOSSES},
)
