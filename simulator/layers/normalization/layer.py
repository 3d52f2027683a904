"""Layer norm: every sample's mean and spread over its features."""

from typing import ClassVar

import numpy as np

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array
from simulator.layers.normalization.base import EpsilonSettings, Over, PlacedNormalization, ScaledStage
from simulator.schema.parameter import Part


class LayerNorm(PlacedNormalization, frozen=True, tag="layer"):
    """Gives every sample mean 0 and variance 1 over its units, then each unit a learnt scale γ and shift β.

    x̂ = (x − mean) / √(var + ε), y = γ x̂ + β with the biased variance over the units of one observation: of a sample,
    in a convolution of each pixel, over its channels (not over the whole image, as some libraries have it); training
    and evaluation are the same. Backward, with h = γ ∂y: ∂x = (h − mean h − x̂ mean(h x̂)) / √(var + ε), means over the
    features.

    Ba, Kiros and Hinton 2016, Layer normalization, arXiv:1607.06450.
    """

    label: ClassVar[str] = "layer norm"
    formula: ClassVar[str] = (
        r"$$\hat x=\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}},\qquad y=\gamma\,\hat x+\beta$$"
        "\n\n"
        r"$\mu$, $\sigma^2$ of each sample over its units."
    )
    over: ClassVar[Over] = "units"

    def stage(self, units: int) -> "LayerNormStage":
        return LayerNormStage(self.epsilon, units)


class LayerNormStage(ScaledStage):
    """Layer norm at work on (units, observations)."""

    def __init__(self, epsilon: float, units: int) -> None:
        super().__init__(units)
        self.epsilon = epsilon

    def update_spec(self, spec: Part) -> None:
        assert isinstance(spec, EpsilonSettings)
        self.epsilon = spec.epsilon

    def allocate(self, shape: tuple[int, int], arena: Arena) -> None:
        self.normal, self.scratch = arena.zeros(*shape), arena.zeros(*shape)
        self.mean, self.inverse = arena.zeros(1, shape[1]), arena.full(1, 1, shape[1])

    def forward(self, x: Array, out: Array, training: bool) -> None:
        np.mean(x, axis=0, keepdims=True, out=self.mean)
        np.subtract(x, self.mean, out=self.normal)
        np.multiply(self.normal, self.normal, out=self.scratch)
        np.mean(self.scratch, axis=0, keepdims=True, out=self.inverse)
        self.normalise(self.inverse, self.epsilon, out)

    def backward(self, gradient: Array, out: Array) -> None:
        np.sum(gradient, axis=1, keepdims=True, out=self.shift.gradient)
        np.multiply(gradient, self.normal, out=self.scratch)
        np.sum(self.scratch, axis=1, keepdims=True, out=self.scale.gradient)
        np.multiply(self.scratch, self.scale.value, out=self.scratch)
        np.mean(self.scratch, axis=0, keepdims=True, out=self.mean)
        np.multiply(self.normal, self.mean, out=self.scratch)
        np.multiply(gradient, self.scale.value, out=out)
        np.mean(out, axis=0, keepdims=True, out=self.mean)
        np.subtract(out, self.mean, out=out)
        np.subtract(out, self.scratch, out=out)
        np.multiply(out, self.inverse, out=out)

    def commit(self) -> None:
        """It remembers nothing."""
