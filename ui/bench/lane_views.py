"""What is known of the networks beside the run: the past of each, and its present."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from simulator.record.alignment import handed_on, taken_back
from simulator.record.history import History
from simulator.record.record import Record
from simulator.training.live_change import LiveChanges
from simulator.training.same_way import came_the_same_way
from ui.chart.view import Comparing, View

if TYPE_CHECKING:
    from simulator.record.frame import Frame
    from simulator.record.history import Rows
    from simulator.running.lane_state import LaneState
    from simulator.running.messages import LaneUpdate


class LaneViews:
    """One record for each, fed by the answers that show the run."""

    def __init__(self) -> None:
        self.updates: dict[str, LaneUpdate] = {}
        """The last that was said of each, in their order."""
        self.own_step_seconds = 0.0
        """What one of the run's own steps takes; 0 while that is not known."""
        self.comparing = Comparing()
        """How they are held against each other, as a hand has chosen."""
        self._records: dict[str, tuple[int, Record]] = {}
        """With the id of the run that each is of."""
        self._own: Record | None = None
        """The run's."""
        self._pasts: dict[str, Record] = {}
        """Of those that may go on and have not been told of yet."""
        self._views: dict[str, View] = {}

    def begin(self, pasts: Mapping[str, Record] = MappingProxyType({})) -> None:
        """Another run: nothing of the one before, but what goes on has these pasts."""
        self.updates, self._records, self._views, self._pasts, self._own = {}, {}, {}, dict(pasts), None

    def record(self, name: str) -> Record:
        """The past of one."""
        return self.records().get(name, Record())

    def take_states(self, states: Sequence[LaneState]) -> None:
        """Take in what no other answer will bring."""
        for state in states:
            if (rows := state.rows) is not None:
                record = self._record(state.name, state.run, rows, state.first, state.changes)
                record.add(None, (rows,) if len(rows.values) else ())

    def records(self) -> dict[str, Record]:
        """The past of each."""
        return self._pasts | {name: record for name, (_, record) in self._records.items()}

    def begins(self, name: str) -> int:
        """The step from which on one stands beside the run, whose past may be longer."""
        update = self.updates.get(name)
        return max(self.record(name).history.start, 0 if update is None else update.begins)

    def take(
        self, lanes: Sequence[LaneUpdate], own: Record | None = None, own_step_seconds: float = 0.0
    ) -> dict[str, View]:
        """Take in an answer; what each network shows at the run's step, as far as it has come there.

        ``own`` is the past of the run, of which some may be branches.
        """
        self._own = own
        self.updates, self.own_step_seconds = {lane.name: lane for lane in lanes}, own_step_seconds
        self._rename(lanes)
        for name in self._records.keys() - self.updates.keys():
            del self._records[name]
        self._views = {name: view for name, view in self._views.items() if self._goes_on(name)}
        for lane in lanes:
            if lane.run:
                self._take(lane)
        return {name: self._views[name] for name in self.updates if name in self._views}

    def _rename(self, lanes: Sequence[LaneUpdate]) -> None:
        """What is known of one that is called otherwise now stays known."""
        former = {run: name for name, (run, _) in self._records.items() if name not in self.updates}
        for lane in lanes:
            if lane.name not in self._records and lane.run in former:
                self._records[lane.name] = self._records.pop(former[lane.run])

    def _goes_on(self, name: str) -> bool:
        return name in self.updates and name in self._records and self._records[name][0] == self.updates[name].run

    def _take(self, lane: LaneUpdate) -> None:
        self._advance(lane)
        changes = lane.changes
        record = self._record(lane.name, lane.run, lane.rows[0], lane.first, changes)
        begins = changes.experiment is not None
        record.live_changes = changes if begins else record.live_changes.after(changes.entries)
        record.add(lane.frame, lane.rows)
        if lane.frame is not None:
            self._views[lane.name] = View(lane.frame, record, lane.frame, record.scored)

    def _advance(self, lane: LaneUpdate) -> None:
        """Where another network goes on with the past of the one before, that becomes its own."""
        known, record = self._records.get(lane.name, (0, None))
        if known == lane.run:
            return
        if lane.past and record is None:
            record = self._record(lane.name, lane.continues, lane.past[0], lane.first, lane.changes)
        elif record is None or known != lane.continues:
            return
        for rows in lane.past:
            record = _followed(record, rows, lane)
            record.add(None, (rows,))
        self._records[lane.name] = lane.run, _followed(record, lane.rows[0], lane)

    def _record(self, name: str, run: int, rows: Rows, first: Frame | None, changes: LiveChanges) -> Record:
        """The record to which rows of a run belong."""
        known, record = self._records.get(name, (0, None))
        if record is None or known != run:
            past = self._past(name, rows, first) or self._past_of_parent(rows, changes)
            record = past or Record(History(rows.columns, start=rows.first_step), first)
            self._records[name] = run, record
        return record

    def _past_of_parent(self, rows: Rows, changes: LiveChanges) -> Record | None:
        """What is known of the steps before these of a network that came there the same way; None where of none."""
        own, step = () if self._own is None else (self._own,), rows.first_step
        for parent in (*own, *(record for _, record in self._records.values())):
            known = parent.history.start < step <= parent.steps
            if known and came_the_same_way(parent.live_changes, changes, step):
                past = taken_back(parent, step).until(step)
                past.live_changes = parent.live_changes.up_to(step)
                return handed_on(past, rows.columns, step, changes)
        return None

    def _past(self, name: str, rows: Rows, first: Frame | None) -> Record | None:
        """What is known of a lane that goes on where these rows begin; None where it begins anew."""
        past, step = self._pasts.pop(name, None), rows.first_step
        if (
            past is None
            or past.history.columns != rows.columns
            or past.steps < step
            or (first is not None and not step)
        ):
            return None
        return past if past.steps == step else past.until(step)


def _followed(record: Record, rows: Rows, lane: LaneUpdate) -> Record:
    """The record to which rows are added that follow one of its steps, which may be of another network."""
    first, trained = rows.first_step, None if lane.frame is None else lane.frame.experiment
    if record.steps == first or record.history.start < first < record.steps:
        return handed_on(record, rows.columns, first, lane.changes, trained)
    return Record(History(rows.columns, start=first))
