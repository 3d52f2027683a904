"""Bounds on one sample's gradients, layer by layer (THEORY.md section 1).

(A) ‖∂C/∂W^l‖ = ‖∂C/∂b^l‖ · ‖a^{l−1}‖, exactly: the matrix has rank one.
(B) ‖∂C/∂b^l‖ ≤ Π_{l≤r<L} γ_r · Π_{r>l} ‖W^r‖₂ · ‖δ^L‖ with γ = sup |φ'|, never violated and usually loose.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from simulator.arrays.lanczos import largest
from simulator.arrays.numeric import Array, Floats, frozen
from simulator.layers.dense import is_dense
from simulator.network.network import Network
from simulator.schema.parameter import title_of
from simulator.system.progress import followed


class Bounds(Struct, frozen=True):
    """Norms of one sample's gradients beside what bounds them; (layers,) each, output layer last."""

    sample: int
    """Index in the training set."""
    bias_gradient_norm: Floats
    """‖∂C/∂b‖, which is ‖δ‖ for one sample."""
    weight_gradient_norm: Floats
    """‖∂C/∂W‖"""
    input_norm: Floats
    """‖a‖ of the layer below: ‖∂C/∂b‖ times this is ‖∂C/∂W‖ exactly."""
    bound: Floats
    """γ^(L−l) Π_{r>l} ‖W_r‖₂ ‖δ_L‖, never below ‖∂C/∂b‖."""
    slack: Floats
    """log₁₀ of the bound over ‖∂C/∂b‖."""
    spectral_norm: Floats
    """‖W‖₂"""


DENSE_LIMIT = 128
"""Smaller side of a W up to which its largest singular value is computed outright."""
TOLERANCE = 1e-7
"""Relative residual at which Lanczos stops on larger ones: the error of ‖W‖₂² is of the order of its square."""
MOST_PRODUCTS = 200
"""Products after which singular values lie too close together for Lanczos, and all are computed."""


def spectral_norm(weights: Array) -> float:
    """‖W‖₂; NaN for a W that is not finite.

    From the eigenvalues of WᵀW: all of them up to :data:`DENSE_LIMIT`, beyond it the largest by Lanczos.
    """
    w = np.asarray(weights, np.float64)
    w = w if w.shape[0] >= w.shape[1] else w.T
    scale = float(np.abs(w).max(initial=0.0))
    if not math.isfinite(scale):
        return math.nan
    if scale == 0.0:
        return 0.0
    # Scaled, so that squares neither overflow nor vanish.
    return scale * math.sqrt(max(_largest_square(w / scale), 0.0))


def _largest_square(w: Floats) -> float:
    if w.shape[1] > DENSE_LIMIT:
        extreme = largest(lambda v: w.T @ (w @ v), w.shape[1], most=MOST_PRODUCTS, tolerance=TOLERANCE)
        if extreme.residual <= TOLERANCE * extreme.value:
            return extreme.value
    return float(np.linalg.eigvalsh(w.T @ w)[-1])


def obstacle(network: Network) -> str:
    """Why bound (B) is not drawn for this network; ``""`` where it is."""
    for module in network.modules:
        where = f"layer {module.info.label}"
        if not is_dense(module):
            return f"the bound is for a stack of dense layers; {where} ({title_of(type(module.spec))}) is not dense"
        if module.stages:
            return f"the bound is for weights and slopes alone; {where} has normalisation or dropout"
    return ""


def bounds_of(network: Network, sample: int) -> Bounds:
    """Of the batch's first sample, index ``sample`` of the training set, where there is no :func:`obstacle`."""
    with np.errstate(all="ignore"):
        spectral = [
            math.nan if tap.weights is None else spectral_norm(tap.weights)
            for tap in followed(network.taps, "Bounds", "layers")
        ]
        return _bounds(network, sample, np.array(spectral))


def _bounds(network: Network, sample: int, spectral: Floats) -> Bounds:
    taps = network.taps
    deltas = [_first(tap.delta) * network.batch for tap in taps]
    inputs = [_first(network.input[:-1]), *(_first(tap.a) for tap in taps[:-1])]
    measured = np.array([np.linalg.norm(delta) for delta in deltas])
    slopes = np.array([1.0 if tap.activation is None else tap.activation.sup_slope for tap in taps])
    # Through logs: products of a hundred norms leave the range of numbers long before their ratios do.
    gains = np.log10(slopes[:-1]) + np.log10(spectral[1:])
    ahead = np.concatenate([np.cumsum(gains[::-1])[::-1], [0.0]])
    decades = ahead + np.log10(measured[-1])
    return Bounds(
        sample=sample,
        bias_gradient_norm=frozen(measured),
        weight_gradient_norm=frozen(np.array([_outer(d, a) for d, a in zip(deltas, inputs, strict=True)])),
        input_norm=frozen(np.array([np.linalg.norm(a) for a in inputs])),
        bound=frozen(10.0**decades),
        slack=frozen(decades - np.log10(measured)),
        spectral_norm=frozen(spectral),
    )


def _first(array: Array | None) -> Floats:
    """The first sample's column."""
    assert array is not None
    return array[:, 0].astype(np.float64)


def _outer(delta: Floats, a: Floats) -> float:
    """‖δ aᵀ‖, entry by entry."""
    return float(np.linalg.norm(np.outer(delta, a)))
