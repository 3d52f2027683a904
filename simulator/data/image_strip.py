"""Images of one size handed over together: what is done with each of many small ones is what reading them costs."""

from __future__ import annotations

import numpy as np
from PIL import Image

from simulator.arrays.numeric import Floats

PIXELS = 2**16
"""Of one strip, or of one image where that is larger."""


class ImageStrip:
    """Images of ``size`` × ``size`` pixels one below the other in one picture, and values that none can hold."""

    def __init__(self, channels: int, size: int, most: int) -> None:
        self.mode, self.size = "RGB" if channels == 3 else "L", (size, size)
        self.room = max(1, min(most, PIXELS // size**2))
        """Images that it takes."""
        self._picture = Image.new(self.mode, (size, size * self.room))
        self._wide: dict[int, Floats] = {}

    def put(self, place: int, image: Image.Image) -> None:
        """An image of the strip's mode, brought to its size."""
        fitting = image if image.size == self.size else image.resize(self.size, Image.Resampling.BILINEAR)
        self._picture.paste(fitting, (0, place * self.size[1]))

    def put_values(self, place: int, values: Floats) -> None:
        """Values (size, size) of all channels, in place of an image."""
        self._wide[place] = values

    def write(self, out: Floats) -> None:
        """out (images, channels, size, size) ← the values from 0 to 1 of the first ones; they are forgotten."""
        levels = np.asarray(self._picture).reshape(self.room, *self.size, -1)[: len(out)]
        np.divide(np.moveaxis(levels, 3, 1), 255, out=out)
        for place, values in self._wide.items():
            out[place] = values
        self._wide.clear()
