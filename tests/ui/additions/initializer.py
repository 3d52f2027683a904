"""An initialiser of two values."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import knob


class Signs(Initializer, frozen=True, tag="signs"):
    """Plus or minus one size."""

    height: Annotated[float, knob("height", "The size of every entry.", slider=(0.01, 10), log=True, ge=0)] = 0.1
    size_field: ClassVar[str] = "height"

    def fill(self, out: Array, rng: np.random.Generator, fan_in: int, fan_out: int) -> None:
        out[...] = self.height * rng.choice([-1.0, 1.0], out.shape)

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return self.height**2

    def fixed_size(self) -> float:
        return self.height
