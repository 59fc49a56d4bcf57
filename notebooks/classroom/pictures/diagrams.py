"""Diagrams: boxes, circles and arrows, without data. `figures.show` puts one below a cell."""

from classroom.pictures.style import GREY, INK, LIGHT, RULES, SERIES, blank, new

ARROW = {"arrowstyle": "-|>", "lw": 2, "color": GREY, "mutation_scale": 20}


def branches():
    """A weight that reaches the loss on two ways: a = w^2, b = 3 w, L = a b."""
    figure, ax = new(height=3.4)
    blank(ax, (0, 10), (0, 5))
    places = {"w": (1.5, 2.5), "a": (4.8, 4.0), "b": (4.8, 1.0), "L": (8.1, 2.5)}
    made = {"a": "a = w²", "b": "b = 3 w", "L": "L = a b"}
    for start, end in (("w", "a"), ("w", "b"), ("a", "L"), ("b", "L")):
        ax.annotate(
            "", places[end], places[start], arrowprops=ARROW | {"shrinkA": 22, "shrinkB": 22}
        )
    for name, (x, y) in places.items():
        ax.plot(x, y, "o", markersize=38, color="white", mec=INK, mew=1.8, zorder=2)
        ax.text(x, y, name, ha="center", va="center", fontsize=18, zorder=3)
        ax.text(x + 0.6, y, made.get(name, ""), ha="left", va="center", fontsize=15, color=INK)
    return figure


def network():
    """The network of the course, layer by layer, with the shapes of arrays and weights."""
    figure, ax = new(height=4.6)
    blank(ax, (0, 11.4), (-1.6, 5.6))
    layers = (
        (0.9, 5.0, "784 pixels", "x\n(B, 784)"),
        (4.1, 4.0, "256 hidden units", "after ReLU\n(B, 256)"),
        (7.3, 3.0, "100 hidden units", "after ReLU\n(B, 100)"),
        (10.5, 2.2, "10 logits", "z\n(B, 10)"),
    )
    weights = ("W (784, 256)\nb (256)", "W (256, 100)\nb (100)", "W (100, 10)\nb (10)")
    rows = {
        x: [2.4 + height * (k / 6 - 0.5) for k in (0, 1, 2, 4, 5, 6)] for x, height, *_ in layers
    }
    for (left, *_), (right, *_), shape in zip(layers, layers[1:], weights, strict=False):
        for y in rows[left]:
            for other in rows[right]:
                ax.plot([left, right], [y, other], color=LIGHT, linewidth=0.8, zorder=1)
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 3}
        middle = (left + right) / 2
        ax.text(middle, 2.4, shape, ha="center", va="center", fontsize=14, bbox=ground)
    for x, _, name, shape in layers:
        ax.plot([x] * 6, rows[x], "o", markersize=13, color=SERIES[0], mec="white", zorder=2)
        ax.text(x, 2.4, "⋮", ha="center", va="center", fontsize=20)
        ax.text(x, 5.35, name, ha="center", va="center", fontsize=14, color=INK)
        ax.text(x, -0.95, shape, ha="center", va="center", fontsize=14, color=SERIES[0])
    return figure


def optimizer_map():
    """Which rule leads to which, with its equation and its question."""
    figure, ax = new(height=4.8)
    boxes = {
        "SGD": (1.3, 3.0, r"$w \leftarrow w - \mathrm{lr}\,g$", "chapter 2"),
        "Momentum": (5.0, 4.8, r"$w \leftarrow w - \mathrm{lr}\,m$", "chapter 4"),
        "AdaGrad": (5.0, 1.2, r"$w \leftarrow w - \mathrm{lr}\,g/\sqrt{h}$", "chapter 3"),
        "RMSProp": (8.3, 1.2, r"$w \leftarrow w - \mathrm{lr}\,g/\sqrt{v}$", "chapter 4"),
        "Adam": (8.3, 4.8, r"$w \leftarrow w - \mathrm{lr}\,\hat m/\sqrt{\hat v}$", "chapter 4"),
    }
    arrows = (
        ((2.0, 3.8), (3.9, 4.7), "remember\nthe direction", (2.2, 4.75)),
        ((2.0, 2.2), (3.9, 1.3), "one rate\nper weight", (2.2, 1.25)),
        ((6.1, 1.2), (7.2, 1.2), "forget", (6.65, 1.55)),
        ((6.1, 4.8), (7.2, 4.8), "join", (6.65, 5.15)),
        ((8.3, 2.05), (8.3, 3.9), "correct", (9.0, 3.0)),
    )
    for tail, head, why, place in arrows:
        ax.annotate("", head, tail, arrowprops=ARROW | {"shrinkA": 0, "shrinkB": 0})
        ax.text(*place, why, ha="center", va="center", fontsize=14, color=INK)
    for name, (x, y, rule, chapter) in boxes.items():
        color = RULES[name]["color"]
        frame = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": color, "lw": 2.5}
        ax.text(
            x, y, f"{name}\n{rule}\n{chapter}", ha="center", va="center", fontsize=14, bbox=frame
        )
    blank(ax, (0, 10), (0, 6.2))
    return figure
