"""Writing a file so that every read is whole, and a crash in the middle leaves the old content."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from simulator.system.leftovers import clear_leftovers, temporary_name
from simulator.system.regular_file import check_regular

WHOLE = ".whole"
"""What the name of a complete content ends with, while a file of several names is written over."""
_FOLDERS_CANNOT = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES, errno.EPERM)
"""What a system answers that flushes no folders."""


def write_atomic(path: Path, content: bytes | memoryview) -> None:
    """Put ``content`` in the place of what stands at ``path``; OSError, which names ``path``, leaves it as it was."""
    with replacing(path) as stream:
        stream.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose content takes the place of the file at ``path`` when it is complete, flushed to the disk.

    It is written under a name of its own beside it. A symbolic link is followed, access rights are kept, and a file
    with several names stays one file. An error leaves what was there; OSError names ``path``. What savers have left in
    that folder that were killed is taken away.
    """
    with _naming(path):
        target = _target(path)
        before = _status(target)
        clear_leftovers(target.parent)
        temporary, stream = _created(target.parent)
        try:
            with stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            _take_place(temporary, target, before)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """An error of the disk says which file could not be written."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        del error.filename2  # Of the temporary one.
        raise


def _target(path: Path) -> Path:
    """Where the links lead."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _status(target: Path) -> os.stat_result | None:
    """What stands there; OSError where it must not be replaced."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    check_regular(status, target)
    # What may only be read is not replaced, though its folder would allow it.
    os.close(os.open(target, os.O_WRONLY))
    return status


def _created(folder: Path) -> tuple[Path, IO[bytes]]:
    """A new file that nobody else has, with the rights of any new file."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    while True:
        path = folder / temporary_name()
        with suppress(FileExistsError):
            return path, os.fdopen(os.open(path, flags, 0o666), "wb")


def _take_place(temporary: Path, target: Path, before: os.stat_result | None) -> None:
    if before is not None and before.st_nlink > 1:
        _overwrite(target, temporary)
        return
    if before is not None:
        _keep_rights(temporary, before)
    temporary.replace(target)
    _flush_folder(target.parent)


def _keep_rights(temporary: Path, before: os.stat_result) -> None:
    if hasattr(os, "chown") and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        # Whose file it is, only the system's administrator can keep.
        with suppress(PermissionError):
            os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(before.st_mode & 0o7777)


def _overwrite(target: Path, temporary: Path) -> None:
    """Write into a file that has other names too; the complete content stands on the disk beside it meanwhile."""
    old = target.read_bytes()
    # Under another name: that of one who was killed in the midst of it is not a leftover, but the only whole content.
    whole = temporary.replace(temporary.with_suffix(WHOLE))
    try:
        _write_over(target, whole.read_bytes())
    except BaseException:
        _write_over(target, old)
        raise
    finally:
        whole.unlink(missing_ok=True)


def _write_over(target: Path, content: bytes) -> None:
    with target.open("r+b") as stream:
        stream.write(content)
        stream.truncate()
        stream.flush()
        os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """So that the name outlasts a power cut too, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _FOLDERS_CANNOT:
            raise
    finally:
        os.close(handle)
