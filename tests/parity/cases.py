"""The cases that are compared with PyTorch, live and as recorded: described once, as plain data."""

import numpy as np

from mytorch_core import Tensor, nn, optim

RULES = {"SGD": optim.SGD, "AdaGrad": optim.AdaGrad, "Adam": optim.Adam}
HYPERPARAMETERS = {
    "SGD": {"lr": 0.05},
    "AdaGrad": {"lr": 0.02, "eps": 1e-8},
    "Adam": {"lr": 0.003, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8},
}
STEPS = 1000


def lr_factor(t):
    """lr is changed on the way: tripled after 300 steps, cut to a fifth after 700."""
    return 1 if t <= 300 else (3 if t <= 700 else 0.2)


def fixed_gradients():
    """Gradients that span four decades, change sign and contain exact zeros: (STEPS, 6)."""
    rng = np.random.default_rng(7)
    g = rng.normal(size=(STEPS, 6)) * 10.0 ** np.arange(-2, 4)
    g[rng.random(g.shape) < 0.1] = 0
    return g


def small_network():
    """Weights and data of a 5-8-3 network: {name: array}, x (40, 5), y (40,)."""
    rng = np.random.default_rng(11)
    sizes = {"0.weight": (5, 8), "0.bias": (8,), "2.weight": (8, 3), "2.bias": (3,)}
    weights = {name: rng.normal(size=size) / 2 for name, size in sizes.items()}
    return weights, rng.normal(size=(40, 5)), rng.integers(0, 3, 40)


def our_fixed_trajectory(rule):
    """The weights after every step under the fixed gradients: (STEPS, 6)."""
    w = Tensor(np.zeros(6), requires_grad=True)
    optimizer = RULES[rule]([w], **HYPERPARAMETERS[rule])
    path = []
    for t, g in enumerate(fixed_gradients(), start=1):
        optimizer.lr = HYPERPARAMETERS[rule]["lr"] * lr_factor(t)
        w.grad = g
        optimizer.step()
        path.append(w.data.copy())
    return np.array(path)


def our_network_trajectory(rule):
    """The loss before every step of training the small network, and its final weights."""
    weights, x, y = small_network()
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(5, 8, rng=rng, dtype=np.float64),
        nn.ReLU(),
        nn.Linear(8, 3, rng=rng, dtype=np.float64),
    )
    model.load_state_dict(weights)
    optimizer = RULES[rule](model, **HYPERPARAMETERS[rule])
    losses = []
    for t in range(1, STEPS + 1):
        optimizer.lr = HYPERPARAMETERS[rule]["lr"] * lr_factor(t)
        loss = nn.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses), model.state_dict()


def convolution_case():
    """A convolution with stride and padding, pooled: arrays for x, weight, bias and dL/dy."""
    rng = np.random.default_rng(13)
    shapes = {"x": (2, 2, 7, 6), "weight": (3, 2, 3, 3), "bias": (3,), "g": (2, 3, 2, 1)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def our_convolution_gradients():
    """dL/dx, dL/dweight and dL/dbias of L = sum(g * pool(conv(x)))."""
    case = convolution_case()
    layer = nn.Conv2d(2, 3, 3, 2, 1, rng=np.random.default_rng(0), dtype=np.float64)
    layer.load_state_dict({name: case[name] for name in ("weight", "bias")})
    x = Tensor(case["x"], requires_grad=True)
    (nn.MaxPool2d(2)(layer(x)) * case["g"]).sum().backward()
    return {"x": x.grad, "weight": layer.weight.grad, "bias": layer.bias.grad}
