"""How alike a network makes two samples: q_ab of their signals, layer by layer, beside what theory says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Array, Counts, Floats, frozen
from simulator.arrays.quantiles import Quartiles, quartiles_of
from simulator.layers.base import Tap, layer_kinds
from simulator.observations.base import AnalysisRow, CellValue, Observation, known
from simulator.theory.correlation import EDGE_MARGIN, CorrelationScale, correlation_scale
from simulator.theory.mean_field import doubt
from simulator.theory.order_chaos import HomelessError, stack_of
from simulator.theory.prediction import UnpredictableError, covariances
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

CLEAR = 2.0
"""A distance from c* counts beyond so many times what single networks scatter by."""


@dataclass(frozen=True)
class Correlation:
    """q_ab = mean over units of z_a z_b (of a, where a layer has no z of its own) for samples a, b of the batch."""

    samples: Counts
    """(samples,) indices in the training set."""
    products: Floats
    """(layers, samples, samples) q_ab, output layer last."""
    predicted: Floats
    """The same for a network of this description freshly drawn; NaN where theory says nothing."""
    reason: str
    """Why theory says nothing of any layer; ``""`` where it does."""
    settled: float
    """c*, where the correlation of such a stack settles; NaN where it has no place between order and chaos."""
    rate: float
    """χ_c, by what the distance from c* shrinks in a layer."""
    depth: float
    """ξ_c = −1 / ln χ_c, in layers."""
    measured_depth: float
    """ξ_c of this network's own hidden layers; NaN where all of them are at c* already."""
    scale_reason: str
    """Why there is no ξ_c, or why it is not to be relied on; ``""`` where nothing speaks against it."""

    @property
    def defined(self) -> NDArray[np.bool_]:
        """(layers, samples, samples): whether both signals have a direction; that of nothing but 0 has none."""
        square = np.diagonal(self.products, axis1=1, axis2=2) != 0
        both: NDArray[np.bool_] = square[:, :, np.newaxis] & square[:, np.newaxis]
        return both

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return list(combinations(range(len(self.samples)), 2))


def correlations(products: Floats) -> Floats:
    """c_ab = q_ab / √(q_aa q_bb) from (layers, samples, samples)."""
    root = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    with np.errstate(all="ignore"):
        # One after the other: their product may underflow.
        normed: Floats = products / root[:, :, np.newaxis] / root[:, np.newaxis]
    return normed


def normed(products: Floats) -> Floats:
    """c_ab in place of q_ab; c_aa is 1, and 0 where the signal has no direction."""
    values, square = correlations(products), np.diagonal(products, axis1=1, axis2=2) != 0
    own = np.arange(values.shape[1])
    values[:, own, own] = square
    return values


class CorrelationObservation(Observation[Correlation], frozen=True, tag="correlation"):
    """How alike the layers make two samples, and over how many layers that settles.

    Of the first samples of the batch, in training mode with the present dropout masks.
    """

    order = 11
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "correlation.csv": (
            "step", "sample", "other_sample", "layer", "q", "q_other", "q_both", "correlation", "predicted_q_both",
            "predicted_correlation",
        ),
        "correlation_depth.csv": (
            "step", "settled_correlation", "chi_c", "depth_scale", "measured_depth_scale", "unreliable_because",
        ),
    }  # fmt: skip

    spans_seeds = True
    samples: int = 4

    def observe(self, training: Training) -> Correlation:
        network, count = training.network, min(self.samples, training.network.batch)
        if count < 2:
            raise ValueError("a correlation is of two samples: the batch size must be 2 or more")
        products = np.stack([second_moments(_signal(tap), count, network.batch) for tap in network.taps])
        predicted, reason = _predicted(training, products.shape)
        scale, scale_reason = _scale(training)
        return Correlation(
            samples=frozen(training.batch[:count].copy()),
            products=frozen(products),
            predicted=frozen(predicted),
            reason=reason,
            settled=scale.settled,
            rate=scale.rate,
            depth=scale.depth,
            measured_depth=measured_depth(network.taps, correlations(products), scale),
            scale_reason=scale_reason,
        )

    def over_seeds(self, results: Sequence[Correlation]) -> Quartiles[Correlation]:
        """Of the correlations: products of several seeds are of several sizes."""
        return quartiles_of(
            [replace(each, products=normed(each.products), predicted=normed(each.predicted)) for each in results]
        )

    def rows(self, result: Correlation, info: RunInfo) -> Iterator[AnalysisRow]:
        for a, b in result.pairs:
            for layer, each in enumerate(info.layers):
                yield AnalysisRow("correlation.csv", {"layer": each.label, **_cells(result, layer, a, b)})
        yield AnalysisRow(
            "correlation_depth.csv",
            {
                "settled_correlation": known(result.settled), "chi_c": known(result.rate),
                "depth_scale": known(result.depth), "measured_depth_scale": known(result.measured_depth),
                "unreliable_because": result.scale_reason,
            },
        )  # fmt: skip


def _cells(result: Correlation, layer: int, a: int, b: int) -> dict[str, CellValue]:
    q, correlation = result.products[layer], correlations(result.products)[layer, a, b]
    return {
        "sample": int(result.samples[a]), "other_sample": int(result.samples[b]), "q": q[a, a], "q_other": q[b, b],
        "q_both": q[a, b], "correlation": correlation if result.defined[layer, a, b] else None,
        "predicted_q_both": known(result.predicted[layer, a, b]),
        "predicted_correlation": known(correlations(result.predicted)[layer, a, b]),
    }  # fmt: skip


def second_moments(signal: Array, count: int, batch: int) -> Floats:
    """(count, count) q_ab of the first samples; the last axis of ``signal`` is positions, steps or none, × samples."""
    values = signal.reshape(-1, batch)[:, :count].astype(np.float64)
    moments: Floats = values.T @ values / len(values)
    return moments


def measured_depth(taps: list[Tap], correlation: Floats, scale: CorrelationScale) -> float:
    """ξ_c from the least squares of c_{l+1} − c* = χ_c (c_l − c*) over pairs of samples and dense hidden layers.

    A layer of n units adds about 1/√n to the distance, of which χ_c is left in each further one.
    """
    plain = layer_kinds(lambda layer: layer.plain)
    rows = [row for row, tap in enumerate(taps) if tap.info.kind in plain and "." not in tap.info.label][1:]
    if len(rows) < 2 or not scale.rate < 1 - EDGE_MARGIN:
        return math.nan
    upper = np.triu_indices(correlation.shape[1], 1)
    away = np.array([correlation[row][upper] for row in rows]) - scale.settled
    units = np.array([taps[row].info.units for row in rows[:-1]])
    noise = CLEAR / np.sqrt(units * (1 - scale.rate**2))
    clear = np.abs(away[:-1]) > noise[:, np.newaxis]
    before, after = away[:-1][clear], away[1:][clear]
    if not before.size or not np.isfinite(away).all():
        return math.nan
    rate = float(before @ after) / float(before @ before)
    return CorrelationScale(scale.settled, rate).depth if rate > 0 else math.nan


def _signal(tap: Tap) -> Array:
    """z where it is that of the units; gates, blocks and pools answer with a."""
    return tap.z if tap.z is not None and len(tap.z) == len(tap.a) else tap.a


def _predicted(training: Training, shape: tuple[int, ...]) -> tuple[Floats, str]:
    nothing = np.full(shape, math.nan)
    try:
        with np.errstate(all="ignore"):
            by_layer = covariances(training.network)
    except UnpredictableError as error:
        return nothing, str(error)
    for layer, covariance in enumerate(by_layer):
        if covariance is not None:
            nothing[layer] = covariance[: shape[1], : shape[2]]
    return nothing, ""


def _scale(training: Training) -> tuple[CorrelationScale, str]:
    try:
        stack = stack_of(training.network, training.data)
    except HomelessError as error:
        return CorrelationScale(math.nan, math.nan), str(error)
    with np.errstate(all="ignore"):
        return correlation_scale(stack), doubt(stack.activation, stack.weight_variance, f"layer {stack.label}")
