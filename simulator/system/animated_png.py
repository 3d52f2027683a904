"""Animated PNG: pictures of one size, written one after the other; a viewer that knows no animation shows the first.

Of each further picture only the rectangle that has changed is written, with no filter and little compression: flat
colours need neither, and the usual ways of a PNG writer take three times as long as drawing a plot.
https://www.w3.org/TR/png-3/#apng-frame-based-animation
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import IO

import numpy as np
import numpy.typing as npt

from simulator.system.png_text import SIGNATURE, PngError

MILLISECONDS = 1000
COMPRESSION = 3
RGB = struct.pack(">BBBBB", 8, 2, 0, 0, 0)
"""Eight bits a colour, three colours, and the only ways of compression, filters and interlacing."""

Pixels = npt.NDArray[np.uint8]
"""(height, width, 3): red, green, blue."""


class AnimatedPng:
    """Takes pictures and writes a file that shows them in turn, again and again."""

    def __init__(
        self, stream: IO[bytes], frames: int, milliseconds: int, with_texts: Callable[[bytes], bytes] = bytes
    ) -> None:
        """``frames`` pictures will be added, each shown so long; ``with_texts`` puts texts behind a PNG's header."""
        self._stream, self._frames, self._milliseconds = stream, frames, milliseconds
        self._with_texts = with_texts
        self._added = self._sequence = 0
        self._shown: Pixels | None = None

    def add(self, pixels: Pixels) -> None:
        """The next picture; PngError where it is of another size than the first."""
        left = top = 0
        changed = pixels
        if self._shown is None:
            self._begin(pixels)
        elif pixels.shape != self._shown.shape:
            raise PngError("the pictures of an animation are of one size")
        else:
            rows, columns = _changed(self._shown, pixels)
            left, top, changed = columns.start, rows.start, pixels[rows, columns]
        self._write(b"fcTL", self._control(changed, left, top))
        self._write_data(_compressed(changed))
        # Of an array that somebody goes on drawing on, the next would be no different.
        self._shown = pixels.copy()
        self._added += 1
        if self._added == self._frames:
            self._write(b"IEND", b"")

    def _begin(self, pixels: Pixels) -> None:
        """All that stands before the first picture, texts included."""
        height, width = pixels.shape[:2]
        header = _chunk(b"IHDR", struct.pack(">II", width, height) + RGB)
        self._stream.write(self._with_texts(SIGNATURE + header))
        self._write(b"acTL", struct.pack(">II", self._frames, 0))

    def _control(self, changed: Pixels, left: int, top: int) -> bytes:
        height, width = changed.shape[:2]
        times = (self._milliseconds, MILLISECONDS)
        return struct.pack(">IIIIIHHBB", self._next(), width, height, left, top, *times, 0, 0)

    def _write_data(self, content: bytes) -> None:
        if self._added == 0:
            self._write(b"IDAT", content)
        else:
            self._write(b"fdAT", struct.pack(">I", self._next()) + content)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def _write(self, kind: bytes, content: bytes) -> None:
        self._stream.write(_chunk(kind, content))


def _changed(before: Pixels, after: Pixels) -> tuple[slice, slice]:
    """Rows and columns with all that differs; one pixel where nothing does, as no rectangle may be empty."""
    height = len(after)
    differs = before.reshape(height, -1) != after.reshape(height, -1)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0)) // 3
    if not rows.size:
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _compressed(pixels: Pixels) -> bytes:
    """Each row behind the number of its filter, which is 0: none."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    return zlib.compress(rows.data, COMPRESSION)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
