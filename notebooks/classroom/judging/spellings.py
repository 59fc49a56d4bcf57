"""Ways to write a line that many rules share: each is a list of lines that do the same."""


def averages(a, beta, x):
    """Spellings of a <- beta a + (1 - beta) x, each a list of lines."""
    return [
        [f"{a} += (1 - {beta}) * ({x} - {a})"],
        [f"{a}[...] = {beta} * {a} + (1 - {beta}) * {x}"],
        [f"{a} *= {beta}", f"{a} += (1 - {beta}) * {x}"],
        [f"{a} *= {beta}", f"{a} += {x} - {beta} * {x}"],
        [f"{a}[...] = {beta} * ({a} - {x}) + {x}"],
        [f"{a}[...] = {a} + (1 - {beta}) * ({x} - {a})"],
    ]


def averages_of_squares(beta):
    """Spellings of v <- beta v + (1 - beta) g g."""
    return [
        *averages("v", beta, "(g * g)"),
        [f"v[...] = {beta} * v + (1 - {beta}) * g * g"],
        [f"v[...] = {beta} * v + g ** 2 * (1 - {beta})"],
    ]


def steps(length):
    """Spellings of w <- w - length."""
    return [[f"w -= {length}"], [f"w[...] = w - {length}"], [f"w += -{length}"]]


def steps_over_root(v):
    """Spellings of w <- w - lr g / (sqrt(v) + eps)."""
    return [
        [f"w -= lr * g / (np.sqrt({v}) + eps)"],
        [f"w[...] = w - lr / ({v} ** 0.5 + eps) * g"],
        [f"w[...] = w - g * (lr / (np.sqrt({v}) + eps))"],
        [f"w += -lr * g / (np.sqrt({v}) + eps)"],
    ]
