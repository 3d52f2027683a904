"""Small images that are decoded without being opened: the pixels, and the refusals, of opening them."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from simulator.data import DataError, Images
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


def by_hand(mode: str, rows: bytes, size: tuple[int, int], interlaced: int = 0) -> bytes:
    """A PNG of rows behind their filters."""
    head = struct.pack(">2L5B", *size, 8, {"L": 0, "RGB": 2}[mode], 0, 0, interlaced)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def filtered(mode: str, filters: tuple[int, ...], width: int = 8) -> bytes:
    """Random rows behind these filters."""
    rng = np.random.default_rng(sum(filters))
    row = width * len(mode)
    return b"".join(bytes([each]) + rng.integers(0, 256, row, np.uint8).tobytes() for each in filters)


SIDE = 8
ROWS = {
    **{f"filter {each}": (each,) * SIDE for each in range(5)},
    "a filter for each row": (4, 3, 2, 1, 0, 3, 2, 4),
    "no such filter": (0, 1, 2, 5, 0, 0, 0, 0),
}
SEVEN = ((1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8))
"""Rows and columns of what an interlaced image of this size consists of."""
PLAIN = list(itertools.product(("PNG", "JPEG"), ("L", "RGB")))
KINDS = {
    **{f"L, {told}": by_hand("L", filtered("L", rows), (SIDE, SIDE)) for told, rows in ROWS.items()},
    **{f"RGB, {told}": by_hand("RGB", filtered("RGB", rows), (SIDE, SIDE)) for told, rows in ROWS.items()},
    **{f"{kind} {mode}": packed(kind, mode, (SIDE, SIDE)) for kind, mode in PLAIN},
    **{f"{kind} {mode} of another size": packed(kind, mode, (9, 7)) for kind, mode in PLAIN},
    **{kind: packed(kind, "RGB", (SIDE, SIDE)) for kind in ("BMP", "GIF", "TIFF", "WEBP", "PPM")},
    "transparent": packed("PNG", "RGBA", (SIDE, SIDE)),
    "a colour that is transparent": packed("PNG", "L", (SIDE, SIDE), transparency=7),
    "with a word": with_text(),
    "turned": turned("PNG"),
    "a scan's mark in a table": packed("JPEG", "L", (SIDE, SIDE), qtables=[[255, 218] * 32]),
    "interlaced": by_hand("L", b"".join(filtered("L", (1,) * rows, width) for rows, width in SEVEN), (SIDE, SIDE), 1),
    "cut off": packed("PNG", "L", (SIDE, SIDE))[:-60],
    "a row too few": by_hand("L", filtered("L", (0,) * (SIDE - 1)), (SIDE, SIDE)),
    "a row too many": by_hand("L", filtered("L", (2,) * (SIDE + 1)), (SIDE, SIDE)),
    "sixteen bits": b"", "two colours": b"", "a palette": b"",
}  # fmt: skip
"""Files, called PNG whatever they are."""
for told, image in {
    "sixteen bits": Image.fromarray(np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE) * 1000),
    "two colours": Image.fromarray(np.eye(SIDE, dtype=np.uint8) * 255).convert("1"),
    "a palette": Image.fromarray(np.eye(SIDE, dtype=np.uint8) * 255).convert("P"),
}.items():
    image.save(made := io.BytesIO(), "PNG")
    KINDS[told] = made.getvalue()


REFUSED = ("L, no such filter", "RGB, no such filter", "cut off")


def values(folder: Path, color: Any, fit: Any = "resize") -> bytes | str:
    """Of all images in a folder, to the bit; or why they are refused."""
    try:
        return Images(path=str(folder), size=SIDE, color=color, fit=fit).load(np.random.default_rng(0)).x.tobytes()
    except DataError as error:
        return str(error)


def put(folder: Path, files: list[bytes]) -> Path:
    for place, content in enumerate(files):
        path = folder / "ab"[place % 2] / f"{place:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def without_short_cuts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("simulator.data.image_strip.png_rows", lambda content, size: None)
    patch.setattr("simulator.data.plain_images.plain_image", lambda content, most: None)


@pytest.mark.parametrize("color", ["grey", "color"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_every_kind_has_the_values_and_the_refusal_of_opening_it(
    kind: str, color: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = packed("PNG", "L", (SIDE, SIDE))
    files = [plain, KINDS[kind], plain, plain]
    at_once = values(put(tmp_path / "once", files), color)
    without_short_cuts(monkeypatch)
    assert at_once == values(put(tmp_path / "again", files), color)
    assert (kind in REFUSED) == isinstance(at_once, str)
    assert not isinstance(at_once, str) or at_once.startswith("b/01.png: ")


@pytest.mark.parametrize("fit", ["resize", "crop"])
@pytest.mark.parametrize("color", ["grey", "color"])
@pytest.mark.parametrize("room", [1, 5, 100])
def test_images_of_all_kinds_among_each_other_keep_their_places(
    room: int, color: str, fit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.data.image_strip.PIXELS", room * SIDE**2)
    files = [content for kind, content in KINDS.items() if kind not in REFUSED] * 2
    at_once = values(put(tmp_path / "once", files), color, fit)
    without_short_cuts(monkeypatch)
    assert at_once == values(put(tmp_path / "again", files), color, fit)
    assert not isinstance(at_once, str)
