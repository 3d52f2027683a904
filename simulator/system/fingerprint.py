"""Which content a file has, so that it is noticed where another program has changed it."""

from __future__ import annotations

import hashlib
import itertools
import os
from io import BufferedReader
from pathlib import Path
from typing import Literal

from msgspec import Struct

from simulator.system.machine import GIB
from simulator.system.regular_file import regular

DiskChange = Literal["", "changed", "gone"]
"""What another program has done to a file."""
MOST_BYTES = 2 * GIB
"""Of a file whose content is remembered."""


class Fingerprint(Struct, frozen=True):
    """The same for the same content, whenever it was written."""

    size: int
    digest: str

    def change_of(self, path: Path) -> DiskChange:
        """What has become of the file at ``path``, which had this content; OSError where it cannot be read."""
        try:
            with open(path, "rb", opener=regular) as file:
                same = os.fstat(file.fileno()).st_size == self.size and _digest(file) == self.digest
        except FileNotFoundError:
            return "gone"
        return "" if same else "changed"


def fingerprint(content: bytes | memoryview) -> Fingerprint:
    """Of what is, or is to be, in a file."""
    return Fingerprint(len(content), hashlib.sha256(content).hexdigest())


def fingerprint_of(path: Path, limit: int = MOST_BYTES) -> Fingerprint | None:
    """Of what stands in a file; None where nothing does that can be read, or more than ``limit`` bytes."""
    try:
        with open(path, "rb", opener=regular) as file:
            size = os.fstat(file.fileno()).st_size
            return None if size > limit else Fingerprint(size, _digest(file))
    except OSError:
        return None


def free_name_beside(path: Path) -> Path:
    """A name in the same folder that nothing has: ``net-2.json`` for ``net.json``."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()
