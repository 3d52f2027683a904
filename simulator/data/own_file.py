"""A person's own data as one file that can be sent along, whatever they are on their disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from simulator.system.progress import advance

PIECE = 2**20
LONGEST_NAME = 120
"""Characters; the longest file name of most systems is 255 bytes."""
NOT_IN_NAMES = '<>:"/\\|?*'
"""What the name of a file may not hold, on one system or another."""
DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10))}
)
"""What Windows takes for something else than a file, whatever its ending."""


@dataclass(frozen=True)
class OwnFile:
    """What has to be sent along so that data can be read elsewhere."""

    name: str
    """A name that every system takes."""
    size: int
    """Bytes, about."""
    copy: Callable[[IO[bytes]], None]
    """Writes the content; OSError where it cannot be read or written, DataError where it is not what it was."""


def plain_name(name: str) -> str:
    """The name, with _ for whatever some system does not take in one; the same for a name that is plain."""
    kept = "".join(letter if _plain(letter) else "_" for letter in name)
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > LONGEST_NAME:
        kept = f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}"[:LONGEST_NAME]
    kept = kept.strip(". ")
    return f"_{kept}" if not kept or kept.partition(".")[0].upper() in DEVICES else kept


def _plain(letter: str) -> bool:
    return letter.isprintable() and letter not in NOT_IN_NAMES


def copied(source: IO[bytes], write: Callable[[bytes], object], size: int, doing: str) -> None:
    """Hand on all that is read, and say how far it is."""
    done = 0
    while piece := source.read(PIECE):
        advance(doing, done, max(size, 1))
        write(piece)
        done += len(piece)
