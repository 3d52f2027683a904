"""The past of the present run, and of those that undo would bring back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer

from simulator.record.history import History
from simulator.record.record import Record
from ui.bench.kept_records import KeptRecords

if TYPE_CHECKING:
    from simulator.running.kept_runs import KeptRun
    from simulator.running.messages import Started
    from simulator.running.run_file import SavedRun
    from simulator.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class UnsavedRun:
    """A run of which not all stands in a file."""

    record: Record
    kept: KeptRun | None = None
    """What undo would go on from; None for the present run."""


class RunRecords:
    """One record is fed; the others wait for their runs."""

    def __init__(self) -> None:
        self.record = Record()
        """Of the present run; where there is none, of the last one."""
        self.brought_back: Checkpoint | None = None
        """Where the present run went on, if it was a kept one."""
        self._kept = KeptRecords()
        self._opened: tuple[int, SavedRun] | None = None
        """A run from a file, and the id under which it goes on."""
        self._trained = QElapsedTimer()

    @property
    def runs(self) -> tuple[KeptRun, ...]:
        """What a new worker is to keep."""
        return tuple(self._kept.runs)

    def begin(self) -> None:
        """Another experiment: nothing of the one before comes back."""
        self.record, self.brought_back, self._kept, self._opened = Record(), None, KeptRecords(), None

    def open(self, run: int, saved: SavedRun) -> None:
        """A run from a file goes on under this id."""
        self._opened = run, saved

    def count_time(self, playing: bool) -> None:
        """Add the time since it was last counted to the run's, if it was trained."""
        if self._trained.isValid() and playing:
            self.record.seconds += self._trained.elapsed() / 1000
        self._trained.start()

    def unsaved(self, playing: bool, seconds: float) -> tuple[UnsavedRun, ...]:
        """The runs that were trained for so many seconds at least and stand in no file; the present one comes first."""
        self.count_time(playing)
        runs = (UnsavedRun(self.record), *(UnsavedRun(record, kept) for kept, record in self._kept))
        return tuple(run for run in runs if run.record.seconds >= seconds and run.record.steps > run.record.saved_steps)

    def put_aside(self, ended: KeptRun | None, playing: bool) -> None:
        """Keep the past of the run that was trained until now for when it is brought back."""
        self.count_time(playing)
        if ended is not None:
            self._kept.keep(ended, self.record)

    def start(self, reply: Started, cause: str, playing: bool) -> None:
        """A run has begun or goes on, by the change that ``cause`` says."""
        past, self.brought_back = self._kept.take(reply.continues, reply.step)
        self.put_aside(reply.ended, playing)
        self.record = past or self._from_file(reply) or self._begun(reply, cause)
        self.record.live_changes = reply.changes

    def _from_file(self, reply: Started) -> Record | None:
        """The past of the run if it goes on from a file."""
        if self._opened is None or self._opened[0] != reply.info.run:
            return None
        (_, saved), self._opened = self._opened, None
        self.brought_back = saved.checkpoint
        return saved.record

    def _begun(self, reply: Started, cause: str) -> Record:
        """Of a run that begins; one that goes back to a step has the past of the run that it leaves there."""
        if reply.ended is not None and reply.step > 0 and not reply.continues:
            record = self.record.until(reply.step)
        else:
            record = Record(History(reply.columns, start=reply.step), reply.frame if reply.step == 0 else None)
        record.changes.add(reply.step, cause)
        return record
