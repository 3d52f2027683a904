"""Small images that are decoded without being opened: the pixels, and the refusals, of opening them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from simulator.data.plain_images import plain_image

MOST = 2**22
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")


def packed(kind: str, mode: str, size: tuple[int, int] = (28, 20), **options: Any) -> bytes:
    rng = np.random.default_rng(sum(size))
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    levels = rng.integers(0, 256, (size[1], size[0], channels), np.uint8)
    Image.fromarray(levels.squeeze(2) if channels == 1 else levels).save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def opened(content: bytes) -> Image.Image | None:
    """As the library reads it; None where it does not."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            image.load()
            return image
    except Exception:
        return None


def same(content: bytes) -> bool:
    """Whether it was decoded at once: then to what the library reads."""
    plain, read = plain_image(content, MOST), opened(content)
    if plain is not None:
        assert read is not None
        assert (plain.mode, plain.size) == (read.mode, read.size)
        assert plain.tobytes() == read.tobytes()
        assert read.getexif().get(0x0112, 1) == 1
        assert not read.has_transparency_data
    return plain is not None


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (3, 200), (300, 170)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("PNG", {"compress_level": 0}),
        ("PNG", {"optimize": True}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "quality": 30}),
        ("JPEG", {"subsampling": 0, "quality": 95}),
    ],
)
def test_plain_files_are_decoded_at_once_to_the_pixels_that_opening_gives(
    kind: str, options: dict[str, Any], size: tuple[int, int], mode: str
) -> None:
    assert same(packed(kind, mode, size, **options))


def test_pixels_in_several_parts_are_one_image() -> None:
    content = packed("PNG", "RGB")
    at = content.index(b"IDAT") + 4
    data = content[at : at + struct.unpack(">L", content[at - 8 : at - 4])[0]]
    pieces = [data[start : start + 100] for start in range(0, len(data), 100)]
    parts = (chunk(b"IDAT", piece) for piece in [b"", *pieces, b""])
    assert same(content[:33] + b"".join(parts) + chunk(b"IEND"))


def with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "a word")
    return packed("PNG", "L", pnginfo=text)


def turned(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return packed(kind, "L", exif=exif)


@pytest.mark.parametrize(
    "content",
    [
        packed("PNG", "RGBA"),
        packed("PNG", "L", transparency=7),
        packed("BMP", "L"),
        turned("PNG"),
        turned("JPEG"),
        with_text(),
        packed("JPEG", "L", comment=b"a word"),
        packed("JPEG", "RGB", icc_profile=bytes(200)),
        packed("PNG", "L", (3000, 1500)),
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\xff\xd8\xff",
    ],
    ids=lambda content: str(len(content)),
)
def test_a_file_that_says_more_than_its_pixels_is_left_to_the_library(content: bytes) -> None:
    assert not same(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_whatever_is_wrong_with_a_file_it_is_read_as_opening_reads_it(kind: str, mode: str) -> None:
    rng = np.random.default_rng(0)
    content = packed(kind, mode, (9, 7))
    for cut in range(len(content)):
        same(content[:cut])
        same(content[:cut] + content[cut + 1 :])
    for _ in range(2000):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        same(bytes(damaged))
    assert not same(content[:-1] if kind == "PNG" else content[: len(content) // 2])
