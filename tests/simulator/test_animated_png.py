"""Animated PNG files as another program reads them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from simulator.system.animated_png import AnimatedPng, chunks_of
from simulator.system.png_text import PngError, text_of, with_text


def png(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    image, stream = Image.new("RGB", size, colour), io.BytesIO()
    image.putpixel((colour[0] % size[0], 3), (255, 255, 255))
    image.save(stream, "png")
    return stream.getvalue()


COLOURS = [(place * 20, 255 - place * 20, 7) for place in range(12)]


def test_another_program_sees_each_picture_for_its_time() -> None:
    stream = io.BytesIO()
    writer = AnimatedPng(stream, len(COLOURS), 40)
    writer.add(with_text(png(COLOURS[0]), "key", b"text"))
    for colour in COLOURS[1:]:
        writer.add(png(colour))
    stream.seek(0)
    with Image.open(stream) as image:
        assert image.n_frames == len(COLOURS)
        assert image.info["loop"] == 0
        for place, colour in enumerate(COLOURS):
            image.seek(place)
            assert image.info["duration"] == 40
            with Image.open(io.BytesIO(png(colour))) as single:
                assert image.convert("RGB").tobytes() == single.tobytes()
    stream.seek(0)
    assert text_of(stream, "key", 100) == b"text"


def test_one_picture_is_an_animation_too() -> None:
    stream = io.BytesIO()
    AnimatedPng(stream, 1, 100).add(png((1, 2, 3)))
    kinds = [kind for kind, _ in chunks_of(stream.getvalue())]
    assert kinds.index(b"acTL") < kinds.index(b"fcTL") < kinds.index(b"IDAT")
    assert kinds[-1] == b"IEND"


def test_pictures_of_another_size_and_other_files_are_refused() -> None:
    writer = AnimatedPng(io.BytesIO(), 2, 100)
    writer.add(png((1, 2, 3)))
    with pytest.raises(PngError, match="of one size and kind"):
        writer.add(png((1, 2, 3), (41, 30)))
    with pytest.raises(PngError, match="no PNG"):
        AnimatedPng(io.BytesIO(), 2, 100).add(b"GIF89a")
