"""An activation whose slope is 0 beyond its kinks."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.activations import Activation


class HardTanh(Activation, frozen=True, tag="hard_tanh"):
    """A tanh of three straight pieces."""

    formula: ClassVar[str] = "min(1, max(-1, z))"
    values: ClassVar[tuple[float, float]] = (-1, 1)
    kinks: ClassVar[tuple[float, ...]] = (-1.0, 1.0)
    dies: ClassVar[bool] = True

    def apply(self, z: Array, out: Array) -> None:
        np.maximum(z, -1, out=out)
        np.minimum(out, 1, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.absolute(z, out=out)
        np.less(out, 1, out=out)
