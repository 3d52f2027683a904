"""TensorBoard's event files, written without TensorFlow: records of protocol-buffer messages, each with its checksums.

Formats: TFRecord (length, masked CRC-32C of it, data, masked CRC-32C of that) around ``Event`` messages of
tensorflow/core/util/event.proto and framework/summary.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from typing import IO

import numpy as np

from simulator.arrays.numeric import Counts, Floats

POLYNOMIAL = 0x82F63B78
"""Castagnoli's, reversed."""
VERSION = "brain.Event:2"
WHOLE, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5
"""Wire types of protocol buffers."""


@cache
def _table() -> tuple[int, ...]:
    """What each byte does to a checksum."""
    table = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (POLYNOMIAL if entry & 1 else 0)
        table.append(entry)
    return tuple(table)


def masked_crc(data: bytes) -> int:
    """The CRC-32C of data, rotated and shifted as TFRecord has it."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, wire: int, content: bytes) -> bytes:
    length = _varint(len(content)) if wire == BYTES else b""
    return _varint(number << 3 | wire) + length + content


def scalar(tag: str, value: float) -> bytes:
    """A ``Summary.Value`` with one number."""
    with np.errstate(over="ignore"):
        number = struct.pack("<f", np.float32(value))
    return _field(1, BYTES, tag.encode()) + _field(2, FLOAT, number)


def histogram(tag: str, counts: Counts, edges: Floats) -> bytes:
    """A ``Summary.Value`` with the bench's own bins: counts (bins,) between edges (bins + 1,)."""
    held = np.flatnonzero(counts)
    low, high = (edges[held[0]], edges[held[-1] + 1]) if held.size else (edges[0], edges[-1])
    middles = (edges[:-1] + edges[1:]) / 2
    numbers = (low, high, counts.sum(), counts @ middles, counts @ middles**2)
    content = b"".join(_field(place, DOUBLE, struct.pack("<d", value)) for place, value in enumerate(numbers, 1))
    content += _field(6, BYTES, edges[1:].astype("<f8").tobytes())
    content += _field(7, BYTES, counts.astype("<f8").tobytes())
    return _field(1, BYTES, tag.encode()) + _field(5, BYTES, content)


class EventWriter:
    """Writes events one after the other."""

    def __init__(self, stream: IO[bytes], time: float) -> None:
        self.stream, self.time = stream, struct.pack("<d", time)
        self._write(_field(1, DOUBLE, self.time) + _field(3, BYTES, VERSION.encode()))

    def step(self, step: int, values: Iterable[bytes]) -> None:
        """What is known of a step."""
        summary = b"".join(_field(1, BYTES, value) for value in values)
        self._write(_field(1, DOUBLE, self.time) + _field(2, WHOLE, _varint(step)) + _field(5, BYTES, summary))

    def _write(self, event: bytes) -> None:
        length = struct.pack("<Q", len(event))
        self.stream.write(length + struct.pack("<I", masked_crc(length)) + event + struct.pack("<I", masked_crc(event)))
