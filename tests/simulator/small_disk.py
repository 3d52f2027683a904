"""Folders that are disks of their own: full, or only to be read, for an administrator too."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock


@contextmanager
def full_disk(folder: Path, room: int = 0) -> Iterator[bool]:
    """``folder``, which is empty, has room for so many bytes more, to whole pages; whether it is a disk of its own.

    Where no disk can be mounted, every flush to the disk says that it is full.
    """
    with _mounted(folder, "size=1m") as is_disk:
        if is_disk:
            yield True
        else:
            with refusing(errno.ENOSPC):
                yield False


def fill(folder: Path, room: int = 0) -> None:
    """Take all but so many bytes of a disk of its own; what stands there stays."""
    with (folder / "filling").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, file.tell() - room))


@contextmanager
def read_only_disk(folder: Path) -> Iterator[None]:
    """What stands in ``folder`` cannot be changed."""
    if _mount("--bind", str(folder), str(folder)):
        try:
            assert _mount("-o", "remount,bind,ro", str(folder))
            yield
        finally:
            _unmount(folder)
    else:
        with refusing(errno.EROFS):
            yield


@contextmanager
def refusing(number: int) -> Iterator[None]:
    """Whatever is flushed to the disk is answered with this error."""
    with mock.patch.object(os, "fsync", side_effect=OSError(number, os.strerror(number))):
        yield


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[bool]:
    is_disk = _mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        yield is_disk
    finally:
        if is_disk:
            _unmount(folder)


def _mount(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=True)
