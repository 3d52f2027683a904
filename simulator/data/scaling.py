"""How the columns of a data set are brought to mean 0 and deviation 1, or to 0 … 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats

Scale = Literal["standard", "unit", "none"]
Mean = Callable[..., Floats]
"""Of an array along an axis."""
USUAL_EXPONENT = 1000
"""Up to which a power of two is a float64 of full precision."""


class Scaling(Struct, frozen=True):
    """``((x · 2^-exponent) - center) / spread`` per column; the power of two keeps 1e±300 from overflowing."""

    exponent: NDArray[np.int32]
    center: Floats
    spread: Floats

    @classmethod
    def of(cls, x: Floats, scale: Scale, *, spare: bool = False, mean: Mean = np.mean) -> Scaling:
        """The statistics of ``x`` (samples, columns); a constant column divides by 1.

        ``spare``: nobody needs ``x`` any more, and it may be overwritten; a whole data set has no room for a copy.
        """
        # Which of 0 and −0 is the least is up to the machine: it is 0.
        low, high = x.min(axis=0) + 0.0, x.max(axis=0)
        constant = low == high
        if scale == "none":
            return cls(np.zeros(low.shape, np.int32), np.zeros_like(low), np.ones_like(low))
        exponent = np.frexp(np.maximum(abs(low), abs(high)))[1]
        if scale == "unit":
            center = np.ldexp(low, -exponent)
            spread = np.ldexp(high, -exponent) - center
        else:
            x = _times_power_of_two(x, -exponent, x if spare else None)
            center = mean(x, axis=0)
            x -= center
            np.multiply(x, x, out=x)
            spread = np.sqrt(mean(x, axis=0))
        return cls(np.where(constant, 0, exponent), np.where(constant, low, center), np.where(constant, 1.0, spread))

    @property
    def units(self) -> Floats:
        """What 1 of each scaled column is of the column itself."""
        spread: Floats = np.ldexp(self.spread, self.exponent)
        return spread

    def __call__(self, x: Floats) -> Floats:
        scaled = _times_power_of_two(x, -self.exponent)
        scaled -= self.center
        scaled /= self.spread
        return scaled


def _times_power_of_two(x: Floats, exponent: NDArray[np.int32], out: Floats | None = None) -> Floats:
    """x · 2^exponent, rounded once as by ``ldexp``, which takes several times as long as a product."""
    usual = bool(np.all(np.abs(exponent) <= USUAL_EXPONENT))
    product: Floats = np.multiply(x, np.ldexp(1.0, exponent), out=out) if usual else np.ldexp(x, exponent, out=out)
    return product


def mean_in_order(x: Floats, axis: Literal[0]) -> Floats:
    """The mean of each column of ``x`` to the bits of ``x.mean(axis=0)`` of rows, where columns lie in memory as such.

    numpy adds row to row, and so the entries of a column one after the other, but numbers that lie together by halves.
    """
    alone = x.shape[1] == 1
    mean: Floats = x.mean(axis=axis) if alone else np.add.accumulate(x.T, axis=1)[:, -1] / len(x)
    return mean
