"""How the correlation of two signals goes through a wide random stack: where it settles, and over how many layers.

c' = (σ_w² E φ(z_a) φ(z_b) + σ_b²) / q with q settled and E z_a z_b = c q (Poole et al. 2016). Near its stable fixed
point c* the distance shrinks by χ_c = σ_w² E φ'(z_a) φ'(z_b) a layer, so |c − c*| ~ exp(−l / ξ_c), ξ_c = −1 / ln χ_c
(Schoenholz et al. 2017). In order c* = 1 and χ_c = χ.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.parts.activations import Activation
from simulator.theory.kernels import Kernel
from simulator.theory.mean_field import ENDLESS_Q
from simulator.theory.order_chaos import AlikeStack

CORRELATION_POINTS = 201
"""Correlations from 0 to 1, closer towards 1, between which the map is followed."""
SMALLEST_Q = 1e-12
"""The smallest q that is told from none."""
EDGE_MARGIN = 1e-5
"""A χ_c this near to 1 is at the edge of chaos, where distances do not fall exponentially."""


@dataclass(frozen=True)
class CorrelationScale:
    """Where correlation settles, and how fast."""

    settled: float
    """c*"""
    rate: float
    """χ_c, by what the distance from c* shrinks in a layer."""

    @property
    def depth(self) -> float:
        """ξ_c in layers; Inf where χ_c is 1."""
        if self.rate <= 0:
            return 0.0
        return math.inf if self.rate >= 1 - EDGE_MARGIN else -1 / math.log(self.rate)


def correlation_scale(stack: AlikeStack) -> CorrelationScale:
    """Of samples whose dropout masks, if there are any, are drawn apart."""
    # Inverted masks are 1 in the mean, classic ones the keep probability; their own square is ``masking``.
    masks = stack.masking, stack.masking**2 if stack.masking < 1 else 1.0
    q = min(max(stack.settled().q, SMALLEST_Q), ENDLESS_Q)
    return _scale(stack.activation, q, stack.weight_variance, stack.bias_variance, masks)


@functools.lru_cache(maxsize=64)
def _scale(
    activation: Activation, q: float, weight_variance: float, bias_variance: float, masks: tuple[float, float]
) -> CorrelationScale:
    own, others = masks
    c = np.append(1 - np.geomspace(1, 1e-6, CORRELATION_POINTS - 1), 1.0)

    def step(c: Floats) -> tuple[Floats, Floats]:
        """c' and its slope."""
        value, slope = _with_first(activation, q, c)
        whole = weight_variance * own * value[0] + bias_variance
        shared = weight_variance * others
        return (shared * value[1:] + bias_variance) / whole, shared * q * slope[1:] / whole

    following, rates = step(c)
    if following[-1] >= 1 - 1e-9 and rates[-1] <= 1 + EDGE_MARGIN:
        return CorrelationScale(1.0, float(rates[-1]))
    # Where activations have no mean, that of a product of two at c = 0 is 0 but for rounding.
    falls = np.flatnonzero((following - c)[:-1] > np.finfo(np.float64).eps)
    settled = _crossing(c, following - c, int(falls[-1])) if falls.size else 0.0
    return CorrelationScale(settled, float(step(np.array([settled]))[1][0]))


def _crossing(c: Floats, rise: Floats, before: int) -> float:
    """Where ``rise`` comes to 0 between a point and the next."""
    return float(c[before] + rise[before] / (rise[before] - rise[before + 1]) * (c[before + 1] - c[before]))


def _with_first(activation: Activation, q: float, c: Floats) -> tuple[Floats, Floats]:
    """E φφ and E φ'φ' of a signal with itself, and with others that have these correlations with it."""
    correlations = np.append(1.0, c)
    covariance = np.full((len(correlations), len(correlations)), q)
    covariance[0], covariance[:, 0] = q * correlations, q * correlations
    kernel = Kernel(activation, covariance)
    return kernel.value[0], kernel.slope[0]
