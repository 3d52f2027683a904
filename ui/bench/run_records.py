"""The past of the present run, and of those that undo would bring back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer

from simulator.record.history import History
from simulator.record.record import Record
from ui.bench.kept_records import AsideRun, KeptRecords

if TYPE_CHECKING:
    from simulator.running.kept_runs import KeptRun
    from simulator.running.messages import Started
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
        self.kept = KeptRecords()
        """Those that wait."""
        self._taken_up: tuple[int, Checkpoint | None, Record] | None = None
        """A run from a file, or of a worker that has died: the id under which it goes on, from where, and its past."""
        self._trained = QElapsedTimer()

    def begin(self) -> None:
        """Another experiment: nothing of the one before comes back."""
        self.record, self.brought_back, self.kept, self._taken_up = Record(), None, KeptRecords(), None

    def take_up(self, run: int, checkpoint: Checkpoint | None, record: Record) -> None:
        """A run goes on under this id from where it was, in a worker that does not know it."""
        self._taken_up = run, checkpoint, record

    def count_time(self, playing: bool) -> None:
        """Add the time since it was last counted to the run's, if it was trained."""
        if self._trained.isValid() and playing:
            self.record.seconds += self._trained.elapsed() / 1000
        self._trained.start()

    def unsaved(self, playing: bool, seconds: float) -> tuple[UnsavedRun, ...]:
        """The runs that were trained for so many seconds at least and stand in no file; the present one comes first."""
        self.count_time(playing)
        runs = (UnsavedRun(self.record), *(UnsavedRun(run.record, run.kept) for run in self.kept))
        return tuple(run for run in runs if run.record.seconds >= seconds and run.record.steps > run.record.saved_steps)

    def put_aside(self, ended: KeptRun | None, cause: str, playing: bool, copies: int) -> None:
        """Keep the past of the run that the change called ``cause`` has ended, for when it is brought back."""
        self.count_time(playing)
        if ended is not None:
            self.kept.keep(AsideRun(ended, self.record, cause, copies))

    def start(self, reply: Started, cause: str, playing: bool, copies: int) -> None:
        """A run has begun or goes on, by the change that ``cause`` says."""
        past, self.brought_back = self.kept.take(reply.continues, reply.step)
        self.put_aside(reply.ended, cause, playing, copies)
        self.record = past or self._was_taken_up(reply) or self._begun(reply, cause)
        self.record.live_changes = reply.changes
        self.record.experiments.see(reply.frame)

    def _was_taken_up(self, reply: Started) -> Record | None:
        """The past of the run if it goes on from where it was."""
        if self._taken_up is None or self._taken_up[0] != reply.info.run:
            return None
        (_, self.brought_back, record), self._taken_up = self._taken_up, None
        # A network beside the run may have gone on since it was seen.
        known = self.brought_back is not None or record.steps == reply.step
        return record if known else Record(History(reply.columns, start=reply.step))

    def _begun(self, reply: Started, cause: str) -> Record:
        """Of a run that begins; one that goes back to a step has the past of the run that it leaves there."""
        if reply.ended is not None and reply.step > 0 and not reply.continues:
            record = self.record.until(reply.step)
            if record.history.columns != reply.columns:
                # What was told of each layer was of others.
                record = record.begun_again(History(reply.columns, start=reply.step))
        else:
            record = Record(History(reply.columns, start=reply.step), reply.frame if reply.step == 0 else None)
        record.changes.add(reply.step, cause)
        return record
