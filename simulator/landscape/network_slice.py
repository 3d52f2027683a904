"""The loss of a network on its present batch, over a plane through its parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.landscape.directions import Directions
from simulator.landscape.function import Window
from simulator.landscape.jets import Scalar
from simulator.observations.sharpness import Hessian
from simulator.observations.twin import Twin
from simulator.training.training import Training

MARGIN = 0.15
"""Share of the run's path by which the window is wider."""


@dataclass(frozen=True)
class Trail:
    """The run's own path: which steps, and their places on the plane."""

    steps: tuple[int, ...]
    places: Floats
    """(steps, 2)"""


class NetworkSlice:
    """f(x, y) = C(w + x d₁ + y d₂), the mean loss of the present batch without penalties, masks of dropout as they are.

    Its gradient is (∇C·d₁, ∇C·d₂), its Hessian dᵢ·H dⱼ, by exact products with the Hessian.
    """

    at_once = 8

    def __init__(self, training: Training, directions: Directions, trail: Trail, reach: float) -> None:
        self.directions, self.trail = directions, trail
        self.step = training.step
        self._centre: Floats = training.network.parameters.value.astype(np.float64)
        self._twin = Twin(training)
        self._hessian: Hessian | None = None
        self._training = training
        self.window = self._around(reach)

    def _around(self, reach: float) -> Window:
        """``reach`` to each side, widened to what the run's path takes."""
        places = np.concatenate([self.trail.places, [[-reach, -reach], [reach, reach]]])
        if self.directions.spans_path:
            places = self.trail.places
        low, high = places.min(axis=0), places.max(axis=0)
        span = np.maximum(high - low, 1e-9)
        low, high = low - MARGIN * span, high + MARGIN * span
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))

    def value(self, x: Scalar, y: Scalar) -> Scalar:
        xs, ys = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        losses = np.empty(xs.size)
        with np.errstate(all="ignore"):
            for place, at in enumerate(zip(xs.ravel(), ys.ravel(), strict=True)):
                self._go_to(*at)
                self._twin.network.forward(training=True)
                losses[place] = self._loss()
        return losses.reshape(xs.shape)[()]

    def slope(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        """At one place."""
        with np.errstate(all="ignore"):
            self._go_to(float(x), float(y))
            gradient = self._twin.gradient()
            return self._loss(), gradient @ self.directions.x, gradient @ self.directions.y

    def hessian(self, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        """At one place."""
        if self._hessian is None:
            self._hessian = Hessian(self._training)
            self._hessian.penalty[:] = 0
        with np.errstate(all="ignore"):
            np.copyto(self._hessian.parameters.value, self._at(float(x), float(y)))
            first = self._hessian.product(self.directions.x)
            xx, xy = first @ self.directions.x, first @ self.directions.y
            return xx, xy, self._hessian.product(self.directions.y) @ self.directions.y

    def _at(self, x: float, y: float) -> Floats:
        return self._centre + x * self.directions.x + y * self.directions.y

    def _go_to(self, x: float, y: float) -> None:
        np.copyto(self._twin.value, self._at(x, y))

    def _loss(self) -> float:
        return float(np.mean(self._twin.network.output.sample_losses(self._twin.y), dtype=np.float64))
