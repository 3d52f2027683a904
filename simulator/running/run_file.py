"""A trained run as one file, ``.nabla``: opened again, it goes on to the same bits.

A zip of ``manifest.json`` (format, versions, processor, data), ``experiment.json``, the files of the checkpoint and
``record/``. Nothing that is read is believed: members go by a list of names and none is compressed, arrays are taken
only where types and shapes are those of what the experiment describes, and nothing in it is ever executed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import MAX_FILE_BYTES, RUN_ENDING
from simulator.record import files as record_files
from simulator.record.record import Record, sampled
from simulator.running.archive import ArchiveError, ArchiveReader, ArchiveWriter, reading
from simulator.running.packed_data import is_data, located
from simulator.running.presentation import NAMES as PRESENTATION
from simulator.running.run_formats import RUN, check_format
from simulator.system.atomic import write_atomic
from simulator.system.environment import Environment
from simulator.system.fingerprint import Fingerprint, fingerprint
from simulator.system.regular_file import UnfitFileError
from simulator.training import checkpoint_files
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training

ENDING = RUN_ENDING
MANIFEST, EXPERIMENT, RECORD = "manifest.json", "experiment.json", "record/"
MOST_MANIFEST = 2**16
PARTS = ("low", "high", "last", "lost", "provisional", "steps", "lasts", "marked", "values", "bytes")
"""Ends of the names of a record's arrays."""


@dataclass(frozen=True)
class SavedRun:
    """A run between two steps, with its past."""

    checkpoint: Checkpoint
    record: Record
    environment: Environment
    """Where it was trained until now."""

    @property
    def experiment(self) -> Experiment:
        return self.checkpoint.experiment

    def news(self, present: Environment, digest: str = "") -> str:
        """One sentence where going on may give other last digits than where it was saved; else ``""``."""
        differences = list(self.environment.differences(present))
        if digest and self.checkpoint.data and digest != self.checkpoint.data:
            differences.append("data that are not the same to the last bit")
        joined = "; ".join(differences)
        return f"The run may go on with other last digits than where it was saved: {joined}." if joined else ""


class _Manifest(Struct, frozen=True):
    format: int
    needs: str
    environment: Environment
    data: str


def is_run_file(path: Path) -> bool:
    """Whether a file is taken for a run, by its ending."""
    return path.suffix.lower() == ENDING


def write(saved: SavedRun, path: Path) -> Fingerprint:
    """Write a run file whole or not at all, and say what stands there then; OSError where it cannot be written."""
    stream = io.BytesIO()
    write_into(saved, stream)
    content = stream.getbuffer()
    write_atomic(path, content)
    return fingerprint(content)


def write_into(saved: SavedRun, stream: IO[bytes]) -> None:
    """Write the run as a zip."""
    archive = ArchiveWriter(stream)
    add_head(archive, saved.experiment, saved.environment, saved.checkpoint.data)
    add_run(archive, saved)
    archive.close()


def add_head(archive: ArchiveWriter, experiment: Experiment, here: Environment, digest: str = "") -> None:
    """What every such file begins with; ``digest`` is of the data that a run was trained on."""
    manifest = _Manifest(RUN.number, RUN.needs, here, digest)
    archive.add(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    archive.add(EXPERIMENT, experiment.to_json())


def add_run(archive: ArchiveWriter, saved: SavedRun) -> None:
    """The run itself."""
    for name, content in checkpoint_files.written(saved.checkpoint).items():
        archive.add(name, content)
    record_files.write(saved.record, lambda name: archive.create(RECORD + name))


def read(path: Path) -> SavedRun:
    """The run in a file, its data in it or looked for beside it; ExperimentError names the file and what is wrong."""
    with opened(path) as archive:
        return run_in(archive, path.parent)


def described(path: Path) -> Experiment:
    """The experiment of a run file as it stands there; ExperimentError as :func:`read`."""
    with opened(path) as archive:
        return head_of(archive)[1]


def head_of(archive: ArchiveReader) -> tuple[Environment, Experiment]:
    """Where the run was trained, and the experiment as it stands in the file."""
    manifest = check_format(archive.read(MANIFEST, MOST_MANIFEST), _Manifest)
    return manifest.environment, Experiment.from_json(archive.read(EXPERIMENT, MAX_FILE_BYTES))


def holds_run(archive: ArchiveReader) -> bool:
    """Whether there is a run beside the experiment."""
    return checkpoint_files.WEIGHTS in archive


def run_in(archive: ArchiveReader, folder: Path) -> SavedRun:
    """The run in an open file; relative paths of data are looked for in the folder."""
    there, experiment = head_of(archive)
    files = {name: archive.read(name, most) for name, most in checkpoint_files.MOST_BYTES.items()}
    record = record_files.read(lambda name: archive.open(RECORD + name))
    checkpoint = checkpoint_files.checkpoint_of(located(archive, experiment, folder), files)
    return SavedRun(checkpoint, record, there)


def taken_up(saved: SavedRun) -> Training:
    """A training that goes on where the run was saved; ExperimentError where its parts do not fit each other."""
    training = Training(saved.experiment)
    history = saved.record.history
    try:
        training.check_fit(saved.checkpoint)
        training.restore(saved.checkpoint)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ExperimentError(" ".join(str(error).split())) from None
    end = history.start + history.steps
    if history.columns != training.columns or end != training.step:
        raise ExperimentError(f"its record is of another run, or does not end at step {training.step}")
    frames = (saved.record.first, saved.record.scored)
    if any(frame is not None and frame.info.depth != training.info.depth for frame in frames):
        raise ExperimentError("its record is of a network with another number of layers")
    return training


def _allowed(name: str) -> bool:
    if name in (MANIFEST, EXPERIMENT, *checkpoint_files.FILES, RECORD + record_files.JSON, *PRESENTATION) or is_data(
        name
    ):
        return True
    whose, _, part = name.removeprefix(RECORD).removesuffix(".npy").rpartition("_")
    return name == f"{RECORD}{whose}_{part}.npy" and part in PARTS and whose in ("history", "frames", *sampled())


@contextmanager
def opened(path: Path) -> Iterator[ArchiveReader]:
    """Whatever is wrong with a file is one sentence with its name."""
    try:
        with reading(path, _allowed) as archive:
            yield archive
    except UnfitFileError as error:
        raise ExperimentError(f"{path.name}: {error.strerror}, so no run") from None
    except OSError as error:
        raise ExperimentError(f"{error.filename or path}: {(error.strerror or str(error)).lower()}") from None
    except ExperimentError as error:
        raise ExperimentError(
            f"{path.name}: {error.message}", error.path, words=f"{path.name}: {error.in_words}"
        ) from None
    except (ArchiveError, checkpoint_files.CheckpointError, record_files.RecordError) as error:
        raise ExperimentError(f"{path.name} is no run: {error}") from None
