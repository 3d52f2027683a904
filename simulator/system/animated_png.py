"""Animated PNG: pictures of one size, written one after the other; a viewer that knows no animation shows the first.

https://www.w3.org/TR/png-3/#apng-frame-based-animation
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

from simulator.system.png_text import SIGNATURE, PngError

MILLISECONDS = 1000
DATA, END = b"IDAT", b"IEND"


class AnimatedPng:
    """Takes PNG files and writes one that shows them in turn, again and again."""

    def __init__(self, stream: IO[bytes], frames: int, milliseconds: int) -> None:
        """``frames`` pictures will be added, each shown for so long."""
        self._stream, self._frames, self._milliseconds = stream, frames, milliseconds
        self._added = self._sequence = 0
        self._header = b""

    def add(self, png: bytes) -> None:
        """The next picture; PngError where it is no PNG, or of another size or kind than the first."""
        chunks = list(chunks_of(png))
        header = chunks[0][1]
        if self._added == 0:
            self._begin(chunks)
        elif header != self._header:
            raise PngError("the pictures of an animation are of one size and kind")
        self._write(b"fcTL", self._control())
        for kind, content in chunks:
            if kind == DATA:
                self._write_data(content)
        self._added += 1
        if self._added == self._frames:
            self._write(END, b"")

    def _begin(self, chunks: list[tuple[bytes, bytes]]) -> None:
        """All that stands before the picture of the first, texts included."""
        self._header = chunks[0][1]
        self._stream.write(SIGNATURE)
        for kind, content in chunks:
            if kind == DATA:
                break
            self._write(kind, content)
        self._write(b"acTL", struct.pack(">II", self._frames, 0))

    def _control(self) -> bytes:
        width, height = struct.unpack(">II", self._header[:8])
        number = self._next()
        return struct.pack(">IIIIIHHBB", number, width, height, 0, 0, self._milliseconds, MILLISECONDS, 0, 0)

    def _write_data(self, content: bytes) -> None:
        if self._added == 0:
            self._write(DATA, content)
        else:
            self._write(b"fdAT", struct.pack(">I", self._next()) + content)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def _write(self, kind: bytes, content: bytes) -> None:
        check = zlib.crc32(kind + content)
        self._stream.write(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check))


def chunks_of(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each part of a PNG file; PngError where it is none."""
    if not png.startswith(SIGNATURE):
        raise PngError("it is no PNG picture")
    place = len(SIGNATURE)
    while place < len(png):
        length, kind = int.from_bytes(png[place : place + 4], "big"), png[place + 4 : place + 8]
        yield kind, png[place + 8 : place + 8 + length]
        place += 12 + length
