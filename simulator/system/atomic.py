"""Writing a file so that a crash in the middle leaves the old one whole."""

from __future__ import annotations

import os
from pathlib import Path


def partial(path: Path) -> Path:
    """The neighbour that is written first and then takes the file's place."""
    return path.with_name(f".{path.name}.part")


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside ``path``, flush to the disk, then replace; OSError leaves ``path`` as it was."""
    temporary = partial(path)
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
