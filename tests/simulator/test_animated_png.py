"""Animated PNG files as another program reads them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simulator.system.animated_png import AnimatedPng, Pixels
from simulator.system.png_text import PngError, text_of, with_text


def pixels(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> Pixels:
    image = np.full((size[1], size[0], 3), colour, np.uint8)
    image[3, colour[0] % size[0]] = 255
    return image


def written(pictures: Sequence[Pixels], milliseconds: int = 40) -> io.BytesIO:
    stream = io.BytesIO()
    writer = AnimatedPng(stream, len(pictures), milliseconds, partial(with_text, keyword="key", text=b"text"))
    for each in pictures:
        writer.add(each)
    stream.seek(0)
    return stream


def check(pictures: Sequence[Pixels]) -> None:
    """Whether another program sees each of them."""
    with Image.open(written(pictures)) as image:
        assert getattr(image, "n_frames", 1) == len(pictures)
        for place, each in enumerate(pictures):
            image.seek(place)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), each)


COLOURS = [(place * 20, 255 - place * 20, 7) for place in range(12)]


def test_another_program_sees_each_picture_for_its_time() -> None:
    pictures = [pixels(colour) for colour in COLOURS]
    check(pictures)
    stream = written(pictures)
    with Image.open(stream) as image:
        assert image.info["loop"] == 0
        for place in range(len(COLOURS)):
            image.seek(place)
            assert image.info["duration"] == 40
    stream.seek(0)
    assert text_of(stream, "key", 100) == b"text"


@given(
    boxes=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 7), st.integers(0, 7)), max_size=6),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_whatever_part_of_a_picture_changes_is_seen(boxes: list[tuple[int, int, int, int]], seed: int) -> None:
    drawn = np.random.default_rng(seed)
    picture = drawn.integers(0, 255, (8, 10, 3), np.uint8)
    pictures = [picture.copy()]
    for left, right, top, bottom in boxes:
        # Empty where a box has its sides the wrong way round: then nothing changes.
        part = picture[top : bottom + 1, left : right + 1]
        part[...] = drawn.integers(0, 255, part.shape, np.uint8)
        pictures.append(picture.copy())
    check(pictures)


def test_what_is_drawn_on_the_same_array_is_a_further_picture() -> None:
    stream, picture = io.BytesIO(), pixels((1, 2, 3))
    writer = AnimatedPng(stream, 2, 100)
    writer.add(picture)
    picture[5, 6] = 9
    writer.add(picture)
    with Image.open(stream) as image:
        image.seek(1)
        assert image.convert("RGB").getpixel((6, 5)) == (9, 9, 9)


def test_one_picture_is_an_animation_too() -> None:
    content = written([pixels((1, 2, 3))]).getvalue()
    assert content.index(b"acTL") < content.index(b"fcTL") < content.index(b"IDAT")
    assert content[-8:-4] == b"IEND"


def test_what_stays_is_not_written_again() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    changed = noise.copy()
    changed[50:60, 70:90] = 0
    alone, both = (len(written(each).getvalue()) for each in ([noise], [noise, changed, changed]))
    assert both - alone < 1000


def test_pictures_of_another_size_are_refused() -> None:
    writer = AnimatedPng(io.BytesIO(), 2, 100)
    writer.add(pixels((1, 2, 3)))
    with pytest.raises(PngError, match="of one size"):
        writer.add(pixels((1, 2, 3), (41, 30)))
