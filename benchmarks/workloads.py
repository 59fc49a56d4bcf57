"""The work that is timed, done by each candidate in a process of its own.

    python benchmarks/workloads.py CANDIDATE

reads one request a line (JSON) and answers each with a line:

    {"work": {...}, "rule": "SGD"}  builds the network and trains it for some steps: {"losses": ...}
    {"steps": 100}                  goes on training: {"seconds": ..., "processor": ...}

or says {"missing": why}. All candidates start from the same weights and see the same batches in the
same order, which they gather themselves from the digits; that is part of the time. A work is

    {"kind": "mlp", "sizes": [784, 256, 100, 10], "batch": 100}    and, maybe, "gain"
    {"kind": "cnn", "batch": 64}      conv 8, pool, conv 16, pool, linear
    {"kind": "chain", "length": 1000} additions of single numbers, one after the other

How many threads are used stands in the environment, see `start`.
"""

import json
import os
import subprocess
import sys
import time
from itertools import count, islice, pairwise

import numpy as np

CHECKED = 10  # steps whose losses are compared
RATES = {"SGD": 0.1, "AdaGrad": 0.01, "Adam": 0.001}
BETAS, EPS = (0.9, 0.99), 1e-8


# ---------------------------------------------------------------- what is the same for all


def digits(work):
    """Images and labels, a whole number of batches; few batches are enough for a large one."""
    from classroom.training import mnist

    n = max(10_000 // work["batch"], 2) * work["batch"]
    x, y = mnist.load(n_train=n)[:2]
    return (x.reshape(-1, 1, 28, 28) if work["kind"] == "cnn" else x), y


def shapes(work):
    """The shapes of the weights: (n_in, n_out) of a linear layer, (o, c, k, k) of a convolution."""
    if work["kind"] == "cnn":
        return [(8, 1, 3, 3), (16, 8, 3, 3), (400, 10)]
    return list(pairwise(work["sizes"]))


def weights(work):
    """[(weight, bias), ...], U(-1/sqrt(n_in), 1/sqrt(n_in)) times the work's gain, float32."""
    rng, found, gain = np.random.default_rng(0), [], work.get("gain", 1)
    for shape in shapes(work):
        n_in, n_out = (np.prod(shape[1:]), shape[0]) if len(shape) == 4 else shape
        most = gain / np.sqrt(n_in)
        w, b = rng.uniform(-most, most, shape), rng.uniform(-most, most, n_out)
        found.append((w.astype(np.float32), b.astype(np.float32)))
    return found


def arrays(work):
    return [array for pair in weights(work) for array in pair]


def orders(n):
    """The digits' numbers in a new order for each epoch, as `mnist.minibatches` takes them."""
    rng = np.random.default_rng(1)
    while True:
        yield rng.permutation(n)


def layers(work, linear, conv, relu, pool, flatten):
    """The network of a work, out of one library's layers."""
    if work["kind"] == "cnn":
        first, second = ([conv(o, c, k), relu(), pool(2)] for o, c, k, _ in shapes(work)[:2])
        return [*first, *second, flatten(), linear(*shapes(work)[2])]
    found = [part for shape in shapes(work) for part in (linear(*shape), relu())]
    return found[:-1]


# ---------------------------------------------------------------- the candidates: each a step()


def mytorch(work, rule):
    from classroom.training import mnist
    from mytorch_core import Tensor, nn, optim

    if work["kind"] == "chain":
        w = Tensor(np.ones(1), requires_grad=True)
        return chain(w, work["length"])
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        *layers(
            work,
            lambda n_in, n_out: nn.Linear(n_in, n_out, rng=rng),
            lambda o, c, k: nn.Conv2d(c, o, k, rng=rng),
            nn.ReLU,
            nn.MaxPool2d,
            nn.Flatten,
        )
    )
    for p, array in zip(model.parameters(), arrays(work), strict=True):
        p.data = array
    settings = {"beta1": BETAS[0], "beta2": BETAS[1]} if rule == "Adam" else {}
    optimizer = getattr(optim, rule)(model, lr=RATES[rule], **settings)
    x, y = digits(work)
    order = np.random.default_rng(1)
    batches = (pair for _ in count() for pair in mnist.minibatches(x, y, work["batch"], order))
    return training(lambda x, y: nn.cross_entropy(model(x), y), batches, optimizer)


def training(loss_of, batches, optimizer):
    """A step on the next batch, in the words that the core and PyTorch share."""

    def step():
        loss = loss_of(*next(batches))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def chain(w, length):
    """A step is a graph of `length` nodes, forward and backward."""

    def step():
        x = w
        for _ in range(length):
            x = x + 1.0
        w.grad = None
        x.sum().backward()
        return x.item()

    return step


def eager(work, rule, *, loader=False, compiled=False, **settings):
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    if work["kind"] == "chain":
        return chain(torch.ones(1, requires_grad=True), work["length"])
    t = torch.nn
    convolution = lambda o, c, k: t.Conv2d(c, o, k)
    model = t.Sequential(*layers(work, t.Linear, convolution, t.ReLU, t.MaxPool2d, t.Flatten))
    with torch.no_grad():
        for p, array in zip(model.parameters(), arrays(work), strict=True):
            p.copy_(torch.tensor(array.T if array.ndim == 2 else array))
    if rule == "Adam":
        settings |= {"betas": BETAS}
    if rule != "SGD":
        settings |= {"eps": EPS}
    theirs = {"SGD": torch.optim.SGD, "AdaGrad": torch.optim.Adagrad, "Adam": torch.optim.Adam}
    optimizer = theirs[rule](model.parameters(), lr=RATES[rule], **settings)
    x, y = map(torch.tensor, digits(work))
    size, data = work["batch"], torch.utils.data

    def batches():
        for order in orders(len(x)):
            if loader:
                yield from data.DataLoader(
                    data.TensorDataset(x, y), batch_size=size, sampler=order.tolist()
                )
            else:
                parts = torch.from_numpy(order).split(size)
                yield from ((x[part], y[part]) for part in parts)

    loss_of = lambda x, y: F.cross_entropy(model(x), y)
    return training(torch.compile(loss_of) if compiled else loss_of, batches(), optimizer)


def jitted(work, rule):
    cores = sorted(os.sched_getaffinity(0))[: int(os.environ["OMP_NUM_THREADS"])]
    os.sched_setaffinity(0, cores)  # jax has no setting for its number of threads
    import jax
    from jax import lax
    from jax import numpy as jnp

    if work["kind"] == "chain":
        raise NotImplementedError("a jitted function has no nodes at run time")

    def forward(parameters, h):
        *hidden, (last, last_bias) = parameters
        for w, b in hidden:
            if w.ndim == 4:
                h = lax.conv(h, w, (1, 1), "VALID") + b[:, None, None]
                h = lax.reduce_window(
                    jnp.maximum(h, 0), -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"
                )
            else:
                h = jnp.maximum(h @ w + b, 0)
        return h.reshape(len(h), -1) @ last + last_bias

    def loss_of(parameters, x, y):
        logits = forward(parameters, x)
        return (jax.nn.logsumexp(logits, axis=1) - logits[jnp.arange(len(y)), y]).mean()

    def updated(w, g, m, v, t):
        lr = RATES[rule]
        if rule == "SGD":
            return w - lr * g, m, v
        if rule == "AdaGrad":
            v = v + g * g
            return w - lr * g / (jnp.sqrt(v) + EPS), m, v
        m = BETAS[0] * m + (1 - BETAS[0]) * g
        v = BETAS[1] * v + (1 - BETAS[1]) * g * g
        root = jnp.sqrt(v / (1 - BETAS[1] ** t))
        return w - lr * (m / (1 - BETAS[0] ** t)) / (root + EPS), m, v

    def train(leaves, t, all_x, all_y, batch):
        parameters = list(zip(leaves[0][::2], leaves[0][1::2], strict=True))
        loss, grads = jax.value_and_grad(loss_of)(parameters, all_x[batch], all_y[batch])
        flat = [g for pair in grads for g in pair]
        new = [updated(*each, t + 1) for each in zip(leaves[0], flat, *leaves[1:], strict=True)]
        return [list(part) for part in zip(*new, strict=True)], t + 1, loss

    train = jax.jit(train, donate_argnums=(0, 1))
    x, y = map(jnp.asarray, digits(work))
    flat = list(map(jnp.asarray, arrays(work)))
    remembered = lambda: [jnp.zeros(() if rule == "SGD" else array.shape) for array in flat]
    state = {"leaves": [flat, remembered(), remembered()], "t": jnp.zeros(())}
    size = work["batch"]
    parts = (order[i : i + size] for order in orders(len(x)) for i in range(0, len(order), size))

    def step():
        state["leaves"], state["t"], loss = train(state["leaves"], state["t"], x, y, next(parts))
        return float(loss)

    return step


def floor(work, rule):
    """The matrix products alone, in NumPy; a convolution as one product for each output row."""
    if work["kind"] == "chain":
        raise NotImplementedError("a chain has no matrix products")
    rng, n, products = np.random.default_rng(0), work["batch"], []
    draw = lambda *shape: rng.random(shape, dtype=np.float32)
    if work["kind"] == "cnn":
        for rows, lines, c_out, columns in ((26, 9, 8, 26 * n), (11, 72, 16, 11 * n)):
            w, x, g = draw(c_out, lines), draw(rows, lines, columns), draw(rows, c_out, columns)
            products += [(w, x), (g, x.swapaxes(1, 2))]
        products.append((w.T, g))  # the first layer's input needs no gradient
    linear = [shape for shape in shapes(work) if len(shape) == 2]
    for i, (n_in, n_out) in enumerate(linear):
        w, x, g = draw(n_in, n_out), draw(n, n_in), draw(n, n_out)
        products += [(x, w), (x.T, g)]
        if i or work["kind"] == "cnn":
            products.append((g, w.T))

    def step():
        for a, b in products:
            a @ b

    return step


CANDIDATES = {
    "mytorch": mytorch,
    "torch": eager,
    "torch DataLoader": lambda *work: eager(*work, loader=True),
    "torch fused": lambda *work: eager(*work, fused=True),
    "torch.compile": lambda *work: eager(*work, compiled=True),
    "jax.jit": jitted,
    "floor": floor,
}


# ---------------------------------------------------------------- the process, and talking to it


def serve(candidate):
    """Answer one request after the other."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        if "work" in request:
            try:
                step = CANDIDATES[candidate](request["work"], request["rule"])
                answer = {"losses": [step() for _ in range(request.get("checked", CHECKED))]}
            except Exception as error:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                answer = {"missing": reason}
        else:
            started, processor = time.perf_counter(), time.process_time()
            for _ in islice(count(), request["steps"]):
                step()
            answer = {"seconds": time.perf_counter() - started}
            answer["processor"] = time.process_time() - processor
        print(json.dumps(answer), file=answers, flush=True)


class Process:
    """One candidate in a process of its own, with so many threads."""

    def __init__(self, candidate, threads):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        self.process = subprocess.Popen(
            [sys.executable, __file__, candidate],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {name: str(threads) for name in names},
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "its process has ended"}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == "__main__":
    serve(sys.argv[1])
