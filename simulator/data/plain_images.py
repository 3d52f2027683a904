"""Images as most programs write them, brought to their decoder at once: opening takes longer than decoding them.

What a file of these two kinds says is read here only as far as it says nothing but its pixels. Whatever else it holds,
and whatever is wrong with it, is left to the library, which then reads it from its beginning.
"""

from __future__ import annotations

import functools
import struct
import zlib

from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_HEAD = struct.Struct(">2L5BL")
"""Width, height, bits, colours, compression, filter, order of rows, check sum."""
_PNG_DATA = len(_PNG) + _PNG_HEAD.size
"""Where what follows the head begins."""
_PNG_MODES = {(8, 0, 0, 0, 0): "L", (8, 2, 0, 0, 0): "RGB"}
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_PNG_BYTES = {"L": 1, "RGB": 3}
"""Of a pixel."""
_PNG_FILTERS = bytes(range(5))
_JPEG = b"\xff\xd8\xff"
_JPEG_HEAD = struct.Struct(">B2HB")
"""Bits, height, width, layers."""
_JPEG_MODES = {(8, 1): "L", (8, 3): "RGB"}
_FRAMES, _SCAN = (0xC0, 0xC1, 0xC2), b"\xff\xda"
_JFIF, _QUANTIZATION, _HUFFMAN, _RESTARTS = 0xE0, 0xDB, 0xC4, 0xDD


def plain_image(content: bytes, most: int) -> Image.Image | None:
    """The pixels, ``most`` of them, of a file that holds them alone, as opening it gives them; None for any other."""
    if (head := _png_head(content[:_PNG_DATA])) is not None:
        mode, size = head
        packed = _png_pixels(content) if size[0] * size[1] <= most else None
        return None if packed is None else _decoded(mode, size, packed, "zip")
    return _jpeg(content, most) if content.startswith(_JPEG) else None


def png_rows(content: bytes, size: tuple[int, int]) -> tuple[str, bytes] | None:
    """Mode and rows, each behind the number of its filter, of a PNG that holds its pixels alone; None for any other."""
    head = _png_head(content[:_PNG_DATA])
    if head is None or head[1] != size or (packed := _png_pixels(content)) is None:
        return None
    row = 1 + size[0] * _PNG_BYTES[head[0]]
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(packed, row * size[1] + 1)
    except zlib.error:
        return None
    whole = unpacker.eof and len(rows) == row * size[1]
    return (head[0], rows) if whole and not rows[::row].translate(None, _PNG_FILTERS) else None


def _png_pixels(content: bytes) -> bytes | None:
    """What is packed behind the head, where nothing else is."""
    parts, at = [], _PNG_DATA
    while content[at + 4 : at + 8] == b"IDAT":
        end = at + 8 + int.from_bytes(content[at : at + 4])
        parts.append(content[at + 8 : end])
        at = end + 4
    return b"".join(parts) if content[at:] == _PNG_END else None


@functools.lru_cache(maxsize=64)
def _png_head(head: bytes) -> tuple[str, tuple[int, int]] | None:
    """Mode and size of eight bits of grey, or of red, green and blue, row by row; files of one kind begin alike."""
    if not head.startswith(_PNG) or len(head) < _PNG_DATA:
        return None
    width, height, *kind, checksum = _PNG_HEAD.unpack_from(head, len(_PNG))
    mode = _PNG_MODES.get(tuple(kind))
    if mode is None or zlib.crc32(head[len(_PNG) - 4 : -4]) != checksum or not width * height:
        return None
    return mode, (width, height)


def _jpeg(content: bytes, most: int) -> Image.Image | None:
    """One frame of grey, or of three colours, without a word of the camera or of colour profiles."""
    scan = content.find(_SCAN)
    head = _jpeg_head(content[:scan]) if scan > 0 else None
    # The scan has a head of its own.
    if head is None or not scan + 4 <= scan + 2 + int.from_bytes(content[scan + 2 : scan + 4]) <= len(content):
        return None
    mode, size = head
    return _decoded(mode, size, content, "jpeg", "") if size[0] * size[1] <= most else None


@functools.lru_cache(maxsize=64)
def _jpeg_head(head: bytes) -> tuple[str, tuple[int, int]] | None:
    """Mode and size, where all that stands before the scan is of use to the decoder alone."""
    mode, size, at = None, (0, 0), 2
    while head[at : at + 1] == b"\xff" and at + 4 <= len(head):
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4])
        part = head[at + 4 : at + 2 + length]
        at += 2 + length
        if marker in _FRAMES and mode is None and len(part) > _JPEG_HEAD.size:
            bits, height, width, layers = _JPEG_HEAD.unpack_from(part)
            mode, size = _JPEG_MODES.get((bits, layers)), (width, height)
            known = width * height > 0 and len(part) == _JPEG_HEAD.size + 3 * layers
        else:
            known = _says_nothing(marker, part, length)
        if not known:
            return None
    return (mode, size) if mode is not None and at == len(head) else None


def _says_nothing(marker: int, part: bytes, length: int) -> bool:
    """Whether a part of a JPEG is whole, and of use to its decoder alone."""
    if marker == _JFIF:
        return part.startswith(b"JFIF\0") and len(part) >= 14
    if marker == _QUANTIZATION:
        return len(part) == length - 2 and not len(part) % 65 and all(each < 16 for each in part[::65])
    return marker in (_HUFFMAN, _RESTARTS) and len(part) == length - 2


def _decoded(mode: str, size: tuple[int, int], packed: bytes, decoder: str, *more: str) -> Image.Image | None:
    try:
        return Image.frombytes(mode, size, packed, decoder, mode, *more)
    except Exception:  # Damaged files raise errors of every kind; opening the file tells which.
        return None
