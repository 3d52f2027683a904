"""How files are called while they are written, and which of them a saver that was killed has left behind."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import sys
from contextlib import suppress
from pathlib import Path

SUFFIX = ".part"
"""What the name of a file ends with while it is being written."""
NAME = re.compile(r"\.nablascope-([0-9a-f]{8})-(\d{1,9})-[0-9a-f]{16}\.part")
"""Machine, process, and a number that nobody else draws."""


def temporary_name() -> str:
    """A name that nobody else takes; short whatever the file is called, whose name may be as long as one can be."""
    return f".nablascope-{_machine()}-{os.getpid()}-{os.urandom(8).hex()}{SUFFIX}"


def clear_leftovers(folder: Path) -> None:
    """Take away what savers of this machine that live no more have left in a folder; nothing else is touched."""
    if sys.platform == "win32":
        # A process cannot be asked there whether it lives without ending it.
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = NAME.fullmatch(entry.name)
            if named and named[1] == _machine() and entry.is_file(follow_symlinks=False) and _is_dead(int(named[2])):
                os.unlink(entry.path)


@functools.lru_cache(maxsize=1)
def _machine() -> str:
    """Where a process's number means that process: the machine, or the container on it."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return hashlib.blake2b(f"{platform.node()} {space}".encode(errors="replace"), digest_size=4).hexdigest()


def _is_dead(process: int) -> bool:
    """Whether there is no such process; one of another person lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
