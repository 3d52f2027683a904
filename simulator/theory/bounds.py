"""Bounds on one sample's gradients, layer by layer (THEORY.md section 1).

(A) ‖∂C/∂W^l‖ = ‖∂C/∂b^l‖ · ‖a^{l−1}‖, exactly: the matrix has rank one.
(B) ‖∂C/∂b^l‖ ≤ Π_{l≤r<L} γ_r · Π_{r>l} ‖W^r‖₂ · ‖δ^L‖ with γ = sup |φ'|, never violated and usually loose.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.layers.dense import DenseModule
from simulator.network.network import Network
from simulator.schema.parameter import title_of


class Bounds(Struct, frozen=True):
    """Norms of one sample's gradients beside what bounds them; (layers,) each, output layer last."""

    reason: str
    """Why there are none; ``""`` where there are."""
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
TOLERANCE = 1e-8
"""Relative error of ‖W‖₂² at which Lanczos stops on larger ones."""


def spectral_norm(weights: Array, start: Floats | None = None) -> tuple[float, Floats | None]:
    """(‖W‖₂, where to start the next time); NaN for a W that is not finite.

    From the eigenvalues of WᵀW: all of them up to :data:`DENSE_LIMIT`, beyond it the largest by Lanczos from ``start``,
    the singular vector of a W nearby.
    """
    w = np.asarray(weights, np.float64)
    w = w if w.shape[0] >= w.shape[1] else w.T
    largest = float(np.abs(w).max(initial=0.0))
    if not math.isfinite(largest):
        return math.nan, None
    if largest == 0.0:
        return 0.0, start
    # Scaled, so that squares neither overflow nor vanish.
    w = w / largest
    if w.shape[1] <= DENSE_LIMIT:
        return largest * math.sqrt(max(_outright(w), 0.0)), None
    square, vector = _largest(w, start)
    return largest * math.sqrt(max(square, 0.0)), vector


def _outright(w: Floats) -> float:
    return float(np.linalg.eigvalsh(w.T @ w)[-1])


def _largest(w: Floats, start: Floats | None) -> tuple[float, Floats | None]:
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    side = w.shape[1]
    if start is None or len(start) != side:
        start = np.random.default_rng(0).standard_normal((side,))
    square = LinearOperator((side, side), matvec=lambda v: w.T @ (w @ v), dtype=np.float64)
    try:
        values, vectors = eigsh(square, k=1, which="LA", tol=TOLERANCE, v0=start)
    except ArpackNoConvergence:
        return _outright(w), start
    return float(values[0]), vectors[:, 0]


def obstacle(network: Network) -> str:
    """Why bound (B) is not drawn for this network; ``""`` where it is."""
    for module in network.modules:
        where = f"layer {module.info.label}"
        if type(module) is not DenseModule:
            return f"the bound is for a stack of dense layers; {where} is {title_of(type(module.spec))}"
        if module.stages:
            return f"the bound is for weights and slopes alone; {where} has normalisation or dropout"
    return ""


class BoundsMeter:
    """Measures bounds; the norms of large weights are looked for from where they were found last."""

    def __init__(self) -> None:
        import scipy.sparse.linalg  # noqa: F401  (now, so that its loading is not taken for the cost of a norm)

        self._starts: dict[int, Floats | None] = {}

    def read(self, network: Network, sample: int) -> Bounds:
        """Of the batch's first sample, index ``sample`` of the training set."""
        reason = obstacle(network)
        if reason:
            nothing = frozen(np.full(len(network.taps), math.nan))
            return Bounds(reason, sample, nothing, nothing, nothing, nothing, nothing, nothing)
        with np.errstate(all="ignore"):
            spectral = np.array([self._norm(layer, tap.weights) for layer, tap in enumerate(network.taps)])
            return _bounds(network, sample, spectral)

    def _norm(self, layer: int, weights: Array | None) -> float:
        assert weights is not None
        found, self._starts[layer] = spectral_norm(weights, self._starts.get(layer))
        return found


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
        reason="",
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
