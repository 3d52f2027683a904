"""Frozen values with arrays in them as plain JSON values and one buffer, and back by their types."""

from __future__ import annotations

import math
import typing
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.record.arrays import from_bytes

Value = TypeVar("Value")
NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""JSON has no such numbers: they are written as texts."""


Dtype = Literal["<f8", "<f4", "<i8", "<i4", "<i2", "|i1", "|u1", "|b1"]


class _Span(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an array lies in the buffer."""

    offset: int
    dtype: Dtype
    shape: tuple[int, ...]


class Packing:
    """Takes values apart; the arrays of all of them lie in one buffer."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def packed(self, value: object) -> Any:
        """The value as dictionaries, lists, texts and finite numbers."""
        return _finite(msgspec.to_builtins(value, enc_hook=self._take))

    @property
    def buffer(self) -> NDArray[np.uint8]:
        return np.frombuffer(b"".join(self._pieces), np.uint8)

    def _take(self, value: object) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        if not isinstance(value, np.ndarray):
            raise NotImplementedError(f"{type(value).__name__} is not written")
        array = value.astype(value.dtype.newbyteorder("<"))
        place = _Span(self._size, msgspec.convert(array.dtype.str, Dtype), array.shape)
        self._pieces.append(array.tobytes())
        self._size += array.nbytes
        return msgspec.to_builtins(place)


def unpacked(plain: Any, kind: type[Value], buffer: NDArray[np.uint8]) -> Value:
    """What :class:`Packing` took apart; ValueError where it is no ``kind``, or its arrays do not lie in the buffer."""

    def array_of(wanted: Any, place: Any) -> object:
        return _array(msgspec.convert(place, _Span), wanted, buffer)

    return msgspec.convert(plain, kind, strict=False, dec_hook=array_of)


def _array(place: _Span, wanted: Any, buffer: NDArray[np.uint8]) -> NDArray[Any]:
    """A read-only array of the type that is annotated."""
    dtype = np.dtype(place.dtype)
    declared = typing.get_args(typing.get_args(wanted)[1])[0]
    if declared is not Any and np.dtype(declared) != dtype:
        raise ValueError(f"an array of {np.dtype(declared)} is expected, not of {dtype}")
    end = place.offset + dtype.itemsize * math.prod(place.shape)
    if min(place.offset, *place.shape, 0) < 0 or end > len(buffer):
        raise ValueError("an array lies beyond the file")
    return from_bytes(buffer[place.offset : end].tobytes(), dtype, place.shape)


def _finite(plain: Any) -> Any:
    """The same with texts for what is NaN or infinite."""
    if isinstance(plain, float):
        return plain if math.isfinite(plain) else NOT_FINITE[str(plain)]
    if isinstance(plain, dict):
        return {key: _finite(value) for key, value in plain.items()}
    return [_finite(value) for value in plain] if isinstance(plain, list | tuple) else plain
