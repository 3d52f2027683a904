"""Gradients that float16 could not hold: how many there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.observations.base import Observation

if TYPE_CHECKING:
    from simulator.training.training import Training

SMALLEST_FLOAT16 = 6e-8
"""float16's smallest positive number is 5.96e-8; what lies below half of it becomes 0."""


class TinyGradientsObservation(Observation[Floats], frozen=True, tag="tiny-gradients"):
    """(layers,): share of each weight gradient that float16 could not hold; NaN for layers without weights."""

    def observe(self, training: Training) -> Floats:
        shares: Floats = np.array(
            [np.nan if tap.weight_gradient is None else _share(tap.weight_gradient) for tap in training.network.taps],
            np.float64,
        )
        return frozen(shares)


def _share(gradient: Array) -> float:
    """Share of the entries that are not 0 with |g| < 6e-8; exact zeros, as of inputs that are 0, lose nothing.

    NaN where any entry is.
    """
    size = np.abs(gradient)
    if np.isnan(size).any():
        return math.nan
    nonzero = np.count_nonzero(size)
    zeros = size.size - nonzero
    return float((np.count_nonzero(size < SMALLEST_FLOAT16) - zeros) / nonzero) if nonzero else 0.0
