"""Measures of layers that have an inner stack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.measures.base import Reading
from simulator.measures.forward import ForwardMeasure


class BranchShare(ForwardMeasure):
    """How much of a residual layer's signal comes from its branch; 0: all from the skip, 1: all from the branch."""

    name = "branch_share"
    label = "branch share"
    unit = "share"
    formula = "var(s F) / (var(s F) + var(skip)), variances over all units and samples"

    moments = ("branch", "skip")

    def value(self, reading: Reading) -> Floats:
        branch, skip = reading.moments["branch"].std, reading.moments["skip"].std
        # Scaled by the larger one: a square must neither overflow nor vanish.
        top = np.maximum(branch, skip)
        branch, skip = np.square(branch / top), np.square(skip / top)
        share: Floats = branch / (branch + skip)
        return share

    def undefined(self, reading: Reading) -> NDArray[np.bool_]:
        """Where neither of the two varies."""
        return np.equal(np.maximum(reading.moments["branch"].std, reading.moments["skip"].std), 0)
