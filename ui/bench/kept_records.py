"""The pasts of the runs that undo can bring back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.running.kept_runs import KeptRun, KeptRuns

if TYPE_CHECKING:
    from simulator.record.record import Record
    from simulator.training.checkpoint import Checkpoint


class KeptRecords:
    """The runs that undo can bring back, with their pasts."""

    def __init__(self) -> None:
        self.runs = KeptRuns()
        self._records: dict[int, Record] = {}

    def __iter__(self) -> Iterator[tuple[KeptRun, Record]]:
        return ((kept, self._records[kept.run]) for kept in self.runs if kept.run in self._records)

    def keep(self, ended: KeptRun, record: Record) -> None:
        """Keep a run that has ended; what it has not told yet becomes part of its past."""
        if ended.rows is not None:
            record.add(None, (ended.rows,))
        self.runs.keep(ended)
        self._records[ended.run] = record
        kept = {each.run for each in self.runs}
        self._records = {run: its for run, its in self._records.items() if run in kept}

    def take(self, run: int, step: int) -> tuple[Record | None, Checkpoint | None]:
        """The past of a kept run that goes on at ``step``, if all of it is known, and from where."""
        record = self._records.pop(run, None)
        return record if record is not None and record.steps == step else None, self.runs.drop(run)
