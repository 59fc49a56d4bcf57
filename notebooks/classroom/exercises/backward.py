"""The gradients of a whole graph, from the root to the leaves."""

from dataclasses import dataclass, field

import numpy as np

from classroom.judging.function import Function, WrongAnswer


@dataclass(eq=False)  # each is itself: they can be put into sets
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


def _breadth_first(root):
    root.grad = np.ones_like(root.value)
    queue, seen = [root], {id(root)}
    for node in queue:
        for child, pullback in node.inputs:
            _sum(child, pullback(node.grad))
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)


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


def _every_node(answer):
    leaf = Node(np.array([2.0, -1.0]))
    product = _times(leaf, leaf)
    root = _plus(product, leaf)
    answer(root)
    nodes = (root, product, leaf)
    return tuple(np.array(0.0) if node.grad is None else node.grad for node in nodes)


def _leaves_only(root):
    backward(root)
    for node in _ordered(root):
        node.grad = None if node.inputs else node.grad


def _long_way(x, y):
    a = _times(x, y)
    b = _times(a, y)
    return _plus(_plus(b, a), _times(a, b))


def _short_way(x, y):
    a = _times(x, y)
    return _plus(a, _times(_times(a, y), x))


CHAIN_RULE = "grad of a node = sum over all its uses of pullback(grad of the use)"
EXERCISE = Function(
    __name__,
    backward,
    {
        "a product": _graph(_times),
        "a value used twice, x * x": _graph(lambda x, y: _plus(_times(x, x), y)),
        "a value used by two others": _graph(lambda x, y: _times(_plus(x, y), x)),
        "ways of different lengths": _graph(_long_way),
        "ways of different lengths, the short one first": _graph(_short_way),
        "sums of sums": _graph(lambda x, y: _plus(_times(x, y), _plus(x, y))),
        "every node of x * x + x: root, product, x": _every_node,
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
            "breadth-first",
            _breadth_first,
            "The nodes are taken in the order of their distance from the root: one that is also "
            "reached by a longer way hands its gradient on before that way has come in.",
            "first every use of a node, then the node",
        ),
        WrongAnswer(
            "root-not-set",
            lambda root: [pullback(None) for _, pullback in root.inputs],
            "The root's gradient is not set: it is None, and the pullbacks cannot use it. "
            "d root / d root = 1.",
            "grad of the root = 1",
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
            "leaves-only",
            _leaves_only,
            "Only the leaves keep their gradient: every node has to have one.",
            "grad of every node",
        ),
        WrongAnswer(
            "starts-at-zero",
            _backward(add=_sum, start=np.zeros_like),
            "The root's gradient starts as 0: d root / d root = 1.",
            "grad of the root = 1",
        ),
    ),
)
