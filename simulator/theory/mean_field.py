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
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats, frozen
from simulator.parts.activations import Activation
from simulator.schema.numbers import number
from simulator.schema.parameter import title_of
from simulator.theory.gaussian import second_moment, slope_moment

SMALLEST, LARGEST, POINTS = 1e-8, 1e4, 289
"""The q along which the edge of chaos is followed."""
FIXED_POINT_TOLERANCE = 1e-6
"""Part of q up to which q' counts as q."""
ENDLESS_Q = 1e12
"""A q that stands for one growing without end."""
LARGEST_VARIANCE = 1000.0
"""Largest σ_w² and σ_b² of the map."""
SETTLING_ROUNDS, SETTLED_TOLERANCE = 500, 1e-9
"""Times that q is brought forward at most, until it changes by no more than so large a part of it."""
HALVINGS = 40
"""Of the interval of σ_w² in which order ends."""


def forward(activation: Activation, q: float, weight_variance: float, bias_variance: float) -> float:
    """The next layer's q."""
    return weight_variance * second_moment(activation, q) + bias_variance


def doubt(activation: Activation, weight_variance: float, where: str) -> str:
    """Why single networks with such a layer are known not to follow the theory; ``""`` where they do."""
    if weight_variance < activation.reliable_gain:
        return ""
    return f"with {title_of(type(activation))} and σ_w² = {number(weight_variance)} in {where} the theory is unreliable"


def chi(activation: Activation, q: float, weight_variance: float) -> float:
    """χ: by what E‖δ‖² grows going back through one layer."""
    return weight_variance * slope_moment(activation, q)


@dataclass(frozen=True)
class FixedPoint:
    """Where q settles in a deep network, and χ there; ``q`` is Inf where it grows for ever."""

    q: float
    chi: float


@functools.lru_cache(maxsize=256)
def fixed_point(activation: Activation, weight_variance: float, bias_variance: float, start: float = 1.0) -> FixedPoint:
    """Iterate the forward map from q = ``start`` until it settles."""
    q = start
    for _ in range(SETTLING_ROUNDS):
        following = forward(activation, q, weight_variance, bias_variance)
        if not following < ENDLESS_Q:
            return FixedPoint(math.inf, chi(activation, ENDLESS_Q, weight_variance))
        settled = abs(following - q) <= SETTLED_TOLERANCE * max(q, 1e-12)
        q = following
        if settled:
            break
    return FixedPoint(q, chi(activation, max(q, 1e-12), weight_variance))


# -- the map of σ_w² against σ_b² ----------------------------------------------------------------------------------
#
# A stack whose first layer receives a signal of mean square m starts from q = σ_w² m + σ_b². As V never falls, q then
# goes one way, to the first fixed point that it meets: where there are several, the start decides.


@functools.lru_cache(maxsize=16)
def _moments(activation: Activation) -> Floats:
    """(3, points): q, V(q), X(q), the last q standing for one without end."""
    q = np.append(np.geomspace(SMALLEST, LARGEST, POINTS), ENDLESS_Q)
    both = [(second_moment(activation, float(at)), slope_moment(activation, float(at))) for at in q]
    return frozen(np.array([q, *zip(*both, strict=True)]))


@functools.lru_cache(maxsize=16)
def edge_of_chaos(activation: Activation, square: float = 1.0) -> Floats:
    """(2, points) σ_w² and σ_b² with χ = 1 where q settles, by growing q; at most :data:`LARGEST_VARIANCE`.

    Every q gives one point, σ_w² = 1/X(q) and σ_b² = q − V(q)/X(q): of the edge if q is stable and is what a stack
    arrives at that receives a signal of mean square ``square``. A column of NaN stands where points in between are
    not. Where X does not depend on q (ReLU, linear) the edge is the line σ_w² = 1/X, along which q itself grows
    without end unless σ_b² = 0; so it is where χ reaches 1 only as q does so (softplus).
    """
    q, v, x = _moments(activation)[:, :-1]
    if np.ptp(x) <= 1e-12 * x[0]:
        return _line(1 / x[0])
    weight, bias = 1 / x, q - v / x
    inside = (bias >= -FIXED_POINT_TOLERANCE * q) & (weight <= LARGEST_VARIANCE) & (bias <= LARGEST_VARIANCE)
    if not inside.any():
        limit = slope_moment(activation, ENDLESS_Q)
        return _line(1 / limit) if limit > 1 / LARGEST_VARIANCE else frozen(np.empty((2, 0)))
    points = np.array([weight, np.maximum(bias, 0)])
    points[:, ~(_stable(q, v, x) & _reached(q, v, points, square))] = math.nan
    first = int(np.argmax(inside))
    start = [[[_on_axis(weight, bias, first)], [0.0]]] if math.isfinite(points[0, first]) else []
    return frozen(_without_repeated_gaps(np.concatenate([*start, points[:, inside]], axis=1)))


def _stable(q: Floats, v: Floats, x: Floats) -> NDArray[np.bool_]:
    """Whether q' = V(q)/X(q) + σ_b² draws nearby q to this one."""
    stable: NDArray[np.bool_] = np.gradient(v, q) / x < 1 + 1e-3
    return stable


def _reached(q: Floats, v: Floats, points: Floats, square: float) -> NDArray[np.bool_]:
    """Whether no other fixed point lies between where a stack at each of ``points`` starts and its q."""
    weight, bias = points[:, :, np.newaxis]
    start, goal = weight * square + bias, q[:, np.newaxis]
    way = np.sign(goal - start)
    between = (way * (q - start) >= 0) & (way * (goal - q) > 0)
    turned = way * (weight * v + bias - q) < -FIXED_POINT_TOLERANCE * q
    settled: NDArray[np.bool_] = ~(between & turned).any(axis=1)
    return settled


def _without_repeated_gaps(points: Floats) -> Floats:
    gap = np.isnan(points[0])
    again = np.append(False, gap[1:] & gap[:-1])
    kept: Floats = points[:, ~again]
    return kept[:, :-1] if kept.size and math.isnan(kept[0, -1]) else kept


def _line(weight: float) -> Floats:
    return frozen(np.array([[weight, weight], [0.0, LARGEST_VARIANCE]]))


def _on_axis(weight: Floats, bias: Floats, first: int) -> float:
    """σ_w² where the edge leaves σ_b² = 0: between the last point below it and the first above."""
    if first == 0 or bias[first] <= 0:
        return float(weight[first])
    share = bias[first] / (bias[first] - bias[first - 1])
    return float(weight[first] + share * (weight[first - 1] - weight[first]))


@functools.lru_cache(maxsize=16)
def border_of_chaos(activation: Activation, square: float = 1.0) -> Floats:
    """(2, points) by growing σ_b²: the σ_w² from which on χ > 1 where q settles; Inf beyond :data:`LARGEST_VARIANCE`.

    It is the edge where there is one, and where q jumps from one fixed point to another, so that χ is nowhere 1.
    """
    bias = np.append(0.0, np.geomspace(1e-9, LARGEST_VARIANCE, 241))
    low, high = np.zeros_like(bias), np.full_like(bias, LARGEST_VARIANCE)
    ordered = _settled_chi(activation, high, bias, square) <= 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        chaotic = _settled_chi(activation, middle, bias, square) > 1
        low, high = np.where(chaotic, low, middle), np.where(chaotic, middle, high)
    return frozen(np.array([np.where(ordered, math.inf, high), bias]))


def _settled_chi(activation: Activation, weight: Floats, bias: Floats, square: float) -> Floats:
    """χ where a stack settles, at many places at once, from tabled moments."""
    q, v, _ = moments = _moments(activation)
    start = np.clip(weight * square + bias, q[0], q[-1])
    rises = weight * np.interp(start, q, v) + bias > start
    up, down = (_chi_towards(moments[:, ::way], way, weight, bias, start) for way in (1, -1))
    return np.where(rises, up, down)


def _chi_towards(moments: Floats, way: int, weight: Floats, bias: Floats, start: Floats) -> Floats:
    """χ where q, going ``way`` along ``moments``, first stops; at their end if it does not."""
    q, v, x = moments
    rise = way * (weight[:, np.newaxis] * v + bias[:, np.newaxis] - q)
    stops = (way * (q - start[:, np.newaxis]) > 0) & (rise <= 0)
    stops[:, -1] = True
    after, rows = np.argmax(stops, axis=1), np.arange(len(weight))
    before = np.maximum(after - 1, 0)
    left, gone = rise[rows, before], rise[rows, before] - rise[rows, after]
    share = np.clip(np.divide(left, gone, out=np.ones_like(left), where=rise[rows, after] <= 0), 0, 1)
    chi: Floats = weight * (x[before] + share * (x[after] - x[before]))
    return chi
