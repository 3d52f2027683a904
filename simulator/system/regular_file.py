"""Reading files that others have made: regular ones only, and no more of them than a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_BYTES = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)
"""A pipe would wait for a writer."""
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class UnfitFileError(OSError):
    """Not a regular file, or too large a one; ``strerror`` says so."""


def reason_of(error: OSError) -> str:
    """What the system says, as a part of a sentence; units keep their letters."""
    reason = error.strerror or str(error)
    return f"{reason[:1].lower()}{reason[1:]}"


def check_regular(status: os.stat_result, path: str | Path) -> None:
    """UnfitFileError where reading could hang or never end: pipes, devices, sockets."""
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for fits, name in _KINDS if fits(status.st_mode)), "something else")
        raise UnfitFileError(0, f"not a file but {kind}", str(path))


def read_regular(path: str | Path, limit: int) -> bytes:
    """The content of a file of at most ``limit`` bytes; OSError where it cannot be read or is no such file."""
    # A file object asks the system more, and takes longer, than a small file does.
    handle, status = _opened(path, _BYTES)
    try:
        # Room is made for as much as is asked for: all of the limit would take longer than a small file.
        size = min(status.st_size, limit)
        content = os.read(handle, size + 1)
        if len(content) != size:
            with open(handle, "rb", closefd=False) as file:
                content += file.read(limit + 1 - len(content))
    finally:
        os.close(handle)
    if len(content) > limit:
        raise UnfitFileError(0, f"larger than {limit // 2**20} MiB", str(path))
    return content


def read_start(path: str | Path, most: int) -> bytes:
    """The first ``most`` bytes of a file, however large it is; OSError where it cannot be read or is none."""
    with open(path, "rb", opener=regular) as file:
        return file.read(most)


def regular(path: str | Path, flags: int) -> int:
    """An opener for :func:`open`; UnfitFileError where it is no regular file, without waiting for one."""
    return _opened(path, flags)[0]


def _opened(path: str | Path, flags: int) -> tuple[int, os.stat_result]:
    handle = os.open(path, flags | _WITHOUT_WAITING, 0o666)
    status = os.fstat(handle)
    try:
        check_regular(status, path)
    except UnfitFileError:
        os.close(handle)
        raise
    return handle, status
