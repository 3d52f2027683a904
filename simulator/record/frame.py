"""What crosses from the worker to the screen: frozen, read-only, and complete in itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Floats
from simulator.arrays.trace import Gains
from simulator.layers.recurrent.profile import TimeProfile
from simulator.measures.facts import Facts
from simulator.observations.boundary import Boundary
from simulator.observations.feature_maps import Maps
from simulator.observations.gates import Gates
from simulator.observations.graph.nodes import Graph
from simulator.observations.unit import Unit
from simulator.theory.bounds import Bounds
from simulator.theory.order_chaos import OrderChaos
from simulator.theory.prediction import Prediction
from simulator.training.nonfinite import Began, LostState
from simulator.training.run_info import RunInfo


class Frame(Struct, frozen=True):
    """The network at one step: after ``step`` updates, in training mode, on the batch of its next update."""

    info: RunInfo
    step: int
    epoch: float
    scalars: Mapping[str, float]
    """``loss, accuracy, validation_loss, validation_accuracy, learning_rate, gradient_norm``; NaN is a value,
    a missing key is "not defined"."""
    measures: Mapping[str, Floats]
    """Measure name → (layers,); NaN is a value; where ``defined`` is False the measure does not exist there."""
    defined: Mapping[str, NDArray[np.bool_]]
    histograms: Mapping[str, Histograms] = field(default_factory=dict)
    """``activation`` and ``weight_gradient``."""
    boundary: Boundary | None = None
    time: Mapping[str, TimeProfile] = field(default_factory=dict)
    """Layer label → its profile, for layers with a state."""
    gates: Gates | None = None
    factors: tuple[Gains, ...] = ()
    """What each operation does to the error signal going back to each layer, in depth order."""
    maps: Mapping[str, Maps] = field(default_factory=dict)
    """Layer label → maps and kernels, for layers whose answer is an image."""
    prediction: Prediction | None = None
    order_chaos: OrderChaos | None = None
    bounds: Bounds | None = None
    unit: Unit | None = None
    """The one under the microscope."""
    graph: Graph | None = None
    facts: Facts | None = None
    began: Began | None = None
    """Where NaN or Inf came in, at this step or before; None while all has been finite."""
    lost_state: LostState | None = None

    def result(self, name: str) -> object | None:
        """What it brings of something that is sampled; None where it was not looked at."""
        results: dict[str, object] = {"time": self.time, "factors": self.factors, "unit": self.unit}
        return results[name] or None

    @property
    def run(self) -> int:
        return self.info.run
