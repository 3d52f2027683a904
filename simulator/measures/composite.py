"""Measures of layers that have an inner stack."""

from __future__ import annotations

import numpy as np

from simulator.frame import Floats
from simulator.measures.base import Reading
from simulator.measures.forward import ForwardMeasure
from simulator.measures.statistics import moments


class BranchShare(ForwardMeasure):
    """How much of a residual layer's signal comes from its branch; 0: all from the skip, 1: all from the branch."""

    name = "branch_share"
    label = "branch share"
    unit = "share"
    formula = "var(s F) / (var(s F) + var(skip)), variances over all units and samples"

    def value(self, reading: Reading) -> Floats | None:
        extras = reading.stack.extras
        if "branch" not in extras or "skip" not in extras:
            return None
        branch, skip = moments(extras["branch"]).std, moments(extras["skip"]).std
        # Scaled by the larger one: a square must neither overflow nor vanish.
        top = np.maximum(branch, skip)
        branch, skip = np.square(branch / top), np.square(skip / top)
        share: Floats = branch / (branch + skip)
        return share

    def undefined(self, reading: Reading) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
        """Where neither of the two varies."""
        extras = reading.stack.extras
        if "branch" not in extras or "skip" not in extras:
            return None
        still: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.equal(
            np.maximum(moments(extras["branch"]).std, moments(extras["skip"]).std), 0
        )
        return still
