"""A lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from simulator.system.regular_file import regular

_MOST_DIGITS = 20


class LockedError(OSError):
    """A living process holds the lock; ``strerror`` says which."""


class ProcessLock(AbstractContextManager["ProcessLock"]):
    """Held from its making until :meth:`release`, or until the process dies; LockedError where another one holds it.

    The system holds the lock, not the file: a file that a dead process has left is none. It holds the process's id.
    """

    def __init__(self, path: Path, what: str) -> None:
        """``what`` is locked, in words."""
        self.path = path
        while True:
            self._handle = _opened(path)
            if not _locked(self._handle):
                owner = _owner(self._handle)
                os.close(self._handle)
                raise LockedError(errno.EBUSY, f"{what} is in use by process {owner}", str(path))
            if self._stands():
                break
            os.close(self._handle)
        # It is held on a full disk too; only whose it is cannot be said there.
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.write(self._handle, str(os.getpid()).encode())

    def _stands(self) -> bool:
        """Whether the file still has its name: its last owner takes it away."""
        try:
            return os.path.samestat(os.fstat(self._handle), self.path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let others have it; may be called again."""
        if self._handle < 0:
            return
        if sys.platform == "win32":
            os.close(self._handle)
            self.path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)
            os.close(self._handle)
        self._handle = -1

    def __exit__(self, *_: object) -> None:
        self.release()


def _opened(path: Path) -> int:
    """The lock's file, made where there is none; OSError where a link or no regular file stands there."""
    return regular(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))


def _owner(handle: int) -> str:
    text = os.read(handle, _MOST_DIGITS).decode("ascii", "replace")
    return text if text.isdigit() else "of an unknown number"


def _locked(handle: int) -> bool:
    """Take the lock of an open file, without waiting; whether it could be had."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # Far behind the number, which others read.
            os.lseek(handle, 2**20, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
