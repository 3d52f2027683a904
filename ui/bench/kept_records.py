"""The runs that undo can bring back, with their pasts, as far as there is room for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from simulator.record.record import Record
    from simulator.running.kept_runs import KeptRun


class AsideRun(Struct, frozen=True):
    """A run that an edit has put aside."""

    kept: KeptRun
    """Where it goes on."""
    record: Record
    ended_by: str
    """What undo calls that edit."""
    copies: int
    """How often its checkpoint is in memory: here, and in the process of the worker, if that is another."""
    lanes: Mapping[str, Record] = field(default_factory=dict)
    """The pasts of the networks beside it."""

    @property
    def nbytes(self) -> int:
        """In all processes together."""
        records = self.record.nbytes + sum(record.nbytes for record in self.lanes.values())
        return records + self.copies * self.kept.nbytes

    @property
    def nbytes_here(self) -> int:
        """What the worker does not hold."""
        return self.nbytes - self.kept.nbytes


class KeptRecords:
    """The runs by their edits, the oldest first; those that had to go are remembered by name."""

    def __init__(self) -> None:
        self._runs: dict[int, AsideRun] = {}
        self._lost: dict[int, tuple[int, str]] = {}
        """Edit → steps of the run that it had put aside, and what undo calls it."""

    def __iter__(self) -> Iterator[AsideRun]:
        return iter(tuple(self._runs.values()))

    def keep(self, run: AsideRun) -> None:
        """Keep a run that has ended; what it has not told yet becomes part of its past."""
        if run.kept.rows is not None:
            run.record.add(None, (run.kept.rows,))
        if run.kept.changes is not None:
            run.record.live_changes = run.kept.changes
        self._runs.pop(run.kept.edit, None)
        self._lost.pop(run.kept.edit, None)
        self._runs[run.kept.edit] = run

    def fit(self, nbytes: int) -> tuple[AsideRun, ...]:
        """Let the oldest go until the others take no more than so many bytes; those that went."""
        gone = []
        while self._runs and sum(run.nbytes for run in self) > nbytes:
            run = self._runs.pop(next(iter(self._runs)))
            self._lost[run.kept.edit] = run.kept.checkpoint.step, run.ended_by
            gone.append(run)
        return tuple(gone)

    def take(self, run: int) -> AsideRun | None:
        """A kept run that goes on, and so is kept no longer."""
        aside = next((each for each in self if each.kept.run == run), None)
        if aside is not None:
            del self._runs[aside.kept.edit]
        return aside

    @property
    def lost(self) -> tuple[tuple[int, str], ...]:
        """Steps of the runs that had to go, and what undo calls the edits that had put them aside."""
        return tuple(self._lost.values())

    def take_lost(self, edit: int) -> tuple[int, str] | None:
        """Steps and end of the run that this edit had put aside, if it had to go; told once."""
        return self._lost.pop(edit, None)
