"""The largest eigenvalue of a symmetric matrix that is known only by its products."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats

RANDOM = 0.1
"""Part of a leaning start that is random: it finds what the lean has no part of."""


@dataclass(frozen=True)
class Extreme:
    """The largest eigenvalue found: never above the true one."""

    value: float
    residual: float
    """‖Hv − value·v‖: some eigenvalue lies this near."""
    products: int


def largest(
    product: Callable[[Floats], Floats],
    size: int,
    *,
    most: int,
    tolerance: float,
    seconds: float = np.inf,
    lean: Floats | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Extreme:
    """Lanczos from a fixed random vector that may ``lean`` to another, with the two last vectors only.

    Rounding then lets copies of what has converged come back, but neither the largest value nor its residual suffers
    from them (Paige 1980, Accuracy and effectiveness of the Lanczos algorithm for the symmetric eigenproblem).
    Ends where the residual is at most ``tolerance`` · |value|, after ``most`` products or, from the second on, when
    ``seconds`` have passed. NaN where a product is not finite.
    """
    end = clock() + seconds
    v = _start(size, lean)
    before = np.zeros(size)
    diagonal: list[float] = []
    beside: list[float] = []
    extreme = Extreme(np.nan, np.nan, 0)
    for count in range(1, min(most, size) + 1):
        w = product(v)
        if not np.isfinite(w).all():
            return Extreme(np.nan, np.nan, count)
        rest = w - (beside[-1] if beside else 0.0) * before
        diagonal.append(float(v @ rest))
        rest -= diagonal[-1] * v
        length = float(np.linalg.norm(rest))
        value, last = _ritz(diagonal, beside)
        extreme = Extreme(value, length * abs(last), count)
        # A remainder of rounding errors has no direction: the space is closed.
        closed = length <= 1e-12 * float(np.linalg.norm(w))
        if closed or extreme.residual <= tolerance * abs(value) or (count > 1 and clock() >= end):
            return extreme
        beside.append(length)
        before, v = v, rest / length
    return extreme


def _start(size: int, lean: Floats | None) -> Floats:
    """A vector of length 1 with a part in every direction; most of it along ``lean``, where that has a direction."""
    v = np.random.default_rng(0).standard_normal((size,))
    v /= np.linalg.norm(v)
    length = 0.0 if lean is None else float(np.linalg.norm(lean))
    if lean is not None and 0 < length < np.inf:
        v = RANDOM * v + lean / length
        v /= np.linalg.norm(v)
    return v


def _ritz(diagonal: list[float], beside: list[float]) -> tuple[float, float]:
    """The largest eigenvalue of the tridiagonal matrix and the last entry of its vector."""
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    values, vectors = np.linalg.eigh(matrix)
    return float(values[-1]), float(vectors[-1, -1])
