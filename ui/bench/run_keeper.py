"""Writes the present run into a file while it goes on: copied between two steps, written beside the window."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from simulator.experiment.experiment import Experiment
from simulator.record.record import Record
from simulator.running.messages import Snapshot
from simulator.system.fingerprint import Fingerprint
from simulator.system.machine import out_of_memory
from simulator.training.checkpoint import Checkpoint
from ui.bench.link import WorkerLink
from ui.bench.run_records import RunRecords

# What writes is imported when something is written: the first window does not wait for it.
if TYPE_CHECKING:
    from simulator.running.lane_state import LaneState
    from simulator.running.nabla.run_file import SavedRun
    from simulator.training.live_change import LiveChange

WriteRun = Callable[["SavedRun", Path], Fingerprint | None]
"""Writes a run into a file, and says what stands there then; OSError where it cannot."""
NOT_SAVED = "The run was not saved: "
"""What is said of a failure begins so; who has had something else written says what."""
PATIENCE_SECONDS = 60.0
"""How long one who cannot go on without it waits for a step to be over and the file to be written."""
PAUSE_SECONDS = 0.005


def saved_run(
    checkpoint: Checkpoint, record: Record, threads: int, lanes: Sequence[LaneState], pasts: Mapping[str, Record],
    coming: tuple[LiveChange, ...],
) -> SavedRun:  # fmt: skip
    """A run with its past and the networks beside it, trained on this machine with so many threads for products.

    The records are copied as far as they go on.
    """
    from simulator.running.nabla.run_file import SavedLane, SavedRun
    from simulator.system.environment import environment

    saved: list[SavedLane] = []
    for lane in lanes:
        past, step = pasts.get(lane.name), lane.checkpoint.step
        # Without its past it is trained again from step 0, to the same numbers.
        if past is not None and past.history.start <= step <= past.steps:
            own = past.until(step) if past.steps > step else deepcopy(past)
            own.live_changes = lane.changes
            saved.append(SavedLane(lane.name, lane.checkpoint, own))
    own = record.until(checkpoint.step) if record.steps > checkpoint.step else deepcopy(record)
    own.finding = record.finding
    return SavedRun(checkpoint, own, environment(threads), tuple(saved), coming)


class RunKeeper(QObject):
    """One file is written at a time; what else is asked for follows."""

    kept = Signal(object, object, int, object)
    """Path, and the experiment whose run stands there now, its step, and the file's fingerprint."""
    failed = Signal(object, str)
    """Path, and why nothing was written."""
    _written = Signal()
    """From the thread that writes."""

    def __init__(self, link: WorkerLink, records: RunRecords, parent: QObject) -> None:
        super().__init__(parent)
        self._link, self._records = link, records
        self._threads = 1
        """Of the last run's matrix products."""
        self._paths: deque[Path] = deque()
        """Of the files that are asked for; the first may be on its way."""
        self._aside: dict[Path, SavedRun] = {}
        """What is to stand in some of them, if that is not the present run."""
        self._writers: dict[Path, WriteRun] = {}
        """How some of them are written."""
        self._writing: threading.Thread | None = None
        self._kept: tuple[Experiment, int] | None = None
        """What the file that is written holds: the experiment, and the step."""
        self._error = ""
        self._fingerprint: Fingerprint | None = None
        """What went wrong with the last file, or what stands there; set by the thread that writes it."""
        self._written.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a file is still to be written."""
        return bool(self._paths)

    def keep(self, path: Path, saved: SavedRun | None = None, write: WriteRun | None = None) -> None:
        """Write the present run, or this one, into a file; :attr:`kept` or :attr:`failed` tells when that is over.

        ``write`` does it, in a thread of its own, where it is to be in company.
        """
        if saved is not None:
            self._aside[path] = saved
        if write is not None:
            self._writers[path] = write
        self._paths.append(path)
        if len(self._paths) == 1:
            self._ask()

    def _ask(self) -> None:
        if (saved := self._aside.pop(self._paths[0], None)) is not None:
            self._write(saved)
        elif self._link.worker is None or self._link.dead:
            self._write_last()
        else:
            self._link.worker.take_snapshot()
            self._link.wake()

    def _write_last(self) -> None:
        """The run as it stood when the worker last told where it could go on."""
        last, record = self._records.last(self._link.worker), self._records.record
        if last is None or not record.history.start <= last.checkpoint.step <= record.steps:
            self._end("there is no run that could be kept: the worker has ended")
        else:
            known, pasts = record.live_changes, self._records.lanes.records()
            coming = last.still_to_act(known)
            saved = saved_run(last.checkpoint, record, self._threads, last.lanes, pasts, coming)
            saved.record.live_changes = known.until(last.acted)
            self._write(saved)

    def take(self, snapshot: Snapshot) -> None:
        """The run as it stood between two steps: write it, if it is the present one."""
        record, checkpoint = self._records.record, snapshot.checkpoint
        if not self._paths or self._writing is not None:
            return
        if checkpoint is None:
            self._end("there is no run that could be kept: the experiment cannot be trained")
            return
        if record.steps != checkpoint.step:
            self._end("another run has begun meanwhile")
            return
        self._threads = snapshot.threads
        try:
            pasts = self._records.lanes.records()
            lanes, coming = snapshot.lanes, snapshot.coming
            self._write(saved_run(checkpoint, record, snapshot.threads, lanes, pasts, coming))
        except MemoryError as error:
            self._end(out_of_memory(error, "a copy of its record"))
        self._link.wake()

    def _write(self, saved: SavedRun) -> None:
        self._kept = saved.experiment, saved.checkpoint.step
        self._writing = threading.Thread(
            target=self._write_beside, args=(saved, self._paths[0]), name="nablascope-keeper"
        )
        self._writing.start()

    def _write_beside(self, saved: SavedRun, path: Path) -> None:
        """In a thread of its own."""
        from simulator.running.nabla.run_file import write

        self._error = ""
        try:
            self._fingerprint = self._writers.pop(path, write)(saved, path)
        except OSError as error:
            self._error = f"{path}: cannot be written: {error.strerror or error}"
        except MemoryError:
            self._error = f"{path}: there is not enough memory to write it"
        self._written.emit()

    def _finish(self) -> None:
        """The thread that writes has come to its end."""
        if self._writing is not None:
            self._writing.join()
            self._writing = None
            self._end(self._error)

    def _end(self, error: str) -> None:
        """The first file is written or cannot be; go on with the next."""
        path, self._error = self._paths.popleft(), error
        if error or self._kept is None:
            self.failed.emit(path, f"{NOT_SAVED}{error}.")
        else:
            self.kept.emit(path, *self._kept, self._fingerprint)
        if self._paths:
            self._ask()

    def give_up(self) -> None:
        """The worker is gone: what it has not told yet, it never will."""
        if self._paths and self._writing is None:
            self._write_last()

    def abandon(self) -> None:
        """Nobody needs the files any more that are not being written yet."""
        writing = self._writing is not None
        self._paths = deque([self._paths[0]] if writing else [])

    def settle(self, seconds: float) -> None:
        """Wait so long for the step in hand; if that takes longer, write where the run stood last, if it is known."""
        self.wait(seconds)
        if self.busy and self._writing is None:
            kept, last = self._kept, self._records.last(self._link.worker)
            newer = last is not None and (kept is None or kept[1] < last.checkpoint.step)
            self._write_last() if newer else self.abandon()
            self.wait()

    def wait(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Let all be written before anything else; whether the last file was."""
        until = time.monotonic() + seconds
        while self.busy and time.monotonic() < until:
            if self._writing is not None:
                self._finish()
            else:
                self._link.take()
                time.sleep(PAUSE_SECONDS)
        return not self.busy and not self._error
