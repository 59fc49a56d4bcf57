# ruff: noqa: E501 - an answer on a line
"""What goes wrong in many ways, and what has to be said of it: pairs of answers and verdicts.

Each is (exercise, slug, lines that are to blame, source). A slug names the mistake; "mended" stands for one that only the reader's own lines tell. Lines are
counted from 1 in the source; () where no line is alone to blame.
"""

HEADS = {
    "sgd": ("", "lr=0.1", "lr=lr"),
    "momentum": ("m", "lr=0.1, beta=0.9", "lr=lr, beta=beta"),
    "adagrad": ("h", "lr=0.01, eps=1e-8", "lr=lr, eps=eps"),
    "rmsprop": ("v", "lr=0.01, beta=0.9, eps=1e-8", "lr=lr, beta=beta, eps=eps"),
    "adam": (
        "mv",
        "lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8",
        "lr=lr, beta1=beta1, beta2=beta2, eps=eps",
    ),
}


def head(rule, made="", state=None):
    """The lines of a class up to `update`: five, and those that `__init__` has besides."""
    names, keywords, passed = HEADS[rule]
    names = names if state is None else state
    lines = [
        "class Answer(Optimizer):",
        f"    state = ({''.join(f'{n!r}, ' for n in names)})",
        f"    def __init__(self, parameters, {keywords}):",
        f"        super().__init__(parameters, {passed})",
        *(f"        {line}" for line in made.splitlines()),
    ]
    return "\n".join(lines) + "\n"


def update(rule, body, made="", state=None):
    """A rule whose `update` has these lines; they begin at line 6, if `__init__` has no others."""
    names = HEADS[rule][0] if state is None else state
    lines = "".join(f"        {line}\n" for line in body.strip("\n").splitlines())
    arguments = "".join(f", {n}" for n in names)
    return f"{head(rule, made, state)}    def update(self, w, g{arguments}):\n{lines}"


def step(rule, body, made=""):
    """A rule with a `step` of its own."""
    lines = "".join(f"        {line}\n" for line in body.strip("\n").splitlines())
    return f"{head(rule, made, '')}    def step(self):\n{lines}"


M, V = (
    "m[...] = self.beta1 * m + (1 - self.beta1) * g",
    "v[...] = self.beta2 * v + (1 - self.beta2) * g * g",
)
MH, VH = "m_hat = m / (1 - self.beta1 ** self.t)", "v_hat = v / (1 - self.beta2 ** self.t)"
STEP = "w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)"


def adam(m=M, v=V, mh=MH, vh=VH, step=STEP):
    """Adam with some of its lines otherwise."""
    return update("adam", "\n".join(x for x in (m, v, mh, vh, step) if x))


ROOT = "w -= self.lr * g / (np.sqrt({}) + self.eps)"
ANSWERS = [
    # ------------------------------------------------------------ state of the reader's own
    ("momentum", "one-memory-for-all", (7,), update("momentum", "self.m = self.beta * self.m + (1 - self.beta) * g\nw -= self.lr * self.m", "self.m = 0", "")),
    ("momentum", "one-memory-for-all", (7,), update("momentum", "self.velocity = self.beta * self.velocity + (1 - self.beta) * g\nw -= self.lr * self.velocity", "self.velocity = np.zeros(2)", "")),
    ("adagrad", "one-memory-for-all", (7,), update("adagrad", "self.cache = self.cache + g ** 2\n" + ROOT.format("self.cache"), "self.cache = 0.0", "")),
    ("rmsprop", "one-memory-for-all", (7,), update("rmsprop", "self.s = self.beta * self.s + (1 - self.beta) * g ** 2\n" + ROOT.format("self.s"), "self.s = 0", "")),
    ("adam", "one-memory-for-all", (), update("adam", "self.m_ = self.beta1 * self.m_ + (1 - self.beta1) * g\nself.v_ = self.beta2 * self.v_ + (1 - self.beta2) * g * g\nmh = self.m_ / (1 - self.beta1 ** self.t)\nvh = self.v_ / (1 - self.beta2 ** self.t)\nw -= self.lr * mh / (np.sqrt(vh) + self.eps)", "self.m_ = 0\nself.v_ = 0", "")),
    ("adagrad", "list-for-array", (6,), update("adagrad", "self.h += g * g\n" + ROOT.format("self.h"))),
    ("rmsprop", "list-for-array", (6,), update("rmsprop", "self.v = self.beta * self.v + (1 - self.beta) * g * g\n" + ROOT.format("self.v"))),
    ("momentum", "list-for-array", (6,), update("momentum", "self.m = self.beta * self.m + (1 - self.beta) * g\nw -= self.lr * self.m")),
    ("momentum", "state-of-the-class", (), "class Answer(Optimizer):\n    memory = {}\n    def __init__(self, parameters, lr=0.1, beta=0.9):\n        super().__init__(parameters, lr=lr, beta=beta)\n    def step(self):\n        for i, p in enumerate(self.parameters):\n            if p.grad is None:\n                continue\n            m = self.memory.get(i, np.zeros_like(p.data))\n            m = self.beta * m + (1 - self.beta) * p.grad\n            self.memory[i] = m\n            p.data -= self.lr * m\n"),
    ("adagrad", "state-of-the-class", (), "class Answer(Optimizer):\n    h = {}\n    def __init__(self, parameters, lr=0.01, eps=1e-8):\n        super().__init__(parameters, lr=lr, eps=eps)\n    def step(self):\n        for k, p in enumerate(self.parameters):\n            if p.grad is not None:\n                if k not in self.h:\n                    self.h[k] = np.zeros_like(p.data)\n                self.h[k] += p.grad ** 2\n                p.data -= self.lr * p.grad / (np.sqrt(self.h[k]) + self.eps)\n"),
    ("adam", "t-per-parameter", (6,), update("adam", f"self.count += 1\n{M}\n{V}\nmh = m / (1 - self.beta1 ** self.count)\nvh = v / (1 - self.beta2 ** self.count)\nw -= self.lr * mh / (np.sqrt(vh) + self.eps)", "self.count = 0")),
    ("adam", "t-raised-again", (6,), update("adam", f"self.t += 1\n{M}\n{V}\n{MH}\n{VH}\n{STEP}")),
    # ------------------------------------------------------------ hats, betas, the other rule's line
    ("adam", "hats-written-back", (), adam(mh="m /= 1 - self.beta1 ** self.t", vh="v /= 1 - self.beta2 ** self.t", step="w -= self.lr * m / (np.sqrt(v) + self.eps)")),
    ("adam", "array-changed", (8,), adam(mh="m /= 1 - self.beta1 ** self.t", step="w -= self.lr * m / (np.sqrt(v_hat) + self.eps)")),
    ("adam", "array-changed", (9,), adam(vh="v[...] = v / (1 - self.beta2 ** self.t)", step="w -= self.lr * m_hat / (np.sqrt(v) + self.eps)")),
    ("adam", "betas-swapped-in-the-hats", (), adam(mh="m_hat = m / (1 - self.beta2 ** self.t)", vh="v_hat = v / (1 - self.beta1 ** self.t)")),
    ("adam", "betas-swapped-in-the-memories", (), adam(m="m += (1 - self.beta2) * (g - m)", v="v += (1 - self.beta1) * (g * g - v)")),
    ("adam", "nadam", (), adam(step="w -= self.lr * (self.beta1 * m_hat + (1 - self.beta1) * g / (1 - self.beta1 ** self.t)) / (np.sqrt(v_hat) + self.eps)")),
    ("adam", "amsgrad-corrected", (), update("adam", f"{M}\n{V}\nself.top[id(w)] = np.maximum(self.top.get(id(w), 0), v)\n{MH}\nv_hat = self.top[id(w)] / (1 - self.beta2 ** self.t)\n{STEP}", "self.top = {}")),
    ("adam", "weight-decay", (10,), adam(step="w -= self.lr * (m_hat / (np.sqrt(v_hat) + self.eps) + 0.01 * w)")),
    ("adam", "weight-decay", (6,), update("adam", f"g = g + 0.01 * w\n{M}\n{V}\n{MH}\n{VH}\n{STEP}")),
    ("sgd", "weight-decay", (6,), update("sgd", "w -= self.lr * (g + 1e-4 * w)")),
    ("momentum", "nesterov", (7,), update("momentum", "m += (1 - self.beta) * (g - m)\nw -= self.lr * (g + self.beta * (m - g))")),
    ("momentum", "corrected-like-adam", (7,), update("momentum", "m += (1 - self.beta) * (g - m)\nw -= self.lr * m / (1 - self.beta ** self.t)")),
    ("rmsprop", "corrected-like-adam", (7,), update("rmsprop", "v += (1 - self.beta) * (g * g - v)\nw -= self.lr * g / (np.sqrt(v / (1 - self.beta ** self.t)) + self.eps)")),
    ("rmsprop", "corrected-like-adam", (7,), update("rmsprop", "v[...] = self.beta * v + (1 - self.beta) * g ** 2\nvhat = v / (1 - self.beta ** self.t)\nw -= self.lr * g / (vhat ** 0.5 + self.eps)")),
    # ------------------------------------------------------------ what nobody asked for
    ("sgd", "clipped", (6,), update("sgd", "w -= self.lr * np.clip(g, -1, 1)")),
    ("sgd", "clipped", (6,), update("sgd", "g = np.clip(g, -5, 5)\nw -= self.lr * g")),
    ("momentum", "clipped", (6,), update("momentum", "g = np.clip(g, -1.0, 1.0)\nm += (1 - self.beta) * (g - m)\nw -= self.lr * m")),
    ("sgd", "mended", (7,), update("sgd", "n = np.linalg.norm(g)\nif n > 1:\n    g = g / n\nw -= self.lr * g")),
    ("sgd", "norm-for-entries", (6,), update("sgd", "w -= self.lr * g / np.linalg.norm(g)")),
    ("sgd", "norm-for-entries", (6,), update("sgd", "w -= self.lr * g / (np.sqrt((g * g).sum()) + 1e-8)")),
    ("momentum", "norm-for-entries", (), update("momentum", "g = g / (np.linalg.norm(g) + 1e-12)\nm += (1 - self.beta) * (g - m)\nw -= self.lr * m")),
    ("sgd", "lr-changed", (7,), update("sgd", "w -= self.lr * g\nself.lr = self.lr / 2")),
    ("sgd", "rate-over-t", (6,), update("sgd", "w -= self.lr / self.t * g")),
    ("sgd", "rate-over-t", (6,), update("sgd", "w -= self.lr / np.sqrt(self.t) * g")),
    ("sgd", "norm-for-entries", (6,), update("sgd", "w -= self.lr * g.mean()")),
    ("sgd", "mended", (6,), update("sgd", "w -= self.lr * g / len(g)")),
    ("sgd", "mended", (6,), update("sgd", "w -= self.lr * g / g.size")),
    # ------------------------------------------------------------ Python
    ("adagrad", "caret-for-power", (6,), update("adagrad", "h += g ^ 2\n" + ROOT.format("h"))),
    ("rmsprop", "caret-for-power", (6,), update("rmsprop", "v[...] = self.beta * v + (1 - self.beta) * g^2\n" + ROOT.format("v"))),
    ("adam", "caret-for-power", (8,), adam(mh="m_hat = m / (1 - self.beta1 ^ self.t)", vh="v_hat = v / (1 - self.beta2 ^ self.t)")),
    ("adagrad", "math-for-numpy", (7,), update("adagrad", "h += g * g\nw -= self.lr * g / (math.sqrt(h) + self.eps)")),
    ("rmsprop", "math-for-numpy", (7,), update("rmsprop", "v += (1 - self.beta) * (g * g - v)\nw -= self.lr * g / (math.sqrt(v) + self.eps)")),
    ("adagrad", "half-power", (7,), update("adagrad", "h += g * g\nw -= self.lr * g / (h ** 1 / 2 + self.eps)")),
    ("rmsprop", "half-power", (7,), update("rmsprop", "v += (1 - self.beta) * (g * g - v)\nw -= self.lr * g / (v ** 1/2 + self.eps)")),
    ("adagrad", "sum-of-squares", (6,), update("adagrad", "h += np.dot(g.ravel(), g.ravel())\n" + ROOT.format("h"))),
    ("adagrad", "sum-of-squares", (6,), update("adagrad", "h += np.linalg.norm(g) ** 2\n" + ROOT.format("h"))),
    ("adagrad", "norm-for-entries", (7,), update("adagrad", "h += g * g\nw -= self.lr * g / (np.linalg.norm(h) + self.eps)")),
    ("sgd", "mended", (6,), update("sgd", "for i in range(len(w) - 1):\n    w[i] -= self.lr * g[i]")),
    ("sgd", "mended", (6,), update("sgd", "w[0] -= self.lr * g[0]")),
    ("sgd", "mended", (6,), update("sgd", "w.data -= self.lr * g.data")),
    ("sgd", "no-such-method", (), update("sgd", "w.data = w.data - self.lr * w.grad")),
    ("sgd", "lr-changed", (7,), update("sgd", "w -= self.lr * g\nself.lr *= 0.99")),
    # ------------------------------------------------------------ lines that no name is needed for
    ("momentum", "mended", (6,), update("momentum", "m[...] = self.beta * m + (1 - self.beta) * g ** 3\nw -= self.lr * m")),
    ("adagrad", "mended", (6,), update("adagrad", "h += g * g * self.lr\n" + ROOT.format("h"))),
    ("adagrad", "mended", (7,), update("adagrad", "h += g * g\nw -= self.lr * g / (np.sqrt(h) + self.eps) * 2 - 0.01")),
    ("rmsprop", "mended", (6,), update("rmsprop", "v += (1 - self.beta) * (g * g - v * self.lr)\n" + ROOT.format("v"))),
    ("adam", "mended", (7,), adam(v="v[...] = self.beta2 * v + (1 - self.beta2) * np.abs(g) ** 1.5")),
    ("adam", "mended", (8,), adam(mh="m_hat = m / (1 - self.beta1 ** (self.t + 2))")),
    ("adam", "mended", (7, 10), adam(v="v[...] = self.beta2 * v + (1 - self.beta2) * g ** 3", step=STEP + " + 0.1 * w")),
    ("adam", "mended", (6, 8), adam(m="m[...] = self.beta1 * m + g / 2", mh="m_hat = m / (1 + self.beta1 ** self.t)")),
]  # fmt: skip


def function(exercise, slug, lines, source):
    """Notes an answer that is a function."""
    ANSWERS.append((exercise, slug, lines, source.strip("\n") + "\n"))


LOOP = "def Answer(model, optimizer, x, y, batch_size, rng):\n"
BATCH = """
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""
BEGUN = """
    losses, order = [], rng.permutation(len(x))
    for a in range(0, len(x), batch_size):
        rows = order[a : a + batch_size]"""


def loop(slug, lines, body):
    """Notes a loop."""
    function("loop", slug, lines, LOOP + body.strip("\n"))


loop(
    "new-optimizer-in-each-round",
    (),
    BEGUN.replace("\n        rows", "\n        optimizer = optim.SGD(model, lr=0.1)\n        rows")
    + BATCH,
)
loop(
    "zero-grad-once",
    (),
    BEGUN.replace("    losses", "    optimizer.zero_grad()\n    losses")
    + BATCH.replace("        optimizer.zero_grad()\n", ""),
)
loop(
    "order-never-changes",
    (),
    BEGUN.replace("rng.permutation", "np.random.default_rng(0).permutation") + BATCH,
)
loop(
    "order-never-changes",
    (),
    BEGUN.replace("    losses", "    rng = np.random.default_rng(42)\n    losses") + BATCH,
)
loop("rng-ignored", (), BEGUN.replace("rng.permutation", "np.random.permutation") + BATCH)
loop(
    "arguments-changed",
    (),
    """
    order = rng.permutation(len(x))
    x[:], y[:] = x[order], y[order]
    losses = []
    for a in range(0, len(x), batch_size):
        rows = slice(a, a + batch_size)"""
    + BATCH,
)
loop(
    "step-first",
    (),
    BEGUN
    + """
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses
""",
)
loop(
    "",
    (),
    BEGUN
    + """
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        optimizer.step() if a else None
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses
""",
)
loop("losses-rounded", (), BEGUN + BATCH.replace("loss.item()", "round(loss.item(), 2)"))
loop("first-batch-only", (), BEGUN + BATCH.replace("    return losses", "        return losses"))
loop("mean-for-list", (), BEGUN + BATCH.replace("return losses", "return np.mean(losses)"))
loop(
    "last-batch-lost",
    (),
    BEGUN.replace("len(x), batch_size", "len(x) - batch_size + 1, batch_size") + BATCH,
)
loop(
    "mended",
    (),
    BEGUN.replace("range(0, len(x), batch_size)", "range(0, len(x) - batch_size, batch_size)")
    + BATCH,
)
loop("losses-times-batch", (), BEGUN + BATCH.replace("loss.item()", "loss.item() * len(rows)"))

function(
    "accuracy",
    "argmax-plus-one",
    (2,),
    "def Answer(z, y):\n    return ((z.argmax(axis=1) + 1) == y).mean()",
)
function(
    "accuracy",
    "last-row-missing",
    (),
    "def Answer(z, y):\n    n = 0\n    for i in range(len(y) - 1):\n        if np.argmax(z[i]) == y[i]:\n            n += 1\n    return n / len(y)",
)
function(
    "accuracy",
    "zero-or-one",
    (),
    "def Answer(z, y):\n    return (z.argmax(axis=1) == y).sum() // len(y)",
)
function(
    "accuracy",
    "zero-or-one",
    (),
    "def Answer(z, y):\n    return float(np.array_equal(z.argmax(axis=1), y))",
)
function(
    "accuracy",
    "rounded",
    (),
    "def Answer(z, y):\n    return round((z.argmax(axis=1) == y).mean(), 1)",
)
function(
    "accuracy",
    "divided-by-all-entries",
    (),
    "def Answer(z, y):\n    return (z.argmax(axis=1) == y).sum() / z.size",
)
function(
    "accuracy",
    "count-for-share",
    (),
    "def Answer(z, y):\n    return sum(np.argmax(r) == k for r, k in zip(z, y))",
)
function(
    "accuracy",
    "arguments-exchanged",
    (1,),
    "def Answer(y, z):\n    return (z.argmax(axis=1) == y).mean()",
)
function(
    "accuracy",
    "divided-by-ten",
    (),
    "def Answer(z, y):\n    return (z.argmax(axis=1) == y).sum() / 10",
)
function(
    "accuracy",
    "return-missing",
    (2,),
    "def Answer(z, y):\n    share = (z.argmax(axis=1) == y).mean()",
)
function(
    "numerical_gradient",
    "up-and-back",
    (),
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        w[i] += h
        above = f(w)
        w[i] -= h
        below = f(w)
        grad[i] = (above - below) / (2 * h)
    return grad
""",
)
function(
    "numerical_gradient",
    "rounded",
    (),
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        grad[i] = round((f(up) - f(down)) / (2 * h), 2)
    return grad
""",
)
function(
    "numerical_gradient",
    "integer-gradient",
    (),
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros(w.shape, dtype=int)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad
""",
)
function(
    "numerical_gradient",
    "last-entry-missing",
    (),
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros(w.size)
    flat = w.ravel()
    for i in range(w.size - 1):
        old = flat[i]
        flat[i] = old + h
        above = f(w)
        flat[i] = old - h
        below = f(w)
        flat[i] = old
        grad[i] = (above - below) / (2 * h)
    return grad.reshape(w.shape)
""",
)
function(
    "numerical_gradient",
    "mended",
    (8,),
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        up = w.copy()
        up[i] += h
        down = w.copy()
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (4 * h)
    return grad
""",
)
function(
    "numerical_gradient",
    "weight-not-restored",
    (),
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        w[i] += h
        a = f(w)
        w[i] -= 2 * h
        b = f(w)
        grad[i] = (a - b) / (2 * h)
    return grad
""",
)
function(
    "decay",
    "clamped",
    (),
    "def Answer(lr, lr_decay, t):\n    return max(lr * (1 - lr_decay) ** ((t - 1) // 100), 0.01)",
)
function(
    "decay",
    "table-of-the-first",
    (),
    "def Answer(lr, lr_decay, t):\n    if t <= 100:\n        return lr\n    elif t <= 200:\n        return lr * (1 - lr_decay)\n    elif t <= 300:\n        return lr * (1 - lr_decay) ** 2\n    return lr * (1 - lr_decay) ** 3",
)
function(
    "decay",
    "mended",
    (2,),
    "def Answer(lr, lr_decay, t):\n    return lr * (1 - lr_decay) ** ((t - 1) // 10)",
)
function(
    "decay",
    "mended",
    (2,),
    "def Answer(lr, lr_decay, t):\n    for k in range(t // 1000):\n        lr *= 1 - lr_decay\n    return lr",
)
function(
    "decay",
    "rounded",
    (),
    "def Answer(lr, lr_decay, t):\n    return round(lr * (1 - lr_decay) ** ((t - 1) // 100), 3)",
)
function(
    "decay",
    "arguments-exchanged",
    (1,),
    "def Answer(t, lr, lr_decay):\n    return lr * (1 - lr_decay) ** ((t - 1) // 100)",
)
function(
    "decay",
    "return-missing",
    (),
    "def Answer(lr, lr_decay, t):\n    lr_t = lr * (1 - lr_decay) ** ((t - 1) // 100)",
)
function(
    "decay",
    "decay-exponential",
    (),
    "def Answer(lr, lr_decay, t):\n    return lr * np.exp(-lr_decay * ((t - 1) // 100))",
)
function(
    "mean_pullback",
    "divided-by-columns",
    (),
    "def Answer(g, x):\n    return np.full(x.shape, g / x.shape[1])",
)
function(
    "mean_pullback",
    "divided-by-zero",
    (2,),
    "def Answer(g, x):\n    return np.full(x.shape, g / (x.size - 1))",
)
function("mean_pullback", "mended", (2,), "def Answer(g, x):\n    return g * x.mean()")
function(
    "softmax",
    "arguments-changed",
    (),
    "def Answer(z):\n    z -= z.max(axis=1, keepdims=True)\n    e = np.exp(z)\n    return e / e.sum(axis=1, keepdims=True)",
)
function(
    "softmax",
    "not-divided",
    (),
    "def Answer(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.max(axis=1, keepdims=True)",
)
function("matmul_pullback", "mended", (2,), "def Answer(g, a, b):\n    return g @ b.T, a.T @ g * 2")
function(
    "relu_pullback", "arguments-changed", (), "def Answer(g, x):\n    g[x <= 0] = 0\n    return g"
)
