"""A sum of straight lines on which Adam walks to the worst end."""

import numpy as np

from classroom.pictures.style import GREY, names_above, new, of_rule
from classroom.pictures.views.view import View
from mytorch_core import Tensor, optim


def walk(rule, C, steps, lr=0.2, **settings):
    """w after each step, kept within [-1, 1]: the slope is C in every third step, else -1.

    The rate falls as lr/sqrt(t), as the theorems want it.
    """
    w = Tensor(np.zeros(1), requires_grad=True)
    optimizer, path = rule([w], lr=lr, **settings), [0.0]
    for t in range(1, steps + 1):
        optimizer.lr = lr / np.sqrt(t)
        w.grad = np.array([C if t % 3 == 1 else -1.0])
        optimizer.step()
        w.data = np.clip(w.data, -1, 1)
        path.append(w.data[0])
    return np.array(path)


def counterexample_view(steps=600, C=4.0, beta2=0.99):
    """SGD, AdaGrad, and Adam without m, on slopes C, -1, -1, C, -1, -1, ..."""
    figure, ax = new()
    ax.set(xlabel="step", ylabel="w", xlim=(0, steps), ylim=(-1.25, 1.25))
    ax.set_xticks(range(0, steps + 1, 100))
    for place, text in ((-1, "w = -1"), (1, "w = 1")):
        ax.axhline(place, color=GREY, linestyle=":")
        ax.text(steps / 2, place * 1.12, text, color=GREY, ha="center", va="center", fontsize=14)
    rules = {"SGD": optim.SGD, "AdaGrad": optim.AdaGrad, "Adam": optim.Adam}
    lines = {name: ax.plot([], [], **of_rule(name))[0] for name in rules}
    above = names_above(figure, ax, {name: of_rule(name)["color"] for name in rules})
    names = dict(zip(rules, above, strict=True))

    def update(C=C, beta2=beta2):
        ends = {}
        for name, rule in rules.items():
            settings = {"beta1": 0.0, "beta2": beta2} if name == "Adam" else {}
            path = walk(rule, C, steps, **settings)
            lines[name].set_data(np.arange(steps + 1), path)
            ends[name] = path[-1]
            names[name].set_text(f"{name}: {ends[name]:+.2f}")
        said = ", ".join(f"{name} at {end:+.2f}" for name, end in ends.items())
        return f"C = {C:g}, beta2 = {beta2:g}: after {steps} steps {said}."

    return View(figure, [*lines.values(), *names.values()], update)
