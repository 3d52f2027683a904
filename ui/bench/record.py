"""The past of one run, as plots show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from simulator.record.changes import ChangeLog
from simulator.record.frame import Frame
from simulator.record.gains_past import GainsPast
from simulator.record.history import History, Rows
from simulator.record.profiles import Profiles
from simulator.record.unit_past import UnitPast
from simulator.running.kept_runs import KeptRun, KeptRuns
from simulator.running.messages import Answer
from simulator.training.checkpoint import Checkpoint
from ui.bench.readings import Readings
from ui.chart.view import View


class Record:
    """Everything that was seen of a run, and how long it was trained."""

    def __init__(self, columns: tuple[str, ...] = (), start: int = 0, first: Frame | None = None) -> None:
        self.history = History(columns, start=start)
        self.profiles = Profiles()
        self.gains = GainsPast()
        self.unit = UnitPast()
        self.changes = ChangeLog()
        """What was changed in the run while it was trained."""
        self.first = first
        """The frame of step 0."""
        self._readings = Readings()
        self.seconds = 0.0
        """Time that it was trained for."""

    @property
    def steps(self) -> int:
        """Steps that are recorded without a gap: where the run would go on."""
        return self.history.start + self.history.steps

    def until(self, step: int) -> Record:
        """A record of its own for a run that goes another way from ``step`` on; a unit is watched anew."""
        found = Record(first=self.first)
        found.history, found.profiles = self.history.until(step), self.profiles.until(step)
        found.gains, found.changes = self.gains.until(step), self.changes.until(step)
        found.seconds = self.seconds
        return found

    def add(self, frame: Frame, rows: tuple[Rows, ...]) -> None:
        """Take in an answer; what it tells of step 0 besides, is kept."""
        if self.first is not None and frame.step == 0:
            self.first = replace(
                self.first, factors=frame.factors or self.first.factors, facts=frame.facts or self.first.facts
            )
        for each in rows:
            self.history.extend(each)
        self.profiles.add(frame.step, frame.time)
        self.gains.add(frame.step, [layer.label for layer in frame.info.layers], frame.factors)
        self.unit.add(frame.step, frame.unit)

    def view(self, frame: Frame, answers: Mapping[str, Answer], playing: bool = False) -> View:
        """What plots are given of the present ``frame``."""
        pasts = self.profiles, self.gains, answers, self.unit
        view = View(frame, self.history, self.first, *pasts, self.changes.entries)
        return self._readings.added_to(view, playing)


class KeptRecords:
    """The runs that undo can bring back, with their pasts."""

    def __init__(self) -> None:
        self.runs = KeptRuns()
        self._records: dict[int, Record] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def keep(self, ended: KeptRun, record: Record) -> None:
        """Keep a run that has ended; what it has not told yet becomes part of its past."""
        if ended.rows is not None:
            record.history.extend(ended.rows)
        self.runs.keep(ended)
        self._records[ended.run] = record
        kept = {each.run for each in self.runs}
        self._records = {run: its for run, its in self._records.items() if run in kept}

    def take(self, run: int, step: int) -> tuple[Record | None, Checkpoint | None]:
        """The past of a kept run that goes on at ``step``, if all of it is known, and from where."""
        record = self._records.pop(run, None)
        return record if record is not None and record.steps == step else None, self.runs.drop(run)
