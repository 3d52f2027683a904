"""How the network stretches small changes of its input: singular values of its Jacobian, and of one layer's W."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Counts, Floats, frozen
from simulator.observations.base import AnalysisRow, CellValue, Observation
from simulator.observations.twin import Twin
from simulator.system.machine import refuse_shortage
from simulator.system.progress import followed
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

MOST_OUTPUTS = 256
"""One backward pass each."""
LARGEST_SIDE = 2048
"""Smaller side of a W whose singular values are worked out."""


@dataclass(frozen=True)
class Jacobian:
    """Singular values, largest first; all equal to 1 is dynamical isometry."""

    samples: Counts
    """(samples,) indices in the training set."""
    singular_values: Floats
    """(samples, min(outputs, inputs)) of J = ∂z_L/∂x, z_L the output before its activation; NaN if not finite."""
    layer: int
    """Whose W it is, counted from 0."""
    weight_singular_values: Floats
    """(min(inputs, outputs),) of that W; empty where the layer has none or a very large one."""


class JacobianObservation(Observation[Jacobian], frozen=True, tag="jacobian"):
    """Singular values of ∂z_L/∂x of some samples.

    Of the first of the batch, in training mode with the present dropout masks.
    """

    spans_seeds = True
    order = 5
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"jacobian.csv": ("step", "sample", "index", "singular_value")}

    layer: int = 0
    samples: int = 4

    def observe(self, training: Training) -> Jacobian:
        outputs = len(training.y)
        if outputs > MOST_OUTPUTS:
            raise ValueError(
                f"the Jacobian takes a backward pass for each output; {outputs} are too many (at most {MOST_OUTPUTS})"
            )
        count = min(self.samples, training.network.batch)
        matrices = jacobians(Twin(training), count)
        taps = training.network.taps
        layer = min(self.layer, len(taps) - 1)
        return Jacobian(
            samples=frozen(training.batch[:count].copy()),
            singular_values=frozen(np.stack([singular_values(each) for each in matrices])),
            layer=layer,
            weight_singular_values=frozen(_of_weights(taps[layer].weights)),
        )

    def rows(self, result: Jacobian, info: RunInfo) -> Iterator[AnalysisRow]:
        for sample, values in zip(result.samples.tolist(), result.singular_values, strict=True):
            for index, value in enumerate(values, 1):
                yield AnalysisRow("jacobian.csv", {"sample": sample, "index": index, "singular_value": value})


class WeightsObservation(Observation[tuple[Floats, ...]], frozen=True, tag="weights"):
    """Singular values of each layer's W.

    Largest first; none where there is no W or a very large one.
    """

    order = 6
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "weight_singular_values.csv": ("step", "layer", "index", "singular_value")
    }

    def observe(self, training: Training) -> tuple[Floats, ...]:
        return tuple(
            frozen(_of_weights(tap.weights)) for tap in followed(training.network.taps, "Singular values", "layers")
        )

    def rows(self, result: tuple[Floats, ...], info: RunInfo) -> Iterator[AnalysisRow]:
        for layer, values in zip(info.layers, result, strict=True):
            for index, value in enumerate(values, 1):
                cells: dict[str, CellValue] = {"layer": layer.label, "index": index, "singular_value": value}
                yield AnalysisRow("weight_singular_values.csv", cells)


def jacobians(twin: Twin, samples: int) -> Floats:
    """(samples, outputs, inputs): ∂z_L/∂x of the first samples, exactly, by a backward pass per output.

    Running averages betray a batch norm: its samples act on each other, and each takes passes of its own.
    """
    twin.network.forward(training=True)
    units, answers, _ = twin.output_delta.shape
    shape = samples, units * answers, len(twin.network.input) - 1
    # Each of the matrices is taken apart by itself, in a copy or two.
    refuse_shortage(8 * math.prod(shape) * (samples + 2) // samples, "the Jacobian")
    rows = np.empty(shape)
    apart = twin.network.states.size > 0
    for group in [[sample] for sample in range(samples)] if apart else [list(range(samples))]:
        for output in followed(range(units * answers), "Jacobian", "outputs"):
            delta = twin.output_delta
            delta.fill(0)
            delta[output % units, output // units, group] = 1
            rows[group, output] = twin.pull_back()[:, group].T
    return rows


def singular_values(matrix: Array) -> Floats:
    """Largest first; NaN for a matrix that is not finite."""
    refuse_shortage(2 * 8 * matrix.size, "a matrix for its singular values")
    if not np.isfinite(matrix).all():
        return np.full(min(matrix.shape), np.nan)
    values: NDArray[np.float64] = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    return values


def _of_weights(weights: Array | None) -> Floats:
    if weights is None or min(weights.shape) > LARGEST_SIDE:
        return np.empty(0)
    return singular_values(weights)
