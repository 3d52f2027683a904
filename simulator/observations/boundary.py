"""The decision boundary of a two-input data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Floats, frozen
from simulator.observations.base import Observation

if TYPE_CHECKING:
    from simulator.training.training import Training

GRID = 64
"""Points along each side of the image."""


class Boundary(Struct, frozen=True):
    """What the network answers over the plane of a two-input data set."""

    image: Floats
    """(outputs, rows, columns): output activations; row 0 at the lowest second input."""
    x_range: tuple[float, float]
    y_range: tuple[float, float]


class BoundaryObservation(Observation[Boundary | None], frozen=True, tag="boundary"):
    """The answers over the plane of a two-input data set, in evaluation mode; None for any other."""

    share = 0
    standard = True

    def observe(self, training: Training) -> Boundary | None:
        data = training.data
        if data.input_shape != (2,):
            return None
        x = np.concatenate([data.x_train, data.x_val], axis=1)
        low, high = x.min(axis=1), x.max(axis=1)
        margin = 0.1 * np.maximum(high - low, 1e-6)
        first = np.linspace(low[0] - margin[0], high[0] + margin[0], GRID)
        second = np.linspace(low[1] - margin[1], high[1] + margin[1], GRID)
        answers = training.evaluator.answers(np.stack([np.tile(first, GRID), np.repeat(second, GRID)]))
        return Boundary(
            frozen(answers.reshape(-1, GRID, GRID)),
            (float(first[0]), float(first[-1])),
            (float(second[0]), float(second[-1])),
        )
