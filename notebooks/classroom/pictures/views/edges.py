"""Points that may lie outside of their axes: a wedge at the edge points to them then."""

import numpy as np

from classroom.pictures.style import tame


def wedge(ax, color):
    """A wedge that can be pointed to what lies outside of these axes."""
    look = {"linestyle": "", "markersize": 15, "mec": "white", "clip_on": False}
    return ax.plot([], [], color=color, **look)[0]


def point_to(mark, x, y, dot=None):
    """Let the wedge point to (x, y) if that lies outside of its axes, and say whether it does.

    If it lies inside, the dot is put there; the other one of the two is not to be seen.
    """
    ends = np.array([mark.axes.get_xlim(), mark.axes.get_ylim()])
    point = tame(np.array([x, y], float), 1e300)
    edge = np.clip(point, *ends.T)
    across, up = np.sign(point - edge)
    outside = bool(across or up)
    if outside:
        mark.set_marker({-1: "<", 1: ">"}.get(across) or {-1: "v", 1: "^"}[up])
    mark.set_data(edge[:, None] if outside else ([], []))
    if dot:
        dot.set_data(([], []) if outside else edge[:, None])
    return outside
