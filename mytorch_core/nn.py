"""Layers and losses.

A layer is a Module: it holds parameters and maps a Tensor to a Tensor. Parameters start as
U(-1/sqrt(n_in), 1/sqrt(n_in)), n_in being the number of inputs of one output (PyTorch's default):
the outputs of an untrained network are then small, and its loss is close to ln(classes).
"""

from functools import reduce
from math import prod

import numpy as np

from mytorch_core.tensor import Tensor, as_float_array


class Module:
    """A part of a network. A subclass sets parameters and parts as attributes, and has `forward`.

    An array given to a module, one of integers included, becomes a Tensor of the dtype of the
    module's parameters; anything else reaches `forward` as it is.
    """

    def __call__(self, *inputs):
        return self.forward(*[x if isinstance(x, Tensor) else self._as_tensor(x) for x in inputs])

    def _as_tensor(self, x):
        dtypes = (parameter.dtype for _, parameter in self.named_parameters())
        return Tensor._constant(x, next(dtypes, None)) if isinstance(x, np.ndarray) else x

    def named_parameters(self):
        """Yield (name, Tensor) in the order of the attributes, each Tensor once: "0.weight", ..."""
        return _named_tensors(self, "", set())

    def named_parts(self):
        """A dictionary of what may hold parameters, by the names that lead there."""
        return vars(self)

    def parameters(self):
        """The list of all parameters, in the order of the attributes, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self):
        """Set every gradient to None."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def state_dict(self):
        """A dictionary from parameter name to a copy of its array."""
        return {name: parameter.data.copy() for name, parameter in self.named_parameters()}

    def load_state_dict(self, state):
        """Replace every parameter by the array of its name. Raises ValueError, and changes nothing,
        if a name is missing or unknown or an array has another shape."""
        arrays = checked_state(state, self.state_dict())
        for name, parameter in self.named_parameters():
            parameter.data = arrays[name]

    def __repr__(self):
        settings = (f"{k}={v!r}" for k, v in vars(self).items() if not isinstance(v, Tensor))
        return f"{type(self).__name__}({', '.join(settings)})"


def _named_tensors(part, name, seen):
    if id(part) in seen:  # a list has no hash
        return
    seen.add(id(part))
    if isinstance(part, Tensor) and part.is_leaf and (part.requires_grad or not part._computed):
        yield name, part  # not an input or a result that is kept for inspection
    if isinstance(part, (list, tuple)):
        part = dict(enumerate(part))
    parts = part.named_parts() if isinstance(part, Module) else part
    for key, value in parts.items() if isinstance(parts, dict) else ():
        yield from _named_tensors(value, f"{name}.{key}" if name else str(key), seen)


def checked_state(state, own):
    """Copies of the entries of `state`, which must match `own` in names and shapes."""
    if not isinstance(state, dict):
        raise TypeError(f"a state_dict is a dictionary, not {type(state).__name__}")
    missing, unknown = sorted(own.keys() - state), sorted(state.keys() - own, key=str)
    if missing or unknown:
        raise ValueError(f"the state_dict misses {missing} and has unknown {unknown}: other model?")
    copies = {k: np.array(as_float_array(state[k], np.asarray(v).dtype)) for k, v in own.items()}
    for k, v in own.items():
        if copies[k].shape != np.shape(v):
            raise ValueError(f"{k!r} has shape {copies[k].shape}, the model's is {np.shape(v)}")
    return copies


def _whole(name, value, least=1):
    """The value, if it is an integer that is large enough."""
    whole = isinstance(value, (int, np.integer))
    if not whole or value < least:
        error = ValueError if whole else TypeError
        raise error(f"{name}={value!r} must be an integer of at least {least}")
    return value


def _uniform(shape, n_in, rng, dtype):
    """A parameter drawn from U(-1/sqrt(n_in), 1/sqrt(n_in))."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, not {rng!r}: np.random.default_rng(0)")
    return Tensor(rng.uniform(-1, 1, shape) / np.sqrt(n_in), requires_grad=True, dtype=dtype)


class Linear(Module):
    """y = x W + b.  x: (..., n_in), W = weight: (n_in, n_out), b = bias: (n_out,).

    Raises ValueError if the last dimension of x is not n_in.
    """

    def __init__(self, n_in, n_out, *, rng, dtype=np.float32):
        self.n_in, self.n_out = _whole("n_in", n_in), _whole("n_out", n_out)
        self.weight = _uniform((n_in, n_out), n_in, rng, dtype)
        self.bias = _uniform((n_out,), n_in, rng, dtype)

    def forward(self, x):
        if x.shape[-1:] != (self.n_in,):
            advice = "; flatten first? nn.Flatten()" if prod(x.shape[1:]) == self.n_in else ""
            raise ValueError(f"{self}: the last dimension of shape {x.shape} must be n_in{advice}")
        W, b = self.weight, self.bias
        rows = x.data.reshape(-1, self.n_in)
        y = rows @ W.data
        y += b.data
        y = y.reshape(*x.shape[:-1], self.n_out)
        grad_W = lambda g: rows.T @ g.reshape(-1, self.n_out)
        grad_b = lambda g: g.reshape(-1, self.n_out).sum(axis=0)
        return Tensor._from(y, (x, lambda g: g @ W.data.T), (W, grad_W), (b, grad_b))


class ReLU(Module):
    """y = max(x, 0), entry by entry."""

    def forward(self, x):
        return x.relu()


class Flatten(Module):
    """(N, ...) -> (N, product of the rest), in row-major order."""

    def forward(self, x):
        return x.reshape(len(x.data), prod(x.shape[1:]))


class Sequential(Module):
    """The layers one after the other: Sequential(f, g)(x) = g(f(x)). `model[0]` is the first."""

    def __init__(self, *layers):
        self.layers = layers

    def __getitem__(self, i):
        return self.layers[i]

    def named_parts(self):
        """The layers by their numbers: "0.weight", not "layers.0.weight"."""
        return dict(enumerate(self.layers)) | vars(self)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Conv2d(Module):
    """y[n, o, i, j] = bias[o] + sum over c, u, v of weight[o, c, u, v] x[n, c, s i + u, s j + v]

    x: (N, c_in, H, W), padded with p zeros on each side; weight: (c_out, c_in, k, k); bias:
    (c_out,); y: (N, c_out, H_out, W_out), H_out = (H + 2 p - k) // s + 1, for k = kernel_size,
    s = stride, p = padding. Raises ValueError if x has another shape.

    To the reader images are (N, C, H, W). In memory the results are (H, C, W, N): with the batch
    innermost, every copy and every product runs over long contiguous lines.
    """

    def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0, *, rng, dtype=np.float32):
        self.c_in, self.c_out = _whole("c_in", c_in), _whole("c_out", c_out)
        self.kernel_size = _whole("kernel_size", kernel_size)
        self.stride, self.padding = _whole("stride", stride), _whole("padding", padding, least=0)
        n_in = c_in * kernel_size**2
        self.weight = _uniform((c_out, c_in, kernel_size, kernel_size), n_in, rng, dtype)
        self.bias = _uniform((c_out,), n_in, rng, dtype)

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        if x.ndim != 4 or x.shape[1] != self.c_in or min(x.shape[2:]) + 2 * p < k:
            raise ValueError(f"{self} takes (N, c_in, H, W) of at least k x k, not {x.shape}")
        W, b, c_out, (n, c, h, w) = self.weight, self.bias, self.c_out, x.shape
        height, h_out, w_out = h + 2 * p, (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        images = np.ascontiguousarray(x.data.transpose(2, 1, 3, 0))
        images = np.pad(images, ((p, p), (0, 0), (p, p), (0, 0))) if p else images

        # What the kernel sees, as one matrix per output row: only its columns are copied, its rows
        # overlap in memory. A last line of ones is what the bias is the weight of.
        lines = np.empty((height, c * k + 1, w_out * n), images.dtype)
        columns, lines[:, -1] = lines[:, :-1].reshape(height, c, k, w_out, n), 1
        for v in range(k):
            columns[:, :, v] = images[:, :, v : v + s * w_out : s]
        windows = _overlapping(lines, k, s, h_out)
        kernel = np.zeros((c_out, k, c * k + 1), W.dtype)
        kernel[:, :, :-1] = W.data.swapaxes(1, 2).reshape(c_out, k, c * k)
        kernel[:, 0, -1] = b.data
        y = (kernel.reshape(c_out, -1) @ windows).reshape(h_out, c_out, w_out, n)

        def grad_x(g):  # the rows of the kernel turned round; its columns send back their shares
            rows = np.zeros((height + k - 1, c_out, w_out * n), g.dtype)
            rows[k - 1 : k - 1 + s * h_out : s] = by_rows(g)
            turned = W.data[:, :, ::-1].transpose(1, 3, 2, 0).reshape(c * k, -1)
            shares = (turned @ _overlapping(rows, k, 1, height)).reshape(height, c, k, w_out, n)
            grad = np.zeros(images.shape, g.dtype)
            for v in range(k):
                grad[:, :, v : v + s * w_out : s] += shares[:, :, v]
            return grad[p : p + h, :, p : p + w].transpose(3, 1, 0, 2)

        by_rows = lambda g: g.transpose(2, 1, 3, 0).reshape(h_out, c_out, -1)
        grad_kernel = lambda g: (by_rows(g) @ windows.swapaxes(1, 2)).sum(0).reshape(kernel.shape)
        grad_W = lambda g: g[:, :, :-1].reshape(c_out, k, c, k).swapaxes(1, 2)
        kernel = Tensor._from(kernel, (W, grad_W), (b, lambda g: g[:, 0, -1]))
        return Tensor._from(y.transpose(3, 1, 0, 2), (x, grad_x), (kernel, grad_kernel))


def _overlapping(rows, k, s, count):
    """`count` matrices, each of k rows (lines, columns) under one another: views, s rows apart."""
    row, line, item = rows.strides
    shape, strides = (count, k * rows.shape[1], rows.shape[2]), (s * row, line, item)
    return np.lib.stride_tricks.as_strided(rows, shape, strides, writeable=False)


class MaxPool2d(Module):
    """The largest entry of each kernel_size x kernel_size block; an odd last row or column is
    dropped. (N, C, H, W) -> (N, C, H // kernel_size, W // kernel_size).

    Of equal entries the first in row-major order gets the gradient.
    """

    def __init__(self, kernel_size):
        self.kernel_size = _whole("kernel_size", kernel_size)

    def forward(self, x):
        k = self.kernel_size
        if x.ndim != 4 or k > min(x.shape[2:]):
            raise ValueError(f"{self} takes (N, C, H, W) of at least one block, not {x.shape}")
        h, w = (size // k * k for size in x.shape[2:])
        rows = reduce(np.maximum, (x.data[:, :, i:h:k, :w] for i in range(k)))
        y = reduce(np.maximum, (rows[:, :, :, j::k] for j in range(k)))

        def pullback(g):
            grad = (np.empty_like if x.shape[2:] == (h, w) else np.zeros_like)(x.data)
            unclaimed, first = np.ones_like(y, bool), np.empty_like(y, bool)
            for corner in [np.s_[:, :, i:h:k, j:w:k] for i in range(k) for j in range(k)]:
                np.equal(x.data[corner], y, out=first)
                first &= unclaimed
                np.multiply(g, first, out=grad[corner])
                unclaimed ^= first
            return grad

        return Tensor._from(y, (x, pullback))


def cross_entropy(logits, labels):
    """L = mean over n of -ln p[n, labels[n]], p = softmax(logits); dL/dlogits = (p - onehot) / N.

    logits: (N, classes); labels: (N,) integers in 0..classes - 1. Raises TypeError if the labels
    are no integers, ValueError if one is out of range or the shapes do not fit.
    """
    logits, labels = Tensor._constant(logits), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or logits.size == 0:
        shapes = f"not {logits.shape} and {labels.shape}; one-hot labels? labels.argmax(axis=1)"
        raise ValueError(f"cross_entropy takes logits (N, classes) and labels (N,), {shapes}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be an array of integers, not {labels.dtype}: astype(int)?")
    n, classes = logits.shape
    one_hot = labels == np.arange(classes)[:, None]
    if np.count_nonzero(one_hot) < n:
        bad = one_hot.any(axis=0).argmin()
        raise ValueError(f"label {labels[bad]} at position {bad} is not in 0..{classes - 1}")
    z = np.array(logits.data.T, order="C")  # (classes, N): one long line for each class
    z -= z.max(axis=0)  # exp cannot overflow
    exp_z = np.exp(z)
    total = exp_z.sum(axis=0)
    loss = (np.log(total) - z[labels, np.arange(n)]).sum() / n
    return Tensor._from(loss, (logits, lambda g: ((exp_z / total - one_hot) * (g / n)).T))


def mse_loss(prediction, target):
    """L = mean((prediction - target)^2), over tensors of equal shape (ValueError otherwise)."""
    prediction = Tensor._constant(prediction, target.dtype if isinstance(target, Tensor) else None)
    target = Tensor._constant(target, prediction.dtype)
    if prediction.shape != target.shape:
        raise ValueError(f"mse_loss: reshape one of {prediction.shape} and {target.shape}")
    return ((prediction - target) ** 2).mean()
