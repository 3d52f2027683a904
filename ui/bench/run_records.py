"""The past of the present run, and of those that undo would bring back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from PySide6.QtCore import QElapsedTimer

from simulator.record.alignment import handed_on
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.kept_runs import KeptRun
from simulator.training.same_way import acting
from ui.bench.kept_records import AsideRun, KeptRecords
from ui.bench.lane_views import LaneViews

if TYPE_CHECKING:
    from simulator.running.messages import Snapshot, Started
    from simulator.running.resumption import Resumption
    from simulator.running.session import Session
    from simulator.training.surgery import TakeLane


class UnsavedRun(Struct, frozen=True):
    """A run of which not all stands in a file."""

    record: Record
    kept: KeptRun | None = None
    """What undo would go on from; None for the present run."""
    lanes: Mapping[str, Record] = field(default_factory=dict)
    """The pasts of the networks beside it, where it is not the present run."""


class RunRecords:
    """One record is fed; the others wait for their runs."""

    def __init__(self) -> None:
        self.record = Record()
        """Of the present run; where there is none, of the last one."""
        self.lanes = LaneViews()
        """Of the networks beside it."""
        self.brought_back: Resumption | None = None
        """Where the present run went on, if it was a kept one."""
        self.kept = KeptRecords()
        """Those that wait."""
        self._taken_up: AsideRun | None = None
        """A run from a file, or of a worker that has died, under the id with which it goes on."""
        self._from_lane: tuple[int, TakeLane] | None = None
        """The id of the run that a network beside it becomes, and which."""
        self._trained = QElapsedTimer()

    def begin(self) -> None:
        """Another experiment: nothing of the one before comes back."""
        self.record, self.brought_back, self.kept, self._taken_up = Record(), None, KeptRecords(), None
        self.lanes.begin()

    def take_up(self, past: AsideRun) -> None:
        """A run goes on from where it was, in a worker that does not know it."""
        self._taken_up = past

    def take_lane(self, run: int, lane: TakeLane) -> None:
        """A network beside the run goes on as the run of this id."""
        self._from_lane = run, lane

    def last(self, worker: Session | None) -> Resumption | None:
        """Where the present run could go on if its worker died."""
        return None if worker is None else worker.resumption or self.brought_back

    def resume(self, worker: Session, last: Resumption, copies: int) -> None:
        """Let another worker go on where the run of one that died can; what was planned acts anew."""
        checkpoint, known = last.checkpoint, self.record.live_changes
        as_planned, coming = last.is_followed_as_planned(known), last.still_to_act(known)
        past = self.record.taken_up(checkpoint.step, last.acted, as_planned=as_planned)
        run = worker.resume_from(checkpoint, past.live_changes, last.lanes, coming)
        kept = KeptRun(run, 0, 0, checkpoint, lanes=last.lanes, coming=coming)
        self.take_up(AsideRun(kept, past, "", copies, self.lanes.records()))

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Take in what no other answer will bring of the present run and of the networks beside it."""
        self.record.live_changes = self.record.live_changes.after(snapshot.changes)
        for rows in snapshot.rows:
            # Without new steps the present one, which may still change, stays to be seen.
            goes_on = rows.columns == self.record.history.columns and rows.first_step == self.record.steps
            if len(rows.values) and goes_on:
                self.record.add(None, (rows,))
        self.lanes.take_states(snapshot.lanes)

    def count_time(self, playing: bool) -> None:
        """Add the time since it was last counted to the run's, if it was trained."""
        if self._trained.isValid() and playing:
            self.record.seconds += self._trained.elapsed() / 1000
        self._trained.start()

    def unsaved(self, playing: bool, seconds: float) -> tuple[UnsavedRun, ...]:
        """The runs that were trained for so many seconds at least and stand in no file; the present one comes first."""
        self.count_time(playing)
        runs = (UnsavedRun(self.record), *(UnsavedRun(run.record, run.kept, run.lanes) for run in self.kept))
        return tuple(run for run in runs if run.record.seconds >= seconds and run.record.steps > run.record.saved_steps)

    def put_aside(self, ended: KeptRun | None, cause: str, playing: bool, copies: int) -> None:
        """Keep the past of the run that the change called ``cause`` has ended, for when it is brought back."""
        self.count_time(playing)
        if ended is not None:
            self.lanes.take_states(ended.lanes)
            self.kept.keep(AsideRun(ended, self.record, cause, copies, self.lanes.records()))

    def start(self, reply: Started, cause: str, playing: bool, copies: int) -> None:
        """A run has begun or goes on, by the change that ``cause`` says."""
        if reply.past is not None:
            self._become_another(reply, reply.past)
            return
        back = self.kept.take(reply.continues) or self._was_taken_up(reply)
        self.put_aside(reply.ended, cause, playing, copies)
        lanes, past = self._lanes_of(back), self._past(reply, back)
        if back is None and (taken := self._taken_lane(reply)) is not None:
            past = self._past_of_lane(taken, reply)
            lanes = {name: record for name, record in lanes.items() if name != taken.lane}
            lanes |= {taken.former: self.record.until(self.record.steps)} if taken.former else {}
        self.lanes.begin(lanes)
        self.brought_back = None if back is None else back.kept.resumption(reply.changes)
        self.record = past or self._begun(reply, cause)
        self.record.live_changes = reply.changes
        self.record.see(reply.frame)

    def _become_another(self, reply: Started, past: Rows) -> None:
        """The present run goes on as another network, as was planned."""
        if len(past.values):
            self.record.add(None, (past,))
        self.record = handed_on(self.record, reply.columns, reply.step, reply.changes, reply.frame.experiment)
        self.lanes.begin(self.lanes.records())
        self.record.live_changes = reply.changes
        self.record.see(reply.frame)

    def _lanes_of(self, back: AsideRun | None) -> Mapping[str, Record]:
        """The pasts of the networks beside a run, which may go on with it."""
        return self.lanes.records() if back is None else back.lanes

    def _was_taken_up(self, reply: Started) -> AsideRun | None:
        """The run and its past if it goes on from where it was."""
        if self._taken_up is None or self._taken_up.kept.run != reply.info.run:
            return None
        past, self._taken_up = self._taken_up, None
        return past

    def _past(self, reply: Started, back: AsideRun | None) -> Record | None:
        """What is known of a run that goes on."""
        return back.record if back is not None and back.record.steps == reply.step else None

    def _taken_lane(self, reply: Started) -> TakeLane | None:
        """The network that goes on as this run, if it was beside the one before."""
        run, lane = self._from_lane or (0, None)
        if run != reply.info.run:
            return None
        self._from_lane = None
        return lane

    def _past_of_lane(self, taken: TakeLane, reply: Started) -> Record:
        """What is known of a network that goes on as the run, with what was changed in it by hand."""
        record = self.lanes.record(taken.lane)
        if record.steps != reply.step:
            return Record(History(reply.columns, start=reply.step), None if reply.step else reply.frame)
        known, changes = max((change.last for change in record.changes.entries), default=-1), reply.changes
        acted = () if changes.experiment is None else acting(changes, changes.experiment.data)
        for change in acted:
            if change is not None and change.step > known and not change.threads:
                record.changes.add(change.step, f"Change of {taken.lane}")
        return record

    def _begun(self, reply: Started, cause: str) -> Record:
        """Of a run that begins; one that goes back to a step has the past of the run that it leaves there."""
        if reply.ended is not None and reply.step > 0 and not reply.continues:
            record = self.record.until(reply.step)
            record = handed_on(record, reply.columns, reply.step, reply.changes, reply.frame.experiment)
        else:
            record = Record(History(reply.columns, start=reply.step), reply.frame if reply.step == 0 else None)
        record.changes.add(reply.step, cause)
        return record
