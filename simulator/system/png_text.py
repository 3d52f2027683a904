"""Text in PNG files: put in beside the picture, whose bytes stay as they are, and read without decoding it.

https://www.w3.org/TR/png-3/#11textinfo
"""

from __future__ import annotations

import struct
import zlib
from typing import IO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 25
"""Where the first chunk, ``IHDR``, is over."""
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
"""Kinds of chunks with text; other programs turn one into the other."""
LONGEST_KEYWORD = 79
MOST_CHUNKS = 2**17
MOST_LENGTH = 2**31 - 1


class PngError(ValueError):
    """What was read is no whole PNG file, or no text that may be read; one sentence."""


def with_text(png: bytes, keyword: str, text: bytes) -> bytes:
    """The picture with an ASCII text under a keyword; PngError where it is no PNG."""
    if not png.startswith(SIGNATURE) or png[12:16] != b"IHDR":
        raise PngError("it is no PNG picture")
    body = b"tEXt" + keyword.encode("ascii") + b"\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:HEADER_END] + chunk + png[HEADER_END:]


def text_of(stream: IO[bytes], keyword: str, limit: int) -> bytes | None:
    """The text under a keyword, of at most ``limit`` bytes; None where there is none, PngError where it is no PNG."""
    if stream.read(len(SIGNATURE)) != SIGNATURE:
        raise PngError("it is no PNG picture")
    for _ in range(MOST_CHUNKS):
        length, kind = _chunk(stream)
        if kind == b"IEND":
            return None
        if kind in TEXTS and _named(stream, length, keyword):
            return _unpacked(kind, _content(stream, kind, length, limit, keyword), limit)
        stream.seek(length + 4, 1)
    raise PngError("it has more chunks than any picture")


def _chunk(stream: IO[bytes]) -> tuple[int, bytes]:
    """Length and kind of the next one."""
    head = stream.read(8)
    if len(head) < 8:
        raise PngError("it ends before its end")
    length = int.from_bytes(head[:4], "big")
    if length > MOST_LENGTH:
        raise PngError("it is damaged")
    return length, head[4:]


def _named(stream: IO[bytes], length: int, keyword: str) -> bool:
    """Whether the text that follows goes by a keyword; the stream stays where it is."""
    start = stream.read(min(length, LONGEST_KEYWORD + 1))
    stream.seek(-len(start), 1)
    return start.startswith(keyword.encode("ascii") + b"\0")


def _content(stream: IO[bytes], kind: bytes, length: int, limit: int, keyword: str) -> bytes:
    """What follows the keyword."""
    # Beside the text stand marks and names of languages, which may be no longer than it.
    if length > 2 * limit:
        raise PngError(f"its text is larger than {limit // 2**20} MiB")
    content, check = stream.read(length), stream.read(4)
    if len(content) < length or zlib.crc32(kind + content) != int.from_bytes(check.rjust(4, b"\0"), "big"):
        raise PngError("its text is damaged")
    return content[len(keyword) + 1 :]


def _unpacked(kind: bytes, content: bytes, limit: int) -> bytes:
    compressed = kind == b"zTXt"
    if kind == b"zTXt":
        content = content[1:]
    elif kind == b"iTXt":
        compressed = content[:1] == b"\1"
        _language, _, content = content[2:].partition(b"\0")
        _translated, _, content = content.partition(b"\0")
    text = _inflated(content, limit) if compressed else content
    if len(text) > limit:
        raise PngError(f"its text is larger than {limit // 2**20} MiB")
    return text


def _inflated(content: bytes, limit: int) -> bytes:
    """At most a byte more than ``limit``."""
    try:
        return zlib.decompressobj().decompress(content, limit + 1)
    except zlib.error:
        raise PngError("its text is damaged") from None
