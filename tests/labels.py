"""Words in a figure: whole, and neither on a curve nor on each other."""

import numpy as np

NODE = 20  # points: a marker of this size has its name inside


def amiss(figure):
    """What is wrong with the words of a figure that was just painted: a list of sentences."""
    renderer = figure.canvas.get_renderer()
    width, height = figure.bbox.size
    words = [t for ax in figure.axes for t in (*ax.texts, ax.title, ax._left_title)]
    words = [t for t in words if t.get_visible() and t.get_text().strip()]
    boxes = [(t, t.get_window_extent(renderer).extents) for t in words]
    lines = [line for ax in figure.axes for line in ax.lines if _is_seen(line)]
    found = []
    for i, (text, box) in enumerate(boxes):
        name = repr(text.get_text())
        if box.min() < 0 or box[2] > width or box[3] > height:
            found.append(f"{name} is cut at the edge")
        inner = box + [1, 3, -1, -3]  # a line of letters has some air above and below
        if not _is_in_a_node(text, lines):
            found += [f"{name} lies on a curve" for line in lines if _crosses(line, inner)]
        for other, that in boxes[:i]:
            if (inner[:2] < that[2:] - 3).all() and (that[:2] + 3 < inner[2:]).all():
                found.append(f"{name} lies on {other.get_text()!r}")
    return found


def _is_seen(line):
    return line.get_visible() and line.get_alpha() != 0 and len(line.get_xydata())


def _pixels(line):
    places = np.nan_to_num(np.array(line.get_xydata(), float), nan=-1e9)
    return np.clip(line.get_transform().transform(places), -1e7, 1e7)


def _is_in_a_node(text, lines):
    middle = text.get_transform().transform(text.get_position())
    nodes = [line for line in lines if line.get_markersize() > NODE]
    return any((abs(_pixels(line) - middle) < 1).all(axis=1).any() for line in nodes)


def _crosses(line, box):
    """Whether a line, or one of its markers, is to be seen inside a box."""
    if line.get_clip_on():
        frame = line.axes.bbox.extents
        box = np.array([*np.maximum(box[:2], frame[:2]), *np.minimum(box[2:], frame[2:])])
        if (box[:2] >= box[2:]).any():
            return False
    points = _pixels(line)
    if line.get_linestyle() != "None" and len(points) > 1 and _passes(points, box):
        return True
    reach = 0.35 * line.get_markersize() * line.figure.dpi / 72
    near = (points > box[:2] - reach) & (points < box[2:] + reach)
    return line.get_marker() != "None" and bool(near.all(axis=1).any())


def _passes(points, box):
    """Whether a polyline has a part inside a box (Liang and Barsky's clipping)."""
    start, way = points[:-1], np.diff(points, axis=0)
    with np.errstate(all="ignore"):
        one, other = (box[:2] - start) / way, (box[2:] - start) / way
    inside = (box[:2] < start) & (start < box[2:])  # all along, where there is no way to go
    enter = np.where(way == 0, np.where(inside, -np.inf, np.inf), np.minimum(one, other))
    leave = np.where(way == 0, np.where(inside, np.inf, -np.inf), np.maximum(one, other))
    return bool((np.maximum(enter.max(axis=1), 0) < np.minimum(leave.min(axis=1), 1)).any())
