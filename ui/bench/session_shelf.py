"""The runs that stay in memory for the session: those that were pinned, and those that another experiment has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, TypeVar

from msgspec import structs
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from simulator.running.messages import Refused, Started, Update
from ui.bench.document import Document
from ui.bench.kept_records import AsideRun
from ui.bench.link import WorkerLink
from ui.bench.run_records import RunRecords
from ui.bench.shelf import IN_MEMORY, ShelvedRun, told_end
from ui.style.numbers import integer

if TYPE_CHECKING:
    from simulator.record.frame import Frame
    from simulator.record.history import Rows
    from simulator.record.record import Record
    from simulator.running.kept_runs import KeptRun
    from simulator.running.messages import Snapshot

PINNED = "pinned, and went on"
MOST_ENDS = 1000


Ended = TypeVar("Ended", Started, Refused)
HALTED = {"loss": "the loss was not finite", "parameters": "parameters were not finite"}


class SessionShelf(QObject):
    """What is let go of first where there is no room: the oldest."""

    changed = Signal()
    """A run has come, or has gone."""

    def __init__(self, link: WorkerLink, records: RunRecords, document: Document) -> None:
        super().__init__()
        self._link, self._records = link, records
        self._name = document.name
        """What the present experiment is called."""
        document.title_changed.connect(lambda: self._rename(document.name))
        self.lost: tuple[tuple[int, str], ...] = ()
        """Steps of those that had to go, and what they were called."""
        self._runs: list[ShelvedRun] = []
        self._stopped: dict[int, str] = {}
        """By the ids of runs."""
        self._leaving: tuple[int, Record, str] | None = None
        """The run that another experiment ends, with its past and name, until the worker tells where it stood."""
        self._pins = 0
        """How many snapshots are awaited."""

    def __iter__(self) -> Iterator[ShelvedRun]:
        """The newest first."""
        return reversed(self._runs)

    @property
    def nbytes(self) -> int:
        return sum(run.nbytes for run in self._runs)

    def aside(self, run: AsideRun) -> ShelvedRun:
        """One that undo would bring back."""
        return ShelvedRun.aside(run, self.stopped(run.kept.run))

    def _rename(self, name: str) -> None:
        """What the present experiment is called."""
        self._name = name

    # -- how they end ----------------------------------------------------------------------------------------------

    def stopped(self, run: int) -> str:
        """Where and why a run stopped by itself; empty where it did not."""
        return self._stopped.get(run, "")

    def note_update(self, reply: Update) -> None:
        """How the present run would have stopped, if it ended now."""
        if reply.frame is not None:
            stopped = "" if reply.stopped is None else f"finished: {reply.stopped.reason}"
            ending = f"paused, as {HALTED[reply.halted]}" if reply.halted else stopped
            self._stopped[reply.frame.run] = ending
            for old in list(self._stopped)[:-MOST_ENDS]:
                del self._stopped[old]

    # -- coming and going ------------------------------------------------------------------------------------------

    def leave(self, run: int | None, record: Record) -> None:
        """Another experiment takes the place of the present one: all of its runs stay here."""
        for each in self._records.kept:
            shelved = self.aside(each)
            self._runs.append(replace(shelved, name=f"{self._name}, {shelved.name}", can_go=True))
            if self._link.worker is not None:
                self._link.worker.forget(each.kept.run)
        if run is not None:  # Else the last that was left may still be on its way here.
            self._leaving = (run, record, self._name) if record.steps else None

    def follow_left(self, frame: Frame, rows: Iterable[Rows]) -> None:
        """An answer that was on its way when its run was left: its steps belong to what is kept of that."""
        if self._leaving is not None and self._leaving[0] == frame.run:
            self._leaving[1].add(frame, rows)

    def without_left(self, reply: Ended, first_run: int) -> Ended:
        """What tells that a run has begun, without the one that this was to end if another experiment did.

        That is here then, and not for undo. ``first_run`` is the id of the first run of the present experiment.
        """
        ended = reply.ended
        if ended is None or ended.run >= first_run:
            return reply
        if self._link.worker is not None:
            self._link.worker.forget(ended.run)
        if self._leaving is not None and self._leaving[0] == ended.run:
            self._take_left(ended, *self._leaving[1:])
        self._leaving = None
        return structs.replace(reply, ended=None)

    def _take_left(self, ended: KeptRun, record: Record, name: str) -> None:
        if ended.rows is not None and len(ended.rows.values):
            record.add(None, (ended.rows,))
        changes = ended.changes or record.live_changes
        ending = told_end(self.stopped(ended.run), "ended by another experiment")
        self._runs.append(ShelvedRun(name, ended.checkpoint, record, changes, ended.threads, IN_MEMORY, ending, True))
        self.changed.emit()

    def pin(self) -> None:
        """Keep the present run as it stands; it goes on."""
        if self._link.worker is not None and not self._link.dead:
            self._pins += 1
            self._link.worker.take_snapshot()
            self._link.wake()

    def take(self, snapshot: Snapshot) -> bool:
        """The present run between two steps; whether it was pinned so."""
        checkpoint, record = snapshot.checkpoint, self._records.record
        if not self._pins or checkpoint is None or record.steps != checkpoint.step:
            return False
        self._pins -= 1
        name = f"{self._name}, step {integer(checkpoint.step)}"
        own = deepcopy(record)
        self._runs.append(
            ShelvedRun(name, checkpoint, own, own.live_changes, snapshot.threads, IN_MEMORY, PINNED, True)
        )
        self.changed.emit()
        return True

    def take_off(self, run: ShelvedRun) -> None:
        """Keep one no longer."""
        self._runs = [each for each in self._runs if each is not run]
        self.changed.emit()

    def fit(self, nbytes: int) -> None:
        """Let the oldest go until the others take no more than so many bytes."""
        while self._runs and self.nbytes > nbytes:
            run = self._runs.pop(0)
            self.lost = (*self.lost, (run.step, run.name))
