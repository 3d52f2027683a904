"""The samples of a two-input data set, as the plane of its decision boundary shows them."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats


class Points(Struct, frozen=True):
    """The samples of a two-input data set, for the decision boundary."""

    x: Floats
    """(samples, 2)"""
    target: Floats
    """(samples,): class index or regression target."""
    validation: NDArray[np.bool_]
    """(samples,): held out from training."""
