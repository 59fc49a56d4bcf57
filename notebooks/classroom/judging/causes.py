"""What an exception in a reader's code is likely to come from."""

import re

CHANGED = (
    "hyperparameter-changed",
    "A hyperparameter gets another value: the rule reads it, and writes to w and the state.",
)
LATER = ("used-too-early", "The name gets its value only later in the function.")

# (pattern in the exception's message, slug, likely cause): the first that fits is told
CAUSES = (
    (
        "read-only",
        "gradient-changed",
        "The gradient g is changed in place. Others see it, too: compute with it, but write only "
        "to w and the state.",
    ),
    ("'ellipsis'", "stub-left", "A `...` of the stub is still there."),
    (
        "'NoneType'",
        "nothing-there",
        "Something is None: a function without `return`, or a gradient that is missing.",
    ),
    (
        r"dtype\('O'\)",
        "stub-left",
        "Something in it is no number: is a `...` of the stub still there?",
    ),
    (
        "only integers, slices",
        "index-is-no-number",
        "An array is indexed with something that is no number: is it taken for a dictionary, or "
        "for a list of arrays?",
    ),
    (
        "Cannot cast ufunc",
        "integer-state",
        "An array of integers cannot take a fraction: make the state with np.zeros_like(w), not "
        "from whole numbers.",
    ),
    (
        "truth value of an array",
        "array-in-an-if",
        "`if`, `and` and max ask for one yes or no, and an array has one for each entry: a mask "
        "like (x > 0), np.where and np.maximum go entry by entry.",
    ),
    (
        "only length-1 arrays|only 0-dimensional arrays|only size-1 arrays",
        "math-for-numpy",
        "A function that takes one number, as those of math do, is given an array: np.sqrt and "
        "its like go entry by entry.",
    ),
    (
        "not aligned|mismatch in its core dimension",
        "matrix-product",
        "`@` and np.dot are the product of matrices: entry by entry it is `*`.",
    ),
    (
        "as a data type",
        "view-for-reshape",
        "view gives the same bytes as another type: in NumPy reshape gives another shape.",
    ),
    (
        "'(int|float)' object is not callable",
        "method-overwritten",
        "A number is called like a function. Has it the name of a method, like step or update "
        "(count with self.t), or is a `*` missing before a bracket?",
    ),
    (
        "attribute name must be string",
        "state-overwritten",
        "`state` is taken: it names what the rule remembers. Keep what is your own under another "
        "name.",
    ),
    (
        "has no attribute 'parameters'",
        "super-late",
        "self.parameters is made by super().__init__(...): call that first.",
    ),
    ("has no attribute 'update'", "update-missing", "The class has neither `update` nor `step`."),
    (
        "'numpy.ndarray' object has no attribute|attribute 'data' of 'numpy.ndarray'",
        "no-such-method",
        "An array of NumPy has nothing of that name: w, g and the state are arrays.",
    ),
    ("^module '.*has no attribute", "name-unknown", "The module has nothing of that name."),
    (
        "'(float|int)' object has no attribute",
        "number-for-array",
        "This is a plain number already: it has no entries, no shape, and none of an array's "
        "methods.",
    ),
    (
        r"'(SGD|Adam|AdaGrad|Seventh|Momentum|RMSProp)' object has no attribute",
        "name-unknown",
        "A rule has nothing of that name: its hyperparameters are its attributes, like "
        "optimizer.lr, and optimizer.parameters is the list of its parameters.",
    ),
    (
        "has no attribute",
        "never-set",
        "It was never set: name what the rule remembers in `state`, and hyperparameters in "
        "super().__init__(parameters, lr=lr, ...).",
    ),
    (
        r"Optimizer\.__init__\(\) takes",
        "arguments-of-init",
        "super().__init__ takes the parameters, and every hyperparameter by its name: "
        "super().__init__(parameters, lr=lr, ...).",
    ),
    (
        "positional argument",
        "arguments-of-update",
        "`update` gets w, g and one array for each name in `state`, in that order.",
    ),
    (
        "unexpected keyword argument",
        "keyword-unknown",
        "What is called here has no argument of that name.",
    ),
    (
        "must be a Module or a list",
        "parameters-are-a-list",
        "A rule takes a list of parameters, even of one: rule([w]).",
    ),
    ("is not defined", "name-unknown", "A name is misspelt, or `self.` is missing before it."),
    ("before assignment", *LATER),
    ("not associated with a value", *LATER),
    (
        "broadcast",
        "shapes-differ",
        "Two arrays do not have the same shape: w, g and the state of one parameter do.",
    ),
    (
        "axis .* is out of bounds",
        "axis-missing",
        "The array has fewer axes than that: print its .shape. Is it another array than you think?",
    ),
    (
        "out of bounds",
        "index-too-large",
        "There are fewer entries than the index says: n of them are counted from 0 to n - 1.",
    ),
    (
        "unhashable",
        "no-key",
        "An array, or what holds one, cannot be a key: use a number, or id(...).",
    ),
    ("must be a number, not", *CHANGED),
    ("must lie in", *CHANGED),
    (
        "'float' object",
        "number-for-array",
        "A number stands where an array belongs: numbers have no entries and no shape.",
    ),
    (
        "division by zero",
        "divided-by-zero",
        "A correction divides by 0: is t 0 in the first step?",
    ),
)

# What the same causes are called in a function, which has no w, no state and no hyperparameters.
IN_FUNCTIONS = {
    "never-set": "There is no attribute or method of that name: is it misspelt?",
    "arguments-of-update": "Something is called with more arguments, or fewer, than it takes.",
    "shapes-differ": "Two arrays do not fit each other: print their .shape.",
    "gradient-changed": "An argument is changed in place. Others see it, too: work on a copy.",
    "integer-state": "An array of integers cannot take a fraction.",
    "divided-by-zero": "Something is divided by 0.",
    "matrix-product": "The shapes do not fit a product of matrices: (n, k) @ (k, m) is (n, m).",
    "method-overwritten": "A number is called like a function: is a `*` missing before a bracket?",
    "no-such-method": "An array of NumPy has nothing of that name.",
}

# Words of PyTorch, and what they are called here.
OTHER_WORDS = {
    "grad": "the gradient is the argument g",
    "data": "w is the array itself",
    "mul_": "x *= ...",
    "add_": "x += ...",
    "sub_": "x -= ...",
    "div_": "x /= ...",
    "lerp_": "m += (1 - beta) * (g - m)",
    "addcmul_": "x += c * a * b",
    "addcdiv_": "x += c * a / b",
    "zero_": "x[...] = 0",
    "copy_": "x[...] = y",
    "sqrt": "np.sqrt(x)",
    "sqrt_": "np.sqrt(x, out=x)",
    "square": "x * x",
    "pow": "x ** 2",
    "abs": "np.abs(x)",
    "exp": "np.exp(x)",
    "norm": "np.linalg.norm(x)",
    "clamp": "np.clip(x, low, high)",
    "clone": "x.copy()",
    "numel": "x.size",
    "t": "x.T",
    "view_as": "x.reshape(y.shape)",
    "unsqueeze": "x[:, None]",
    "detach": "x itself",
    "numpy": "x itself",
    "item": "x itself, or float(x)",
    "dim": "axis",
    "keepdim": "keepdims",
    "param_groups": "optimizer.lr",
    "CrossEntropyLoss": "nn.cross_entropy(z, y), a function",
    "functional": "nn.cross_entropy(z, y), a function",
}


def cause(failure):
    """(pattern, slug, sentence) of the likely cause of an exception, or its kind three times."""
    if failure is None:
        return None
    return next((c for c in CAUSES if re.search(c[0], failure.message)), (failure.kind,) * 3)


def in_numpy(failure):
    """What a word is called here that was taken from elsewhere."""
    word = re.search(r"(?:attribute|keyword argument) '(\w+)'", failure.message)
    other = OTHER_WORDS.get(word[1]) if word else None
    return f" Here it is: {other}." if other else ""
