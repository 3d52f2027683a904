"""Copies of long vectors, which say how far they are."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Array
from simulator.system.progress import followed

PART = 2**22
"""Entries that are copied at a time."""


def copied(vector: Array) -> Array:
    """A copy of a flat vector, made part by part."""
    copy = np.empty_like(vector)
    for start in followed(range(0, vector.size, PART), "Keeping the start", ""):
        copy[start : start + PART] = vector[start : start + PART]
    return copy
