"""A small dense network evaluated anew in float64 with changes made by hand, beside the network as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.layers.dense import is_dense
from simulator.layers.output import OutputModule
from simulator.observations.base import Observation
from simulator.observations.graph.matrix import Matrix, matrix_of
from simulator.parts.activations import Activation
from simulator.parts.losses import Loss

if TYPE_CHECKING:
    from simulator.training.training import Training

WIDEST = 10
"""Units of a layer up to which a network can be changed by hand."""
SIGNALS = ("input", "activation", "slope", "delta")
RATIO_TOLERANCE = 1e-9
"""Ratios of entries that differ by less are one ratio."""


@dataclass(frozen=True)
class Changes:
    """What a hand has done to the network; layers are counted from 0, the output layer last."""

    off: frozenset[tuple[int, int]] = frozenset()
    """Hidden units (layer, unit) whose activation and slope are 0."""
    input_scale: float = 1.0
    error_scale: float = 1.0
    weight_scales: Mapping[int, float] = field(default_factory=dict)
    edits: Mapping[tuple[int, int, int], float] = field(default_factory=dict)
    """(layer, to unit, from unit) → new weight, before its layer's scale; from unit = number of inputs: the bias."""
    held: bool = False
    """Keep the output's error as it is in the unchanged network (``error_scale`` still acts)."""
    ones: bool = False
    """One sample of ones with target 0 in place of the batch, for both networks."""

    def __hash__(self) -> int:
        scales, edits = frozenset(self.weight_scales.items()), frozenset(self.edits.items())
        return hash((self.off, self.input_scale, self.error_scale, scales, edits, self.held, self.ones))


@dataclass(frozen=True)
class Ratio:
    """What has become of a matrix."""

    norm: float
    """‖M'‖ / ‖M‖; NaN for 0 / 0."""
    entry: float
    """The one ratio of all entries that are not 0 before or after; NaN where they differ or there are none."""
    zeros: int
    """Entries that have become 0."""


@dataclass(frozen=True)
class WhatIfOutcome:
    """Matrices by the keys of the graph's boxes: signals (units, samples), weights outputs × inputs."""

    before: Mapping[str, Floats]
    after: Mapping[str, Floats]
    norms: Mapping[str, float]
    """After; signals as the root of the mean square norm of a sample."""

    def ratio(self, key: str) -> Ratio:
        return ratio(self.before[key], self.after[key])


class WhatIf(Observation[WhatIfOutcome], frozen=True, tag="what-if"):
    """What every box would hold if these changes were made."""

    changes: Changes = Changes()

    def observe(self, training: Training) -> WhatIfOutcome:
        """ValueError where the network cannot be changed by hand."""
        plain = dense_stack(training)
        if self.changes.ones:
            plain = plain.with_data(np.ones((len(plain.x), 1)), np.zeros((len(plain.y), 1)))
        before = plain.evaluate()
        held = before[f"delta:{plain.last}"] if self.changes.held else None
        after = plain.changed(self.changes).evaluate(self.changes.off, self.changes.error_scale, held)
        return WhatIfOutcome(before, after, _norms(after, plain.x.shape[1]))


@dataclass(frozen=True)
class DenseStack:
    """The same stack of dense layers in plain float64 arrays, (units, samples) each.

    a^l = φ(W^l a^(l−1) + b^l), δ^l = (W^(l+1)ᵀ δ^(l+1)) ⊙ φ'(z^l), ∂W^l = δ^l a^(l−1)ᵀ / samples.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    x: Floats
    y: Floats

    @property
    def last(self) -> int:
        return len(self.weights) - 1

    def with_data(self, x: Floats, y: Floats) -> DenseStack:
        return replace(self, x=x, y=y)

    def changed(self, changes: Changes) -> DenseStack:
        """With edited and scaled weights and a scaled input."""
        weights, biases = [w.copy() for w in self.weights], [b.copy() for b in self.biases]
        for (layer, to, origin), value in changes.edits.items():
            if origin == weights[layer].shape[1]:
                biases[layer][to] = value
            else:
                weights[layer][to, origin] = value
        for layer, scale in changes.weight_scales.items():
            weights[layer] *= scale
        x = self.x * changes.input_scale
        return replace(self, weights=tuple(weights), biases=tuple(biases), x=x)

    def evaluate(
        self, off: frozenset[tuple[int, int]] = frozenset(), error_scale: float = 1.0, held: Floats | None = None
    ) -> dict[str, Floats]:
        """Every box by its key. ``held`` is the output's δ in place of the one that follows from the answer."""
        boxes = {"input:-1": self.x}
        a = self._forward(boxes, off)
        delta = np.empty_like(a)
        self.loss.gradient(boxes[f"z:{self.last}"], a, self.y, delta)
        self._backward(boxes, (delta if held is None else held) * error_scale)
        return {key: value for key, value in boxes.items() if not key.startswith("z:")}

    def _forward(self, boxes: dict[str, Floats], off: frozenset[tuple[int, int]]) -> Floats:
        a = self.x
        for layer, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = w @ a + b[:, np.newaxis]
            a = np.empty_like(z)
            if layer < self.last:
                slope = np.empty_like(z)
                self.activations[layer].apply(z, a)
                self.activations[layer].derivative(z, a, slope)
                silent = [unit for place, unit in off if place == layer]
                a[silent] = slope[silent] = 0.0
                boxes[f"slope:{layer}"] = slope
            else:
                self.loss.output(z, a)
            boxes[f"z:{layer}"], boxes[f"weights:{layer}"], boxes[f"activation:{layer}"] = z, w, a
            boxes[f"biases:{layer}"] = b[:, np.newaxis]
        return a

    def _backward(self, boxes: dict[str, Floats], delta: Floats) -> None:
        samples = self.x.shape[1]
        for layer in range(self.last, -1, -1):
            below = boxes[f"activation:{layer - 1}"] if layer else self.x
            boxes[f"delta:{layer}"] = delta
            boxes[f"weight_gradient:{layer}"] = delta @ below.T / samples
            boxes[f"bias_gradient:{layer}"] = delta.mean(axis=1, keepdims=True)
            if layer:
                delta = (self.weights[layer].T @ delta) * boxes[f"slope:{layer - 1}"]


def dense_stack(training: Training) -> DenseStack:
    """ValueError in one sentence where the network is too wide or not of dense layers alone."""
    network = training.network
    modules = [module for module in network.modules if is_dense(module) and not module.stages]
    if len(modules) < len(network.modules) or type(network.output) is not OutputModule:
        raise ValueError("only dense layers without normalisation and dropout can be changed by hand")
    affines = [*(module.affine for module in modules), network.output.affine]
    widest = max(max(affine.inputs, affine.outputs) for affine in affines)
    if widest > WIDEST:
        raise ValueError(f"networks up to {WIDEST} wide can be changed by hand; this one is {widest} wide")
    kernels = [affine.kernel.astype(np.float64) for affine in affines]
    return DenseStack(
        tuple(kernel[:-1].T for kernel in kernels),
        tuple(kernel[-1] for kernel in kernels),
        tuple(module.spec.activation for module in modules),
        network.output.loss,
        network.input[:-1].astype(np.float64),
        training.y.astype(np.float64),
    )


def ratio(before: Floats, after: Floats) -> Ratio:
    """‖after‖ / ‖before‖, and entry by entry."""
    known = before != 0
    alive = known & (after != 0)
    ratios = after[alive] / before[alive]
    spread = float(np.ptp(ratios)) if ratios.size else math.inf
    common = float(ratios[0]) if spread <= RATIO_TOLERANCE * float(np.abs(ratios).max(initial=0.0)) else math.nan
    sizes = np.linalg.norm(before), np.linalg.norm(after)
    with np.errstate(all="ignore"):
        size = float(np.divide(sizes[1], sizes[0]))
    return Ratio(size, common, int((known & (after == 0)).sum()))


def as_matrix(boxes: Mapping[str, Floats], key: str) -> Matrix:
    """One matrix as it is drawn; weights with their biases as a last column."""
    whole = boxes[key]
    if key.startswith("weights"):
        whole = np.hstack([whole, boxes[key.replace("weights", "biases")]])
    return matrix_of(key, whole, key.startswith(SIGNALS))


def _norms(boxes: Mapping[str, Floats], samples: int) -> dict[str, float]:
    return {
        key: float(np.linalg.norm(value)) / (math.sqrt(samples) if key.startswith(SIGNALS) else 1.0)
        for key, value in boxes.items()
    }
