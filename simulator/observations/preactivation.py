"""Where the pre-activations of one layer lie under its activation function."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from simulator.arrays.histograms import Histograms
from simulator.layers.base import Tap
from simulator.measures.histograms import histograms
from simulator.observations.base import AnalysisRow, CellValue, Observation
from simulator.parts.activations import AnyActivation
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

FLAT = 0.05
"""Share of sup |φ'| below which a slope counts as saturated."""


@dataclass(frozen=True)
class Preactivation:
    """One layer's z over units and observations of the present batch."""

    layer: int
    """Counted from 0."""
    activation: AnyActivation
    values: Histograms
    """Of one row."""
    saturated: float
    """Share of z where |φ'(z)| < 5 % of its supremum; NaN where any z or slope is."""


class PreactivationObservation(Observation[Preactivation], frozen=True, tag="preactivation"):
    """Of this layer; where it has no elementwise function of its own, of the first that has one."""

    layer: int = 0

    def observe(self, training: Training) -> Preactivation:
        fitting = _fitting(training)
        return _preactivation(training, self.layer if self.layer in fitting else fitting[0])


class PreactivationsObservation(Observation[tuple[Preactivation, ...]], frozen=True, tag="preactivations"):
    """Where each layer's z lies under its function: the histogram that the activation function is drawn with.

    Of every layer that has an elementwise function of its own.
    """

    order = 10
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "preactivations.csv": ("step", "layer", "activation", "z_from", "z_to", "count")
    }

    def observe(self, training: Training) -> tuple[Preactivation, ...]:
        return tuple(_preactivation(training, layer) for layer in _fitting(training))

    def rows(self, result: tuple[Preactivation, ...], info: RunInfo) -> Iterator[AnalysisRow]:
        for each in result:
            for low, high, count in _bins(each.values):
                cells: dict[str, CellValue] = {
                    "activation": each.activation.kind, "z_from": low, "z_to": high, "count": count,
                }  # fmt: skip
                yield AnalysisRow("preactivations.csv", {"layer": info.layers[each.layer].label, **cells})

    def drawn(self) -> tuple[Observation[Any], ...]:
        return (PreactivationObservation(),)


def _bins(values: Histograms) -> Iterator[tuple[float, float, int]]:
    """(from, to, count) of each bin of one row; then of NaN, ∞ and −∞ where there are any, which are their own ends."""
    yield from zip(values.edges[0, :-1], values.edges[0, 1:], values.counts[0].tolist(), strict=True)
    for value, count in ((math.nan, values.nan), (math.inf, values.plus_inf), (-math.inf, values.minus_inf)):
        if count[0]:
            yield value, value, int(count[0])


def _fitting(training: Training) -> list[int]:
    """Layers with an elementwise function; ValueError where there is none."""
    fitting = [layer for layer, tap in enumerate(training.network.taps) if _elementwise(tap)]
    if not fitting:
        raise ValueError("no layer of this network has an elementwise activation function")
    return fitting


def _preactivation(training: Training, layer: int) -> Preactivation:
    tap = training.network.taps[layer]
    assert tap.activation is not None
    assert tap.z is not None
    z = np.asarray(tap.z, np.float64)
    _, slope = tap.activation.evaluated(z)
    flat = np.abs(slope) < FLAT * tap.activation.sup_slope
    lost = bool(np.isnan(z).any() or np.isnan(slope).any())
    share = math.nan if lost else float(flat.mean())
    return Preactivation(layer, tap.activation, histograms([z]), share)


def _elementwise(tap: Tap) -> bool:
    """Gated layers have other functions in some rows of z."""
    return tap.activation is not None and tap.z is not None and len(tap.z) == len(tap.a)
