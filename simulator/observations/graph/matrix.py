"""What stands in one box of the computation graph, small enough for a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.histograms import binned, set_apart
from simulator.arrays.numeric import Counts, Floats, frozen
from simulator.observations.base import Observation
from simulator.observations.graph.nodes import SIGNALS, nodes

if TYPE_CHECKING:
    from simulator.training.training import Training

LARGEST = 128
"""Rows and columns of the picture of a matrix."""
READABLE = 10
"""Rows and columns up to which single numbers can be read."""
BINS = 41


@dataclass(frozen=True)
class Matrix:
    """A matrix as a picture, and its histogram."""

    key: str
    shape: tuple[int, int]
    values: Floats
    """At most 128 × 128: exact, the first samples only, or means over blocks; ``part`` says which."""
    part: str
    """``""`` where ``values`` is the whole matrix."""
    counts: Counts
    edges: Floats
    """Histogram of all finite entries."""
    zeros: int
    not_finite: int

    @property
    def readable(self) -> bool:
        return max(self.values.shape) <= READABLE and not self.part.startswith("means")


class OpenBox(Observation[Matrix], frozen=True, tag="box"):
    """Have a look into the box of this key."""

    key: str = "input:-1"

    def observe(self, training: Training) -> Matrix:
        """ValueError where the network has no such box."""
        all_nodes = nodes(training.network)
        node = next((node for node in all_nodes if node.key == self.key), None)
        if node is None:
            raise ValueError(f"this network has no box “{self.key}”")
        return matrix_of(node.key, node.matrix, node.role in SIGNALS)


def matrix_of(key: str, matrix: Floats, signal: bool) -> Matrix:
    """``signal``: its columns are samples."""
    rows, columns = matrix.shape
    values, part = _shown(matrix, signal)
    finite, (*lost, zeros) = set_apart(matrix)
    counts, edges = histogram(finite.ravel())
    return Matrix(key, (rows, columns), frozen(values.copy()), part, counts, edges, zeros, sum(lost))


def histogram(finite: Floats) -> tuple[Counts, Floats]:
    """Counts over ±r, r the largest size of an entry; 0 is the middle of a bin."""
    reach = float(np.abs(finite).max(initial=0.0)) or 1.0
    # As shares of r: twice the largest numbers are none any more, and a bin of the smallest would be 0.
    return binned((finite / reach + 1) * (BINS / 2), BINS), np.linspace(-1, 1, BINS + 1) * reach


def _shown(matrix: Floats, signal: bool) -> tuple[Floats, str]:
    rows, columns = matrix.shape
    if signal and rows <= READABLE < columns:
        return matrix[:, :READABLE], f"samples 1 … {READABLE} of {columns}"
    high, wide = math.ceil(rows / LARGEST), math.ceil(columns / LARGEST)
    if high == wide == 1:
        return matrix, ""
    return _means(_means(matrix, high, 0), wide, 1), f"means over blocks of {high} × {wide}"


def _means(matrix: Floats, size: int, axis: int) -> Floats:
    starts = np.arange(0, matrix.shape[axis], size)
    ends = np.append(starts[1:], matrix.shape[axis])
    sums: Floats = np.add.reduceat(matrix, starts, axis=axis)
    lengths = (ends - starts).astype(np.float64)
    return sums / (lengths[:, np.newaxis] if axis == 0 else lengths)
