"""Images of the person's own: a folder with one sub-folder of image files per class."""

from __future__ import annotations

import functools
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
import numpy as np

from simulator.arrays.numeric import Floats, frozen
from simulator.data.base import Data, DataError, Labels, Raw, check_cells
from simulator.data.image_files import ImageFiles, image_files, reason_of
from simulator.data.paths import located
from simulator.data.phrases import name_of, shown
from simulator.schema.numbers import integer
from simulator.schema.parameter import knob
from simulator.system.progress import followed
from simulator.system.regular_file import UnfitFileError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is decoded, whatever a file is called: pixels only. A decoder of page descriptions starts other programs."""
MAX_PIXELS = 2**26
"""Pixels that one file may hold; more is refused before it is unpacked."""


class Images(Data, frozen=True, kw_only=True, tag="images"):
    """Images of your own: a folder with a sub-folder of image files for each class, or a .zip of such a folder.

    Every image is brought to ``size`` × ``size`` pixels, whatever its own height and width, with values from 0 to 1.
    Scaling treats all pixels of a channel alike. Transparent pixels are black.
    """

    group: ClassVar[str] = "Your own"

    path: Annotated[
        str, knob("Folder", "The folder, or .zip, whose sub-folders are the classes.", file=True, folder=True)
    ] = ""
    size: Annotated[
        int, knob("Size", "Height and width that all images are brought to.", slider=(8, 64), ge=1, le=1024, unit="px")
    ] = 28
    color: Annotated[Literal["grey", "color"], knob("Colour", "Grey: one channel; color: red, green and blue.")] = (
        "grey"
    )
    fit: Annotated[
        Literal["resize", "crop"],
        knob(
            "Other sizes", "Resize: the whole image is stretched to the size; crop: its middle square, shrunk or grown."
        ),
    ] = "resize"

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        return 3 if self.color == "color" else 1, self.size, self.size

    def load(self, rng: np.random.Generator) -> Raw:
        return _load(self.path, self.fingerprint(), self.size, self.color, self.fit)

    def beside(self, folder: Path) -> Images:
        path = located(self.path, folder)
        return self if path == self.path else msgspec.structs.replace(self, path=path)

    def fingerprint(self) -> tuple[int, ...]:
        return image_files(self.path).state()


# One set is kept, so that a new split, scale or label noise does not read the files again.
@functools.lru_cache(maxsize=1)
def _load(path: str, fingerprint: tuple[int, ...], size: int, color: str, fit: str) -> Raw:
    source = image_files(path)
    files = source.files()
    channels = 3 if color == "color" else 1
    count = sum(len(names) for _, names in files)
    check_cells(count * channels * size**2, f"{name_of(path)}: {integer(count)} images of {size} × {size} pixels")
    x = np.empty((count, channels, size, size))
    others = 0
    each = [(label, name) for label, names in files for name in names]
    for place, (label, name) in enumerate(followed(each, "Reading images", "files")):
        x[place], same = _pixels(source, label, name, size, color, fit)
        others += not same
    labels: Labels = np.repeat(np.arange(len(files)), [len(names) for _, names in files]).astype(np.int64)
    names = tuple(_readable(label) for label, _ in files)
    rows, pixels = frozen(x.reshape(count, -1)), _pixel_names(channels, size)
    return Raw(rows, frozen(labels), names, pixels, x.shape[1:], True, _notes(others, count, size, fit))


def _notes(others: int, count: int, size: int, fit: str) -> tuple[str, ...]:
    """What was done to images of another size."""
    done = "stretched to it" if fit == "resize" else "cropped to a square and brought to it"
    return (
        (f"{integer(others)} of {integer(count)} images are not {size} × {size} pixels and were {done}",)
        if others
        else ()
    )


def _readable(label: str) -> str:
    """The name of a folder in one line of text, whatever bytes it is made of."""
    return " ".join(os.fsencode(label).decode("utf-8", "replace").split())


def _pixel_names(channels: int, size: int) -> tuple[str, ...]:
    prefixes = ("",) if channels == 1 else ("red ", "green ", "blue ")
    return tuple(
        f"{prefix}row {row} column {column}" for prefix in prefixes for row in range(size) for column in range(size)
    )


def _pixels(source: ImageFiles, label: str, name: str, size: int, color: str, fit: str) -> tuple[Floats, bool]:
    """(channels, size, size) from 0 to 1, and whether the image has that size itself."""
    from PIL import Image, UnidentifiedImageError

    where = f"{name_of(label)}/{name_of(name)}"
    try:
        with Image.open(io.BytesIO(source.read(label, name)), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                pixels = f"{integer(image.width)} × {integer(image.height)} pixels"
                raise DataError(f"{where}: {pixels}, at most {integer(MAX_PIXELS)} are supported")
            return _resampled(image, size, color, fit), image.size == (size, size)
    except DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{where}: more than the {MAX_PIXELS} pixels that are supported") from error
    except UnfitFileError as error:
        raise DataError(f"{where}: {reason_of(error)}") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{where}: not an image that can be read") from error
    except Exception as error:  # Damaged files raise errors of every kind.
        raise DataError(f"{where}: a damaged image ({shown(str(error), 60)})") from error


def _resampled(image: Image.Image, size: int, color: str, fit: str) -> Floats:
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if fit == "crop":
        image = _middle(image)
    bands = ["R", "G", "B"] if color == "color" else ["L"]
    mode = "RGB" if color == "color" else "L"
    if image.mode.startswith(("I", "F")):
        return np.stack([_wide(image, size)] * len(bands))
    if image.has_transparency_data:
        # What is transparent shows black, whatever colour hides there.
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (0, 0, 0, 255)), rgba)
    plain = image.convert(mode)
    if plain.size != (size, size):
        plain = plain.resize((size, size), Image.Resampling.BILINEAR)
    values = np.asarray(plain, np.float64) / 255
    return values[np.newaxis] if values.ndim == 2 else np.moveaxis(values, 2, 0)


def _middle(image: Image.Image) -> Image.Image:
    """The largest square in the middle."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _wide(image: Image.Image, size: int) -> Floats:
    """Grey with more than 8 bits, which an ordinary conversion would clip."""
    from PIL import Image

    levels = 1.0 if image.mode == "F" else 65535.0
    scaled = Image.fromarray(np.asarray(image, np.float32) / np.float32(levels))
    return np.asarray(scaled.resize((size, size), Image.Resampling.BILINEAR), np.float64)
