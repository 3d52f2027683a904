"""Many small members of a zip: finding and reading each takes the standard library longer than what is in it.

What a member's head says is read here only as far as it is what the table of contents says. Whatever differs, and
whatever is packed, locked or damaged in another way, is left to the library, which says what is wrong with it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from itertools import pairwise

_HEAD = struct.Struct("<4s2xH18xHH")
"""Signature, flags, lengths of the name and of what is added to it."""
_MOST_HEAD = _HEAD.size + 2 * 0xFFFF
_UTF8 = 0x800
_PLAIN_FLAGS = _UTF8 | 0xE
"""How hard a member was packed, where its size is told, how its name is written."""


class Members:
    """The members of an open archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        starts = sorted({member.header_offset for member in archive.infolist()} | {archive.start_dir})
        self._ends = dict(pairwise(starts))
        """Where a member starts → where what follows it does."""

    def read(self, member: zipfile.ZipInfo, most: int) -> bytes:
        """Its content, of which no more than ``most`` bytes; raises what the standard library does."""
        content = self._plain(member) if member.file_size <= most else None
        if content is None:
            with self._archive.open(member) as file:
                content = file.read(most)
        return content

    def _plain(self, member: zipfile.ZipInfo) -> bytes | None:
        """Of one that is whole and as it is said to be; None for any other."""
        stream, start = self._archive.fp, member.header_offset
        end = self._ends.get(start, 0)
        if stream is None or member.flag_bits & ~_PLAIN_FLAGS or not 0 <= start < end:
            return None
        stream.seek(start)
        piece = stream.read(min(end - start, _MOST_HEAD + member.compress_size))
        if len(piece) < _HEAD.size:
            return None
        signature, flags, name, more = _HEAD.unpack_from(piece)
        named, at = piece[_HEAD.size : _HEAD.size + name], _HEAD.size + name + more
        packed = piece[at : at + member.compress_size]
        if signature != b"PK\3\4" or at + member.compress_size > len(piece):
            return None
        content = _unpacked(packed, member)
        whole = content is not None and len(content) == member.file_size and zlib.crc32(content) == member.CRC
        return content if whole and _name_of(named, flags) == member.orig_filename else None


def _name_of(written: bytes, flags: int) -> str:
    if written.isascii():
        return written.decode("ascii")  # The same in both, and told in a tenth of the time.
    return written.decode("utf-8" if flags & _UTF8 else "cp437", "replace")


def _unpacked(packed: bytes, member: zipfile.ZipInfo) -> bytes | None:
    if member.compress_type == zipfile.ZIP_STORED:
        return packed
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return None
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(packed, member.file_size + 1)
    except zlib.error:
        return None
    return content if unpacker.eof and not unpacker.unused_data else None
