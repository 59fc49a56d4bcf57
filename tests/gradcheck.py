"""Finite differences: the judge of every derivative in the core."""

import numpy as np

from mytorch_core import Tensor


def check_gradients(f, *arrays, rng, h=1e-6, tolerance=1e-6):
    """Compare backward() with central differences of f in three random directions per operand.

    f maps Tensors to a Tensor of any shape; the scalar is a random weighting of its entries, so
    that an error in one entry cannot hide behind another.
    """
    arrays = [np.asarray(array, np.float64) for array in arrays]
    operands = [Tensor(array, requires_grad=True) for array in arrays]
    result = f(*operands)
    weights = rng.normal(size=result.shape)
    (result * weights).sum().backward()
    for i, (array, operand) in enumerate(zip(arrays, operands, strict=True)):
        assert operand.grad.shape == array.shape
        for _ in range(3):
            direction = rng.normal(size=array.shape)

            def value(step, i=i, direction=direction):
                moved = [a + step * direction if j == i else a for j, a in enumerate(arrays)]
                return (f(*map(Tensor, moved)).data * weights).sum()

            slope = (value(h) - value(-h)) / (2 * h)
            expected = (operand.grad * direction).sum()
            assert np.isclose(slope, expected, rtol=tolerance, atol=tolerance), (
                f"operand {i}: backward() says {expected}, finite differences say {slope}"
            )
