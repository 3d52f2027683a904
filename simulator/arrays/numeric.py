"""Shared array types and the random streams that one seed gives."""

from __future__ import annotations

import functools
import math
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


Counts = NDArray[np.int64]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array itself, made read-only."""
    array.setflags(write=False)
    return array


Array = NDArray[Any]
"""A float array of the experiment's precision."""


class Stream(IntEnum):
    """Separate random streams, so that changing one thing changes nothing else."""

    DATA = 0
    SPLIT = 1
    LABEL_NOISE = 2
    SHUFFLE = 3
    WEIGHTS = 4
    BIASES = 5
    DROPOUT = 6
    REVIVAL = 7
    SURGERY = 8
    LANDSCAPE = 9


RandomGenerator: TypeAlias = "np.random.Generator"
"""Its name only: numpy imports its generators where one is first made."""


def stream(seed: int, purpose: Stream, *place: int) -> RandomGenerator:
    """The generator for ``purpose`` at ``place`` (a layer's index path), independent of all others."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(purpose), *place))))


FEWEST_ZEROS = 4096
"""So many in a row meet what they are compared with no slower than as many as that has."""


@functools.lru_cache(maxsize=64)
def zeros(shape: tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
    """Shared, read-only zeros to compare an array of this shape with: three times as fast as with the scalar 0.

    Of a large array they have the last axes alone, so that they stay in the cache.
    """
    axes = next((axes for axes in range(1, len(shape)) if math.prod(shape[-axes:]) >= FEWEST_ZEROS), len(shape))
    made = np.zeros(shape[len(shape) - axes :], dtype)
    made.setflags(write=False)
    return made


def median(values: Array) -> NDArray[np.float64]:
    """Along the first axis; NaN where there is any, or nothing.

    ``np.median`` gives the same, but imports numpy's masked arrays first: a first window would wait for them.
    """
    ordered = np.sort(values, axis=0).astype(np.float64)
    count = len(ordered)
    if not count:
        return np.full(ordered.shape[1:], np.nan)
    middle = ordered[count // 2] if count % 2 else (ordered[count // 2 - 1] + ordered[count // 2]) / 2
    return np.asarray(np.where(np.isnan(ordered[-1]), np.nan, middle))
