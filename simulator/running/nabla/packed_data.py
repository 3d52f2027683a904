"""A person's own data inside a ``.nabla``: put in as the files they are, and taken out into a folder of their own.

The experiment in the file names them by where they lie in it, ``data/wine.csv``, so a person who unpacks the archive
by hand has an experiment that works. Taken out, they are in the program's own folder, by their content: opening a file
twice keeps them once, and nothing else is ever written over.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from simulator.data import AnyData
from simulator.data.base import DataError
from simulator.data.own_file import OwnFile, copied, plain_name
from simulator.data.table import changed
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.running.nabla.archive import ArchiveError, ArchiveReader, ArchiveWriter
from simulator.system.atomic import replacing
from simulator.system.fingerprint import fingerprint_of
from simulator.system.own_folders import data_folder

Move = Callable[[AnyData], AnyData]
"""Describes the same data at another place."""
DATA = "data/"
READING = "Taking out the data"


def is_data(name: str) -> bool:
    """Whether a member is data: one plain name in their folder."""
    inner = name.removeprefix(DATA)
    return inner != name and inner == plain_name(inner)


def holds_data(archive: ArchiveReader) -> bool:
    """Whether there are data beside the experiment."""
    return any(is_data(name) for name in archive.names)


def own_files(experiment: Experiment) -> dict[str, OwnFile]:
    """Path → what would be put in, each with a name of its own; empty where the program has all data anyway.

    ExperimentError where they cannot be read, or are not those that the experiment was trained on.
    """
    files: dict[str, OwnFile] = {}
    for data in experiment.named_data:
        path = getattr(data, "path", "")
        own = None if path in files else _own_file(data)
        if own is not None:
            files[path] = replace(own, name=_free(own.name, {each.name.lower() for each in files.values()}))
    return files


def _own_file(data: AnyData) -> OwnFile | None:
    if news := changed(data):
        raise ExperimentError(news, "data", words=news)
    try:
        return data.own_file()
    except (DataError, OSError) as error:
        raise ExperimentError(str(error), "data", words=str(error)) from None


def _free(name: str, taken: Container[str]) -> str:
    """The name, or one like it that is not taken."""
    stem, dot, ending = name.partition(".")
    numbered = (f"{stem}-{number}{dot}{ending}" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], numbered) if each.lower() not in taken)


def relocation(files: Mapping[str, OwnFile]) -> Move:
    """Describes data as they stand beside their packed files."""

    def relocated(data: AnyData) -> AnyData:
        own = files.get(getattr(data, "path", ""))
        return data if own is None else data.at(DATA + own.name)

    return relocated


def add_data(archive: ArchiveWriter, own: OwnFile) -> None:
    """Put data in; OSError where they cannot be read or written."""
    with archive.create(DATA + own.name) as member:
        try:
            own.copy(member)
        except DataError as error:
            raise OSError(0, str(error)) from None


def location(archive: ArchiveReader, experiment: Experiment, folder: Path) -> Move:
    """Describes data where they can be read: taken out of the archive, else looked for in ``folder``.

    ArchiveError where the data in the archive are not what the experiment names, OSError where they cannot be written.
    """
    packed = {name for name in archive.names if is_data(name)}
    if not packed <= {getattr(data, "path", "") for data in experiment.named_data}:
        raise ArchiveError("it holds data that its experiment does not name")

    @functools.cache
    def digest(name: str) -> str:
        return _digest(archive, name)

    @functools.cache
    def located(data: AnyData) -> AnyData:
        name, known = getattr(data, "path", ""), getattr(data, "hash", "")
        if name not in packed:
            return data.beside(folder)
        if known and known != digest(name):
            raise ArchiveError("the data in it are not those that its experiment was trained on")
        unpacked = data.at(str(_taken_out(archive, name, digest(name))))
        # Whoever knows its hash has had it: it is not asked about where the experiment is saved and opened again.
        return structs.replace(unpacked, hash=digest(name)) if hasattr(unpacked, "hash") else unpacked

    return located


def _digest(archive: ArchiveReader, name: str) -> str:
    """SHA-256 of a member."""
    hashed = hashlib.sha256()
    with archive.open(name) as member:
        copied(member, hashed.update, archive.size(name), READING)
    return hashed.hexdigest()


def _taken_out(archive: ArchiveReader, name: str, digest: str) -> Path:
    """Where the data are on the disk now: where they were before, if nothing has changed them there."""
    path = data_folder() / digest / name.removeprefix(DATA)
    known = fingerprint_of(path)
    if known is None or known.digest != digest:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as member, replacing(path) as stream:
            copied(member, stream.write, archive.size(name), READING)
    return path
