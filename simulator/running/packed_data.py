"""A person's own data inside a ``.nabla``: put in as the files they are, and taken out into a folder of their own.

The experiment in the file names them by where they lie in it, ``data/wine.csv``, so a person who unpacks the archive
by hand has an experiment that works. Taken out, they are in the program's own folder, by their content: opening a file
twice keeps them once, and nothing else is ever written over.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from simulator.data.base import DataError
from simulator.data.own_file import OwnFile, copied, plain_name
from simulator.data.table import changed
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.running.archive import ArchiveError, ArchiveReader, ArchiveWriter
from simulator.system.atomic import replacing
from simulator.system.fingerprint import fingerprint_of
from simulator.system.own_folders import data_folder

DATA = "data/"
READING = "Taking out the data"


def is_data(name: str) -> bool:
    """Whether a member is data: one plain name in their folder."""
    inner = name.removeprefix(DATA)
    return inner != name and inner == plain_name(inner)


def holds_data(archive: ArchiveReader) -> bool:
    """Whether there are data beside the experiment."""
    return any(is_data(name) for name in archive.names)


def own_file(experiment: Experiment) -> OwnFile | None:
    """What would be put in; None where the program has the data anyway.

    ExperimentError where they cannot be read, or are not those that the experiment was trained on.
    """
    if news := changed(experiment.data):
        raise ExperimentError(news, "data", words=news)
    try:
        return experiment.data.own_file()
    except (DataError, OSError) as error:
        raise ExperimentError(str(error), "data", words=str(error)) from None


def relocated(experiment: Experiment, own: OwnFile | None) -> Experiment:
    """The experiment as it stands beside its packed data."""
    return experiment if own is None else experiment.with_data(experiment.data.at(DATA + own.name))


def add_data(archive: ArchiveWriter, own: OwnFile) -> None:
    """Put the data in; OSError where they cannot be read or written."""
    with archive.create(DATA + own.name) as member:
        try:
            own.copy(member)
        except DataError as error:
            raise OSError(0, str(error)) from None


def located(archive: ArchiveReader, experiment: Experiment, folder: Path) -> Experiment:
    """The experiment with its data where they can be read: taken out of the archive, else looked for in ``folder``.

    ArchiveError where the data in the archive are not what the experiment names, OSError where they cannot be written.
    """
    packed = [name for name in archive.names if is_data(name)]
    if not holds_data(archive):
        return experiment.beside(folder)
    if len(packed) > 1 or getattr(experiment.data, "path", "") != packed[0]:
        raise ArchiveError("it holds data that its experiment does not name")
    digest = _digest(archive, packed[0])
    known_hash = getattr(experiment.data, "hash", "")
    if known_hash and known_hash != digest:
        raise ArchiveError("the data in it are not those that its experiment was trained on")
    return experiment.with_data(experiment.data.at(str(_taken_out(archive, packed[0], digest))))


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
