"""Tensor: an array that remembers how it was computed, so that it can be differentiated.

Reverse-mode differentiation in two ideas:

1. An operation computes its value and, for each operand, a *pullback*: the function that turns
   dL/d(result) into dL/d(operand).
2. `backward()` walks the graph from the loss to the leaves, calls the pullbacks and adds up what
   arrives at each tensor.
"""

from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

# A context variable, so that a thread or an asyncio task that evaluates does not stop another
# one's training from being recorded.
_recording = ContextVar("recording", default=True)


@contextmanager
def no_grad():
    """Within `with no_grad():` operations are computed but not recorded."""
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


def as_float_array(data, dtype=None):
    """`data` as a float32 or float64 array; not copied where it already is one.

    Without a dtype a float64 array stays float64 (gradient checks need it) and everything else
    becomes float32. Raises TypeError for what is not made of real numbers.
    """
    array = np.asarray(data)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"a Tensor holds real numbers, not {data!r}")
    if dtype is None:
        dtype = np.float64 if hasattr(data, "dtype") and array.dtype.char == "d" else np.float32
    return array.astype(dtype, copy=False)


def unbroadcast(g, shape):
    """Undo broadcasting: sum g over the axes along which an operand of this shape was repeated."""
    g = np.asarray(g)
    if g.shape == shape:
        return g
    aligned = (1,) * (g.ndim - len(shape)) + shape
    repeated = tuple(i for i, n in enumerate(aligned) if n == 1)
    return g.sum(axis=repeated, keepdims=True).reshape(shape)


def binary(method):
    """Let a number or an array stand on the right; it takes the dtype of the Tensor on the left."""
    return lambda self, other: method(self, Tensor._constant(other, self.dtype))


def reflected(method):
    """Let a number or an array stand on the left; it takes the dtype of the Tensor on the right."""
    return lambda self, other: method(Tensor._constant(other, self.dtype), self)


class Tensor:
    """An array, the gradient of a loss with respect to it, and how it was computed.

    Tensor(data, requires_grad=False, dtype=None)

    data           numbers, nested lists or an array; copied, because optimizers write to it
    dtype          np.float32 or np.float64; by default float64 arrays stay float64 and everything
                   else becomes float32
    requires_grad  whether `backward()` shall find a gradient for it
    grad           None, or an array of the same shape as `data`: dL/d(data), summed over the calls
                   of `backward()` since the last `zero_grad()`. Kept for leaves (tensors that no
                   operation computed) and for those that asked with `retain_grad()`.

    A number or an array on either side of an operator takes the dtype of the Tensor it meets; two
    Tensors promote as in NumPy. Between an operation and `backward()` leave the operands' data and
    the index arrays as they are: the pullbacks read them.
    """

    # NumPy then leaves `array + tensor` to Tensor.__radd__, and `np.exp(tensor)` is an error.
    __array_ufunc__ = None

    grad = None
    _edges = ()  # (operand, pullback) pairs; () for a leaf, None once freed
    _computed = _keeps_grad = False

    def __init__(self, data, requires_grad=False, dtype=None):
        if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be np.float32 or np.float64, not {dtype!r}")
        self.data = np.array(as_float_array(data, dtype))
        self.requires_grad = requires_grad

    @classmethod
    def _from(cls, data, *edges):
        """The result of an operation: its value and a pullback for each operand."""
        result = cls.__new__(cls)
        result.data = np.asarray(data)
        result._computed = True
        result._edges = tuple([e for e in edges if e[0].requires_grad]) if _recording.get() else ()
        result.requires_grad = result._edges != ()
        return result

    @classmethod
    def _constant(cls, data, dtype=None):
        """`data` as a Tensor without a gradient, not copied; a Tensor is returned as it is."""
        return data if isinstance(data, Tensor) else cls._from(as_float_array(data, dtype))

    # ---------------------------------------------------------------- the array

    shape = property(lambda self: self.data.shape)
    dtype = property(lambda self: self.data.dtype)
    ndim = property(lambda self: self.data.ndim)
    size = property(lambda self: self.data.size)
    is_leaf = property(lambda self: self._edges == ())

    def item(self):
        """The single number in this tensor, as a Python float; ValueError if there are more."""
        return self.data.item()

    __float__ = item
    __bool__ = lambda self: bool(self.item())
    __len__ = lambda self: len(self.data)

    def __repr__(self):
        flag = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({np.array2string(self.data, separator=', ')}, dtype={self.dtype}{flag})"

    def __getstate__(self):  # a copied or pickled result leaves its graph behind, as if freed
        return vars(self) | {"_edges": self._edges and None}

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise TypeError("an array would lose this Tensor's gradient; take its .data for that")
        return np.array(self.data, dtype=dtype, copy=copy)

    # ---------------------------------------------------------------- differentiation

    def backward(self):
        """Add dL/dw to `w.grad` for every leaf w that this loss L was computed from.

        Frees the graph on the way. Raises ValueError unless L is a single number that depends on a
        tensor with requires_grad, and RuntimeError if a part of the graph is freed already.
        """
        if self.size != 1:
            raise ValueError(f"backward() from shape {self.shape}: call .sum() or .mean() first")
        if not self.requires_grad:
            raise ValueError("backward() needs a Tensor with requires_grad=True, and no no_grad()")
        gradients, users, ready = {self: np.ones_like(self.data)}, self._users(), [self]
        while ready:
            node = ready.pop()
            g = gradients.pop(node)
            if not node._edges or node._keeps_grad:
                node.grad = g if node.grad is None else np.asarray(node.grad + g)
            for x, pullback in node._edges:
                grad = unbroadcast(pullback(g), x.data.shape).astype(x.data.dtype, copy=False)
                if x in gradients:
                    grad = np.asarray(gradients[x] + grad)
                elif (x.is_leaf or x._keeps_grad) and (grad is g or not grad.flags.owndata):
                    grad = grad.copy()  # others hold this array, too
                gradients[x] = grad
                users[x] -= 1
                if not users[x]:  # everything has arrived
                    ready.append(x)
            node._edges = None if node._edges else ()

    def _users(self):
        """How many operands of the graph each of its tensors is."""
        users, found = {}, [self]
        for node in found:
            if node._edges is None:
                raise RuntimeError("backward() came before: the graph is freed, compute it again")
            for x, _ in node._edges:
                users[x] = users.get(x, 0) + 1
                found += [x] * (users[x] == 1)
        return users

    def retain_grad(self):
        """Ask `backward()` to keep the gradient of this intermediate result."""
        self._keeps_grad = True

    def zero_grad(self):
        """Forget the gradient: `grad` is None again."""
        self.grad = None

    # ---------------------------------------------------------------- arithmetic

    @binary
    def __add__(a, b):
        return Tensor._from(a.data + b.data, (a, lambda g: g), (b, lambda g: g))

    @binary
    def __sub__(a, b):
        return Tensor._from(a.data - b.data, (a, lambda g: g), (b, lambda g: -g))

    @binary
    def __mul__(a, b):
        return Tensor._from(a.data * b.data, (a, lambda g: g * b.data), (b, lambda g: g * a.data))

    @binary
    def __truediv__(a, b):
        y = a.data / b.data
        return Tensor._from(y, (a, lambda g: g / b.data), (b, lambda g: -g * y / b.data))

    @binary
    def __pow__(x, p):
        y = x.data**p.data
        grad_x = lambda g: g * p.data * x.data ** np.where(p.data == 0, 1, p.data - 1)  # x^0 = 1
        grad_p = lambda g: g * y * np.log(np.where(x.data == 0, 1, x.data))  # 0^p is constant
        return Tensor._from(y, (x, grad_x), (p, grad_p))

    @binary
    def __matmul__(a, b):
        if b.ndim == 1:  # a vector on the right is a column, a vector on the left is a row
            return (a @ b.reshape(-1, 1))[..., 0]
        if a.ndim == 1:
            return (a.reshape(1, -1) @ b)[..., 0, :]
        a_T, b_T = a.data.swapaxes(-1, -2), b.data.swapaxes(-1, -2)
        return Tensor._from(a.data @ b.data, (a, lambda g: g @ b_T), (b, lambda g: a_T @ g))

    __radd__, __rsub__, __rmul__ = reflected(__add__), reflected(__sub__), reflected(__mul__)
    __rtruediv__, __rpow__, __rmatmul__ = map(reflected, (__truediv__, __pow__, __matmul__))

    def __neg__(x):
        return Tensor._from(-x.data, (x, lambda g: -g))

    # ---------------------------------------------------------------- functions of each entry

    def exp(x):
        """e^x."""
        y = np.exp(x.data)
        return Tensor._from(y, (x, lambda g: g * y))

    def log(x):
        """The natural logarithm."""
        return Tensor._from(np.log(x.data), (x, lambda g: g / x.data))

    def tanh(x):
        """The hyperbolic tangent."""
        y = np.tanh(x.data)
        return Tensor._from(y, (x, lambda g: g * (1 - y * y)))

    def relu(x):
        """max(x, 0); the derivative at 0 is 0."""
        y = x.data.clip(0, np.inf)  # twice as fast as np.maximum(x.data, 0)
        return Tensor._from(y, (x, lambda g: g * (y > 0)))

    # ---------------------------------------------------------------- reductions and shapes

    def sum(x, axis=None, keepdims=False):
        """The sum over all axes, one axis or a tuple of axes."""
        kept = x.data.sum(axis, keepdims=True).shape
        pullback = lambda g: np.broadcast_to(g.reshape(kept), x.shape)
        return Tensor._from(x.data.sum(axis, keepdims=keepdims), (x, pullback))

    def mean(x, axis=None, keepdims=False):
        """The mean over all axes, one axis or a tuple of axes."""
        total = x.sum(axis, keepdims)
        return total / (x.size // max(total.size, 1))

    def max(x, axis=None, keepdims=False):
        """The largest entry; of equal ones the first in row-major order gets the gradient."""
        y = x.data.max(axis, keepdims=True)
        order = np.argsort(np.equal(y.shape, 1), kind="stable").tolist()  # the reduced axes last
        groups = x.transpose(order).reshape(y.size, -1 if y.size else 1)
        first = groups[np.arange(y.size), groups.data.argmax(axis=1)]
        return first.reshape(x.data.max(axis, keepdims=keepdims).shape)

    def reshape(x, *shape):
        """The same entries in row-major order, in another shape; one size may be -1."""
        as_in_x = lambda g: np.positive(g, out=np.empty_like(x.data))  # in the same memory order
        return Tensor._from(x.data.reshape(*shape), (x, lambda g: as_in_x(g.reshape(x.shape))))

    def transpose(x, *axes):
        """Reorder the axes, as `ndarray.transpose` does; without arguments reverse them."""
        order = np.arange(x.ndim)[::-1] if axes in ((), (None,)) else np.ravel(axes) % x.ndim
        return Tensor._from(x.data.transpose(*axes), (x, lambda g: g.transpose(np.argsort(order))))

    T = property(transpose)

    def __getitem__(x, index):
        def pullback(g):
            grad = np.zeros_like(x.data)
            np.add.at(grad, index, g)  # an entry taken twice gets both gradients
            return grad

        return Tensor._from(x.data[index], (x, pullback))
