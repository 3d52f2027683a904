"""A measure of every layer."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.measures.base import Reading
from simulator.measures.forward import ForwardMeasure


class ActivationSquare(ForwardMeasure):
    """Mean square of the activations."""

    name = "activation_square"
    label = "mean square"
    formula = "mean a²"
    moments = ("a",)

    def value(self, reading: Reading) -> Floats:
        moments = reading.moments["a"]
        found: Floats = np.square(moments.mean) + np.square(moments.std)
        return found
