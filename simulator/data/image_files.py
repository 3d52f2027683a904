"""Where the images of a set lie: a folder with one sub-folder per class, or such a folder in a zip archive."""

from __future__ import annotations

import os
import struct
import zipfile
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from simulator.data.base import DataError
from simulator.data.phrases import name_of, shown
from simulator.schema.numbers import integer
from simulator.system.regular_file import UnfitFileError, check_regular, read_regular, regular
from simulator.system.zip_contents import check_ratio, zip_of
from simulator.system.zip_members import Members

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm")
MAX_BYTES = 256 * 2**20
"""Of one image's file."""
MAX_CLASSES = 1000
MAX_FILES = 1_000_000
DAMAGED = (zipfile.BadZipFile, UnicodeDecodeError, OverflowError, NotImplementedError, RuntimeError, struct.error)
"""What an archive raises that is not whole, besides errors of reading."""
Read = Callable[[str, str], bytes]
"""A class and the name of a file → its content."""
Files = tuple[tuple[str, tuple[str, ...]], ...]
"""(class, its files) in order of their names."""


class Opened(NamedTuple):
    """A folder or an archive that is being read."""

    files: Files
    """All of them."""
    read: Read
    """Gives the content of one of them, and raises OSError."""


class ImageFiles(ABC):
    """Classes and their image files; files of other kinds and hidden ones are passed over."""

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def opened(self) -> AbstractContextManager[Opened]:
        """To be read in here. Raises :class:`DataError`."""

    @abstractmethod
    def state(self) -> tuple[int, ...]:
        """Numbers that change when any file does. Raises :class:`DataError`."""


def image_files(path: str) -> ImageFiles:
    """Those of a folder or an archive. Raises :class:`DataError` where none is chosen."""
    if not path:
        raise DataError("images: no folder is chosen")
    return Archive(path) if path.lower().endswith(".zip") and not os.path.isdir(path) else Folder(path)


def holds_images(path: Path) -> bool:
    """Whether a path is meant as images: a folder, or an archive with more pictures than other files."""
    if path.is_dir():
        return True
    if path.suffix.lower() != ".zip":
        return False
    try:
        with _opened(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (OSError, *DAMAGED):
        return False
    return 2 * sum(map(_is_image, names)) > len(names)


@contextmanager
def _opened(path: str | Path) -> Iterator[zipfile.ZipFile]:
    """An archive in a regular file."""
    with open(path, "rb", opener=regular) as stream, zip_of(stream) as archive:
        yield archive


def reason_of(error: Exception) -> str:
    """Why a folder or a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "no such folder"
    if isinstance(error, NotADirectoryError):
        return "not a folder but a file"
    if isinstance(error, UnfitFileError):
        return str(error.strerror)
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({shown(text.lower(), 60)[1:-1]})"


def _checked(path: str, files: Files) -> Files:
    if len(files) < 2:
        have = "no sub-folder" if not files else f"only the sub-folder {shown(files[0][0])}"
        raise DataError(f"{name_of(path)}: {have}; at least 2 are needed, one for each class")
    if len(files) > MAX_CLASSES:
        raise DataError(
            f"{name_of(path)}: {integer(len(files))} sub-folders, at most {MAX_CLASSES} classes are supported"
        )
    if sum(len(names) for _, names in files) > MAX_FILES:
        raise DataError(f"{name_of(path)}: more than {MAX_FILES} image files are not supported")
    return files


class Folder(ImageFiles):
    """On disk. Links that lead out of the folder are refused: who sent it could show what is elsewhere."""

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        files = self._files()
        folders = {label: self._folder(label) for label, _ in files}
        yield Opened(files, lambda label, name: read_regular(folders[label] + name, MAX_BYTES))

    def _folder(self, label: str) -> str:
        """The beginning of the paths of all files of a class."""
        return os.path.join(self.path, label, "")

    def _files(self) -> Files:
        labelled = []
        for label in self._entries(Path(self.path), folders=True):
            inner = self._entries(Path(self.path, label), folders=False)
            names = tuple(filter(_is_image, inner))
            if not names:
                raise DataError(f"{name_of(self.path)}: the folder {shown(label)} holds no image files")
            labelled.append((label, names))
        return _checked(self.path, tuple(labelled))

    def _entries(self, folder: Path, folders: bool) -> list[str]:
        """Names of the visible folders or files in ``folder``, sorted."""
        try:
            with os.scandir(folder) as entries:
                visible = [e for e in entries if not e.name.startswith(".") and e.is_dir() == folders]
                for entry in visible:
                    if entry.is_symlink():
                        self._check_link(Path(entry.path))
                return sorted(entry.name for entry in visible)
        except (OSError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{name_of(str(folder))}: {reason_of(error)}") from error

    def _check_link(self, link: Path) -> None:
        if not link.resolve().is_relative_to(Path(self.path).resolve()):
            raise DataError(f"{name_of(self.path)}: {shown(link.name)} is a link out of the folder")

    def state(self) -> tuple[int, ...]:
        stamps = []
        for label, names in self._files():
            folder = self._folder(label)
            for name in names:
                try:
                    status = os.stat(folder + name)
                    check_regular(status, name)
                except OSError as error:
                    raise DataError(f"{name_of(label)}/{name_of(name)}: {reason_of(error)}") from error
                stamps.append((label, name, status.st_mtime_ns, status.st_size))
        return (hash(tuple(stamps)),)


class Archive(ImageFiles):
    """In a zip file; a folder around the classes' folders is passed over."""

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with self._archive() as archive:
            # Found at once: looking through all of them for each takes minutes where there are many.
            members: dict[tuple[str, ...], zipfile.ZipInfo] = {}
            images = []
            for info in archive.infolist():
                path = _parts(info)
                members.setdefault(path[-2:], info)
                if not info.is_dir() and _is_image(path[-1]) and not any(map(_is_hidden, path)):
                    images.append(path)
            readable = Members(archive)
            yield Opened(self._files(images), lambda label, name: _content(readable, members[label, name]))

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        with ExitStack() as stack:
            try:
                archive = stack.enter_context(_opened(self.path))
            except (OSError, *DAMAGED) as error:
                raise DataError(f"{name_of(self.path)}: {reason_of(error)}") from error
            yield archive

    def _files(self, images: list[tuple[str, ...]]) -> Files:
        """By class, of the paths of all images."""
        if len({path[:-2] for path in images}) > 1 or any(len(path) < 2 for path in images):
            raise DataError(f"{name_of(self.path)}: the images do not lie in one folder for each class")
        members: defaultdict[str, list[str]] = defaultdict(list)
        for *_, label, name in images:
            members[label].append(name)
        return _checked(self.path, tuple((label, tuple(sorted(names))) for label, names in sorted(members.items())))

    def state(self) -> tuple[int, ...]:
        try:
            status = os.stat(self.path)
            check_regular(status, self.path)
        except OSError as error:
            raise DataError(f"{name_of(self.path)}: {reason_of(error)}") from error
        return status.st_mtime_ns, status.st_size


def _content(members: Members, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_BYTES:
        raise UnfitFileError(0, f"larger than {MAX_BYTES // 2**20} MiB", member.filename)
    if member.flag_bits & 1:
        raise UnfitFileError(0, "is locked with a password", member.filename)
    check_ratio(member)
    return members.read(member, MAX_BYTES)


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """The folders of a member and its name; one of a name without any letter has one of none."""
    parts = member.filename.split("/")
    return tuple(parts) if all(parts) and "." not in parts else PurePosixPath(member.filename).parts or ("",)


def _is_image(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "__MACOSX"))
