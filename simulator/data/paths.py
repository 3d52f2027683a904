"""Where the files of an experiment are, and whether they are still the same."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

from simulator.data.base import DataError
from simulator.data.phrases import name_of
from simulator.system.regular_file import reason_of


def located(path: str, folder: Path) -> str:
    """``path`` with ~ expanded; a relative one beside ``folder``'s experiment where it is there, else as it is."""
    if not path:
        return path
    expanded = os.path.expanduser(path)
    beside = folder.absolute() / expanded
    return str(beside) if not os.path.isabs(expanded) and beside.exists() else expanded


def hash_of(path: str) -> str:
    """SHA-256 of a file's bytes. Raises :class:`DataError`."""
    from simulator.data.tables.source import status

    return _hash(path, status(path).st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _hash(path: str, _time: int) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{name_of(path)}: cannot be read ({reason_of(error)})") from error
