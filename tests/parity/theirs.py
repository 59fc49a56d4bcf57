"""The same cases in PyTorch. Imported only where PyTorch is installed."""

import numpy as np
import torch
from cases import (
    HYPERPARAMETERS,
    STEPS,
    convolution_case,
    fixed_gradients,
    lr_factor,
    small_network,
)
from torch.nn import functional as F


def optimizer_of(rule, parameters, **changes):
    """PyTorch's optimizer of that name, with the course's hyperparameters under its names."""
    h = HYPERPARAMETERS[rule] | changes
    if rule == "SGD":
        return torch.optim.SGD(parameters, lr=h["lr"])
    if rule == "AdaGrad":
        return torch.optim.Adagrad(parameters, lr=h["lr"], eps=h["eps"])
    betas = (h["beta1"], h["beta2"])
    return torch.optim.Adam(parameters, lr=h["lr"], betas=betas, eps=h["eps"])


def set_lr(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr


def fixed_trajectory(rule):
    w = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_of(rule, [w])
    path = []
    for t, g in enumerate(fixed_gradients(), start=1):
        set_lr(optimizer, HYPERPARAMETERS[rule]["lr"] * lr_factor(t))
        w.grad = torch.tensor(g)
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def network_trajectory(rule):
    weights, x, y = small_network()
    w = {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}
    optimizer = optimizer_of(rule, list(w.values()))
    losses = []
    for t in range(1, STEPS + 1):
        set_lr(optimizer, HYPERPARAMETERS[rule]["lr"] * lr_factor(t))
        hidden = (torch.tensor(x) @ w["0.weight"] + w["0.bias"]).relu()
        loss = F.cross_entropy(hidden @ w["2.weight"] + w["2.bias"], torch.tensor(y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses), {k: v.detach().numpy() for k, v in w.items()}


def convolution_gradients():
    case = {k: torch.tensor(v, requires_grad=True) for k, v in convolution_case().items()}
    y = F.max_pool2d(F.conv2d(case["x"], case["weight"], case["bias"], 2, 1), 2)
    (y * case["g"]).sum().backward()
    return {k: case[k].grad.numpy() for k in ("x", "weight", "bias")}
