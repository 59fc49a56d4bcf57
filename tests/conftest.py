import functools
from unittest import mock

import numpy as np
import pytest

from classroom import mnist

# The set-up cells of the notebooks load the digits: once is enough for those that are run as code.
digits_once = functools.partial(mock.patch.object, mnist, "load", functools.cache(mnist.load))


@pytest.fixture
def rng():
    return np.random.default_rng(0)
