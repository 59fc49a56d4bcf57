"""Rules that race over the same batches, and what is noted of each on the way."""

import contextlib
import copy

import numpy as np

from classroom.judging.failures import one_line
from classroom.training import patience
from classroom.training.loop import blocks
from mytorch_core import nn, no_grad

WATCHED = 1000  # weights of each layer whose steps are watched
SMOOTH = 0.95  # of the running mean of the loss


class Lane:
    """One rule of a race: its own copy of the model, its optimizer, and the run so far.

    loss, smooth  of every step: the loss of its batch, and the running mean of it
    accuracy      on the test images after every epoch: pairs (step, accuracy)
    marks         where a slider was moved: pairs (step, what it was set to)
    moved         |delta w| of the last step that was watched: an array for each layer
    had_gradient  of the watched weights: which have moved, or had a gradient when watched
    problem       why the lane has stopped, or None
    """

    def __init__(self, name, make, model, rng):
        self.name = name
        self.model = copy.deepcopy(model)
        self.optimizer, self.problem = None, None
        try:
            self.optimizer = make(self.model)
        except BaseException as error:  # the reader's rule may fail in any way
            self.problem = f"{name} stopped: {one_line(error)}"
        self.loss, self.smooth, self.accuracy, self.marks = [], [], [], []
        self.mean = 0.0
        weights = [p for name, p in self.model.named_parameters() if name.endswith("weight")]
        self.watched = [(p, np.sort(rng.permutation(p.size)[:WATCHED])) for p in weights]
        self.first = [p.data.ravel()[some] for p, some in self.watched]
        self.had_gradient = [np.zeros(len(some), bool) for _, some in self.watched]
        self.moved = [np.array([]) for _ in weights]

    def step(self, x, y, watch, limits):
        """One step on a batch; a loss that is not finite, or an error, stops the lane."""
        try:
            with np.errstate(all="ignore"), limits():
                loss = nn.cross_entropy(self.model(x), y)
                self._note(loss.item())
                if self.problem is None:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self._step_and_watch(watch)
        except BaseException as error:  # the reader's rule may fail in any way
            self.problem = f"{self.name} stopped: {one_line(error)}"

    def _note(self, loss):
        t = len(self.loss) + 1
        self.loss.append(loss)
        self.mean = SMOOTH * self.mean + (1 - SMOOTH) * loss
        self.smooth.append(self.mean / (1 - SMOOTH**t))
        if not np.isfinite(loss):
            self.problem = f"{self.name} diverged at step {t}"

    def _step_and_watch(self, watch):
        if not watch:
            return self.optimizer.step()
        before = [p.data.ravel()[some] for p, some in self.watched]
        self.optimizer.step()
        self.moved = []
        for i, (p, some) in enumerate(self.watched):
            now = p.data.ravel()[some]
            had = self.had_gradient[i]
            had |= now != self.first[i]
            if p.grad is not None:
                had |= p.grad.ravel()[some] != 0
            self.moved.append(abs(now - before[i])[had])

    def mark(self, text):
        """Note that a slider was moved; moves close together are one."""
        t = len(self.loss)
        name = text.split()[0]
        if self.marks and self.marks[-1][1].split()[0] == name and t - self.marks[-1][0] < 100:
            self.marks.pop()
        self.marks.append((t, text))

    def last_words(self):
        """How far the lane has come."""
        if self.problem:
            return self.problem
        if not self.loss:
            return f"{self.name} has not started"
        loss = self.smooth[-1]
        loss = f"{loss:.2f}" if 0.01 <= loss < 1000 else f"{loss:.0e}"
        text = f"{self.name}: loss {loss}"
        if self.accuracy:
            step, share = self.accuracy[-1]
            when = "" if step == len(self.loss) else f" after step {step}"
            text += f", test accuracy {share:.2f}{when}"
        return text


class Race:
    """Rules that start from the same weights and see the same batches. No widgets, no clock.

    rules is {name: make}, make(parameters) returns an optimizer; a copy of rng draws the batches.
    """

    def __init__(self, model, data, rules, rng, batch_size=100):
        if not 1 <= len(rules) <= 4:
            raise ValueError(f"a race has one to four rules, not {len(rules)}")
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy Generator, not {rng!r}")
        self.data = data
        self.first = (model, data, rules, rng, batch_size)
        self.limits = contextlib.nullcontext  # of a step, while somebody watches
        self.restart()

    def restart(self):
        """Back to the first weights and the first batch."""
        model, _, rules, rng, self.batch_size = self.first
        self.rng = copy.deepcopy(rng)
        self.lanes = [Lane(name, make, model, copy.deepcopy(rng)) for name, make in rules.items()]
        self.t, self.rest = 0, None
        self.order, self.at = self.rng.permutation(len(self.data.x_train)), 0

    @property
    def running(self):
        """The lanes that have not stopped."""
        return [lane for lane in self.lanes if lane.problem is None]

    def pieces(self, watch=True):
        """One step of every lane in short pieces, or what an interruption has left of the last."""
        if self.rest is None:
            self.rest = self._step(watch)
        for _ in self.rest:  # `yield from` would close it together with this generator
            yield
        self.rest = None

    def _step(self, watch):
        some = self.order[self.at : self.at + self.batch_size]
        x, y = self.data.x_train[some], self.data.y_train[some]
        self.t += 1
        self.at += len(some)
        for lane in self.running:
            lane.step(x, y, watch, self.limits)
            yield
        if self.at >= len(self.order):
            self.order, self.at = self.rng.permutation(len(self.order)), 0
            for lane in self.running:
                yield from self._test(lane)

    def _test(self, lane):
        right = 0
        for x, y in blocks(self.data.x_test, self.data.y_test):
            with np.errstate(all="ignore"), no_grad():
                right += int((lane.model(x).data.argmax(axis=1) == y).sum())
            yield
        lane.accuracy.append((self.t, right / len(self.data.y_test)))

    def advance(self, steps=1):
        """So many steps, or fewer if every lane stops; an interrupted one is finished first.

        Raises KeyboardInterrupt on an interrupt, at the end of a lane's step.
        """
        with self.watched() as watch:
            for _ in range(steps + (self.rest is not None)):
                for _ in self.pieces() if self.running else ():
                    if watch.interrupted:
                        raise KeyboardInterrupt

    @contextlib.contextmanager
    def watched(self):
        """A block in which no step takes for ever: a `patience.Watch`."""
        with patience.watching() as watch:
            self.limits = watch.step
            try:
                yield watch
            finally:
                self.limits = contextlib.nullcontext

    def words(self):
        """What is to be seen, as a sentence."""
        return f"Step {self.t:,}. " + "; ".join(lane.last_words() for lane in self.lanes) + "."
