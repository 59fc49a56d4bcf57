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
    L, mu      the largest and the smallest curvature, where they are the same everywhere; else None
    """

    f: Callable
    gradient: Callable
    start: tuple
    minimum: tuple
    window: tuple
    formula: str
    L: float | None = None
    mu: float | None = None

    @property
    def best_rate(self):
        """The constant rate that is best for gradient descent: 2 / (L + mu)."""
        return 2 / (self.L + self.mu)


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
        mu=curvature,
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
        window=((-8, 3), (-4, 4)),
        formula=rf"$f(x, y) = x^2/20 + {wall}y^2$",
        L=max(condition, 1) / 10,
        mu=min(condition, 1) / 10,
    )


def turned_ravine(stretch=20.0, rotation=0.0):
    """The ravine with its wall `stretch` times as steep as its floor, turned by so many degrees.

    The start turns with it: for a rule that does not care for the axes nothing changes.
    """
    c, s = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    turn = np.array([[c, -s], [s, c]])
    H = turn @ np.diag([0.1, 0.1 * stretch]) @ turn.T
    return Surface(
        f=lambda w: (H[0, 0] * w[0] ** 2 + 2 * H[0, 1] * w[0] * w[1] + H[1, 1] * w[1] ** 2) / 2,
        gradient=lambda w: np.tensordot(H, w, 1),
        start=tuple(turn @ np.array([-7.0, 2.0])),
        minimum=(0.0, 0.0),
        window=((-8, 4), (-8, 4)),
        formula=rf"stretch {stretch:g}, turned by {rotation:g} degrees",
        L=max(stretch, 1) / 10,
        mu=min(stretch, 1) / 10,
    )


def cliff(height=50.0):
    """f(w) = (w - 3)^2 / 20 and, left of -2, a cliff of slope -height before it."""

    def share(w):  # of the cliff's slope that acts at w: 1 on it, 0 beyond
        return 1 / (1 + np.exp(np.clip(8 * (w + 2), -500, 500)))

    return Surface(
        f=lambda w: (w[0] - 3) ** 2 / 20 + height * np.logaddexp(0, -8 * (w[0] + 2)) / 8,
        gradient=lambda w: (w - 3) / 10 - height * share(w),
        start=(-3.0,),
        minimum=(3.0,),
        window=((-3.5, 5),),
        formula=rf"a cliff of slope {-height:g}, then $(w - 3)^2/20$",
    )


def two_wells():
    """f(w) = (w^2 - 1)^2 + 0.3 w: a deep well near -1, and a poorer one near 1."""
    return Surface(
        f=lambda w: (w[0] ** 2 - 1) ** 2 + 0.3 * w[0],
        gradient=lambda w: 4 * w * (w**2 - 1) + 0.3,
        start=(1.5,),
        minimum=(-1.0356,),
        window=((-1.8, 1.8),),
        formula=r"$f(w) = (w^2 - 1)^2 + 0.3\,w$",
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


def rosenbrock(steepness=10.0):
    """f(x, y) = (1 - x)^2 + k (y - x^2)^2: a valley bent along y = x^2 (Rosenbrock 1960: k = 100).

    On its floor it falls gently towards (1, 1); its walls are k times as steep.
    """
    k = steepness
    return Surface(
        f=lambda w: (1 - w[0]) ** 2 + k * (w[1] - w[0] ** 2) ** 2,
        gradient=lambda w: np.stack(
            [
                -2 * (1 - w[0]) - 4 * k * w[0] * (w[1] - w[0] ** 2),
                2 * k * (w[1] - w[0] ** 2),
            ]
        ),
        start=(-1.2, 1.0),
        minimum=(1.0, 1.0),
        window=((-2, 2), (-1, 3)),
        formula=rf"$f(x, y) = (1 - x)^2 + {k:g}\,(y - x^2)^2$",
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


def heights(surface, path):
    """f along a path, above its minimum: an array (steps + 1,)."""
    return losses(surface, path) - surface.f(np.array(surface.minimum))


def losses(surface, path):
    """f along a path: an array (steps + 1,)."""
    with np.errstate(all="ignore"):
        return surface.f(np.asarray(path).T)


def steps_until(values, level):
    """The step from which on all values are below the level; None if the last one is not."""
    above = np.flatnonzero(~(np.asarray(values) < level))
    if not len(above):
        return 0
    return int(above[-1]) + 1 if above[-1] + 1 < len(values) else None
