"""What readers of the chapter wrote, right and wrong: (exercise, right, source, words)."""

ANSWERS = []


def add(exercise, right, words, source):
    ANSWERS.append((exercise, right, source.strip("\n") + "\n", words))


SGD = """
class Answer(Optimizer):
    def __init__(self, parameters, lr=0.1):
        super().__init__(parameters, lr=lr)
"""
MOM = """
class Answer(Optimizer):
    state = ("m",)

    def __init__(self, parameters, lr=0.1, beta=0.9):
        super().__init__(parameters, lr=lr, beta=beta)
"""
ADA = """
class Answer(Optimizer):
    state = ("h",)

    def __init__(self, parameters, lr=0.1, eps=1e-8):
        super().__init__(parameters, lr=lr, eps=eps)
"""
RMS = """
class Answer(Optimizer):
    state = ("v",)

    def __init__(self, parameters, lr=0.01, beta=0.9, eps=1e-8):
        super().__init__(parameters, lr=lr, beta=beta, eps=eps)
"""
ADAM = """
class Answer(Optimizer):
    state = ("m", "v")

    def __init__(self, parameters, lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8):
        super().__init__(parameters, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
"""


def stateless(head):
    return "\n".join(line for line in head.splitlines() if "state = " not in line)


# ---------------------------------------------------------------- sgd
add(
    "sgd",
    True,
    "",
    SGD
    + """
    def update(self, w, g):
        np.subtract(w, self.lr * g, out=w)
""",
)
add(
    "sgd",
    True,
    "",
    SGD
    + """
    def step(self):
        self.t += 1
        for p in self.parameters:
            if p.grad is None:
                continue
            p.data = (p.data - self.lr * p.grad).astype(p.data.dtype)
""",
)
add(
    "sgd",
    True,
    "",
    SGD
    + """
    def update(self, w, g):
        for i in np.ndindex(w.shape):
            w[i] = w[i] - self.lr * g[i]
""",
)
add(
    "sgd",
    True,
    "",
    SGD
    + """
    def direction(self, g):
        return -g

    def update(self, w, g):
        w[...] = w + self.lr * self.direction(g)
""",
)
add(
    "sgd",
    False,
    "w = w - ... binds a new local array; the parameter never changes",
    SGD
    + """
    def update(self, w, g):
        w = w - self.lr * g
""",
)
add(
    "sgd",
    False,
    "goes along the gradient: uphill",
    SGD
    + """
    def update(self, w, g):
        w += self.lr * g
""",
)
add(
    "sgd",
    False,
    "scales the gradient itself in place: g is written to",
    SGD
    + """
    def update(self, w, g):
        g *= self.lr
        w -= g
""",
)
add(
    "sgd",
    False,
    "the rate is a constant 0.1, self.lr is ignored",
    SGD
    + """
    def update(self, w, g):
        w -= 0.1 * g
""",
)
add(
    "sgd",
    False,
    "returns the new array instead of changing w",
    SGD
    + """
    def update(self, w, g):
        return w - self.lr * g
""",
)
add(
    "sgd",
    False,
    "stops at the first parameter without a gradient instead of skipping it",
    SGD
    + """
    def step(self):
        self.t += 1
        for p in self.parameters:
            if p.grad is None:
                break
            p.data -= self.lr * p.grad
""",
)
add(
    "sgd",
    False,
    "uses only the sign of the gradient, not its size",
    SGD
    + """
    def update(self, w, g):
        w -= self.lr * np.sign(g)
""",
)

# ---------------------------------------------------------------- numerical_gradient
add(
    "numerical_gradient",
    True,
    "",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad
""",
)
add(
    "numerical_gradient",
    True,
    "",
    """
def Answer(f, w, h=1e-5):
    def slope(k):
        e = np.zeros(w.size)
        e[k] = h
        e = e.reshape(w.shape)
        return (f(w + e) - f(w - e)) / (2 * h)

    return np.array([slope(k) for k in range(w.size)]).reshape(w.shape)
""",
)
add(
    "numerical_gradient",
    True,
    "",
    """
def Answer(f, w, h=1e-5):
    grad = np.empty(w.shape)
    k = 0
    while k < w.size:
        old = w.flat[k]
        w.flat[k] = old + h
        f_plus = float(f(w))
        w.flat[k] = old - h
        f_minus = float(f(w))
        w.flat[k] = old
        grad.flat[k] = 0.5 * (f_plus - f_minus) / h
        k += 1
    return grad
""",
)
add(
    "numerical_gradient",
    True,
    "",
    """
def Answer(f, w, h=1e-5):
    steps = h * np.eye(w.size)
    above = np.array([f(w + e.reshape(w.shape)) for e in steps])
    below = np.array([f(w - e.reshape(w.shape)) for e in steps])
    return ((above - below) / h / 2).reshape(w.shape)
""",
)
add(
    "numerical_gradient",
    False,
    "divides by h although the points are 2h apart: twice the slope",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        old = w[i]
        w[i] = old + h
        above = f(w)
        w[i] = old - h
        below = f(w)
        w[i] = old
        grad[i] = (above - below) / h
    return grad
""",
)
add(
    "numerical_gradient",
    False,
    "does not put the entry back: w stays nudged down by h",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        w[i] += h
        above = f(w)
        w[i] -= 2 * h
        below = f(w)
        grad[i] = (above - below) / (2 * h)
    return grad
""",
)
add(
    "numerical_gradient",
    False,
    "nudges all entries at once: every entry is the sum of the slopes",
    """
def Answer(f, w, h=1e-5):
    slope = (f(w + h) - f(w - h)) / (2 * h)
    return np.full(w.shape, slope)
""",
)
add(
    "numerical_gradient",
    False,
    "backup = w is no copy, so both points are the same array and w is changed",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        up = w
        down = w
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad
""",
)
add(
    "numerical_gradient",
    False,
    "loops over the first axis only: a matrix gets one slope per row",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in range(len(w)):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad
""",
)
add(
    "numerical_gradient",
    False,
    "returns a flat array, not one of w's shape",
    """
def Answer(f, w, h=1e-5):
    slopes = []
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        slopes.append((f(up) - f(down)) / (2 * h))
    return np.array(slopes)
""",
)
add(
    "numerical_gradient",
    False,
    "one-sided: nudges up only, not down, so it is off by about h/2 times the curvature",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    here = f(w)
    for i in np.ndindex(w.shape):
        up = w.copy()
        up[i] += h
        grad[i] = (f(up) - here) / h
    return grad
""",
)
add(
    "numerical_gradient",
    False,
    "ignores the argument h: the nudge is always 1e-5",
    """
def Answer(f, w, h=1e-5):
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        grad[i] = (f(up) - f(down)) / 2e-5
    return grad
""",
)

# ---------------------------------------------------------------- loop
LOOP = """
def Answer(model, optimizer, x, y, batch_size, rng):
"""
add(
    "loop",
    True,
    "",
    LOOP
    + """
    order = np.arange(len(x))
    rng.shuffle(order)
    x, y = x[order], y[order]
    losses = []
    while len(x) > 0:
        loss = nn.cross_entropy(model(x[:batch_size]), y[:batch_size])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        x, y = x[batch_size:], y[batch_size:]
    return losses
""",
)
add(
    "loop",
    True,
    "",
    LOOP
    + """
    def one(rows):
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return float(loss.data)

    optimizer.zero_grad()
    order = rng.permutation(x.shape[0])
    return [one(order[a : a + batch_size]) for a in range(0, x.shape[0], batch_size)]
""",
)
add(
    "loop",
    True,
    "",
    LOOP
    + """
    n = len(x)
    n_batches = (n + batch_size - 1) // batch_size
    perm = rng.permutation(n)
    losses = [0.0] * n_batches
    for b in range(n_batches):
        rows = perm[b * batch_size : min(n, (b + 1) * batch_size)]
        optimizer.zero_grad()
        logits = model(x[rows])
        loss = nn.cross_entropy(logits, y[rows])
        loss.backward()
        optimizer.step()
        losses[b] = loss.item()
    return losses
""",
)
add(
    "loop",
    True,
    "",
    LOOP
    + """
    keys = rng.random(len(x))
    order = np.argsort(keys)
    cuts = np.arange(batch_size, len(x), batch_size)
    losses = []
    for xb, yb in zip(np.split(x[order], cuts), np.split(y[order], cuts)):
        for p in model.parameters():
            p.grad = None
        loss = nn.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
)
BODY = """
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""
add(
    "loop",
    False,
    "never forgets the gradients: they add up over the minibatches",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    for a in range(0, len(x), batch_size):
        rows = order[a : a + batch_size]
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
)
add(
    "loop",
    False,
    "drops the last, smaller minibatch",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    for b in range(len(x) // batch_size):
        rows = order[b * batch_size : (b + 1) * batch_size]"""
    + BODY,
)
add(
    "loop",
    False,
    "shuffles x and y with two different permutations: the labels no longer fit",
    LOOP
    + """
    losses = []
    x, y = x[rng.permutation(len(x))], y[rng.permutation(len(y))]
    for a in range(0, len(x), batch_size):
        rows = slice(a, a + batch_size)"""
    + BODY,
)
add(
    "loop",
    False,
    "no shuffling: the order is the same in every epoch",
    LOOP
    + """
    losses = []
    for a in range(0, len(x), batch_size):
        rows = slice(a, a + batch_size)"""
    + BODY,
)
add(
    "loop",
    False,
    "draws each minibatch anew, with replacement over the epoch: some samples come twice, others never",
    LOOP
    + """
    losses = []
    for a in range(0, len(x), batch_size):
        size = min(batch_size, len(x) - a)
        rows = rng.choice(len(x), size, replace=False)"""
    + BODY,
)
add(
    "loop",
    False,
    "zero_grad only once before the loop: gradients add up from the second minibatch on",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    optimizer.zero_grad()
    for a in range(0, len(x), batch_size):
        rows = order[a : a + batch_size]
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
)
add(
    "loop",
    False,
    "shuffles the caller's x and y in place (the data of the caller change)",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    x[:], y[:] = x[order], y[order]
    for a in range(0, len(x), batch_size):
        rows = slice(a, a + batch_size)"""
    + BODY,
)
add(
    "loop",
    False,
    "np.array_split makes equal parts, not minibatches of batch_size and a smaller last one",
    LOOP
    + """
    losses = []
    parts = -(-len(x) // batch_size)
    for rows in np.array_split(rng.permutation(len(x)), parts):"""
    + BODY,
)
add(
    "loop",
    False,
    "returns the mean loss of the epoch, not the list of the losses",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    for a in range(0, len(x), batch_size):
        rows = order[a : a + batch_size]"""
    + BODY.replace("return losses", "return sum(losses) / len(losses)"),
)
add(
    "loop",
    False,
    "appends the loss Tensors, not numbers",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    for a in range(0, len(x), batch_size):
        rows = order[a : a + batch_size]"""
    + BODY.replace("loss.item()", "loss"),
)
add(
    "loop",
    False,
    "one step per epoch: step stands after the loop",
    LOOP
    + """
    losses, order = [], rng.permutation(len(x))
    for a in range(0, len(x), batch_size):
        rows = order[a : a + batch_size]
        loss = nn.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    optimizer.step()
    return losses
""",
)

# ---------------------------------------------------------------- decay
D = """
def Answer(lr, lr_decay, t):
"""
add(
    "decay",
    True,
    "",
    D
    + """
    for step in range(2, t + 1):
        if step % 100 == 1:
            lr = lr * (1 - lr_decay)
    return lr
""",
)
add(
    "decay",
    True,
    "",
    D
    + """
    if t <= 100:
        return lr
    return (1 - lr_decay) * Answer(lr, lr_decay, t - 100)
""",
)
add(
    "decay",
    True,
    "",
    D
    + """
    drops = int(np.ceil(t / 100)) - 1
    return lr * np.power(1.0 - lr_decay, drops)
""",
)
add(
    "decay",
    True,
    "",
    D
    + """
    rate = lr
    while t > 100:
        rate -= rate * lr_decay
        t -= 100
    return rate
""",
)
add(
    "decay",
    False,
    "t // 100: the first drop comes at t = 100, one step early",
    D
    + """
    return lr * (1 - lr_decay) ** (t // 100)
""",
)
add(
    "decay",
    False,
    "multiplies by lr_decay instead of 1 - lr_decay",
    D
    + """
    return lr * lr_decay ** ((t - 1) // 100)
""",
)
add(
    "decay",
    False,
    "true division: the rate falls smoothly, no staircase",
    D
    + """
    return lr * (1 - lr_decay) ** ((t - 1) / 100)
""",
)
add(
    "decay",
    False,
    "the drops are taken linearly from the first rate, not from the rate before",
    D
    + """
    return lr * (1 - lr_decay * ((t - 1) // 100))
""",
)
add(
    "decay",
    False,
    "drops only once, at 101, and never again",
    D
    + """
    if t > 100:
        return lr * (1 - lr_decay)
    return lr
""",
)
add(
    "decay",
    False,
    "round instead of rounding down: the first drop is at about t = 52",
    D
    + """
    return lr * (1 - lr_decay) ** round((t - 1) / 100)
""",
)
add(
    "decay",
    False,
    "(t + 1) // 100: the first drop comes at t = 99",
    D
    + """
    return lr * (1 - lr_decay) ** ((t + 1) // 100)
""",
)

# ---------------------------------------------------------------- momentum
add(
    "momentum",
    True,
    "",
    MOM
    + """
    def update(self, w, g, m):
        m *= self.beta
        m += (1 - self.beta) * g
        w -= self.lr * m
""",
)
add(
    "momentum",
    True,
    "",
    stateless(MOM)
    + """
        self.memory = {}

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            old = self.memory.get(i, 0.0)
            self.memory[i] = self.beta * old + (1 - self.beta) * p.grad
            p.data = (p.data - self.lr * self.memory[i]).astype(p.data.dtype)
""",
)
add(
    "momentum",
    True,
    "",
    stateless(MOM)
    + """
        self.ms = [np.zeros_like(p.data) for p in self.parameters]

    def step(self):
        self.t += 1
        for p, m in zip(self.parameters, self.ms):
            if p.grad is not None:
                m[...] = self.beta * m + (1 - self.beta) * p.grad
                p.data -= self.lr * m
""",
)
add(
    "momentum",
    True,
    "",
    MOM
    + """
    def update(self, w, g, m):
        np.add(m, (1 - self.beta) * (g - m), out=m)
        np.subtract(w, np.multiply(m, self.lr), out=w)
""",
)
add(
    "momentum",
    False,
    "m = ... makes a new local array: the memory stays zero",
    MOM
    + """
    def update(self, w, g, m):
        m = self.beta * m + (1 - self.beta) * g
        w -= self.lr * m
""",
)
add(
    "momentum",
    False,
    "factor 1 - beta is missing: the heavy-ball form, steps up to 1/(1-beta) times too large",
    MOM
    + """
    def update(self, w, g, m):
        m *= self.beta
        m += g
        w -= self.lr * m
""",
)
add(
    "momentum",
    False,
    "beta and 1 - beta are exchanged",
    MOM
    + """
    def update(self, w, g, m):
        m[...] = (1 - self.beta) * m + self.beta * g
        w -= self.lr * m
""",
)
add(
    "momentum",
    False,
    "w moves before m is updated: one step late",
    MOM
    + """
    def update(self, w, g, m):
        w -= self.lr * m
        m[...] = self.beta * m + (1 - self.beta) * g
""",
)
add(
    "momentum",
    False,
    "Nesterov-like look-ahead: averages g in once more before the step",
    MOM
    + """
    def update(self, w, g, m):
        m[...] = self.beta * m + (1 - self.beta) * g
        w -= self.lr * (self.beta * m + (1 - self.beta) * g)
""",
)
add(
    "momentum",
    False,
    "starts m from the first gradient instead of from zero",
    MOM
    + """
    def update(self, w, g, m):
        if self.t == 1:
            m[...] = g
        else:
            m[...] = self.beta * m + (1 - self.beta) * g
        w -= self.lr * m
""",
)
add(
    "momentum",
    False,
    "one memory list filled only for parameters with a gradient: a skipped one shifts the memories",
    stateless(MOM)
    + """
        self.ms = [np.zeros_like(p.data) for p in self.parameters]

    def step(self):
        self.t += 1
        active = [p for p in self.parameters if p.grad is not None]
        for i, p in enumerate(active):
            self.ms[i] = self.beta * self.ms[i] + (1 - self.beta) * p.grad
            p.data -= self.lr * self.ms[i]
""",
)

# ---------------------------------------------------------------- adagrad
add(
    "adagrad",
    True,
    "",
    ADA
    + """
    def update(self, w, g, h):
        h += np.square(g)
        w -= self.lr / (np.sqrt(h) + self.eps) * g
""",
)
add(
    "adagrad",
    True,
    "",
    stateless(ADA)
    + """
        self.sums = [0.0 for _ in self.parameters]

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            self.sums[i] = self.sums[i] + p.grad**2
            p.data = p.data - self.lr * p.grad / (self.sums[i] ** 0.5 + self.eps)
""",
)
add(
    "adagrad",
    True,
    "",
    ADA
    + """
    def rate(self, h):
        return self.lr / (h**0.5 + self.eps)

    def update(self, w, g, h):
        for i in np.ndindex(w.shape):
            h[i] += g[i] * g[i]
            w[i] -= self.rate(h[i]) * g[i]
""",
)
add(
    "adagrad",
    False,
    "eps under the root instead of beside it",
    ADA
    + """
    def update(self, w, g, h):
        h += g * g
        w -= self.lr * g / np.sqrt(h + self.eps)
""",
)
add(
    "adagrad",
    False,
    "no root: divides by h",
    ADA
    + """
    def update(self, w, g, h):
        h += g * g
        w -= self.lr * g / (h + self.eps)
""",
)
add(
    "adagrad",
    False,
    "divides first and adds g g afterwards: the first step divides by eps",
    ADA
    + """
    def update(self, w, g, h):
        w -= self.lr * g / (np.sqrt(h) + self.eps)
        h += g * g
""",
)
add(
    "adagrad",
    False,
    "one number per array (the squared norm) instead of one per weight",
    ADA
    + """
    def update(self, w, g, h):
        h += np.sum(g * g)
        w -= self.lr * g / (np.sqrt(h) + self.eps)
""",
)
add(
    "adagrad",
    False,
    "h is overwritten, not summed: a step of lr in the sign of g",
    ADA
    + """
    def update(self, w, g, h):
        h[...] = g * g
        w -= self.lr * g / (np.sqrt(h) + self.eps)
""",
)
add(
    "adagrad",
    False,
    "sums |g| instead of g g",
    ADA
    + """
    def update(self, w, g, h):
        h += np.abs(g)
        w -= self.lr * g / (np.sqrt(h) + self.eps)
""",
)
add(
    "adagrad",
    False,
    "brackets missing: divides by the root, then adds eps to the step",
    ADA
    + """
    def update(self, w, g, h):
        h += g * g
        root = np.sqrt(h)
        w -= np.divide(self.lr * g, root, out=np.zeros_like(w), where=root > 0) + self.eps
""",
)

# ---------------------------------------------------------------- rmsprop
add(
    "rmsprop",
    True,
    "",
    RMS
    + """
    def update(self, w, g, v):
        v[...] = self.beta * v + (1 - self.beta) * g**2
        w -= self.lr * g / (np.sqrt(v) + self.eps)
""",
)
add(
    "rmsprop",
    True,
    "",
    stateless(RMS)
    + """
        self.v = {id(p): np.zeros_like(p.data) for p in self.parameters}

    def step(self):
        self.t += 1
        for p in self.parameters:
            g = p.grad
            if g is not None:
                v = self.v[id(p)]
                v += (1 - self.beta) * (g * g - v)
                p.data -= self.lr * g / (np.sqrt(v) + self.eps)
""",
)
add(
    "rmsprop",
    True,
    "",
    RMS
    + """
    def update(self, w, g, v):
        np.multiply(v, self.beta, out=v)
        np.add(v, (1 - self.beta) * np.square(g), out=v)
        scale = np.sqrt(v)
        scale = scale + self.eps
        np.subtract(w, self.lr * (g / scale), out=w)
""",
)
add(
    "rmsprop",
    False,
    "with bias correction, which the rule does not have",
    RMS
    + """
    def update(self, w, g, v):
        v[...] = self.beta * v + (1 - self.beta) * g * g
        v_hat = v / (1 - self.beta**self.t)
        w -= self.lr * g / (np.sqrt(v_hat) + self.eps)
""",
)
add(
    "rmsprop",
    False,
    "precedence: the old v is weighted, the new square is not (factor 1 - beta missing)",
    RMS
    + """
    def update(self, w, g, v):
        v *= self.beta
        v += g * g
        w -= self.lr * g / (np.sqrt(v) + self.eps)
""",
)
add(
    "rmsprop",
    False,
    "eps under the root",
    RMS
    + """
    def update(self, w, g, v):
        v[...] = self.beta * v + (1 - self.beta) * g * g
        w -= self.lr * g / np.sqrt(v + self.eps)
""",
)
add(
    "rmsprop",
    False,
    "squares after averaging: (1 - beta)^2 g g instead of (1 - beta) g g",
    RMS
    + """
    def update(self, w, g, v):
        v[...] = self.beta * v + ((1 - self.beta) * g) ** 2
        w -= self.lr * g / (np.sqrt(v) + self.eps)
""",
)
add(
    "rmsprop",
    False,
    "squares the gradient in place: g is written to, and the step loses its sign",
    RMS
    + """
    def update(self, w, g, v):
        v *= self.beta
        g *= g
        v += (1 - self.beta) * g
        w -= self.lr * g / (np.sqrt(v) + self.eps)
""",
)
add(
    "rmsprop",
    False,
    "averages g, not g g, and takes its size",
    RMS
    + """
    def update(self, w, g, v):
        v[...] = self.beta * v + (1 - self.beta) * g
        w -= self.lr * g / (np.abs(v) + self.eps)
""",
)

# ---------------------------------------------------------------- adam
add(
    "adam",
    True,
    "",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.t)
        v_hat = v / (1 - self.beta2**self.t)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
""",
)
add(
    "adam",
    True,
    "",
    stateless(ADAM)
    + """
        self.ms = [np.zeros_like(p.data) for p in self.parameters]
        self.vs = [np.zeros_like(p.data) for p in self.parameters]

    def average(self, old, new, beta):
        return beta * old + (1 - beta) * new

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            self.ms[i] = self.average(self.ms[i], p.grad, self.beta1)
            self.vs[i] = self.average(self.vs[i], p.grad * p.grad, self.beta2)
            up = self.ms[i] / (1 - self.beta1**self.t)
            down = np.sqrt(self.vs[i] / (1 - self.beta2**self.t)) + self.eps
            p.data = p.data - self.lr * up / down
""",
)
add(
    "adam",
    True,
    "",
    ADAM
    + """
        self.b1, self.b2 = 1.0, 1.0

    def before_step(self):
        self.b1 *= self.beta1
        self.b2 *= self.beta2

    def update(self, w, g, m, v):
        for a, new, beta in ((m, g, self.beta1), (v, g * g, self.beta2)):
            a *= beta
            a += (1 - beta) * new
        root = np.sqrt(v / (1 - self.b2))
        np.subtract(w, self.lr / (1 - self.b1) * m / (root + self.eps), out=w)
""",
)
add(
    "adam",
    False,
    "no bias correction",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        w -= self.lr * m / (np.sqrt(v) + self.eps)
""",
)
add(
    "adam",
    False,
    "writes the hats back into m and v: the memory is corrected again in every step",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m /= 1 - self.beta1**self.t
        v /= 1 - self.beta2**self.t
        w -= self.lr * m / (np.sqrt(v) + self.eps)
""",
)
add(
    "adam",
    False,
    "corrects with beta instead of beta^t: right in the first step only",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1)
        v_hat = v / (1 - self.beta2)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
""",
)
add(
    "adam",
    False,
    "counts t once per parameter instead of once per step",
    ADAM
    + """
        self.count = 0

    def update(self, w, g, m, v):
        self.count += 1
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.count)
        v_hat = v / (1 - self.beta2**self.count)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
""",
)
add(
    "adam",
    False,
    "v averages the square of m, not of g",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * m**2
        m_hat = m / (1 - self.beta1**self.t)
        v_hat = v / (1 - self.beta2**self.t)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
""",
)
add(
    "adam",
    False,
    "eps before the correction of v: sqrt(v) + eps is divided by the root of 1 - beta2^t",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        rate = self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        w -= float(rate) * m / (np.sqrt(v) + self.eps)
""",
)
add(
    "adam",
    False,
    "the correction of v uses beta1",
    ADAM
    + """
    def update(self, w, g, m, v):
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.t)
        v_hat = v / (1 - self.beta1**self.t)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
""",
)


# ---------------------------------------------------------------- three more readers
# A physicist with a notation of his own, who overrides `step`; a beginner; a user of PyTorch.


def physicist(head, state, lines):
    """A class with its memory in dictionaries, and `step` overridden; lines is what one array does."""
    made = "".join(f"        self.{name} = {{}}\n" for name in state)
    got = "".join(
        f"            {name} = self.{name}.setdefault(n, np.zeros(p.data.shape))\n"
        for name in state
    )
    body = "".join(f"            {line}\n" for line in lines.strip().splitlines())
    return (
        f"{stateless(head)}\n{made}\n    def step(self):\n        self.t += 1\n"
        "        for n, p in enumerate(self.parameters):\n"
        "            if p.grad is None:\n                continue\n"
        f"            x, F = p.data, -p.grad\n{got}{body}"
    )


def update(head, state, lines):
    """A class with `update`."""
    body = "".join(f"        {line}\n" for line in lines.strip().splitlines())
    return f"{head}\n    def update(self, w, g{''.join(', ' + name for name in state)}):\n{body}"


for right, words, source in (
    (True, "", "gamma = 1 - self.beta\nP += gamma * (F - P)\nx += self.lr * P"),
    (True, "", "P[...] = self.beta * P - self.beta * F + F\np.data = x + self.lr * P"),
    (False, "friction added, not taken: the momentum grows", "P += (1 + self.beta) * (F - P)\nx += self.lr * P"),
    (False, "moves against the force", "P += (1 - self.beta) * (F - P)\nx -= self.lr * P"),
    (False, "lr twice", "P += (1 - self.beta) * (F - P)\nx += self.lr * self.lr * P"),
    (False, "P is computed and forgotten", "P = self.beta * P + (1 - self.beta) * F\nx += self.lr * P"),
    (False, "divides by lr", "P += (1 - self.beta) * (F - P)\nx += P / self.lr"),
):  # fmt: skip
    add("momentum", right, words, physicist(MOM, "P", source))
for right, words, source in (
    (True, "", "S += F**2\nx += self.lr * F / (np.sqrt(S) + self.eps)"),
    (True, "", "S += np.abs(F) * np.abs(F)\np.data = x - self.lr * p.grad / (S**0.5 + self.eps)"),
    (False, "cube for the square", "S += np.abs(F) ** 3\nx += self.lr * F / (np.sqrt(S) + self.eps)"),
    (False, "S is never updated", "x += self.lr * F / (np.sqrt(S) + self.eps)"),
    (False, "multiplies by the root", "S += F**2\nx += self.lr * F * (np.sqrt(S) + self.eps)"),
    (False, "takes the square away", "S -= F**2\nx += self.lr * F / (np.sqrt(S) + self.eps)"),
    (False, "the whole step is a sign", "S += F**2\nx += self.lr * np.sign(F)"),
):  # fmt: skip
    add("adagrad", right, words, physicist(ADA, "S", source))
for right, words, source in (
    (True, "", "E *= self.beta\nE += (1 - self.beta) * F * F\nx += self.lr * F / (E**0.5 + self.eps)"),
    (False, "half of E forgotten", "E *= self.beta\nx += self.lr * F / (E**0.5 + self.eps)"),
    (False, "1 - beta squared", "E *= self.beta\nE += (F - self.beta * F) ** 2\nx += self.lr * F / (E**0.5 + self.eps)"),
    (False, "m in place of the force", "E += (1 - self.beta) * (F * F - E)\nx += self.lr * E / (E**0.5 + self.eps)"),
    (False, "fourth root", "E += (1 - self.beta) * (F * F - E)\nx += self.lr * F / (E**0.25 + self.eps)"),
):  # fmt: skip
    add("rmsprop", right, words, physicist(RMS, "E", source))
for right, words, source in (
    (
        True,
        "",
        "P += (1 - self.beta1) * (F - P)\nE += (1 - self.beta2) * (F * F - E)\n"
        "a, b = 1 - self.beta1**self.t, 1 - self.beta2**self.t\n"
        "x += self.lr * (P / a) / (np.sqrt(E / b) + self.eps)",
    ),
    (
        True,
        "",
        "P[...] = self.beta1 * P + (1 - self.beta1) * F\n"
        "E[...] = self.beta2 * E + (1 - self.beta2) * F**2\n"
        "tau = self.lr / (1 - self.beta1**self.t)\n"
        "p.data = x + tau * P / ((E / (1 - self.beta2**self.t)) ** 0.5 + self.eps)",
    ),
    (
        False,
        "the correction of E under no root",
        "P += (1 - self.beta1) * (F - P)\nE += (1 - self.beta2) * (F * F - E)\n"
        "a, b = 1 - self.beta1**self.t, 1 - self.beta2**self.t\n"
        "x += self.lr * (P / a) / (np.sqrt(E) / b + self.eps)",
    ),
    (
        False,
        "the step comes before P",
        "E += (1 - self.beta2) * (F * F - E)\n"
        "a, b = 1 - self.beta1**self.t, 1 - self.beta2**self.t\n"
        "x += self.lr * (P / a) / (np.sqrt(E / b) + self.eps)\n"
        "P += (1 - self.beta1) * (F - P)",
    ),
    (
        False,
        "multiplies by the correction",
        "P += (1 - self.beta1) * (F - P)\nE += (1 - self.beta2) * (F * F - E)\n"
        "a, b = 1 - self.beta1**self.t, 1 - self.beta2**self.t\n"
        "x += self.lr * (P * a) / (np.sqrt(E * b) + self.eps)",
    ),
    (
        False,
        "E remembers with beta1",
        "P += (1 - self.beta1) * (F - P)\nE += (1 - self.beta1) * (F * F - E)\n"
        "a, b = 1 - self.beta1**self.t, 1 - self.beta2**self.t\n"
        "x += self.lr * (P / a) / (np.sqrt(E / b) + self.eps)",
    ),
):
    add("adam", right, words, physicist(ADAM, "PE", source))

# The beginner.
for exercise, right, words, source in (
    ("momentum", True, "", update(MOM, "m", "m[:] = self.beta * m + (1 - self.beta) * g\nw[:] = w - self.lr * m")),
    ("momentum", False, "m = m * ...", update(MOM, "m", "m = m * self.beta\nm += (1 - self.beta) * g\nw -= self.lr * m")),
    ("momentum", False, "2 for 1", update(MOM, "m", "m[:] = self.beta * m + (2 - self.beta) * g\nw[:] = w - self.lr * m")),
    ("adagrad", True, "", update(ADA, "h", "h[:] = h + g * g\nbottom = np.sqrt(h) + self.eps\nw[:] = w - self.lr * g / bottom")),
    ("adagrad", False, "brackets missing", update(ADA, "h", "h[:] = h + g * g\nw[:] = w - self.lr * g / np.sqrt(h) + self.eps")),
    ("adagrad", False, "h = h + ...", update(ADA, "h", "h = h + g * g\nw[:] = w - self.lr * g / (np.sqrt(h) + self.eps)")),
    ("adagrad", False, "2 g for g g", update(ADA, "h", "h += 2 * g\nw[:] = w - self.lr * g / (np.sqrt(h) + self.eps)")),
    ("rmsprop", False, "old square lost", update(RMS, "v", "v[:] = (1 - self.beta) * g * g\nw[:] = w - self.lr * g / (np.sqrt(v) + self.eps)")),
    ("rmsprop", False, "beta for both", update(RMS, "v", "v[:] = self.beta * v + self.beta * g * g\nw[:] = w - self.lr * g / (np.sqrt(v) + self.eps)")),
    ("rmsprop", False, "lr missing", update(RMS, "v", "v[:] = self.beta * v + (1 - self.beta) * g * g\nw[:] = w - g / (np.sqrt(v) + self.eps)")),
    ("adam", False, "v_hat from m", update(ADAM, "mv", "m[:] = self.beta1 * m + (1 - self.beta1) * g\nv[:] = self.beta2 * v + (1 - self.beta2) * g * g\nm_hat = m / (1 - self.beta1**self.t)\nv_hat = m / (1 - self.beta2**self.t)\nw[:] = w - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)")),
    ("adam", False, "t times beta", update(ADAM, "mv", "m[:] = self.beta1 * m + (1 - self.beta1) * g\nv[:] = self.beta2 * v + (1 - self.beta2) * g * g\nm_hat = m / (1 - self.beta1 * self.t)\nv_hat = v / (1 - self.beta2 * self.t)\nw[:] = w - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)")),
    ("mean_pullback", True, "", "def Answer(g, x):\n    out = np.zeros(x.shape)\n    for i in np.ndindex(x.shape):\n        out[i] = g / x.size\n    return out"),
    ("mean_pullback", False, "divides by the rows", "def Answer(g, x):\n    return np.full(x.shape, g / len(x))"),
    ("mean_pullback", False, "one number", "def Answer(g, x):\n    n = x.shape[0] * x.shape[1]\n    return g / n"),
    ("relu_pullback", True, "", "def Answer(g, x):\n    out = g.copy()\n    out[x <= 0] = 0\n    return out"),
    ("relu_pullback", False, "keeps 0", "def Answer(g, x):\n    out = g.copy()\n    out[x < 0] = 0\n    return out"),
    ("relu_pullback", False, "relu of the gradient", "def Answer(g, x):\n    return np.maximum(g, 0)"),
    ("matmul_pullback", False, "no transposes", "def Answer(g, a, b):\n    return g @ b, a @ g"),
    ("add_pullback", False, "forgets the rows", "def Answer(g, a, b):\n    return g, g"),
    ("softmax", False, "sums all rows", "def Answer(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.sum()"),
    ("softmax", True, "", "def Answer(z):\n    rows = []\n    for row in z:\n        e = np.exp(row - max(row))\n        rows.append(e / sum(e))\n    return np.array(rows)"),
    ("accuracy", True, "", "def Answer(z, y):\n    right = 0\n    for row, label in zip(z, y):\n        if np.argmax(row) == label:\n            right += 1\n    return right / len(y)"),
    ("accuracy", False, "counts", "def Answer(z, y):\n    right = 0\n    for row, label in zip(z, y):\n        right += np.argmax(row) == label\n    return right"),
):  # fmt: skip
    add(exercise, right, words, source)

# The user of PyTorch.
for exercise, right, words, source in (
    ("momentum", False, "Nesterov", update(MOM, "m", "m.__imul__(self.beta).__iadd__((1 - self.beta) * g)\nw -= self.lr * ((1 - self.beta) * g + self.beta * m)")),
    ("rmsprop", False, "eps under the root", update(RMS, "v", "v *= self.beta\nv += (1 - self.beta) * np.square(g)\nw += -self.lr * g / np.sqrt(v + self.eps)")),
    ("adam", True, "", update(ADAM, "mv", "m += (1 - self.beta1) * (g - m)\nv *= self.beta2\nv += (1 - self.beta2) * g * g\nbias1 = 1 - self.beta1**self.t\nbias2 = 1 - self.beta2**self.t\ndenom = np.sqrt(v) / bias2**0.5 + self.eps\nw -= self.lr / bias1 * m / denom")),
    ("adam", False, "root of the bias missing", update(ADAM, "mv", "m += (1 - self.beta1) * (g - m)\nv *= self.beta2\nv += (1 - self.beta2) * g * g\nbias1 = 1 - self.beta1**self.t\nbias2 = 1 - self.beta2**self.t\ndenom = np.sqrt(v) / bias2 + self.eps\nw -= self.lr / bias1 * m / denom")),
    ("adam", False, "amsgrad", update(ADAM, "mv", "m += (1 - self.beta1) * (g - m)\nnp.maximum(v, self.beta2 * v + (1 - self.beta2) * g * g, out=v)\nbias1 = 1 - self.beta1**self.t\nbias2 = 1 - self.beta2**self.t\nw -= self.lr / bias1 * m / (np.sqrt(v / bias2) + self.eps)")),
    ("backward", True, "", "def Answer(root):\n    order, seen = [], set()\n    def walk(n):\n        if id(n) in seen:\n            return\n        seen.add(id(n))\n        for child, _ in n.inputs:\n            walk(child)\n        order.append(n)\n    walk(root)\n    grads = {id(root): np.ones_like(root.value)}\n    for n in reversed(order):\n        n.grad = grads[id(n)]\n        for child, pull in n.inputs:\n            grads[id(child)] = grads.get(id(child), 0) + pull(n.grad)"),
    ("backward", True, "", "def Answer(root):\n    uses, stack, seen = {}, [root], set()\n    while stack:\n        n = stack.pop()\n        if id(n) in seen:\n            continue\n        seen.add(id(n))\n        for child, _ in n.inputs:\n            uses[id(child)] = uses.get(id(child), 0) + 1\n            stack.append(child)\n    root.grad = np.ones_like(root.value)\n    ready = [root]\n    while ready:\n        n = ready.pop()\n        for child, pull in n.inputs:\n            new = pull(n.grad)\n            child.grad = new if child.grad is None else child.grad + new\n            uses[id(child)] -= 1\n            if uses[id(child)] == 0:\n                ready.append(child)"),
    ("backward", False, "recursion hands on too early", "def Answer(root):\n    if root.grad is None:\n        root.grad = np.ones_like(root.value)\n    for child, pull in root.inputs:\n        new = pull(root.grad)\n        child.grad = new if child.grad is None else child.grad + new\n        Answer(child)"),
    ("backward", False, "overwrites", "def Answer(root):\n    root.grad = np.ones_like(root.value)\n    stack = [root]\n    while stack:\n        n = stack.pop()\n        for child, pull in n.inputs:\n            child.grad = pull(n.grad)\n            stack.append(child)"),
    ("backward", False, "adds in place", "def Answer(root):\n    order, seen = [], set()\n    def walk(n):\n        if id(n) not in seen:\n            seen.add(id(n))\n            for child, _ in n.inputs:\n                walk(child)\n            order.append(n)\n    walk(root)\n    root.grad = np.ones_like(root.value)\n    for n in order[::-1]:\n        for child, pull in n.inputs:\n            if child.grad is None:\n                child.grad = pull(n.grad)\n            else:\n                child.grad += pull(n.grad)"),
    ("matmul_pullback", True, "", "def Answer(g, a, b):\n    return np.einsum('ij,kj->ik', g, b), np.einsum('ki,kj->ij', a, g)"),
    ("matmul_pullback", False, "b transposed", "def Answer(g, a, b):\n    return g @ b.T, (a.T @ g).T"),
    ("add_pullback", True, "", "def Answer(g, a, b):\n    return g.copy(), np.ones(len(g)) @ g"),
    ("add_pullback", False, "keepdims", "def Answer(g, a, b):\n    return g, g.sum(0, keepdims=True)"),
    ("add_pullback", False, "the other axis", "def Answer(g, a, b):\n    return g, g.sum(-1)"),
    ("softmax", True, "", "def Answer(z):\n    shifted = z - z.max(1, keepdims=True)\n    return np.exp(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))"),
    ("softmax", False, "log_softmax", "def Answer(z):\n    shifted = z - z.max(1, keepdims=True)\n    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))"),
    ("softmax", False, "dim 0", "def Answer(z):\n    e = np.exp(z - z.max(0, keepdims=True))\n    return e / e.sum(0, keepdims=True)"),
    ("loop", True, "", LOOP + "    losses = []\n    for rows in np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size)):\n        optimizer.zero_grad()\n        out = model(Tensor(x[rows]))\n        loss = nn.cross_entropy(out, y[rows])\n        loss.backward()\n        optimizer.step()\n        losses.append(loss.item())\n    return losses"),
    ("loop", False, "drop_last", LOOP + "    losses, order = [], rng.permutation(len(x))\n    for k in range(len(x) // batch_size):\n        rows = order[k * batch_size : (k + 1) * batch_size]\n        optimizer.zero_grad()\n        loss = nn.cross_entropy(model(x[rows]), y[rows])\n        loss.backward()\n        optimizer.step()\n        losses.append(loss.item())\n    return losses"),
    ("loop", False, "a running mean in place of the list", LOOP + "    total, order = 0.0, rng.permutation(len(x))\n    for k in range(0, len(x), batch_size):\n        rows = order[k : k + batch_size]\n        optimizer.zero_grad()\n        loss = nn.cross_entropy(model(x[rows]), y[rows])\n        loss.backward()\n        optimizer.step()\n        total += loss.item() * len(rows)\n    return total / len(x)"),
    ("loop", False, "shuffle=False", LOOP + "    losses = []\n    for k in range(0, len(x), batch_size):\n        optimizer.zero_grad()\n        loss = nn.cross_entropy(model(x[k : k + batch_size]), y[k : k + batch_size])\n        loss.backward()\n        optimizer.step()\n        losses.append(loss.item())\n    return losses"),
    ("loop", False, "gradients summed over the epoch", LOOP + "    losses, order = [], rng.permutation(len(x))\n    optimizer.zero_grad()\n    for k in range(0, len(x), batch_size):\n        rows = order[k : k + batch_size]\n        loss = nn.cross_entropy(model(x[rows]), y[rows])\n        loss.backward()\n        losses.append(loss.item())\n    optimizer.step()\n    return losses"),
    ("loop", False, "loss scaled by the batch", LOOP + "    losses, order = [], rng.permutation(len(x))\n    for k in range(0, len(x), batch_size):\n        rows = order[k : k + batch_size]\n        optimizer.zero_grad()\n        loss = nn.cross_entropy(model(x[rows]), y[rows]) * len(rows)\n        loss.backward()\n        optimizer.step()\n        losses.append(loss.item())\n    return losses"),
):  # fmt: skip
    add(exercise, right, words, source)
