"""Gaussian averages of activations: V(q) = E φ(√q z)², X(q) = E φ'(√q z)² and m(q) = E φ(√q z), z ~ N(0, 1).

V carries the mean square of a layer's pre-activations forward, X that of the deltas back. Closed forms where there
are any (Cho and Saul 2009; Williams 1997; Hendrycks and Gimpel's GELU), quadrature elsewhere, so every registered
activation has all three.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.activations import ELU, GELU, SELU, Activation, Erf, LeakyReLU, Linear, ReLU

PANELS = 24
"""Of one unit's length each, from −12 to 12, so that a kink at 0 lies between two of them."""
POINTS_PER_PANEL = 48
"""Gauss–Legendre nodes per panel."""


@functools.lru_cache(maxsize=16)
def nodes(kinks: tuple[float, ...] = ()) -> tuple[Array, Array]:
    """Nodes and weights of the rule for E f(z), exact to rounding for what is smooth between ``kinks`` and 0."""
    place, share = np.polynomial.legendre.leggauss(POINTS_PER_PANEL)
    ends = np.union1d(np.arange(PANELS + 1) - PANELS / 2, [kink for kink in kinks if abs(kink) < PANELS / 2])
    width = np.diff(ends)[:, np.newaxis]
    z = (ends[:-1, np.newaxis] + width * (place + 1) / 2).ravel()
    weights = (width * share / 2).ravel() * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    z.setflags(write=False)
    weights.setflags(write=False)
    return z, weights


def _averages(activation: Activation, q: float) -> tuple[float, float, float]:
    """(V, X, m) by quadrature."""
    scale = math.sqrt(q)
    z, weights = nodes(tuple(kink / scale for kink in activation.kinks) if scale else ())
    value, slope = activation.evaluated(scale * z)
    return float(weights @ (value * value)), float(weights @ (slope * slope)), float(weights @ value)


def second_moment(activation: Activation, q: float) -> float:
    """V(q) = E φ(√q z)²."""
    closed = _closed(activation)
    return _averages(activation, q)[0] if closed is None else closed(q)[0]


def slope_moment(activation: Activation, q: float) -> float:
    """X(q) = E φ'(√q z)²."""
    closed = _closed(activation)
    return _averages(activation, q)[1] if closed is None else closed(q)[1]


def mean(activation: Activation, q: float) -> float:
    """m(q) = E φ(√q z)."""
    return _averages(activation, q)[2]


Closed = Callable[[float], tuple[float, float]]


def _closed(activation: Activation) -> Closed | None:
    """q → (V, X) in closed form, where there is one."""
    match activation:
        case Linear():
            return lambda q: (q, 1.0)
        case ReLU():
            return lambda q: (q / 2, 0.5)
        case LeakyReLU(slope=slope):
            return lambda q: ((1 + slope**2) * q / 2, (1 + slope**2) / 2)
        case Erf():
            return _erf
        case ELU(alpha=alpha):
            return lambda q: _elu(q, alpha, 1.0)
        case SELU():
            return lambda q: _elu(q, SELU.alpha, SELU.scale)
        case GELU():
            return _gelu
    return None


def _erf(q: float) -> tuple[float, float]:
    return 2 / math.pi * math.asin(2 * q / (1 + 2 * q)), 4 / math.pi / math.sqrt(1 + 4 * q)


def _elu(q: float, alpha: float, scale: float) -> tuple[float, float]:
    from scipy.special import erfcx

    # e^{k²q/2} Φ(−k√q) = ½ erfcx(k√(q/2)): neither factor overflows.
    once = 0.5 * float(erfcx(math.sqrt(q / 2)))
    twice = 0.5 * float(erfcx(math.sqrt(2 * q)))
    # Of the smallest q nothing but rounding is left, which may be negative.
    value = max(q / 2 + alpha**2 * (twice - 2 * once + 0.5), 0.0)
    return scale**2 * value, scale**2 * (0.5 + alpha**2 * twice)


def _gelu(q: float) -> tuple[float, float]:
    m = q / (2 * math.pi * (1 + q) * math.sqrt(1 + 2 * q))
    e = 0.25 + math.asin(q / (1 + q)) / (2 * math.pi)
    return q * (e + 2 * m), e + 2 * m + q / (2 * math.pi * (1 + 2 * q) ** 1.5)
