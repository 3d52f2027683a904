"""Images of one size handed over together: what is done with each of many small ones is what reading them costs."""

from __future__ import annotations

import zlib
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from simulator.arrays.numeric import Floats
from simulator.data.plain_images import png_rows

PIXELS = 2**16
"""Of one strip, or of one image where that is larger."""


class ImageStrip:
    """Images of ``size`` × ``size`` pixels one below the other in one picture, and values that none can hold."""

    def __init__(self, channels: int, size: int, most: int) -> None:
        self.mode, self.size = "RGB" if channels == 3 else "L", (size, size)
        self.room = max(1, min(most, PIXELS // size**2))
        """Images that it takes."""
        self._picture = Image.new(self.mode, (size, size * self.room))
        self._rows: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        """Of each mode place → rows behind their filters, to be decoded together."""
        self._wide: dict[int, Floats] = {}

    def put_plain(self, place: int, content: bytes) -> bool:
        """Put a file in if it is a PNG of the strip's size and holds its pixels alone; whether it is."""
        found = png_rows(content, self.size)
        if found is None:
            return False
        mode, rows = found
        self._rows[mode][place] = rows
        return True

    def put(self, place: int, image: Image.Image) -> None:
        """An image of the strip's mode, brought to its size."""
        fitting = image if image.size == self.size else image.resize(self.size, Image.Resampling.BILINEAR)
        self._picture.paste(fitting, (0, place * self.size[1]))

    def put_values(self, place: int, values: Floats) -> None:
        """Values (size, size) of all channels, in place of an image."""
        self._wide[place] = values

    def write(self, out: Floats) -> None:
        """out (images, channels, size, size) ← the values from 0 to 1 of the first ones; they are forgotten."""
        levels = self._levels(len(out))
        np.divide(np.moveaxis(levels, 3, 1), 255, out=out)
        for place, values in self._wide.items():
            out[place] = values
        self._rows.clear()
        self._wide.clear()

    def _levels(self, count: int) -> NDArray[np.uint8]:
        """(images, size, size, channels) of the first ones."""
        for mode, images in self._rows.items():
            if len(images) == count:
                return self._decoded(mode, list(images.values()))
        levels = np.array(self._picture).reshape(self.room, *self.size, -1)[:count]
        for mode, images in self._rows.items():
            levels[list(images)] = self._decoded(mode, list(images.values()))
        return levels

    def _decoded(self, mode: str, images: list[bytes]) -> NDArray[np.uint8]:
        """(images, size, size, channels) of rows behind their filters, as if all were one file."""
        width, height = self.size
        # A black row above each image: a filter finds there what it finds above the first row of a file.
        above = bytes(1 + width * Image.getmodebands(mode))
        packed = zlib.compress(above + above.join(images), 0)
        picture = Image.frombytes(mode, (width, (1 + height) * len(images)), packed, "zip", mode)
        told = picture if mode == self.mode else picture.convert(self.mode)
        return np.asarray(told).reshape(len(images), 1 + height, width, -1)[:, 1:]
