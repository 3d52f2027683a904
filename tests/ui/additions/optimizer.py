"""An optimiser whose steps are all equally long."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.optimizers import _BETA1, _BETA2, Optimizer
from simulator.schema.parameter import knob


class Lion(Optimizer, frozen=True, tag="lion"):
    """The sign of a mean of gradients (Chen et al. 2023, arXiv:2302.06675)."""

    label: ClassVar[str] = "Lion"
    beta1: Annotated[float, _BETA1] = 0.9
    beta2: Annotated[float, _BETA2] = 0.99
    fading: Annotated[float, knob("fading", "λ of the decay.", slider=(0, 1), ge=0, live=True)] = 0.0
    slots: ClassVar[int] = 1
    adaptive: ClassVar[bool] = True
    decay_field: ClassVar[str] = "fading"

    def update(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        (mean,) = state
        np.multiply(mean, self.beta1, out=out)
        np.add(out, (1 - self.beta1) * g, out=out)
        np.sign(out, out=out)
        np.add(out, self.fading * w, out=out)
        np.multiply(out, -rate, out=out)
        np.multiply(mean, self.beta2, out=mean)
        np.add(mean, (1 - self.beta2) * g, out=mean)
