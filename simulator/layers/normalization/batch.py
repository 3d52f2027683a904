"""Batch norm: every unit's mean and spread over the batch."""

from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.base import Block
from simulator.layers.normalization.base import BatchNormSettings, Over, PlacedNormalization, ScaledStage
from simulator.schema.parameter import Part, knob

MOMENTUM = knob(
    "running share",
    "Share of each batch in the running averages that evaluation uses.",
    slider=(0, 1),
    ge=0,
    le=1,
    unit="m",
    live=True,
)


class BatchNorm(PlacedNormalization, frozen=True, tag="batch"):
    """Gives every unit mean 0 and variance 1 over the batch, then a learnt scale γ and shift β.

    x̂ = (x − mean) / √(var + ε), y = γ x̂ + β with the biased variance; evaluation uses running averages
    r ← (1−m) r + m·batch, whose variance is the unbiased one. Backward: ∂x = γ/√(var+ε) (∂y − mean ∂y − x̂ mean(∂y x̂)).

    Ioffe and Szegedy 2015, Batch normalization, arXiv:1502.03167.
    """

    label: ClassVar[str] = "batch norm"
    formula: ClassVar[str] = (
        r"$$\hat x=\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}},\qquad y=\gamma\,\hat x+\beta$$"
        "\n\n"
        r"$\mu$, $\sigma^2$ of each unit over the batch."
    )
    over: ClassVar[Over] = "batch"
    momentum: Annotated[float, MOMENTUM] = 0.1

    def stage(self, units: int) -> "BatchNormStage":
        return BatchNormStage(self, units)


class BatchNormStage(ScaledStage):
    """Batch norm at work on (units, samples)."""

    def __init__(self, spec: BatchNormSettings, units: int) -> None:
        super().__init__(units)
        self.spec = spec
        self.running_mean = Block("running mean", (units, 1))
        self.running_variance = Block("running variance", (units, 1), start=1.0)

    def update_spec(self, spec: Part) -> None:
        assert isinstance(spec, BatchNormSettings)
        self.spec = spec

    def states(self) -> list[Block]:
        return [self.running_mean, self.running_variance]

    def allocate(self, shape: tuple[int, int], arena: Arena) -> None:
        units = shape[0]
        self.normal = arena.zeros(*shape)
        self.scratch = arena.zeros(*shape)
        self.mean = arena.zeros(units, 1)
        self.variance = arena.full(1, units, 1)
        self.inverse = arena.full(1, units, 1)

    def forward(self, x: Array, out: Array, training: bool) -> None:
        mean, variance = self.mean, self.variance
        if training:
            np.mean(x, axis=1, keepdims=True, out=mean)
            np.subtract(x, mean, out=self.normal)
            np.multiply(self.normal, self.normal, out=self.scratch)
            np.mean(self.scratch, axis=1, keepdims=True, out=variance)
        else:
            mean, variance = self.running_mean.value, self.running_variance.value
            np.subtract(x, mean, out=self.normal)
        self.normalise(variance, self.spec.epsilon, out)

    def backward(self, gradient: Array, out: Array) -> None:
        samples = gradient.shape[1]
        np.sum(gradient, axis=1, keepdims=True, out=self.shift.gradient)
        np.multiply(gradient, self.normal, out=self.scratch)
        np.sum(self.scratch, axis=1, keepdims=True, out=self.scale.gradient)
        np.multiply(self.normal, self.scale.gradient / samples, out=self.scratch)
        np.subtract(gradient, self.scratch, out=out)
        np.subtract(out, self.shift.gradient / samples, out=out)
        np.multiply(out, self.inverse * self.scale.value, out=out)

    def commit(self) -> None:
        share = self.spec.momentum
        samples = self.normal.shape[1]
        unbiased = samples / (samples - 1) if samples > 1 else 1.0
        self.running_mean.value[...] += share * (self.mean - self.running_mean.value)
        self.running_variance.value[...] += share * (unbiased * self.variance - self.running_variance.value)
