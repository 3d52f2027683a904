"""Successive steps of a layer with a state: their arrays, whole and step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.numeric import Array


@dataclass
class Stretch:
    """Buffers of successive steps, as whole arrays and as the slabs that each step of a loop takes."""

    arrays: Mapping[str, Array]
    """(steps, rows, batch); of states and their gradients (steps + 1, rows, batch), the state before it first."""
    forth: list[tuple[Array, ...]] = field(default_factory=list)
    back: list[tuple[Array, ...]] = field(default_factory=list)
    """Last step first."""

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    @property
    def length(self) -> int:
        return len(self.arrays["z"])


NEAR = 2.0**40
"""A gradient no more than so many times the smallest normal number may underflow within a segment."""


def settle(carry: Array, spare: Array) -> bool:
    """Put 0 where the gradient has underflowed, below the smallest normal number; whether more is near to that.

    Few digits are left there, and processors take up to a hundred times as long for them, at every step further back.
    """
    smallest = np.finfo(carry.dtype).tiny
    size = np.abs(carry, out=spare)
    near = np.less(size, NEAR * smallest)
    if not near.any():
        return False
    carry[np.less(size, smallest)] = 0
    return bool(carry[near].any())


def slopes_of_gates(g: Array, slope: Array, rows: int) -> None:
    """slope ← each row's slope over its largest: 4 σ (1 − σ) for the first ``rows``, 1 − tanh² for the rest."""
    np.subtract(1, g[:, :rows], out=slope[:, :rows])
    np.multiply(slope[:, :rows], g[:, :rows], out=slope[:, :rows])
    np.multiply(slope[:, :rows], 4, out=slope[:, :rows])
    np.multiply(g[:, rows:], g[:, rows:], out=slope[:, rows:])
    np.subtract(1, slope[:, rows:], out=slope[:, rows:])
