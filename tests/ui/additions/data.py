"""A data set of two inputs."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.data.base import Labels
from simulator.data.toy import TwoClasses


class Stripes(TwoClasses, frozen=True, kw_only=True, tag="stripes"):
    """Two classes side by side."""

    def _place(self, side: Labels, rng: np.random.Generator) -> Floats:
        return np.stack([2.0 * side - 1, rng.uniform(-1, 1, len(side))], axis=1)
