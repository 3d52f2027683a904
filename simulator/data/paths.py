"""Where the files of an experiment are, and whether they are still the same."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.data.base import DataError
from simulator.data.phrases import name_of
from simulator.system.regular_file import reason_of

PIECE = 2**18
"""Bytes that are hashed at a time."""
MOST_KEPT = 4
"""Hashes that are remembered."""


def located(path: str, folder: Path) -> str:
    """``path`` with ~ expanded; a relative one beside ``folder``'s experiment where it is there, else as it is."""
    if not path:
        return path
    expanded = os.path.expanduser(path)
    beside = folder.absolute() / expanded
    return str(beside) if not os.path.isabs(expanded) and beside.exists() else expanded


def hash_of(path: str) -> str:
    """SHA-256 of a file's bytes. Raises :class:`DataError`."""
    return _hash(path, _modified(path))


@contextmanager
def hashed_meanwhile(path: str) -> Iterator[None]:
    """What :func:`hash_of` will give is made in another thread while the file is read in here."""
    time, unwanted = _modified(path), threading.Event()

    def look() -> None:
        with suppress(DataError):  # Told to who asks for it.
            _hash(path, time, unwanted)

    thread = threading.Thread(target=look, name="nablascope-hash")
    thread.start()
    try:
        yield
    except BaseException:
        unwanted.set()
        raise
    finally:
        thread.join()


def _modified(path: str) -> int:
    from simulator.data.tables.source import status

    return status(path).st_mtime_ns


_kept: dict[tuple[str, int], str] = {}


def _hash(path: str, time: int, unwanted: threading.Event | None = None) -> str:
    """The last few are remembered; not whole where it is unwanted meanwhile."""
    if (path, time) not in _kept:
        found = hashlib.sha256()
        try:
            with open(path, "rb") as file:
                while piece := file.read(PIECE):
                    found.update(piece)
                    if unwanted is not None and unwanted.is_set():
                        return ""
        except OSError as error:
            raise DataError(f"{name_of(path)}: cannot be read ({reason_of(error)})") from error
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[path, time] = found.hexdigest()
    return _kept[path, time]
