"""What is known of the networks beside the run: the past of each, and its present."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulator.record.history import History
from simulator.record.record import Record
from ui.chart.view import View

if TYPE_CHECKING:
    from simulator.running.messages import LaneUpdate


class LaneViews:
    """One record for each, fed by the answers that show the run."""

    def __init__(self) -> None:
        self.updates: dict[str, LaneUpdate] = {}
        """The last that was said of each, in their order."""
        self.own_step_seconds = 0.0
        """What one of the run's own steps takes; 0 while that is not known."""
        self._records: dict[str, tuple[int, Record]] = {}
        """With the id of the run that each is of."""
        self._views: dict[str, View] = {}

    def clear(self) -> None:
        """Another experiment: nothing of the one before."""
        self.updates, self._records, self._views = {}, {}, {}

    def record(self, name: str) -> Record:
        """The past of one."""
        return self._records.get(name, (0, Record()))[1]

    def take(self, lanes: Sequence[LaneUpdate], own_step_seconds: float = 0.0) -> dict[str, View]:
        """Take in an answer; what each network shows at the run's step, as far as it has come there."""
        self.updates, self.own_step_seconds = {lane.name: lane for lane in lanes}, own_step_seconds
        for name in self._records.keys() - self.updates.keys():
            del self._records[name]
        self._views = {name: view for name, view in self._views.items() if self._goes_on(name)}
        for lane in lanes:
            if lane.run:
                self._take(lane)
        return {name: self._views[name] for name in self.updates if name in self._views}

    def _goes_on(self, name: str) -> bool:
        return name in self.updates and name in self._records and self._records[name][0] == self.updates[name].run

    def _take(self, lane: LaneUpdate) -> None:
        run, record = self._records.get(lane.name, (0, Record()))
        if run != lane.run:
            rows = lane.rows[0]
            record = Record(History(rows.columns, start=rows.first_step), lane.first)
            self._records[lane.name] = lane.run, record
        record.add(lane.frame, lane.rows)
        if lane.frame is not None:
            self._views[lane.name] = View(lane.frame, record, lane.frame, record.scored)
