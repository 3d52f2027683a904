"""Images of the person's own: a folder with one sub-folder of image files per class."""

from __future__ import annotations

import functools
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from simulator.data.base import Data, DataError, Labels, Raw, check_cells
from simulator.data.words import name_of, shown
from simulator.frame import Floats, frozen
from simulator.parameter import knob
from simulator.regular_file import UnfitFileError, check_regular, read_regular

if TYPE_CHECKING:
    from PIL import Image

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm"})
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is decoded, whatever a file is called: pixels only. A decoder of page descriptions starts other programs."""
MAX_BYTES = 256 * 2**20
"""Of one file."""
MAX_CLASSES = 1000
MAX_FILES = 1_000_000
MAX_PIXELS = 2**26
"""Pixels that one file may hold; more is refused before it is unpacked."""
Files = tuple[tuple[str, tuple[str, ...]], ...]
"""(class, its files) in order."""


class Images(Data, frozen=True, kw_only=True, tag="images"):
    """Images of your own: a folder with a sub-folder of image files for each class.

    Every image is brought to ``size`` × ``size`` pixels, whatever its own height and width, with values from 0 to 1.
    Scaling treats all pixels of a channel alike. Transparent pixels are black.
    """

    path: Annotated[str, knob("Folder", "The folder whose sub-folders are the classes.", file=True, folder=True)] = ""
    size: Annotated[
        int, knob("Size", "Height and width that all images are brought to.", slider=(8, 64), ge=1, le=1024, unit="px")
    ] = 28
    color: Annotated[Literal["grey", "color"], knob("Colour", "Grey: one channel; color: red, green and blue.")] = (
        "grey"
    )

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        return 3 if self.color == "color" else 1, self.size, self.size

    def load(self, rng: np.random.Generator) -> Raw:
        return _load(self.path, self.fingerprint(), self.size, self.color)

    def fingerprint(self) -> tuple[int, ...]:
        return _state(self.path, _files(self.path))


# One set is kept, so that a new split, scale or label noise does not read the files again.
@functools.lru_cache(maxsize=1)
def _load(path: str, fingerprint: tuple[int, ...], size: int, color: str) -> Raw:
    files = _files(path)
    channels = 3 if color == "color" else 1
    count = sum(len(names) for _, names in files)
    check_cells(count * channels * size**2, f"{name_of(path)}: {count} images of {size} × {size} pixels")
    x = np.empty((count, channels, size, size))
    paths = [os.path.join(path, label, name) for label, names in files for name in names]
    for place, file in enumerate(paths):
        x[place] = _pixels(file, size, color)
    labels: Labels = np.repeat(np.arange(len(files)), [len(names) for _, names in files]).astype(np.int64)
    names = tuple(_readable(label) for label, _ in files)
    rows, pixels = frozen(x.reshape(count, -1)), _pixel_names(channels, size)
    return Raw(rows, frozen(labels), names, pixels, shape=x.shape[1:], alike=True)


def _readable(label: str) -> str:
    """The name of a folder in one line of text, whatever bytes it is made of."""
    return " ".join(os.fsencode(label).decode("utf-8", "replace").split())


def _pixel_names(channels: int, size: int) -> tuple[str, ...]:
    prefixes = ("",) if channels == 1 else ("red ", "green ", "blue ")
    return tuple(
        f"{prefix}row {row} column {column}" for prefix in prefixes for row in range(size) for column in range(size)
    )


def _files(path: str) -> Files:
    """Classes and their image files, by name; files of other kinds and hidden ones are passed over."""
    if not path:
        raise DataError("images: no folder is chosen")
    found = []
    for label in _entries(Path(path), folders=True):
        names = tuple(n for n in _entries(Path(path, label), folders=False) if Path(n).suffix.lower() in ENDINGS)
        if not names:
            raise DataError(f"{name_of(path)}: the folder {shown(label)} holds no image files")
        found.append((label, names))
    _check_count(path, found)
    return tuple(found)


def _check_count(path: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    if len(found) < 2:
        have = "no sub-folder" if not found else f"only the sub-folder {shown(found[0][0])}"
        raise DataError(f"{name_of(path)}: {have}; at least 2 are needed, one for each class")
    if len(found) > MAX_CLASSES:
        raise DataError(f"{name_of(path)}: {len(found)} sub-folders, at most {MAX_CLASSES} classes are supported")
    if sum(len(names) for _, names in found) > MAX_FILES:
        raise DataError(f"{name_of(path)}: more than {MAX_FILES} image files are not supported")


def _entries(folder: Path, folders: bool) -> list[str]:
    """Names of the visible folders or files in ``folder``, sorted."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir() == folders)
    except (OSError, ValueError) as error:
        raise DataError(f"{name_of(str(folder))}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such folder"
    if isinstance(error, NotADirectoryError):
        return "not a folder but a file"
    if isinstance(error, UnfitFileError):
        return str(error.strerror)
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({text.lower()})"


def _state(path: str, files: Files) -> tuple[int, ...]:
    """A number that changes when any file does."""
    stamps = []
    for label, names in files:
        for name in names:
            try:
                found = os.stat(os.path.join(path, label, name))
                check_regular(found, name)
            except OSError as error:
                raise DataError(f"{name_of(label)}/{name_of(name)}: {_reason(error)}") from error
            stamps.append((label, name, found.st_mtime_ns, found.st_size))
    return (hash(tuple(stamps)),)


def _pixels(path: str, size: int, color: str) -> Floats:
    """(channels, size, size) from 0 to 1."""
    from PIL import Image, UnidentifiedImageError

    where = f"{name_of(os.path.dirname(path))}/{name_of(path)}"
    try:
        with Image.open(io.BytesIO(read_regular(path, MAX_BYTES)), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(f"{where}: {image.width} × {image.height} pixels, at most {MAX_PIXELS} are supported")
            return _resampled(image, size, color)
    except DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{where}: more than the {MAX_PIXELS} pixels that are supported") from error
    except UnfitFileError as error:
        raise DataError(f"{where}: {_reason(error)}") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{where}: not an image that can be read") from error
    except Exception as error:  # Damaged files raise errors of every kind.
        raise DataError(f"{where}: a damaged image ({shown(str(error), 60)})") from error


def _resampled(image: Image.Image, size: int, color: str) -> Floats:
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
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


def _wide(image: Image.Image, size: int) -> Floats:
    """Grey with more than 8 bits, which an ordinary conversion would clip."""
    from PIL import Image

    levels = 1.0 if image.mode == "F" else 65535.0
    scaled = Image.fromarray(np.asarray(image, np.float32) / np.float32(levels))
    return np.asarray(scaled.resize((size, size), Image.Resampling.BILINEAR), np.float64)
