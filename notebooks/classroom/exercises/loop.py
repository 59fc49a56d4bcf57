"""One epoch of training: forward, loss, backward, step, batch by batch."""

import numpy as np

from classroom.judging.epoch import EPOCH, WORDS, epoch, softmax_twice
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


def _measured_after(model, optimizer, x, y, batch_size, rng):
    losses, order = [], rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        loop(model, optimizer, x[rows], y[rows], len(rows), rng)
        losses.append(nn.cross_entropy(model(x[rows]), y[rows]).item())
    return losses


def _full_batches(count):
    """So many batches, each drawn by itself, and none of them smaller."""

    def answer(model, optimizer, x, y, batch_size, rng):
        losses = []
        for _ in range(count(len(x), batch_size)):
            rows = rng.integers(len(x), size=batch_size)
            losses += loop(model, optimizer, x[rows], y[rows], len(rows), rng)
        return losses

    return answer


class _AsStored:
    """In place of a generator: rows as they come."""

    permutation = staticmethod(np.arange)


def _shuffled_apart(*which):
    """Arrays that are shuffled in place, each for itself."""

    def answer(model, optimizer, x, y, batch_size, rng):
        for name in which:
            rng.shuffle({"x": x, "y": y}[name])
        return loop(model, optimizer, x, y, batch_size, _AsStored)

    return answer


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
        "12 samples in batches of 4": epoch(12, 4),
        "10 samples in batches of 4: the last batch has 2": epoch(10, 4),
        "one batch of everything": epoch(6, 6),
        "9 samples in batches of 4: the last batch has 1": epoch(9, 4),
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
            "There is no gradient when step() is called.",
            LOOP_LINE,
            "backward() is missing, or zero_grad() stands between backward() and step(), or step() "
            "before backward(). No experiment tells these apart.",
        ),
        WrongAnswer(
            "zero-grad-at-the-end",
            _loop(steps="backward step zero"),
            "zero_grad() comes after the step: what the weights hold when the epoch begins goes "
            "into its first step. Let it come before backward().",
            LOOP_LINE,
        ),
        WrongAnswer(
            "zero-grad-once",
            lambda model, optimizer, *rest: (
                optimizer.zero_grad(),
                _loop(steps="backward step")(model, optimizer, *rest),
            )[1],
            "zero_grad() is called once, before the loop: each step uses the sum of all gradients "
            "so far.",
            LOOP_LINE,
        ),
        WrongAnswer(
            "loss-divided-by-batch",
            _loop(loss=lambda z, y: nn.cross_entropy(z, y) / len(y)),
            "The loss is divided by the number of samples: cross_entropy is their mean already.",
            "loss = cross_entropy(z, y), the mean",
        ),
        WrongAnswer(
            "measured-after-the-step",
            _measured_after,
            "Each loss is computed once more, after the step: asked for is the loss from which the "
            "step was made.",
            "the list of the losses of all batches",
        ),
        *(
            WrongAnswer(
                slug,
                _full_batches(count),
                "The rows of each batch are drawn anew: some samples come twice, others never. "
                "rng.permutation(N) gives each once.",
                "order = rng.permutation(N)",
            )
            for slug, count in (
                ("full-batches-with-replacement", lambda n, size: -(-n // size)),
                ("whole-batches-with-replacement", lambda n, size: n // size),
            )
        ),
        *(
            WrongAnswer(
                f"shuffled-{''.join(which)}-apart",
                _shuffled_apart(*which),
                f"{' and '.join(which)} {'are' if which[1:] else 'is'} shuffled apart: the samples "
                "get the labels of others. And shuffle works in place: the caller's array is "
                "changed. Draw an order, and take x[order] and y[order].",
                "order = rng.permutation(N)",
            )
            for which in (("x",), ("y",), ("x", "y"), ("y", "x"))
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
            _loop(loss=softmax_twice),
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
            "Does `return` stand inside the loop?",
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
    words=WORDS,
)
