"""How sharply the loss curves: the largest eigenvalue of its Hessian, and the step that this still lets be stable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.analysis.lanczos import largest
from simulator.analysis.twin import Twin
from simulator.frame import Floats
from simulator.optimizers import SGD, Optimizer
from simulator.parameter import title_of
from simulator.question import Question

if TYPE_CHECKING:
    from simulator.training import Training

MOST_PRODUCTS = 48
MOST_PARAMETERS = 2_000_000
"""Lanczos keeps a vector of so many numbers for each product."""
TOLERANCE = 1e-3
"""Residual at which it ends; the error of the eigenvalue is about its square."""
SHIFT = 1e-5
"""How far the parameters are moved to either side for a product, beside their largest."""


@dataclass(frozen=True)
class Sharpness:
    """λ_max of the Hessian of what is minimised on the present batch, and η · λ_max against its limit."""

    value: float
    """λ_max; found from below, NaN where the gradient is not finite."""
    residual: float
    """‖Hv − λv‖"""
    products: int
    """Hessian-vector products, of two gradients each."""
    rate: float
    """η of the step."""
    limit: float
    """η · λ_max beyond which the step overshoots more and more; NaN where there is none."""
    reason: str
    """Why there is no limit; ``""`` where there is."""

    @property
    def gauge(self) -> float:
        """η · λ_max"""
        return self.rate * self.value


@dataclass(frozen=True)
class SharpnessQuestion(Question):
    """On the present batch, in training mode with the present dropout masks; L2 counts, clipping and L1 do not."""

    seconds: float = 1.0
    """When Lanczos ends at the latest, with what it has found."""

    def answer(self, training: Training) -> Sharpness:
        size = training.network.parameters.size
        if size > MOST_PARAMETERS:
            raise ValueError(
                f"Lanczos keeps {MOST_PRODUCTS} vectors as long as the parameters; {size} are too many "
                f"(at most {MOST_PARAMETERS})"
            )
        hessian = Hessian(Twin(training), training.experiment.regularization.l2)
        found = largest(hessian.product, size, most=MOST_PRODUCTS, tolerance=TOLERANCE, seconds=self.seconds)
        limit, reason = stability_limit(training.experiment.optimizer)
        return Sharpness(found.value, found.residual, found.products, training.learning_rate, limit, reason)


class Hessian:
    """Products H v by central differences of the gradient, (g(w + εv) − g(w − εv)) / 2ε with ‖v‖ = 1."""

    def __init__(self, twin: Twin, l2: float = 0.0) -> None:
        self.twin = twin
        self.centre = twin.value.copy()
        self.shift = SHIFT * max(1.0, float(np.abs(self.centre).max(initial=0.0)))
        self.penalty = np.zeros(len(self.centre))
        for start, stop in twin.network.parameters.weight_ranges:
            self.penalty[start:stop] = l2

    def product(self, v: Floats) -> Floats:
        """H v for a v of length 1; the twin stays where it was."""
        found = self._gradient(v).copy()
        found -= self._gradient(-v)
        found /= 2 * self.shift
        np.copyto(self.twin.value, self.centre)
        found += self.penalty * v
        return found

    def _gradient(self, v: Floats) -> Floats:
        np.add(self.centre, self.shift * v, out=self.twin.value)
        return self.twin.gradient()


def stability_limit(optimizer: Optimizer) -> tuple[float, str]:
    """(largest stable η · λ on a quadratic, why there is none): 2, heavy ball 2 + 2β, Nesterov 2(1+β)/(1+2β)."""
    if not isinstance(optimizer, SGD):
        name = title_of(type(optimizer))
        return math.nan, f"{name} rescales every parameter's step, so λ_max alone sets no limit"
    beta = optimizer.momentum
    return (2 * (1 + beta) / (1 + 2 * beta) if optimizer.nesterov else 2 + 2 * beta), ""
