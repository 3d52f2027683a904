"""A loss behind an output that squashes to −1 … 1."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.activations import Activation, Tanh
from simulator.parts.losses import Loss, _half_square


class TanhMSE(Loss, frozen=True, tag="tanh_mse"):
    """Half the squared distance behind a tanh."""

    label: ClassVar[str] = "tanh + squared error"
    activation: ClassVar[Activation | None] = Tanh()
    sloped: ClassVar[bool] = True

    def per_sample(self, z: Array, a: Array, y: Array) -> Array:
        return _half_square(a, y)

    def gradient(self, z: Array, a: Array, y: Array, out: Array) -> None:
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)
        np.multiply(out, a - y, out=out)
