"""Named arrays as one safetensors file: a JSON header of names, types and shapes, then the bytes.

https://github.com/huggingface/safetensors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_HEADER = 2**20
"""Bytes of the header; more is refused before it is read."""
PREFIX = 8
"""Bytes that say how long the header is."""
TYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
"""What is read."""


def to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The file of these arrays."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def from_bytes(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays by their names; ValueError with what is wrong."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    header = int.from_bytes(content[:PREFIX], "little")
    if len(content) < PREFIX or header > min(MOST_HEADER, len(content) - PREFIX):
        raise ValueError("its header is longer than the file, or than 1 MiB")
    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except (KeyError, TypeError, ImportError):
        raise ValueError("an array is of a type that none of a run is") from None
    for name, array in arrays.items():
        if array.dtype.name not in TYPES:
            raise ValueError(f"{name[:40]!r} holds {array.dtype}, which no array of a run does")
    return arrays
