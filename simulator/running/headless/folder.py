"""The folder of a headless run while it goes on: held against others, and kept so that the run can be taken up again.

In ``unfinished/`` stand the run at its last checkpoint (``run-<step>.nabla``, which the window opens too), how far its
files were then, and arrays that grow. It goes when the run is complete.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.observations.histograms import HistogramsObservation
from simulator.record.record import Record
from simulator.running.headless.files import (
    COLUMNS,
    ENVIRONMENT,
    EXPERIMENT,
    HISTOGRAM_PARTS,
    NOTHING,
    FileProgress,
    RunFiles,
    remove_results,
)
from simulator.running.headless.training_loop import TrainingLoop
from simulator.running.nabla import run_file
from simulator.running.nabla.run_file import SavedLane, SavedRun
from simulator.running.throttle import Throttle
from simulator.system.atomic import write_atomic
from simulator.system.environment import Environment
from simulator.system.file_format import FileFormat
from simulator.system.process_lock import ProcessLock
from simulator.system.regular_file import read_regular
from simulator.system.text import one_line

PROGRESSED = FileFormat()
UNFINISHED, PROGRESS, LOCK = "unfinished", "progress.json", ".lock"
SEED_RUN = r"seed-\d+"
"""Folders of the runs of several seeds, in one folder together with their tables."""
RUNS, LANE_RUN = "runs", r"\d+-seed-\d+"
"""The folder of the runs of a comparison, and the folders of these in it."""
COMPARISON = ("comparison.csv", "differences.json", "verdict.csv")
"""What a comparison writes of all its lanes, besides what a run writes."""
MOST_PROGRESS = 256 * 2**20
"""Bytes of the JSON."""
LEAST_SECONDS = 2.0
"""From one checkpoint to the next, at least."""
REST = 20.0
"""From one checkpoint to the next, in multiples of the time that it took."""


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run that is taken up again must have in common with the one before, besides its experiment."""

    every: int
    analyses: tuple[str, ...]
    until: str
    begun: int
    """The step at which it began."""
    changes: str = ""
    """What is changed on the way: the list's hash."""


class _Progress(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: int = PROGRESSED.number
    needs: str = PROGRESSED.needs
    step: int
    arguments: Arguments
    files: FileProgress
    rule: Any
    """What the rule that may stop the run remembers."""


@dataclass(frozen=True)
class UnfinishedRun:
    """A run at its last checkpoint."""

    run: SavedRun
    files: FileProgress
    rule: Any
    rule_record: Record | None


class RunFolder(AbstractContextManager["RunFolder"]):
    """Holds the folder from its making to its end; LockedError where a living process does."""

    def __init__(self, folder: Path, arguments: Arguments) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.arguments = folder, arguments
        self.unfinished = folder / UNFINISHED
        self._lock = ProcessLock(folder / LOCK, "this folder")
        self._throttle = Throttle(REST, LEAST_SECONDS)
        self._throttle.spent(0)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and error.strerror:
            # A disk that is full does not say which file it has no room for.
            error.filename = error.filename or str(self.folder)
        self._lock.release()

    def files(
        self, experiment: Experiment, loop: TrainingLoop, here: Environment, kept: UnfinishedRun | None
    ) -> RunFiles:
        """The files of a run, begun anew or behind where they were at a checkpoint."""
        if kept is None:
            remove_earlier(self.folder)
        self.unfinished.mkdir(exist_ok=True)
        progress = NOTHING if kept is None else kept.files
        return RunFiles(self.folder, experiment, loop.training.info, here, self.unfinished, progress)

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return self._throttle.due

    def keep(self, loop: TrainingLoop, record: Record, files: RunFiles, lanes: tuple[SavedLane, ...]) -> None:
        """Make a checkpoint of the run, between two steps; the one before goes when it is whole."""
        with self._throttle.spending():
            kept, step = loop.training.checkpoint(), loop.training.step
            run_file.write(SavedRun(kept, record, files.environment, lanes, loop.coming), self._named("run", step))
            if (own := loop.stopping.record) is not None:
                run_file.write(SavedRun(kept, own, files.environment), self._named("rule", step))
            progress = _Progress(step=step, arguments=self.arguments, files=files.progress, rule=loop.stopping.state())
            write_atomic(self.unfinished / PROGRESS, msgspec.json.encode(progress))
            self._forget_but(step)

    def _named(self, what: str, step: int) -> Path:
        return self.unfinished / f"{what}-{step}{run_file.ENDING}"

    def _forget_but(self, step: int) -> None:
        for path in self.unfinished.glob(f"*{run_file.ENDING}"):
            if path not in (self._named("run", step), self._named("rule", step)):
                path.unlink(missing_ok=True)

    def kept(self, experiment_before: Callable[[int], Experiment | None]) -> UnfinishedRun | None:
        """The last checkpoint, None where none stands; ExperimentError where it is of another run or cannot be read.

        ``experiment_before`` says what is trained when a step begins.
        """
        path = self.unfinished / PROGRESS
        if not path.exists():
            return None
        try:
            plain = msgspec.json.decode(read_regular(path, MOST_PROGRESS), type=dict[str, Any])
            progress = msgspec.convert(PROGRESSED.brought_up(plain, plain.get("format", 1)), _Progress)
            _check_names(progress.files)
            own = self._named("rule", progress.step)
            rule_record = run_file.read(own).record if own.exists() else None
            kept = UnfinishedRun(
                run_file.read(self._named("run", progress.step)), progress.files, progress.rule, rule_record
            )
        except (ValueError, RecursionError) as error:
            reason = one_line(error)
            raise ExperimentError(
                f"{path}: the run cannot be taken up again ({reason}); without --resume it begins anew"
            ) from None
        if progress.arguments != self.arguments or kept.run.experiment != experiment_before(progress.step):
            raise ExperimentError(
                f"{self.folder} holds an unfinished run of another experiment, or with other arguments: "
                "--resume goes on with the same, without it the run begins anew"
            )
        return kept

    def clear(self) -> None:
        """Nothing is unfinished any more."""
        _clear(self.unfinished)


def remove_earlier(folder: Path, but: Collection[str] = ()) -> None:
    """Remove all that a run, several of one experiment, or a comparison has written into a folder of its own.

    ``but``: names of folders of runs that are to be taken up again. Whatever else lies there stays.
    """
    _clear(folder / UNFINISHED)
    remove_results(folder)
    for name in (ENVIRONMENT, EXPERIMENT):
        (folder / name).unlink(missing_ok=True)
    _remove_runs(folder, SEED_RUN, but)
    if not (folder / RUNS).is_symlink() and _runs(folder / RUNS, LANE_RUN):
        for name in COMPARISON:
            (folder / name).unlink(missing_ok=True)
        _remove_runs(folder / RUNS, LANE_RUN, but)
        _remove_if_empty(folder / RUNS)


def _runs(folder: Path, pattern: str) -> list[Path]:
    """The runs in a folder whose own folders' names are as a regular expression has it."""
    named = (each for each in folder.glob("*") if re.fullmatch(pattern, each.name))
    return [each for each in named if each.is_dir() and not each.is_symlink()]


def _remove_runs(folder: Path, pattern: str, but: Collection[str]) -> None:
    for each in _runs(folder, pattern):
        if each.name not in but:
            remove_earlier(each)
            (each / LOCK).unlink(missing_ok=True)
            _remove_if_empty(each)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _clear(unfinished: Path) -> None:
    if unfinished.is_symlink():
        unfinished.unlink()
    elif unfinished.exists():
        shutil.rmtree(unfinished)


def _check_names(progress: FileProgress) -> None:
    """ValueError where files are named that no run writes."""
    arrays = {f"{each.quantity}_{part}" for each in HistogramsObservation.variants() for part in HISTOGRAM_PARTS}
    if not progress.tables.keys() <= COLUMNS.keys() or not progress.arrays.keys() <= arrays:
        raise ValueError("it names files that no run writes")
