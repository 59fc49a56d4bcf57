"""mytorch_core: a NumPy core to learn neural-network optimizers on.

Read `tensor.py`, then `nn.py`, then `optim.py`.
"""

from mytorch_core import nn, optim
from mytorch_core.tensor import Tensor, no_grad

__all__ = ["Tensor", "nn", "no_grad", "optim"]
