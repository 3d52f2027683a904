"""Mean-field theory of wide random layers: how a signal's variance goes forward and a gradient's goes back.

q = E z² of a layer's pre-activations. Forward q' = σ_w² V(q) + σ_b². Going back one layer, E‖δ‖² grows by
χ = σ_w² X(q). Poole et al. 2016; Schoenholz et al. 2017; Yang et al. 2019 for batch norm. Dropout with keep
probability r divides σ_w² by r; batch norm gives χ = X(1) / (V(1) − m(1)²), layer norm X(1) / V(1).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from simulator.activations import Activation
from simulator.frame import Floats, frozen
from simulator.theory.gaussian import mean, second_moment, slope_moment

SMALLEST, LARGEST, POINTS = 1e-8, 1e4, 289
"""The q along which the edge of chaos is followed."""
ENDLESS = 1e12
"""A q that stands for one growing without end."""
HIGHEST = 1000.0
"""Largest σ_w² and σ_b² of an edge."""


def forward(activation: Activation, q: float, weight_variance: float, bias_variance: float) -> float:
    """The next layer's q."""
    return weight_variance * second_moment(activation, q) + bias_variance


def chi(activation: Activation, q: float, weight_variance: float) -> float:
    """χ: by what E‖δ‖² grows going back through one layer."""
    return weight_variance * slope_moment(activation, q)


@functools.lru_cache(maxsize=64)
def chi_batch_norm(activation: Activation) -> float:
    """χ with batch norm before the activation, whatever σ_w; never below 1."""
    return slope_moment(activation, 1.0) / (second_moment(activation, 1.0) - mean(activation, 1.0) ** 2)


@functools.lru_cache(maxsize=64)
def chi_layer_norm(activation: Activation) -> float:
    """χ with layer norm before the activation, whatever σ_w."""
    return slope_moment(activation, 1.0) / second_moment(activation, 1.0)


@dataclass(frozen=True)
class FixedPoint:
    """Where q settles in a deep network, and χ there; ``q`` is Inf where it grows for ever."""

    q: float
    chi: float


@functools.lru_cache(maxsize=256)
def fixed_point(
    activation: Activation, weight_variance: float, bias_variance: float, rounds: int = 500, tolerance: float = 1e-9
) -> FixedPoint:
    """Iterate the forward map from q = 1 until it settles."""
    q = 1.0
    for _ in range(rounds):
        following = forward(activation, q, weight_variance, bias_variance)
        if not following < ENDLESS:
            return FixedPoint(math.inf, chi(activation, ENDLESS, weight_variance))
        settled = abs(following - q) <= tolerance * max(q, 1e-12)
        q = following
        if settled:
            break
    return FixedPoint(q, chi(activation, max(q, 1e-12), weight_variance))


@functools.lru_cache(maxsize=16)
def edge_of_chaos(activation: Activation) -> Floats:
    """(2, points) σ_w² and σ_b² with χ = 1 at a stable fixed point, by growing q; at most :data:`HIGHEST`.

    Every q gives one point: σ_w² = 1/X(q) and σ_b² = q − V(q)/X(q). Where X does not depend on q (ReLU, linear) the
    edge is the line σ_w² = 1/X, along which q itself grows without end unless σ_b² = 0; so it is where χ reaches 1
    only as q does so (softplus).
    """
    q = np.geomspace(SMALLEST, LARGEST, POINTS)
    x = np.array([slope_moment(activation, float(at)) for at in q])
    if np.ptp(x) <= 1e-12 * x[0]:
        return _line(1 / x[0])
    v = np.array([second_moment(activation, float(at)) for at in q])
    weight, bias = 1 / x, q - v / x
    stable = np.gradient(v, q) / x < 1 + 1e-3
    near = (bias >= -1e-6 * q) & (weight <= HIGHEST) & (bias <= HIGHEST) & stable
    if not near.any():
        limit = slope_moment(activation, ENDLESS)
        return _line(1 / limit) if limit > 1 / HIGHEST else frozen(np.empty((2, 0)))
    first = int(np.argmax(near))
    points = np.array([weight[near], np.maximum(bias[near], 0)])
    return frozen(np.concatenate([[[_on_axis(weight, bias, first)], [0.0]], points], axis=1))


def _line(weight: float) -> Floats:
    return frozen(np.array([[weight, weight], [0.0, HIGHEST]]))


def _on_axis(weight: Floats, bias: Floats, first: int) -> float:
    """σ_w² where the edge leaves σ_b² = 0: between the last point below it and the first above."""
    if first == 0 or bias[first] <= 0:
        return float(weight[first])
    share = bias[first] / (bias[first] - bias[first - 1])
    return float(weight[first] + share * (weight[first - 1] - weight[first]))


def critical_weight_variance(activation: Activation, bias_variance: float) -> float:
    """σ_w² on the edge of chaos for this σ_b², to a few parts in 10⁴; NaN if the edge does not reach it."""
    weight, bias = edge_of_chaos(activation)
    if not bias.size or not bias.min() <= bias_variance <= bias.max():
        return math.nan
    order = np.argsort(bias, kind="stable")
    return float(np.interp(bias_variance, bias[order], weight[order]))
