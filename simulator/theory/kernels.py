"""Gaussian averages over pairs of samples: what one activation makes of a whole batch's second moments.

For a wide random layer the pre-activations of samples s and t are jointly Gaussian over units, with K_st = E z_s z_t.
Behind φ they are E φ(z_s) φ(z_t) = Σ_k a_k(q_s) a_k(q_t) c^k, with c = K_st/√(q_s q_t) and a_k the coefficients of
φ(√q z) in normalised Hermite polynomials (Mehler's formula). The (leaky) ReLU has closed forms (Cho and Saul 2009).
"""

from __future__ import annotations

import functools
import math

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.parts.activations import Activation, LeakyReLU, Linear, ReLU
from simulator.theory.gaussian import nodes

HERMITE_TERMS = 48
"""Hermite terms; what lies beyond them is put on the next power of c, so that c = 1 is exact."""


@functools.lru_cache(maxsize=4)
def _hermite(kinks: tuple[float, ...]) -> Floats:
    """(nodes, terms) of normalised Hermite polynomials times the rule's weights."""
    z, weights = nodes(kinks)
    values = np.empty((len(z), HERMITE_TERMS))
    values[:, 0], values[:, 1] = 1, z
    for k in range(1, HERMITE_TERMS - 1):
        values[:, k + 1] = (z * values[:, k] - math.sqrt(k) * values[:, k - 1]) / math.sqrt(k + 1)
    values *= weights[:, np.newaxis]
    values.setflags(write=False)
    return values


class Kernel:
    """E φφ and E φ'φ' of one activation over all pairs of a batch, given K (samples, samples)."""

    def __init__(self, activation: Activation, covariance: Floats) -> None:
        q = np.maximum(np.diagonal(covariance), 0)
        root = np.sqrt(q)
        scale = np.outer(root, root)
        with np.errstate(invalid="ignore", divide="ignore"):
            c = np.clip(np.where(scale > 0, covariance / scale, 0), -1, 1)
        np.fill_diagonal(c, 1)
        self.mean: Floats
        """E φ(z_s), (samples,)."""
        self.value: Floats
        """E φ(z_s) φ(z_t), (samples, samples)."""
        self.slope: Floats
        """E φ'(z_s) φ'(z_t)."""
        match activation:
            case Linear():
                self.mean, self.value, self.slope = np.zeros_like(q), covariance.copy(), np.ones_like(c)
            case ReLU():
                self._leaky(0.0, root, scale, c)
            case LeakyReLU(slope=slope):
                self._leaky(slope, root, scale, c)
            case _:
                self._series(activation, root, c)

    def _leaky(self, slope: float, root: Floats, scale: Floats, c: Floats) -> None:
        angle = math.pi - np.arccos(c)
        relu = scale * (np.sqrt(1 - c * c) + c * angle) / (2 * math.pi)
        bend = 1 - slope
        # φ = bend · relu + slope · z, and E relu(z_s) z_t = K_st / 2.
        self.mean = bend * root / math.sqrt(2 * math.pi)
        self.value = bend**2 * relu + (bend * slope + slope**2) * scale * c
        self.slope = bend**2 * angle / (2 * math.pi) + bend * slope + slope**2

    def _series(self, activation: Activation, root: Floats, c: Floats) -> None:
        # Where a kink lies depends on the sample's scale: then each has a rule of its own.
        samples = np.split(root, len(root)) if activation.kinks else [root]
        value, square, slope, slope_square = (
            np.concatenate(part) for part in zip(*(_expanded(activation, each) for each in samples), strict=True)
        )
        self.mean = value[:, 0].copy()
        self.value = _summed(value, square, c)
        self.slope = _summed(slope, slope_square, c)


def _expanded(activation: Activation, root: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(samples, terms) coefficients of φ(√q z) and its (samples,) mean square, and those of φ'."""
    kinks = tuple(kink / float(root[0]) for kink in activation.kinks) if root[0] > 0 else ()
    z, weights = nodes(kinks)
    x = np.outer(root, z)
    value, slope = activation.evaluated(x)
    hermite = _hermite(kinks)
    return value @ hermite, np.square(value) @ weights, slope @ hermite, np.square(slope) @ weights


def _summed(coefficients: Floats, whole: Floats, c: Floats) -> Floats:
    """Σ_k a_k(s) a_k(t) c^k, with all beyond the last term on the next power."""
    rest = np.sqrt(np.maximum(whole - np.square(coefficients).sum(axis=1), 0))
    moments = np.outer(rest, rest)
    for k in reversed(range(HERMITE_TERMS)):
        moments *= c
        moments += np.outer(coefficients[:, k], coefficients[:, k])
    return moments
