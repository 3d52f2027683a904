"""Zip files of others: how large their table of contents is, before any of it is taken apart."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

MOST_BYTES = 2**25
"""Of the table of contents."""
MOST_MEMBERS = 200_000
MOST_RATIO = 200
"""Times that a large member may be larger than what it is packed into."""
LARGE = 2**25
"""Bytes of an unpacked member from which on its ratio counts."""
_END = struct.Struct("<4s4H2LH")
_LONG_END = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_LONGEST_COMMENT = 2**16


@contextmanager
def zip_of(stream: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """The zip in an open file; BadZipFile where it is none, or its table of contents takes too much."""
    _check(stream)
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        if not all(member.filename for member in archive.infolist()):
            raise zipfile.BadZipFile("a member has no name")
        yield archive


def check_ratio(member: zipfile.ZipInfo) -> None:
    """BadZipFile where a member would unpack to far more than files that are worth something."""
    if member.file_size > LARGE and member.file_size > MOST_RATIO * member.compress_size:
        raise zipfile.BadZipFile(f"a member would unpack to more than {MOST_RATIO} times its size")


def _check(stream: IO[bytes]) -> None:
    size = stream.seek(0, 2)
    tail_at = max(0, size - _LONGEST_COMMENT - _END.size - _LOCATOR.size)
    stream.seek(tail_at)
    tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("it has no table of contents")
    length = _END.unpack_from(tail, at)[5]
    if at >= _LOCATOR.size and tail[at - _LOCATOR.size :].startswith(b"PK\6\7"):
        length = _long_length(stream, _LOCATOR.unpack_from(tail, at - _LOCATOR.size)[2], tail_at + at)
    if length > MOST_BYTES:
        raise zipfile.BadZipFile(f"its table of contents is larger than {MOST_BYTES // 2**20} MiB")
    # Where it is said to lie need not be true: it ends where its end begins.
    stream.seek(max(0, tail_at + at - _LONG_END.size - _LOCATOR.size - length))
    if stream.read(length + _LONG_END.size + _LOCATOR.size).count(b"PK\1\2") > MOST_MEMBERS:
        raise zipfile.BadZipFile(f"it holds more than {MOST_MEMBERS // 1000} thousand files")


def _long_length(stream: IO[bytes], reported: int, end: int) -> int:
    """Of the table of contents of a zip that is larger than a plain one may be."""
    length = 0
    # Readers look where it is said to be, and right before the end.
    for place in (reported, end - _LOCATOR.size - _LONG_END.size):
        if 0 <= place < end:
            stream.seek(place)
            record = stream.read(_LONG_END.size)
            if len(record) == _LONG_END.size and record.startswith(b"PK\6\6"):
                length = max(length, _LONG_END.unpack(record)[8])
    return length
