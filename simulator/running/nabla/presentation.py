"""How an experiment is looked at, as members of a ``.nabla``: the arrangement of plots, and what is pinned in them.

What it means is for the interface: here it is JSON and one array of bytes, of bounded size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.record.arrays import read_flat, write_array
from simulator.running.nabla.archive import ArchiveError, ArchiveReader, ArchiveWriter

WORKSPACE, GHOSTS, GHOST_ARRAYS = "workspace.json", "ghosts.json", "ghosts.npy"
NAMES = (WORKSPACE, GHOSTS, GHOST_ARRAYS)
MOST_WORKSPACE = 2**20
MOST_GHOSTS = 16 * 2**20
MOST_ARRAYS = 128 * 2**20
"""Bytes of each member."""


def _nothing() -> NDArray[np.uint8]:
    return np.zeros(0, np.uint8)


@dataclass(frozen=True)
class Presentation:
    """JSON of the workspace, and of what is pinned with its arrays; empty where there is none."""

    workspace: bytes = b""
    ghosts: bytes = b""
    arrays: NDArray[np.uint8] = field(default_factory=_nothing)

    def __bool__(self) -> bool:
        return bool(self.workspace or self.ghosts)


def add(archive: ArchiveWriter, shown: Presentation) -> None:
    """Put it in, as far as there is any."""
    if shown.workspace:
        archive.add(WORKSPACE, shown.workspace)
    if shown.ghosts:
        archive.add(GHOSTS, shown.ghosts)
        with archive.create(GHOST_ARRAYS) as stream:
            write_array(stream, shown.arrays)


def read(archive: ArchiveReader) -> Presentation:
    """What is in; ArchiveError where it is larger than it may be, or no array."""
    workspace = archive.read(WORKSPACE, MOST_WORKSPACE) if WORKSPACE in archive else b""
    if GHOSTS not in archive:
        return Presentation(workspace)
    ghosts = archive.read(GHOSTS, MOST_GHOSTS)
    with archive.open(GHOST_ARRAYS) as stream:
        try:
            arrays = read_flat(stream, "|u1", MOST_ARRAYS)
        except (ValueError, EOFError) as error:
            raise ArchiveError(f"its {GHOST_ARRAYS}: {error}") from None
    return Presentation(workspace, ghosts, arrays)
