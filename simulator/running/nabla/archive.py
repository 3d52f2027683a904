"""A zip of known members, none of them compressed: what is read is never more than the file itself holds."""

from __future__ import annotations

import errno
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from simulator.schema.numbers import decimal
from simulator.system.machine import GIB, shortage
from simulator.system.regular_file import regular
from simulator.system.text import one_line
from simulator.system.zip_contents import zip_of

MOST_BYTES = 2 * GIB
"""Of an archive: what a plain zip holds."""
COPIES = 3
"""Of what it holds, on the way from the file into a network."""
MOST_MEMBERS = 4096
MOST_DIRECTORY = 2**20
"""Bytes of the table of contents."""
END = struct.Struct("<4s4H2LH")
"""What a zip without a comment ends with: a mark, counts, length and place of its table of contents."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that one content gives one file."""
PLAIN = 0o600 << 16
"""A regular file, for its owner."""
LINK_BITS = 0o170000 << 16
REGULAR_BITS = (0, 0o100000 << 16)


class ArchiveError(ValueError):
    """What was opened is no such archive; one sentence without the file's name."""


class ArchiveWriter:
    """Puts members into a zip, one after the other."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=False)

    @contextmanager
    def create(self, name: str) -> Iterator[IO[bytes]]:
        """The member of this name, to be written; OSError where a plain zip has no room for it."""
        info = zipfile.ZipInfo(name, EPOCH)
        info.external_attr = PLAIN
        try:
            with self._zip.open(info, "w") as member:
                yield member
        except (zipfile.LargeZipFile, RuntimeError):
            raise OSError(errno.EFBIG, f"more than {MOST_BYTES // GIB} GiB find no room in a file") from None

    def add(self, name: str, content: bytes) -> None:
        with self.create(name) as member:
            member.write(content)

    def close(self) -> None:
        """Write the table of contents; without it the file is no archive."""
        self._zip.close()


class ArchiveReader:
    """Reads the members of a zip that ``allowed`` knows; ArchiveError where it holds anything else."""

    def __init__(self, archive: zipfile.ZipFile, size: int, allowed: Callable[[str], bool]) -> None:
        self._zip = archive
        self._members = _checked(archive.infolist(), size, allowed)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def names(self) -> tuple[str, ...]:
        """Of all members."""
        return tuple(self._members)

    def size(self, name: str) -> int:
        """Bytes of a member; 0 where there is none."""
        return self._members[name].file_size if name in self._members else 0

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """The member of this name, to be read."""
        if name not in self._members:
            raise ArchiveError(f"it has no {name}")
        with _as_archive_error(), self._zip.open(self._members[name]) as member:
            yield member

    def read(self, name: str, limit: int = MOST_BYTES) -> bytes:
        """All of a member that is no larger than ``limit``."""
        if self.size(name) > limit:
            raise ArchiveError(f"its {name} is larger than {limit // 2**20} MiB")
        with self.open(name) as member:
            return member.read()


@contextmanager
def opened_archive(path: Path, allowed: Callable[[str], bool]) -> Iterator[ArchiveReader]:
    """The archive in a file; ArchiveError where it is none, OSError where the file cannot be read."""
    with open(path, "rb", opener=regular) as stream:
        size = stream.seek(0, 2)
        _check_size(stream, size)
        with ExitStack() as stack:
            with _as_archive_error():
                archive = stack.enter_context(zip_of(stream))
            yield ArchiveReader(archive, size, allowed)


def _check_size(stream: IO[bytes], size: int) -> None:
    """Before any of it is read: how large it and its table of contents are."""
    if size > MOST_BYTES:
        raise ArchiveError(f"it is larger than {MOST_BYTES // GIB} GiB")
    if lack := shortage(COPIES * size):
        raise ArchiveError(f"it takes {decimal(COPIES * size / GIB, 1)} GiB of memory, {lack}")
    stream.seek(max(0, size - END.size))
    end = stream.read(END.size)
    if len(end) < END.size or not end.startswith(b"PK\x05\x06"):
        raise ArchiveError("it is no whole zip file")
    length, place = END.unpack(end)[5:7]
    if length > MOST_DIRECTORY or place + length + END.size != size:
        raise ArchiveError("its table of contents is not where it should be")


@contextmanager
def _as_archive_error() -> Iterator[None]:
    """A zip that cannot be read is told in one sentence."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OverflowError, UnicodeError) as error:
        raise ArchiveError(f"it is no whole zip file ({one_line(error)[:120]})") from None


def _checked(members: list[zipfile.ZipInfo], size: int, allowed: Callable[[str], bool]) -> dict[str, zipfile.ZipInfo]:
    """The members by their names: each once, known, regular, not compressed, and together no larger than the file."""
    if len(members) > MOST_MEMBERS:
        raise ArchiveError(f"it has {len(members)} members, more than any that was written")
    names = {member.filename: member for member in members}
    if len(names) < len(members):
        raise ArchiveError("a member stands in it twice")
    if sum(member.file_size for member in members) > size:
        raise ArchiveError("its members are larger than the file")
    for member in members:
        _check_member(member, allowed)
    return names


def _check_member(member: zipfile.ZipInfo, allowed: Callable[[str], bool]) -> None:
    if not allowed(member.filename):
        raise ArchiveError(f"it holds {member.filename[:80]!a}, which does not belong there")
    if member.external_attr & LINK_BITS not in REGULAR_BITS:
        raise ArchiveError(f"its {member.filename} is no regular file")
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise ArchiveError(f"its {member.filename} is compressed, which none is that was written")
    if member.flag_bits & 1:
        raise ArchiveError(f"its {member.filename} is encrypted")
