"""How sharply the loss curves: the largest eigenvalue of its Hessian, and the step that this still lets be stable."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.dual import dual
from simulator.arrays.lanczos import largest
from simulator.arrays.numeric import Floats
from simulator.arrays.quantiles import Quartiles, quartiles_of
from simulator.layers.base import Module
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.observations.base import AnalysisRow, Observation
from simulator.observations.sampled import Sampled, Subject
from simulator.observations.twin import DualNetwork, Twin
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import title_of
from simulator.system.progress import advance
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

MOST_PRODUCTS = 128
WATCHED_SECONDS = 1.0
"""When Lanczos ends at the latest beside training, with what it has found."""
TOLERANCE = 1e-3
"""Residual at which it ends; the error of the eigenvalue is about its square."""


@dataclass(frozen=True)
class Sharpness:
    """λ_max of the Hessian of what is minimised on the present batch, and η · λ_max against its limit."""

    value: float
    """λ_max; found from below, NaN where the gradient is not finite."""
    residual: float
    """‖Hv − λv‖"""
    products: int
    """Hessian-vector products, each of a forward and a backward pass in dual numbers."""
    rate: float
    """η of the step."""
    limit: float
    """η · λ_max beyond which the step overshoots more and more; NaN where there is none."""
    reason: str
    """Why there is no limit; ``""`` where there is."""

    @property
    def bound(self) -> bool:
        """Whether Lanczos ended before it converged: λ_max is ``value`` or more."""
        return self.residual > TOLERANCE * abs(self.value)

    @property
    def gauge(self) -> float:
        """η · λ_max"""
        return self.rate * self.value


class GaugePast(Sampled):
    """λ_max, η λ_max and its limit; of looks that share a column, the last."""

    name = "sharpness"
    capacity = 2048

    def subject(self, result: Sharpness, info: RunInfo) -> Subject:
        return Subject()

    def shape(self, subject: Subject) -> tuple[int, ...]:
        if subject != Subject():
            raise ValueError("the loss is the only one that has a sharpness")
        return (3,)

    def sampled(self, result: Sharpness, info: RunInfo) -> Floats:
        return np.array([result.value, result.gauge, math.nan if result.reason else result.limit])

    def merge(self, earlier: Floats, later: Floats) -> Floats:
        return later


class SharpnessObservation(Observation[Sharpness], frozen=True, tag="sharpness"):
    """λ_max of the Hessian and η λ_max against its limit.

    On the present batch, in training mode with the present dropout masks; L2 counts, clipping and L1 do not.
    """

    past = GaugePast()
    spans_seeds = True
    order = 7
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "sharpness.csv": (
            "step", "lambda_max", "residual", "products", "learning_rate", "eta_lambda_max", "limit",
            "no_limit_because",
        ),
    }  # fmt: skip

    def observe(self, training: Training) -> Sharpness:
        # However long it takes: the same run gives the same file.
        return sharpness(training)

    def watch(self) -> Callable[[Training], Sharpness]:
        return partial(sharpness, seconds=WATCHED_SECONDS)

    def over_seeds(self, results: Sequence[Sharpness]) -> Quartiles[Sharpness]:
        """Where one of them is a lower bound, so are all three."""
        known = [each for each in results if math.isfinite(each.value) and each.value]
        worst = max((each.residual / abs(each.value) for each in known), default=0.0)
        low, middle, high = (replace(each, residual=worst * abs(each.value)) for each in quartiles_of(results))
        return low, middle, high

    def rows(self, result: Sharpness, info: RunInfo) -> Iterator[AnalysisRow]:
        yield AnalysisRow(
            "sharpness.csv",
            {
                "lambda_max": result.value, "residual": result.residual, "products": result.products,
                "learning_rate": result.rate, "eta_lambda_max": result.gauge,
                "limit": None if result.reason else result.limit, "no_limit_because": result.reason,
            },
        )  # fmt: skip


def sharpness(training: Training, seconds: float = math.inf) -> Sharpness:
    """λ_max where Lanczos has converged, or what it has found after so many seconds."""
    hessian = Hessian(training)
    # The loss curves most about where it falls: two products from there find more than eight from anywhere.
    gradient = training.network.parameters.gradient.astype(np.float64)
    counted = itertools.count()

    def product(v: Floats) -> Floats:
        advance("Sharpness", next(counted), MOST_PRODUCTS, "products at most")
        return hessian.product(v)

    extreme = largest(product, len(gradient), most=MOST_PRODUCTS, tolerance=TOLERANCE, seconds=seconds, lean=gradient)
    optimizer = training.experiment.optimizer
    return Sharpness(
        extreme.value, extreme.residual, extreme.products, training.learning_rate, optimizer.stability_limit(),
        unlimited(optimizer),
    )  # fmt: skip


class Hessian:
    """Exact products H v: the tangent of the gradient where the parameters move along v.

    H is that of the whole loss, also where training cuts the gradient in time.
    """

    def __init__(self, training: Training) -> None:
        self.twin = Twin(training, DualNetwork)
        _join(self.twin.network.modules)
        self.parameters, self.gradient = (
            dual(each) for each in (self.twin.network.parameters.value, self.twin.network.parameters.gradient)
        )
        self.penalty = np.zeros(self.parameters.size)
        for start, stop in self.twin.network.parameters.weight_ranges:
            self.penalty[start:stop] = training.experiment.regularization.l2

    def product(self, v: Floats) -> Floats:
        np.copyto(self.parameters.tangent, v)
        with np.errstate(all="ignore"):
            self.twin.gradient()
        product: Floats = self.gradient.tangent + self.penalty * v
        return product


def _join(modules: Sequence[Module]) -> None:
    """Let the gradient pass where ``truncate`` stops it."""
    for module in modules:
        if isinstance(module, ThroughTimeModule):
            module.loop.cuts = frozenset()
        _join(module.children())


def unlimited(optimizer: Optimizer) -> str:
    """Why η · λ_max has no limit; ``""`` where it has."""
    if math.isfinite(optimizer.stability_limit()):
        return ""
    return f"{title_of(type(optimizer))} rescales every parameter's step, so λ_max alone sets no limit"
