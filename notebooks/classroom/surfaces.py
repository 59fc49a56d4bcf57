"""Loss surfaces that fit on a page, and the path of an optimizer on them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mytorch_core import Tensor


@dataclass(frozen=True)
class Surface:
    """A loss f(w) of one or two weights, for pictures.

    f          value at w; w has its coordinates along the first axis, so that a grid works, too
    gradient   df/dw at w, of the same shape as w
    start      where a path begins unless told otherwise
    minimum    where f is smallest (one of the places, if there are several)
    window     (lowest, highest) of each coordinate in a picture
    formula    f in TeX
    L          the largest curvature, where it is the same everywhere; else None
    """

    f: Callable
    gradient: Callable
    start: tuple
    minimum: tuple
    window: tuple
    formula: str
    L: float | None = None


def parabola(curvature=1.0):
    """f(w) = c w^2 / 2, the simplest valley: its slope is c w."""
    return Surface(
        f=lambda w: curvature * w[0] ** 2 / 2,
        gradient=lambda w: curvature * w,
        start=(-3.0,),
        minimum=(0.0,),
        window=((-4, 4),),
        formula=rf"$f(w) = {'' if curvature == 1 else f'{curvature:g} '}w^2 / 2$",
        L=curvature,
    )


def ravine(condition=20.0):
    """f(x, y) = x^2 / 20 + k y^2 / 20: curvatures 1/10 and k/10, so k is the condition number."""
    k = condition / 20
    wall = "" if k == 1 else f"{k:g} \\, "
    return Surface(
        f=lambda w: w[0] ** 2 / 20 + k * w[1] ** 2,
        gradient=lambda w: np.stack([w[0] / 10, 2 * k * w[1]]),
        start=(-7.0, 2.0),
        minimum=(0.0, 0.0),
        window=((-8, 3), (-3, 3)),
        formula=rf"$f(x, y) = x^2/20 + {wall}y^2$",
        L=condition / 10,
    )


def plateau():
    """f(w) = 1 - exp(-w^2 / 2): a well in a plain that is almost level."""
    return Surface(
        f=lambda w: 1 - np.exp(-(w[0] ** 2) / 2),
        gradient=lambda w: w * np.exp(-(w**2) / 2),
        start=(3.0,),
        minimum=(0.0,),
        window=((-4.5, 4.5),),
        formula=r"$f(w) = 1 - e^{-w^2/2}$",
    )


def saddle():
    """f(x, y) = x^2 / 2 - y^2 / 2 + y^4 / 4: a pass at (0, 0) between valleys at y = -1 and 1."""
    return Surface(
        f=lambda w: w[0] ** 2 / 2 - w[1] ** 2 / 2 + w[1] ** 4 / 4,
        gradient=lambda w: np.stack([w[0], w[1] ** 3 - w[1]]),
        start=(-2.0, 0.001),
        minimum=(0.0, 1.0),
        window=((-2.5, 1.5), (-1.6, 1.6)),
        formula=r"$f(x, y) = x^2/2 - y^2/2 + y^4/4$",
    )


def descend(rule, surface, steps, start=None, noise=0.0, rng=None, **hyperparameters):
    """The path of an optimizer: an array (steps + 1, coordinates), the start first.

    rule is a subclass of Optimizer; noise is the standard deviation of what is added to every
    coordinate of the gradient, drawn from rng. A path that diverges runs on to inf and nan.
    """
    if noise and not isinstance(rng, np.random.Generator):
        raise TypeError(f"noise needs a numpy Generator as rng, not {rng!r}")
    w = Tensor(np.array(surface.start if start is None else start, float), requires_grad=True)
    optimizer = rule([w], **hyperparameters)
    path = [w.data.copy()]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            w.grad = surface.gradient(w.data)
            if noise:
                w.grad = w.grad + noise * rng.normal(size=w.shape)
            optimizer.step()
            path.append(w.data.copy())
    return np.array(path)


def losses(surface, path):
    """f along a path: an array (steps + 1,)."""
    with np.errstate(all="ignore"):
        return surface.f(np.asarray(path).T)


def steps_until(values, level):
    """The first step whose value is below the level; None if there is none."""
    below = np.flatnonzero(np.asarray(values) < level)
    return int(below[0]) if len(below) else None
