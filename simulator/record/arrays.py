"""``.npy`` files of a known type and shape, without pickles."""

from __future__ import annotations

import math
import re
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from simulator.arrays.numeric import frozen

HEADER = re.compile(
    rb"\{'descr': '([<|](?:b1|f[48]|[iu][1248]))', 'fortran_order': False, "
    rb"'shape': \(((?:\d{1,18}(?:, \d{1,18})*,?)?)\), \} *\n"
)
"""What stands at the head of an array of plain numbers in C order."""


def write_array(stream: IO[bytes], array: NDArray[Any]) -> None:
    """Write one array."""
    npy.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)


def read_array(stream: IO[bytes], dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array in a file; ValueError where it is not exactly of this type and shape, before any of it is read."""
    if npy.read_magic(stream) != (1, 0):
        raise ValueError("the format of the array is not version 1.0")
    kind, stored = _header(stream)
    if stored != shape or kind != np.dtype(dtype):
        raise ValueError(f"it holds {kind} {stored}, not {np.dtype(dtype)} {shape}")
    return _content(stream, kind, shape)


def read_flat(stream: IO[bytes], dtype: str, most: int) -> NDArray[Any]:
    """The array of one dimension in a file, of at most so many entries; ValueError where it is none."""
    if npy.read_magic(stream) != (1, 0):
        raise ValueError("the format of the array is not version 1.0")
    kind, stored = _header(stream)
    if kind != np.dtype(dtype) or len(stored) != 1 or stored[0] > most:
        raise ValueError(f"it holds {kind} {stored}, not up to {most} {np.dtype(dtype)}")
    return _content(stream, kind, stored)


def _content(stream: IO[bytes], kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    size = math.prod(shape) * kind.itemsize
    content = stream.read(size + 1)
    if len(content) != size:
        raise ValueError(f"its array has {'more' if len(content) > size else 'fewer'} bytes than it says")
    return from_bytes(content, kind, shape)


def _header(stream: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape. numpy's own reader evaluates the header as an expression, which an expression can overcome."""
    length = int.from_bytes(stream.read(2), "little")
    header = HEADER.fullmatch(stream.read(length))
    if header is None:
        raise ValueError("its header is not that of a plain array")
    kind, sizes = header.groups()
    return np.dtype(kind.decode()), tuple(int(size) for size in sizes.split(b",") if size.strip())


def from_bytes(content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A read-only array; whatever is not 0 is true."""
    array = np.frombuffer(content, dtype).reshape(shape)
    return array if dtype.kind != "b" else frozen(np.not_equal(array.view(np.uint8), 0))
