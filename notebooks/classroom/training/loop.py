"""The training loop of chapter 01, with what a long run needs besides: progress and a history."""

from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np

from classroom.training.checkpoints import load_checkpoint, save_checkpoint
from classroom.training.mnist import minibatches
from classroom.training.progress import progress_bar
from mytorch_core import nn, no_grad


@dataclass
class History:
    """What happened in a run of `train`.

    loss            of every step, on its batch, before the step
    train_loss, train_accuracy, test_loss, test_accuracy    after every epoch, on all the data
    epochs          how many epochs were completed
    diverged_at     the step at which the loss was no longer finite, counted from 1, or None
    """

    loss: list = field(default_factory=list)
    train_loss: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    test_loss: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    diverged_at: int | None = None

    @property
    def epochs(self):
        """How many epochs were completed."""
        return len(self.test_accuracy)


def blocks(x, y, size=1000):
    """Samples with their labels, `size` at a time, in their order."""
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]


def evaluate(model, x, y, size=1000):
    """(mean cross-entropy, accuracy) on all of x, computed `size` samples at a time."""
    loss, correct = 0.0, 0
    with no_grad():
        for batch, labels in blocks(x, y, size):
            logits = model(batch)
            loss += nn.cross_entropy(logits, labels).item() * len(labels)
            correct += int((logits.data.argmax(axis=1) == labels).sum())
    return loss / len(x), correct / len(x)


def train(
    model,
    optimizer,
    data,
    epochs,
    *,
    rng,
    batch_size=100,
    loss=nn.cross_entropy,
    progress=True,
    checkpoint=None,
    every=100,
):
    """Train for so many epochs and return the `History`; a run that diverges stops and says so.

    data is (x_train, y_train, x_test, y_test), as `mnist.load()` returns it; rng shuffles the
    batches; loss(logits, labels) is what is minimized. A loss that is not finite ends the run at
    that step: nothing is raised and no warning is shown.

    checkpoint names a file in which the run is saved after every so many steps and after every
    epoch. If it is there, the run goes on from it, and gives what it would have given without a
    break, bit for bit; delete it to begin anew. `load_checkpoint` says what it raises.

    Raises ValueError for a number of epochs, a batch size or an `every` that is no whole number of
    at least 1.
    """
    _check_whole(epochs=epochs, batch_size=batch_size, every=every)
    history, place = History(), {"done": 0, "began": None}
    x_train, y_train, *_ = data
    run = {"batch_size": int(batch_size), "samples": len(x_train)}
    if checkpoint is not None:
        place = _resume(checkpoint, model, optimizer, rng, history, run) or place
    save = partial(_save, checkpoint, model, optimizer, rng, history, run, place)
    if history.diverged_at:
        return history
    per_epoch = -(-len(x_train) // batch_size)
    with progress_bar(epochs * per_epoch, progress) as bar, np.errstate(all="ignore"):
        bar.update(len(history.loss))
        for epoch in range(history.epochs + 1, epochs + 1):
            batches = _rest_of_epoch(x_train, y_train, batch_size, rng, place)
            for done, (x, y) in enumerate(batches, start=place["done"] + 1):
                batch_loss = loss(model(x), y)
                history.loss.append(batch_loss.item())
                if not np.isfinite(history.loss[-1]):
                    history.diverged_at = len(history.loss)
                    return history
                optimizer.zero_grad()
                batch_loss.backward()
                optimizer.step()
                bar.update()
                if done % every == 0 and done < per_epoch:
                    save(done)
            accuracy = _after_epoch(model, history, data)
            save(0)
            if history.diverged_at:
                return history
            text = f"epoch {epoch}/{epochs}, test accuracy {accuracy:.3f}"
            bar.set_postfix_str(text, refresh=False)  # a refresh would not wait for the delay
    return history


def _check_whole(**numbers):
    for name, number in numbers.items():
        if not isinstance(number, (int, np.integer)) or number < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {number!r}")


def _save(checkpoint, model, optimizer, rng, history, run, place, done):
    """Save the run, of whose epoch so many steps are done."""
    place["done"] = done
    if checkpoint is not None:
        save_checkpoint(checkpoint, model, optimizer, rng, history, **run, place=place)


def _resume(checkpoint, model, optimizer, rng, history, run):
    """Where in its epoch the saved run was; None if there is no file yet."""
    try:
        return load_checkpoint(checkpoint, model, optimizer, rng, history, **run)["place"]
    except FileNotFoundError:
        return None


def _rest_of_epoch(x, y, batch_size, rng, place):
    """The batches of this epoch that are not done yet, in the order that the epoch began with."""
    now = rng.bit_generator.state if isinstance(rng, np.random.Generator) else None
    if not place["done"]:
        place["began"] = now
        return minibatches(x, y, batch_size, rng)
    rng.bit_generator.state = place["began"]
    batches = minibatches(x, y, batch_size, rng)
    rng.bit_generator.state = now
    return islice(batches, place["done"], None)


def _after_epoch(model, history, data):
    """Loss and accuracy on all the data into the history; the test accuracy is returned."""
    x_train, y_train, x_test, y_test = data
    for name, (x, y) in {"train": (x_train, y_train), "test": (x_test, y_test)}.items():
        mean_loss, accuracy = evaluate(model, x, y)
        getattr(history, f"{name}_loss").append(mean_loss)
        getattr(history, f"{name}_accuracy").append(accuracy)
    if not np.isfinite(history.train_loss[-1]):  # the very last step went astray
        history.diverged_at = len(history.loss)
    return accuracy
