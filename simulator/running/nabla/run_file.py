"""A trained run as one file, ``.nabla``: opened again, it goes on to the same bits.

A zip of ``manifest.json`` (format, versions, processor, data, lanes), ``experiment.json``, the files of the checkpoint
and ``record/``; the same of each lane, with the experiment that it is trained as, under ``lanes/0/`` and so on; and
``coming.json`` where changes are planned that have not acted. Nothing that is read is believed: members go by a list of
names and none is compressed, arrays are taken only where types and shapes are those of what the experiment describes,
and nothing in it is ever executed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import MAX_FILE_BYTES, RUN_ENDING
from simulator.record import files as record_files
from simulator.record.record import Record, sampled
from simulator.record.written_changes import WrittenChanges, changes_of
from simulator.record.written_changes import written as written_changes
from simulator.running.nabla.archive import ArchiveError, ArchiveReader, ArchiveWriter, opened_archive
from simulator.running.nabla.packed_data import Move, is_data, location
from simulator.running.nabla.presentation import NAMES as PRESENTATION
from simulator.running.nabla.run_formats import RUN, check_format
from simulator.schema.parameter import is_live_change
from simulator.system.atomic import write_atomic
from simulator.system.environment import Environment
from simulator.system.fingerprint import Fingerprint, fingerprint
from simulator.system.json_text import has_too_many_values, readable_json
from simulator.system.machine import refuse_shortage
from simulator.system.regular_file import UnfitFileError, reason_of
from simulator.system.text import one_line
from simulator.training import checkpoint_files
from simulator.training.checkpoint import Checkpoint
from simulator.training.coming_changes import ComingChanges
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Transplant
from simulator.training.training import Training

ENDING = RUN_ENDING
MANIFEST, EXPERIMENT, RECORD, LANES = "manifest.json", "experiment.json", "record/", "lanes/"
COMING = "coming.json"
IN_LANE = re.compile(rf"{LANES}(?:0|[1-9]\d{{0,2}})/")
MOST_MANIFEST = 2**16
COPIES = 4
"""Of its arrays, that are there at once while they are written."""
PARTS = ("low", "high", "last", "lost", "provisional", "steps", "lasts", "marked", "values", "bytes")
"""Ends of the names of a record's arrays."""


@dataclass(frozen=True)
class SavedLane:
    """A network beside a run between two steps, with its past; it may still be on its way to the run's step."""

    name: str
    checkpoint: Checkpoint
    record: Record


@dataclass(frozen=True)
class SavedRun:
    """A run between two steps, with its past."""

    checkpoint: Checkpoint
    record: Record
    environment: Environment
    """Where it was trained until now."""
    lanes: tuple[SavedLane, ...] = ()
    """Those of the networks beside it that have been trained."""
    coming: tuple[LiveChange, ...] = ()
    """What is still to be changed in it, as was planned."""

    @property
    def experiment(self) -> Experiment:
        return self.checkpoint.experiment

    def lanes_of(self, experiment: Experiment) -> tuple[SavedLane, ...]:
        """Those that this experiment lists too."""
        names = {spec.name for spec in experiment.lanes or ()}
        return tuple(lane for lane in self.lanes if lane.name in names)

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
    lanes: tuple[str, ...]
    """Names of those that are in it, in the order of their folders."""


def is_run_file(path: Path) -> bool:
    """Whether a file is taken for a run, by its ending."""
    return path.suffix.lower() == ENDING


def write(saved: SavedRun, path: Path) -> Fingerprint:
    """Write a run file whole or not at all, and say what stands there then; OSError where it cannot be written."""
    _ask_for_memory(saved)
    stream = io.BytesIO()
    write_into(saved, stream)
    content = stream.getbuffer()
    write_atomic(path, content)
    return fingerprint(content)


def _ask_for_memory(saved: SavedRun) -> None:
    """OSError where it would run out on the way: safetensors would not come back from that."""
    try:
        kept = saved.checkpoint.nbytes + sum(lane.checkpoint.nbytes for lane in saved.lanes)
        refuse_shortage(COPIES * kept, "writing the run into a file")
    except ValueError as error:
        raise OSError(0, str(error)) from None


def write_into(saved: SavedRun, stream: IO[bytes]) -> None:
    """Write the run as a zip."""
    archive = ArchiveWriter(stream)
    add_head(archive, saved.experiment, saved.environment, saved)
    add_run(archive, saved)
    archive.close()


def add_head(
    archive: ArchiveWriter, experiment: Experiment, here: Environment, saved: SavedRun | None = None
) -> None:  # fmt: skip
    """What every such file begins with; ``saved`` is the run that follows."""
    digest, lanes = ("", ()) if saved is None else (saved.checkpoint.data, saved.lanes)
    manifest = _Manifest(RUN.number, RUN.needs, here, digest, tuple(lane.name for lane in lanes))
    archive.add(MANIFEST, readable_json(manifest))
    archive.add(EXPERIMENT, experiment.to_json())


def add_run(archive: ArchiveWriter, saved: SavedRun) -> None:
    """The run itself, with its lanes and what is still to be changed."""
    _add(archive, "", saved.checkpoint, saved.record)
    if saved.coming:
        archive.add(COMING, msgspec.json.encode(written_changes(LiveChanges(saved.experiment, 0, saved.coming))))
    for place, lane in enumerate(saved.lanes):
        archive.add(_folder(place) + EXPERIMENT, lane.checkpoint.experiment.to_json())
        _add(archive, _folder(place), lane.checkpoint, lane.record)


def moved(saved: SavedRun, move: Move) -> SavedRun:
    """The run with all data that it names described as ``move`` says."""

    def checkpoint(kept: Checkpoint) -> Checkpoint:
        return replace(kept, experiment=kept.experiment.moved(move))

    def record(past: Record) -> Record:
        own = copy(past)
        own.live_changes = past.live_changes.moved(move)
        return own

    lanes = tuple(SavedLane(lane.name, checkpoint(lane.checkpoint), record(lane.record)) for lane in saved.lanes)
    coming = LiveChanges(None, 0, saved.coming).moved(move).entries
    return SavedRun(checkpoint(saved.checkpoint), record(saved.record), saved.environment, lanes, coming)


def _folder(place: int) -> str:
    """Of a lane."""
    return f"{LANES}{place}/"


def _add(archive: ArchiveWriter, folder: str, checkpoint: Checkpoint, record: Record) -> None:
    for name, content in checkpoint_files.written(checkpoint).items():
        archive.add(folder + name, content)
    record_files.write(record, lambda name: archive.create(folder + RECORD + name))


def read(path: Path) -> SavedRun:
    """The run in a file, its data in it or looked for beside it; ExperimentError names the file and what is wrong."""
    with opened(path) as archive:
        return run_in(archive, path.parent)


def described(path: Path) -> Experiment:
    """The experiment of a run file as it stands there; ExperimentError as :func:`read`."""
    with opened(path) as archive:
        return experiment_in(archive)


def experiment_in(archive: ArchiveReader) -> Experiment:
    """The experiment as it stands in an open file."""
    _manifest(archive)
    return Experiment.from_json(archive.read(EXPERIMENT, MAX_FILE_BYTES))


def _manifest(archive: ArchiveReader) -> _Manifest:
    return check_format(archive.read(MANIFEST, MOST_MANIFEST), _Manifest)


def holds_run(archive: ArchiveReader) -> bool:
    """Whether there is a run beside the experiment."""
    return checkpoint_files.WEIGHTS in archive


def run_in(archive: ArchiveReader, folder: Path) -> SavedRun:
    """The run in an open file; relative paths of data are looked for in the folder."""
    manifest, stated = _manifest(archive), experiment_in(archive)
    names = {spec.name for spec in stated.lanes or ()}
    if len(set(manifest.lanes)) < len(manifest.lanes) or not names.issuperset(manifest.lanes):
        raise ArchiveError("it holds lanes that its experiment does not list")
    own = _Parts.read(archive, "")
    lanes = {name: (_folder(place), _Parts.read(archive, _folder(place))) for place, name in enumerate(manifest.lanes)}
    beside = []
    for name, (inner, parts) in lanes.items():
        whose = Experiment.from_json(archive.read(inner + EXPERIMENT, MAX_FILE_BYTES))
        beside.append(SavedLane(name, parts.checkpoint(whose), parts.record))
    saved = SavedRun(own.checkpoint(stated), own.record, manifest.environment, tuple(beside), _coming_in(archive))
    # Nothing is taken out of a file that is not whole.
    return moved(saved, location(archive, stated, folder))


def _coming_in(archive: ArchiveReader) -> tuple[LiveChange, ...]:
    """What is still to be changed in the run."""
    if COMING not in archive:
        return ()
    content = archive.read(COMING, MAX_FILE_BYTES)
    try:
        if has_too_many_values(content):
            raise ValueError("it holds more values than any list of changes")
        return changes_of(msgspec.json.decode(content, type=WrittenChanges)).entries
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"its {COMING} cannot be read ({one_line(error)[:120]})") from None


@dataclass(frozen=True)
class _Parts:
    """What a folder of an archive holds of one network."""

    files: dict[str, bytes]
    record: Record

    @classmethod
    def read(cls, archive: ArchiveReader, inner: str) -> _Parts:
        files = {name: archive.read(inner + name, most) for name, most in checkpoint_files.MOST_BYTES.items()}
        return cls(files, record_files.read(lambda name: archive.open(inner + RECORD + name)))

    def checkpoint(self, experiment: Experiment) -> Checkpoint:
        return checkpoint_files.checkpoint_of(experiment, self.files)


def taken_up(saved: SavedRun) -> Training:
    """A training that goes on where the run was saved; ExperimentError where its parts do not fit each other."""
    for lane in saved.lanes:
        try:
            step = _fitting(lane.checkpoint, lane.record).step
        except ExperimentError as error:
            raise ExperimentError(f"{error.message}, in lane {lane.name[:40]!r}", error.path) from None
        if step > saved.checkpoint.step:
            raise ExperimentError(f"lane {lane.name[:40]!r} is ahead of the run")
    training = _fitting(saved.checkpoint, saved.record)
    _check_coming(saved, training)
    return training


def _check_coming(saved: SavedRun, training: Training) -> None:
    """ExperimentError where the network cannot take what is still to be changed in it."""
    present = saved.experiment
    for change in saved.coming:
        after = change.experiment or present
        another = isinstance(change.surgery, Transplant)
        if change.step < training.step or not (another or is_live_change(present, after)):
            raise ExperimentError("what is still to be changed in it is of another run")
        present = after
    ComingChanges(saved.coming).check(training)


def _fitting(checkpoint: Checkpoint, record: Record) -> Training:
    """A training that goes on at a checkpoint whose past is ``record``."""
    training, history = Training(checkpoint.experiment), record.history
    try:
        training.check_fit(checkpoint)
        training.restore(checkpoint)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ExperimentError(one_line(error)) from None
    end = history.start + history.steps
    if history.columns != training.columns or end != training.step:
        raise ExperimentError(f"its record is of another run, or does not end at step {training.step}")
    frames = (record.first, record.scored)
    if any(frame is not None and frame.info.depth != training.info.depth for frame in frames):
        raise ExperimentError("its record is of a network with another number of layers")
    return training


def _allowed(name: str) -> bool:
    if name in (MANIFEST, COMING, *PRESENTATION) or is_data(name):
        return True
    in_lane = IN_LANE.match(name)
    name = name if in_lane is None else name[in_lane.end() :]
    if name in (EXPERIMENT, *checkpoint_files.FILES, RECORD + record_files.JSON):
        return True
    whose, _, part = name.removeprefix(RECORD).removesuffix(".npy").rpartition("_")
    return name == f"{RECORD}{whose}_{part}.npy" and part in PARTS and whose in ("history", "frames", *sampled())


@contextmanager
def opened(path: Path) -> Iterator[ArchiveReader]:
    """Whatever is wrong with a file is one sentence with its name."""
    try:
        with opened_archive(path, _allowed) as archive:
            yield archive
    except UnfitFileError as error:
        raise ExperimentError(f"{path.name}: {error.strerror}, so no run") from None
    except OSError as error:
        raise ExperimentError(f"{error.filename or path}: {reason_of(error)}") from None
    except ExperimentError as error:
        raise ExperimentError(
            f"{path.name}: {error.message}", error.path, words=f"{path.name}: {error.in_words}"
        ) from None
    except (ArchiveError, checkpoint_files.CheckpointError, record_files.RecordError) as error:
        raise ExperimentError(f"{path.name} is no run: {error}") from None
