"""Where the pre-activations of one layer lie under its activation function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.histograms import Histograms
from simulator.layers.base import Tap
from simulator.measures.histograms import histograms
from simulator.observations.question import Question
from simulator.parts.activations import Activation

if TYPE_CHECKING:
    from simulator.training.training import Training

FLAT = 0.05
"""Share of sup |φ'| below which a slope counts as saturated."""


@dataclass(frozen=True)
class Preactivation:
    """One layer's z over units and observations of the present batch."""

    layer: int
    """Counted from 0."""
    activation: Activation
    values: Histograms
    """Of one row."""
    saturated: float
    """Share of z where |φ'(z)| < 5 % of its supremum; NaN where any z or slope is."""


@dataclass(frozen=True)
class PreactivationQuestion(Question):
    """Of this layer; where it has no elementwise function of its own, of the first that has one."""

    layer: int = 0

    def answer(self, training: Training) -> Preactivation:
        taps = training.network.taps
        fitting = [layer for layer, tap in enumerate(taps) if _elementwise(tap)]
        if not fitting:
            raise ValueError("no layer of this network has an elementwise activation function")
        layer = self.layer if self.layer in fitting else fitting[0]
        tap = taps[layer]
        assert tap.activation is not None
        assert tap.z is not None
        z = np.asarray(tap.z, np.float64)
        a, slope = np.empty_like(z), np.empty_like(z)
        tap.activation.apply(z, a)
        tap.activation.derivative(z, a, slope)
        flat = np.abs(slope) < FLAT * tap.activation.sup_slope
        lost = bool(np.isnan(z).any() or np.isnan(slope).any())
        share = math.nan if lost else float(flat.mean())
        return Preactivation(layer, tap.activation, histograms([z]), share)


def _elementwise(tap: Tap) -> bool:
    """Gated layers have other functions in some rows of z."""
    return tap.activation is not None and tap.z is not None and len(tap.z) == len(tap.a)
