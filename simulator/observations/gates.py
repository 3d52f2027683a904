"""How far the gates of a layer stand open: 0 … 1, one histogram per gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from simulator.arrays.histograms import Histograms, binned, set_apart
from simulator.arrays.numeric import Array, Floats, frozen
from simulator.layers.base import Layer, Tap
from simulator.measures.histograms import BINS
from simulator.observations.base import Observation
from simulator.schema.parameter import kinds

if TYPE_CHECKING:
    from simulator.training.training import Training


class Gates(Struct, frozen=True):
    """How far the gates of layers stand open, one row per layer and gate."""

    layers: tuple[str, ...]
    """Label of each row's layer."""
    names: tuple[str, ...]
    """``carry``, ``transform``, ``forget``, ``input``, ``output``, ``reset``."""
    histograms: Histograms
    """Over 0 … 1."""
    saturated: Floats
    """(rows,): share of the gates whose slope σ (1 − σ) is below 5 % of its largest value ¼; NaN where any gate is."""


class GatesObservation(Observation[Gates], frozen=True, tag="gates"):
    """All gates of all layers, in depth order; of a layer with checkpoints those of its last segment."""

    share = 0
    standard = True

    def observe(self, training: Training) -> Gates:
        return gates(training.network.taps)


FLAT = 0.05 / 4
"""A gate σ is saturated where its slope σ (1 − σ) is below this: 5 % of the largest slope, ¼."""


def gates_of(tap: Tap) -> tuple[str, ...]:
    """Names of the gates among a tap's extras, in the order in which they are shown."""
    # What has none among its extras is not looked for among all kinds of layers: that takes a tenth of a first look.
    layer = kinds(Layer).get(tap.info.kind) if tap.extras else None
    return () if layer is None else layer.gates


def gates(taps: Sequence[Tap]) -> Gates:
    """All gates of all layers, in depth order; of a layer with checkpoints those of its last segment."""
    rows = [(tap.info.label, name, tap.extras[name].ravel()) for tap in taps for name in gates_of(tap)]
    values = [row[2] for row in rows]
    return Gates(
        layers=tuple(label for label, _, _ in rows),
        names=tuple(name for _, name, _ in rows),
        histograms=_histograms(values),
        saturated=frozen(np.array([saturated_share(each) for each in values])),
    )


def saturated_share(values: Array) -> float:
    """Share of gates whose slope is below :data:`FLAT`; NaN where any gate is."""
    if np.isnan(values).any():
        return math.nan
    return int(np.count_nonzero(values * (1 - values) < FLAT)) / max(values.size, 1)


def _histograms(rows: Sequence[Array]) -> Histograms:
    apart = [set_apart(row) for row in rows]
    counts = np.array([binned(finite * BINS, BINS) for finite, _ in apart], np.int64).reshape(-1, BINS)
    edges = np.broadcast_to(np.linspace(0, 1, BINS + 1), (len(rows), BINS + 1))
    tails = np.array([tail for _, tail in apart], np.int64).reshape(-1, 4)
    return Histograms(frozen(counts), edges, *(frozen(column) for column in tails.T))
