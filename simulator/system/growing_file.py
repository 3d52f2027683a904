"""Files that grow by whole pieces: whoever reads one at any moment finds no half of a piece.

A piece is one write without a buffer. Where the process is killed within it, the system may end it at the edge of a
page, and there only; so a piece that goes over one is written into a twin of the file, which then takes its place.
"""

from __future__ import annotations

import csv
import io
import mmap
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


class GrowingFile:
    """Appends pieces, each at once and without a buffer; what a full disk takes a part of is taken back."""

    def __init__(self, path: Path, length: int = 0) -> None:
        """Go on behind the first ``length`` bytes of what stands at ``path``; OSError where there are fewer."""
        self.path, self.length = path, length
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o666)
        if os.fstat(self._handle).st_size < length:
            os.close(self._handle)
            raise OSError(0, f"shorter than the {length} bytes that were written", str(path))
        self.cut(length)

    def cut(self, length: int) -> None:
        """Back to the first so many bytes."""
        os.ftruncate(self._handle, length)
        os.lseek(self._handle, length, os.SEEK_SET)
        self.length = length

    def append(self, piece: bytes) -> None:
        """OSError, which names the file, leaves it without the piece."""
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            error.filename = str(self.path)
            self.cut(self.length)
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


class WholeFile:
    """A growing file that has no half of a piece even if its process is killed.

    Two files have its content, of which one is shown under its name. What goes over the edge of a page is put into the
    other, behind all that it lacks, and then that one is shown: a name changes what it means at once. Where a system
    has no hard links, there is one file, and a killed process may leave a part of its last piece.
    """

    def __init__(self, path: Path, beside: Path, length: int = 0) -> None:
        """``beside`` is a folder of the same disk, for the twins; ``length`` as for :class:`GrowingFile`."""
        self.path = path
        first, second, self._link = (beside / f"{path.name}.{what}" for what in ("first", "second", "link"))
        self._names = first, second
        """Of the one that is shown, and of its twin."""
        self._forget_names()
        self._shown = GrowingFile(path, length)
        self._twin: GrowingFile | None = None
        """None while there was no need of one."""
        self._lacking = b""
        """What the twin does not have yet."""
        self._has_links = sys.platform != "win32"

    @property
    def length(self) -> int:
        return self._shown.length

    def append(self, piece: bytes) -> None:
        """OSError, which names the file, leaves it without the piece."""
        begin = self.length
        if begin // mmap.PAGESIZE == (begin + len(piece) - 1) // mmap.PAGESIZE or not self._has_twin():
            self._shown.append(piece)
            if self._twin is not None:
                self._lacking += piece
        else:
            self._append_to_twin(piece)

    def _has_twin(self) -> bool:
        """Whether there is one, made now if there was none."""
        if self._twin is None and self._has_links:
            own, other = self._names
            try:
                os.link(self.path, own)
            except OSError:
                self._has_links = False
                return False
            with self._naming():
                shutil.copyfile(own, other)
                self._twin = GrowingFile(other, self.length)
                self._twin.path = self.path
        return self._twin is not None

    def _append_to_twin(self, piece: bytes) -> None:
        """Let the twin be shown, with this piece more."""
        assert self._twin is not None
        self._catch_up(piece)
        own, other = self._names
        try:
            with self._naming():
                os.link(other, self._link)
                self._link.replace(self.path)
        except OSError:
            self._twin.cut(self.length)
            raise
        self._shown, self._twin, self._names, self._lacking = self._twin, self._shown, (other, own), piece

    def _catch_up(self, piece: bytes = b"") -> None:
        if self._twin is not None:
            self._twin.append(self._lacking + piece)
            self._lacking = b""

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """An error is of the file, not of its twin, whose names are free then if there is none."""
        try:
            yield
        except OSError as error:
            error.filename = str(self.path)
            del error.filename2
            self._link.unlink(missing_ok=True)
            if self._twin is None:
                self._forget_names()
            raise

    def _forget_names(self) -> None:
        for name in (*self._names, self._link):
            name.unlink(missing_ok=True)

    def flush(self) -> None:
        """To the disk, whichever of both is shown later."""
        if self._twin is not None:
            self._catch_up()
            self._twin.flush()
        self._shown.flush()

    def close(self) -> None:
        """One file is left; who has the other one open finds the same in it. May be called again."""
        if self._twin is not None:
            with suppress(OSError):
                self._catch_up()
            self._twin.close()
            self._twin = None
            self._forget_names()
        self._shown.close()


class GrowingTable:
    """A CSV file; rows that belong together come together."""

    def __init__(self, file: GrowingFile | WholeFile, columns: tuple[str, ...]) -> None:
        """Goes on in ``file``, which gets its header where it is empty."""
        self.file = file
        self._text = io.StringIO(newline="")
        self._writer = csv.DictWriter(self._text, columns, lineterminator="\n", restval="")
        if not file.length:
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
            self.file.append(piece)
