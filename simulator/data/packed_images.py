"""A set of images of the person's own as one archive."""

from __future__ import annotations

import os
import zipfile
from functools import partial
from pathlib import Path
from typing import IO

from simulator.data.base import DataError
from simulator.data.image_files import Archive, ImageFiles, reason_of
from simulator.data.own_file import OwnFile, copied, plain_name
from simulator.data.phrases import name_of
from simulator.data.tables.source import open_regular, status
from simulator.system.progress import followed

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that one folder gives one file."""


def packed_images(images: ImageFiles) -> OwnFile:
    """An archive as it is; a folder as an archive, with a folder for each class. Raises :class:`DataError`."""
    name = plain_name(Path(images.path).absolute().name)
    if isinstance(images, Archive):
        return OwnFile(name, status(images.path).st_size, partial(_copy_archive, images.path))
    with images.opened() as opened:
        members = [(label, file) for label, files in opened.files for file in files]
    size = sum(os.path.getsize(os.path.join(images.path, *member)) for member in members)
    return OwnFile(f"{name}.zip", size, partial(_pack, images, members))


def _copy_archive(path: str, target: IO[bytes]) -> None:
    with open_regular(path) as source:
        copied(source, target.write, status(path).st_size, "Packing the images")


def _pack(images: ImageFiles, members: list[tuple[str, str]], target: IO[bytes]) -> None:
    # Images are compressed already.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive, images.opened() as opened:
        for label, file in followed(members, "Packing the images", "images"):
            try:
                content = opened.read(label, file)
            except OSError as error:
                raise DataError(f"{name_of(label)}/{name_of(file)}: {reason_of(error)}") from error
            archive.writestr(zipfile.ZipInfo(f"{label}/{file}", EPOCH), content)
