"""In how many directions a layer's activations really vary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.observations.base import AnalysisRow, Observation
from simulator.observations.jacobian import singular_values
from simulator.system.progress import followed
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

MOST_COLUMNS = 1024
"""Observations of a layer that are looked at: evenly spread over what a batch gives."""


@dataclass(frozen=True)
class EffectiveRank:
    """(layers,) each, output layer last."""

    rank: Floats
    """exp of the entropy of σ_i / Σσ over the singular values of a layer's activations; NaN where not finite."""
    most: Floats
    """What it could be: the smaller of units and observations."""


class EffectiveRankObservation(Observation[EffectiveRank], frozen=True, tag="rank"):
    """In how many directions each layer's activations vary.

    Of the present batch's activations (units × observations), not centred.
    """

    spans_seeds = True
    order = 9
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "effective_rank.csv": ("step", "layer", "effective_rank", "largest_possible")
    }

    def observe(self, training: Training) -> EffectiveRank:
        seen = [_thinned(tap.a) for tap in training.network.taps]
        ranks = np.array([effective_rank(each) for each in followed(seen, "Effective rank", "layers")])
        return EffectiveRank(frozen(ranks), frozen(np.array([float(min(a.shape)) for a in seen])))

    def rows(self, result: EffectiveRank, info: RunInfo) -> Iterator[AnalysisRow]:
        for layer, rank, most in zip(info.layers, result.rank, result.most, strict=True):
            cells = {"effective_rank": rank, "largest_possible": most}
            yield AnalysisRow("effective_rank.csv", {"layer": layer.label, **cells})


def effective_rank(matrix: Array) -> float:
    """1 … min(shape); 0 for a matrix of zeros, NaN for one that is not finite."""
    sigma = singular_values(matrix)
    total = float(sigma.sum())
    if total == 0:
        return 0.0
    share = sigma / total
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return float(np.exp(-(share * logs).sum())) if np.isfinite(total) else np.nan


def _thinned(activations: Array) -> Array:
    columns = activations.reshape(len(activations), -1)
    return columns[:, :: -(-columns.shape[1] // MOST_COLUMNS)]
