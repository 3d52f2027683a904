"""Images of the person's own: a folder with one sub-folder of image files per class."""

import functools
import io
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
import numpy as np

from simulator.arrays.numeric import Floats, RandomGenerator, frozen
from simulator.data.base import Data, DataError, Labels, Raw, check_cells
from simulator.data.own_file import OwnFile
from simulator.data.paths import located
from simulator.data.phrases import name_of, shown
from simulator.schema.numbers import count as count_text
from simulator.schema.numbers import integer
from simulator.schema.parameter import knob
from simulator.system.abreast import ahead
from simulator.system.machine import shortage
from simulator.system.progress import followed
from simulator.system.regular_file import UnfitFileError

if TYPE_CHECKING:
    from PIL import Image

    from simulator.data.image_files import ImageFiles, Read
    from simulator.data.image_strip import ImageStrip

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is decoded, whatever a file is called: pixels only. A decoder of page descriptions starts other programs."""
MAX_PIXELS = 2**26
MAX_UNPACKED = 240 * 2**20
"""Pixels that one file may hold, and bytes that they may take on the way; more is refused before it is unpacked."""
LARGE = 2**26
SMALL = 2**22
"""Pixels that need no more than what is always there, however they are stored."""
MOST_RATIO = 200
"""Bytes from which on an image may not be so many times as large as its file: nothing but blank ones are."""
ORIENTATION = 0x0112
"""What a camera writes of how it was held."""


class Images(Data, frozen=True, kw_only=True, tag="images"):
    """Images of your own: a folder with a sub-folder of image files for each class, or a .zip of such a folder.

    Every image is brought to ``size`` × ``size`` pixels, whatever its own height and width, with values from 0 to 1.
    Scaling treats all pixels of a channel alike. Transparent pixels are black.
    """

    group: ClassVar[str] = "Your own"

    path: Annotated[
        str,
        knob(
            "Folder",
            "The folder, or .zip, whose sub-folders are the classes.",
            file=True,
            folder=True,
            endings=(".zip",),
        ),
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

    def load(self, rng: RandomGenerator) -> Raw:
        return self.loaded(rng, self.fingerprint())

    def loaded(self, rng: RandomGenerator, fingerprint: tuple[int, ...]) -> Raw:
        return _load(self.path, fingerprint, self.size, self.color, self.fit)

    def beside(self, folder: Path) -> "Images":
        path = located(self.path, folder)
        return self if path == self.path else self.at(path)

    def at(self, path: str) -> "Images":
        return msgspec.structs.replace(self, path=path)

    def own_file(self) -> OwnFile:
        from simulator.data.packed_images import packed_images

        return packed_images(_files(self.path))

    def fingerprint(self) -> tuple[int, ...]:
        return _files(self.path).state()


def _files(path: str) -> "ImageFiles":
    """What looks into folders and archives is imported with the first ones, which most starts never see."""
    from simulator.data.image_files import image_files

    return image_files(path)


def check_images(path: str) -> None:
    """DataError where a folder or archive holds no images for classes, or the first one of a class cannot be read."""
    from simulator.data.image_strip import ImageStrip

    _silence_decoder()
    with _files(path).opened() as source:
        for label, names in source.files:
            _put(ImageStrip(1, 1, 1), 0, source.read, (label, names[0]), "resize")


# One set is kept, so that a new split, scale or label noise does not read the files again.
@functools.lru_cache(maxsize=1)
def _load(path: str, fingerprint: tuple[int, ...], size: int, color: str, fit: str) -> Raw:
    channels = 3 if color == "color" else 1
    with _files(path).opened() as source:
        files, read = source
        count = sum(len(names) for _, names in files)
        told = f"{name_of(path)}: {count_text(count, 'image')} of {size} × {size} pixels"
        check_cells(count * channels * size**2, told)
        x = np.empty((count, channels, size, size))
        others = _read_all(read, [(label, name) for label, names in files for name in names], fit, x)
    labels: Labels = np.repeat(np.arange(len(files)), [len(names) for _, names in files]).astype(np.int64)
    names = tuple(_readable(label) for label, _ in files)
    rows, pixels = frozen(x.reshape(count, -1)), _pixel_names(channels, size)
    return Raw(rows, frozen(labels), names, pixels, x.shape[1:], True, _notes(others, count, size, fit))


def _read_all(read: "Read", each: list[tuple[str, str]], fit: str, out: Floats) -> int:
    """out (images, channels, size, size) ← the values from 0 to 1 of all; how many are of another size."""
    from simulator.data.image_strip import ImageStrip

    _silence_decoder()
    channels, size = out.shape[1:3]
    following, others = followed(each, "Reading images", "files"), 0

    def filled() -> Iterator[tuple[ImageStrip, Floats]]:
        nonlocal others
        start = 0
        while start < len(out):
            strip = ImageStrip(channels, size, len(out) - start)
            values = out[start : start + strip.room]
            for place, file in enumerate(islice(following, len(values))):
                others += not _put(strip, place, read, file, fit)
            yield strip, values
            start += len(values)

    # What is packed in files is made values of while the next ones are read.
    for _ in ahead(lambda each: each[0].write(each[1]), filled()):
        pass
    return others


def _notes(others: int, count: int, size: int, fit: str) -> tuple[str, ...]:
    """What was done to images of another size."""
    done = "stretched to it" if fit == "resize" else "cropped to a square and brought to it"
    are, were = ("is", "was") if others == 1 else ("are", "were")
    told = f"{integer(others)} of {count_text(count, 'image')} {are} not {size} × {size} pixels and {were} {done}"
    return (told,) if others else ()


def _readable(label: str) -> str:
    """The name of a folder in one line of text, whatever bytes it is made of."""
    return " ".join(os.fsencode(label).decode("utf-8", "replace").split())


def _pixel_names(channels: int, size: int) -> tuple[str, ...]:
    prefixes = ("",) if channels == 1 else ("red ", "green ", "blue ")
    return tuple(
        f"{prefix}row {row} column {column}" for prefix in prefixes for row in range(size) for column in range(size)
    )


@functools.cache
def _silence_decoder() -> None:
    """What it says of damaged files, on the terminal, is said in a sentence here."""
    import logging

    logging.getLogger("PIL").setLevel(logging.CRITICAL)


def _put(strip: "ImageStrip", place: int, read: "Read", file: tuple[str, str], fit: str) -> bool:
    """Put the image of a class and a name into the strip; whether it has its size itself."""
    try:
        content = read(*file)
        return strip.put_plain(place, content) or _put_any(strip, place, content, fit)
    except Exception as error:  # Damaged files raise errors of every kind.
        raise DataError(f"{name_of(file[0])}/{name_of(file[1])}: {_reason(error)}") from error


def _put_any(strip: "ImageStrip", place: int, content: bytes, fit: str) -> bool:
    """Put an image of any kind and size into the strip; whether it has its size itself."""
    from PIL import Image, ImageOps

    from simulator.data.plain_images import plain_image

    if (plain := plain_image(content, min(SMALL, MAX_PIXELS))) is not None:
        _resample(plain, fit, strip, place)
        return plain.size == strip.size
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if lack := _lack_of_room(image, len(content), strip.mode, fit):
            raise UnfitFileError(0, lack)
        if _is_turned(image):
            ImageOps.exif_transpose(image, in_place=True)
        _resample(image, fit, strip, place)
        return image.size == strip.size


def _reason(error: Exception) -> str:
    """Why an image cannot be read."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"more than the {MAX_PIXELS} pixels that are supported"
    if isinstance(error, UnfitFileError):
        return str(error.strerror)
    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read"
    return f"a damaged image ({shown(str(error), 60)})"


def _size(image: "Image.Image") -> str:
    return f"{integer(image.width)} × {integer(image.height)} pixels"


def _lack_of_room(image: "Image.Image", packed: int, mode: str, fit: str) -> str:
    """Why an image would unpack to too much, judged by its head; else nothing."""
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        return f"{_size(image)}, at most {integer(MAX_PIXELS)} are supported"
    if pixels <= SMALL:
        return ""
    own = pixels * (1 if image.mode in ("1", "L", "P") else 4)
    if own > LARGE and own > MOST_RATIO * packed:
        return f"{_size(image)} unpack to more than {MOST_RATIO} times the file's size"
    turned = _is_turned(image) or (fit == "crop" and image.width != image.height)
    made = 0 if image.mode == mode else pixels * (4 if mode == "RGB" else 1)
    amount = own * (2 if turned else 1) + made
    lack = f"at most {MAX_UNPACKED // 2**20} are supported" if amount > MAX_UNPACKED else shortage(amount)
    return f"{_size(image)} take {integer(amount // 2**20)} MiB to be read, {lack}" if lack else ""


def _is_turned(image: "Image.Image") -> bool:
    return bool(image.getexif().get(ORIENTATION, 1) != 1)


def _resample(image: "Image.Image", fit: str, strip: "ImageStrip", place: int) -> None:
    """Put an image into the strip, brought to its size and mode."""
    if fit == "crop" and image.width != image.height:
        image = _middle(image)
    if image.mode.startswith(("I", "F")):
        strip.put_values(place, _wide(image, strip.size))
        return
    plain = _opaque(image, strip.mode) if image.has_transparency_data else image
    strip.put(place, plain if plain.mode == strip.mode else plain.convert(strip.mode))


def _opaque(image: "Image.Image", mode: str) -> "Image.Image":
    """In a mode without transparency: what is transparent shows black, whatever colour hides there."""
    from PIL import Image

    made = Image.new(mode, image.size)
    # Some rows at a time: each has four copies on the way.
    for top in range(0, image.height, rows := max(1, LARGE // 16 // image.width)):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        made.paste(Image.alpha_composite(Image.new("RGBA", strip.size, (0, 0, 0, 255)), strip).convert(mode), (0, top))
    return made


def _middle(image: "Image.Image") -> "Image.Image":
    """The largest square in the middle."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _wide(image: "Image.Image", size: tuple[int, int]) -> Floats:
    """Grey with more than 8 bits, which an ordinary conversion would clip."""
    from PIL import Image

    levels = 1.0 if image.mode == "F" else 65535.0
    scaled = Image.fromarray(np.asarray(image, np.float32) / np.float32(levels))
    return np.asarray(scaled.resize(size, Image.Resampling.BILINEAR), np.float64)
