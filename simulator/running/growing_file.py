"""A file that grows by whole pieces, each written by one call: whoever reads it between two calls finds no half of one.

Where the process is killed within a call, the system may end it at the edge of a page: then a part of the last stands.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path


class GrowingFile:
    """Appends whole pieces, each at once and without a buffer; what a full disk takes a part of is taken back."""

    def __init__(self, path: Path, length: int = 0) -> None:
        """Go on behind the first ``length`` bytes of what stands at ``path``; OSError where there are fewer."""
        self.path, self.length = path, length
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o666)
        if os.fstat(self._handle).st_size < length:
            os.close(self._handle)
            raise OSError(0, f"shorter than the {length} bytes that were written", str(path))
        os.ftruncate(self._handle, length)
        os.lseek(self._handle, length, os.SEEK_SET)

    def append(self, piece: bytes) -> None:
        """OSError, which names the file, leaves it without the piece."""
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            error.filename = str(self.path)
            os.ftruncate(self._handle, self.length)
            os.lseek(self._handle, self.length, os.SEEK_SET)
            raise
        self.length += len(piece)

    def flush(self) -> None:
        """To the disk."""
        os.fsync(self._handle)

    def close(self) -> None:
        """May be called again."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class GrowingTable(GrowingFile):
    """A CSV file; rows that belong together come together."""

    def __init__(self, path: Path, columns: tuple[str, ...], length: int = 0) -> None:
        super().__init__(path, length)
        self._text = io.StringIO(newline="")
        self._writer = csv.DictWriter(self._text, columns, lineterminator="\n", restval="")
        if not length:
            self._writer.writeheader()
            self._flush_text()

    def write(self, rows: Iterable[Mapping[str, object]]) -> None:
        """One piece of so many rows."""
        self._writer.writerows(rows)
        self._flush_text()

    def _flush_text(self) -> None:
        piece = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        if piece:
            self.append(piece)
