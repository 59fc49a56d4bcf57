"""Optimizers: the three rules of the course, in the order of the chapters.

A rule reads like its equation: w is a parameter's array, g its gradient, t the number of the step.
"""

import numpy as np

from mytorch_core.nn import checked_state
from mytorch_core.tensor import Tensor

FLOAT_MAX = int(np.finfo(float).max)
BLOCK = 2**15  # entries; some seven arrays of this size fit into a processor's cache


def in_blocks(update):
    """Give an update that treats every entry by itself one block of entries after the other.

    What its equations compute on the way then stays in the cache, instead of passing through main
    memory; the result is the same.
    """

    def update_in_blocks(self, w, g, *state):
        if w.size <= BLOCK or not all(array.flags.c_contiguous for array in (w, *state)):
            return update(self, w, g, *state)
        flat = [array.reshape(-1) for array in (w, g, *state)]
        for start in range(0, w.size, BLOCK):
            update(self, *(array[start : start + BLOCK] for array in flat))

    return update_in_blocks


class Optimizer:
    """Everything that rules have in common. A rule is a subclass with

    state     names of what it remembers: one array of zeros for each parameter
    products  names of running products over the steps: numbers that start as 1.0
    below_one names of hyperparameters that have to lie below 1
    __init__  which passes the parameters and the hyperparameters on to this one
    update    update(self, w, g, *state) changes the array w of one parameter and its state in
              place, and leaves its gradient g as it is

    and, if something has to happen once a step before the parameters are updated, `before_step`.

    parameters is a Module or an iterable of Tensors. t counts the calls of `step()`: it is 1
    inside the first. The hyperparameters may be set at any time and are checked then: they are
    finite, at least 0, and below 1 where the rule says so.

    Raises TypeError or ValueError for parameters that cannot be optimized (none at all, one given
    twice, not a leaf, not a Tensor) and for hyperparameters out of their range.
    """

    state = products = below_one = ()

    def __init__(self, parameters, **hyperparameters):
        self.parameters = _checked_parameters(parameters)
        self.hyperparameters = tuple(hyperparameters)
        for name, value in hyperparameters.items():
            setattr(self, name, value)
        self.t = 0
        vars(self).update({name: 1.0 for name in self.products})
        for name in self.state:
            setattr(self, name, [np.zeros_like(p.data) for p in self.parameters])

    def __setattr__(self, name, value):
        if name in getattr(self, "hyperparameters", ()):
            value = self._checked(name, value)
        super().__setattr__(name, value)

    def _checked(self, name, value):
        """The value as a Python float: a NumPy scalar would promote float32 weights to float64."""
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise TypeError(f"{name} must be a number, not {value!r}")
        bound = 1 if name in self.below_one else np.inf
        if not 0 <= value < bound or value > FLOAT_MAX:
            raise ValueError(f"{name} must lie in [0, {bound}), not {value!r:.50}")
        return float(value)

    def before_step(self):
        """Called once at the start of each step, when t has been raised already."""

    def step(self):
        """Update every parameter that has a gradient. Raises ValueError, before anything moves, if
        none has one or if one's shape is not its parameter's."""
        if all(p.grad is None for p in self.parameters):
            raise ValueError("no parameter has a gradient: call loss.backward() before step()")
        for i, p in enumerate(self.parameters):
            if p.grad is not None and np.shape(p.grad) != np.shape(p.data):
                shapes = f"{np.shape(p.grad)}, its data {np.shape(p.data)}"
                raise ValueError(f"parameter {i}: its gradient has shape {shapes}")
        self.t += 1
        self.before_step()
        for i, p in enumerate(self.parameters):
            if p.grad is not None:
                p.data = np.asarray(p.data)  # `p.data = p.data - 1` turns a 0-d array into a scalar
                self.update(p.data, p.grad, *(getattr(self, name)[i] for name in self.state))

    def zero_grad(self):
        """Set every gradient to None."""
        for p in self.parameters:
            p.zero_grad()

    def state_dict(self):
        """A dictionary of t, the hyperparameters, the running products and copies of the state."""
        state = {name: getattr(self, name) for name in ("t", *self.hyperparameters, *self.products)}
        for name in self.state:
            state |= {f"{name}.{i}": a.copy() for i, a in enumerate(getattr(self, name))}
        return state

    def load_state_dict(self, state):
        """Continue where `state` was saved; raises ValueError and changes nothing if a name is
        missing or unknown, a shape differs or a hyperparameter is out of range."""
        new = checked_state(state, self.state_dict())
        if not 0 <= new["t"] == state["t"]:
            raise ValueError(f"t counts steps: a whole number of at least 0, not {state['t']!r}")
        for name in (*self.hyperparameters, *self.products):
            self._checked(name, new[name].item())
        for name in ("t", *self.hyperparameters, *self.products):
            setattr(self, name, new[name].item())
        for name in self.state:
            setattr(self, name, [new[f"{name}.{i}"] for i in range(len(self.parameters))])


def _checked_parameters(parameters):
    parameters = parameters.parameters() if hasattr(parameters, "parameters") else parameters
    if not hasattr(parameters, "__iter__"):
        raise TypeError(f"parameters must be a Module or a list of Tensors, not {parameters!r}")
    parameters = list(parameters)
    for i, p in enumerate(parameters):
        if not isinstance(p, Tensor) or not p.is_leaf:
            raise TypeError(f"parameter {i} must be a Tensor that no operation computed, not {p!r}")
        if any(p is q for q in parameters[:i]):
            raise ValueError(f"parameter {i} stands earlier in the list, too: give it once")
    if not any(p.requires_grad for p in parameters):
        advice = "give them requires_grad=True; a generator is empty after one use, a list is not"
        raise ValueError(f"none of {len(parameters)} parameters can learn: {advice}")
    return parameters


class SGD(Optimizer):
    """w <- w - lr_t g,   lr_t = lr (1 - lr_decay)^((t - 1) // 100)

    Stochastic gradient descent (Robbins & Monro 1951), its rate a staircase: it drops by the factor
    1 - lr_decay before the steps 101, 201, ... A drop uses the lr_decay of its moment, and a later
    change of lr_decay takes none back; so the power is kept as a product.
    """

    products = ("decay",)
    below_one = ("lr_decay",)

    def __init__(self, parameters, lr=1e-3, lr_decay=0):
        super().__init__(parameters, lr=lr, lr_decay=lr_decay)

    def before_step(self):
        if self.t > 1 and (self.t - 1) % 100 == 0:
            self.decay *= 1 - self.lr_decay

    lr_t = property(lambda self: self.lr * self.decay)

    @in_blocks
    def update(self, w, g):
        w -= self.lr_t * g


class AdaGrad(Optimizer):
    """h <- h + g g
    w <- w - lr g / (sqrt(h) + eps)

    h: the sum of the squares of all gradients so far, one number for each weight. Duchi, Hazan &
    Singer (2011), the diagonal version; eps keeps 0/0 away from weights that never had a gradient.
    """

    state = ("h",)

    def __init__(self, parameters, lr=1e-2, eps=1e-8):
        super().__init__(parameters, lr=lr, eps=eps)

    @in_blocks
    def update(self, w, g, h):
        h += g * g
        w -= self.lr * g / (np.sqrt(h) + self.eps)


class Adam(Optimizer):
    """m <- beta1 m + (1 - beta1) g,      m_hat = m / (1 - beta1^t)
    v <- beta2 v + (1 - beta2) g g,    v_hat = v / (1 - beta2^t)
    w <- w - lr m_hat / (sqrt(v_hat) + eps)

    m, v: moving averages of the gradient and of its square, too small at first because they start
    from zero; the hats correct that. Kingma & Ba (2015), Algorithm 1. beta^t is kept as the product
    of the betas so far, which is the exact correction even if a beta is changed on the way.
    """

    state = ("m", "v")
    products = ("beta1_t", "beta2_t")
    below_one = ("beta1", "beta2")

    def __init__(self, parameters, lr=1e-2, beta1=0.9, beta2=0.99, eps=1e-8):
        super().__init__(parameters, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    def before_step(self):
        self.beta1_t *= self.beta1
        self.beta2_t *= self.beta2

    @in_blocks
    def update(self, w, g, m, v):
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        # The hats are factors of numbers here, not arrays of their own: fewer passes over memory.
        root = np.sqrt(v) / (1 - self.beta2_t) ** 0.5
        root += self.eps
        step = self.lr / (1 - self.beta1_t) * m
        step /= root
        w -= step
