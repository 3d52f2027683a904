"""The one place where session and widgets meet: a timer pulls replies, commands go the other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from simulator.record.changes import REVIVE
from simulator.running.first_looks import FirstLooks
from simulator.running.kept_runs import KeptRun
from simulator.running.lane_state import LaneState
from simulator.running.messages import NOTHING_KEPT, Failed, Refused, ReplayAnswer, Reply, Snapshot, Started, Update
from simulator.schema.parameter import is_live_change
from simulator.training.surgery import TakeLane
from ui.bench.document import Document, Edit, leaving
from ui.bench.hold import Hold
from ui.bench.kept_records import AsideRun
from ui.bench.link import SessionFactory, WorkerLink
from ui.bench.noted_changes import note
from ui.bench.planned_changes import PlannedChanges
from ui.bench.readings import Readings
from ui.bench.run_keeper import RunKeeper
from ui.bench.run_memory import RunMemory, taken_up_text
from ui.bench.run_records import RunRecords, UnsavedRun
from ui.bench.shown import Shown
from ui.chart.view import View

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.record.record import Record
    from simulator.running.session import Session
    from simulator.running.stop_rules import Stopped, StopRule
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.run_info import RunInfo


class Bench(QObject):
    """Plays the document's experiment and tells widgets what came back."""

    started = Signal(object)
    """RunInfo of a run that stands at step 0."""
    updated = Signal(object, float)
    """View of the present, steps per second."""
    halted = Signal(str)
    """What is not finite, where training has paused by itself: ``loss`` or ``parameters``."""
    stopped = Signal(str)
    """Where and why training has paused as it was told to, in a sentence."""
    waiting = Signal(float)
    """Seconds since an answer was asked for that takes long; again and again until it comes."""
    playing_changed = Signal(bool)
    refused = Signal(object)
    """:class:`~simulator.running.messages.Refused`: nothing is trained."""
    declined = Signal(str)
    """What was asked for, ``train``, while nothing can be trained."""
    noticed = Signal(str)
    """Something that a person should know, though all goes on."""
    began_with = Signal(str)
    """The same, of the run that has just begun or gone on: it is so while that is trained."""
    failed = Signal(str, str, bool)
    """message, traceback, whether the worker is gone."""
    replay_found = Signal(object)
    """The :class:`~simulator.running.messages.ReplayAnswer` that was asked for."""
    closed = Signal()
    """The worker has been told to end."""

    def __init__(self, document: Document, worker: SessionFactory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.refusal = ""
        """Why the document's network cannot be trained, and nothing is."""
        self.building = False
        """Whether what is shown is still of the network before."""
        self.info: RunInfo | None = None
        self.view: View | None = None
        self.hold = Hold(self, self.noticed.emit)
        """Why it may not train for now, if it may not."""
        self.shown = Shown(self.hold, self.updated, self)
        """What the window shows of the run."""
        self._readings = Readings()
        self._records = RunRecords()
        self.lanes = self._records.lanes
        """The networks beside the run."""
        self.planned = PlannedChanges(document, lambda: self.record)
        """What is to be changed on the way of a run that begins."""
        self._cause = self._news = ""
        """The change that the present run began with, and what is to be said when the next one does."""
        self._first_run = 0
        """Id of the first run of the present document: one before it comes too late."""
        self._described_run = 0
        """Id of the run of what is described: one before it is of what was described before."""
        self._halted = ""
        """What the worker stands still at by itself, as of its last answer."""
        self.last_stop: Stopped | None = None
        """Where and why it stands still as it was told to, as of the worker's last answer."""
        self.link = WorkerLink(worker, self._on_reply, self)
        """What is asked of the worker, and how often."""
        self.link.waiting.connect(self.waiting)
        self.memory = RunMemory(self.link, self._records, document)
        """What is kept of runs, and how much it may take."""
        self.keeper, self.recovery_keeper = (RunKeeper(self.link, self._records, self) for _ in range(2))
        """They write the present run into files; the second in case of a hard end: nobody waits for it, or is told."""
        for keeper in (self.keeper, self.recovery_keeper):
            self.failed.connect(lambda _message, _traceback, fatal, each=keeper: each.give_up() if fatal else None)
        document.changed.connect(self._on_edited)
        document.opened.connect(self._on_opened)

    @property
    def playing(self) -> bool:
        return self.link.playing

    @property
    def dead(self) -> bool:
        """Whether the worker is gone, and not by being told."""
        return self.link.dead

    @property
    def record(self) -> Record:
        """The past of the present run; where there is none, of the last one."""
        return self._records.record

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the worker on the document's experiment, if it has not been told before; step 0 is computed at once."""
        if not self._goes_on_from_file(self._start_worker()):
            self._change(self.document.experiment, begins=False)

    def _start_worker(self) -> Session:
        worker = self.link.start_worker()
        if worker.notice:
            self.noticed.emit(worker.notice)
        return worker

    def revive(self) -> None:
        """A new worker in place of one that died; it goes on from the last checkpoint, if there is one."""
        last, reached = self._records.last(self.link.worker), max(self.step, self.record.steps)
        self.close()
        self._set_playing(False)
        worker = self._start_worker()
        for run in self._records.kept:
            worker.keep(run.kept)
        if last is not None and not is_live_change(last.checkpoint.experiment, self.document.experiment):
            last = None
        if last is not None:
            if last.is_followed_as_planned(self.record.live_changes):
                self.document.follow(last.checkpoint.experiment)
            self._records.resume(worker, last, self.link.copies)
        self._news = taken_up_text(reached, None if last is None else last.checkpoint.step)
        self._change(self.document.experiment, begins=False)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where the present run could go on if its worker died."""
        last = self._records.last(self.link.worker)
        return None if last is None else last.checkpoint

    def close(self) -> None:
        """End the worker and stop polling; may be called twice."""
        self.closed.emit()
        self.link.close()

    # -- commands ------------------------------------------------------------------------------------------------

    def play(self, steps: int | None = None) -> None:
        """Train for ever, or ``steps`` steps and then pause."""
        if self.link.worker is not None and self._can("train"):
            self.link.worker.play(steps)
            self._set_playing(True)
            self.link.wake()

    def play_until(self, rule: StopRule) -> None:
        """Train until a rule holds, then pause."""
        if self.link.worker is not None and self._can("train"):
            self.link.worker.play_until(rule, self.record if self.record.steps else None)
            self._set_playing(True)
            self.link.wake()

    def pause(self) -> None:
        if self.link.worker is not None:
            self.link.worker.pause()
            self._set_playing(False)
            self.link.wake()

    def cancel(self) -> None:
        """End what takes long at this moment; steps that were to be made are made no more."""
        if self.link.worker is not None:
            self.link.worker.cancel()
            self.pause()

    def restart(self) -> None:
        """Back to step 0 with the same weights; it can be undone."""
        if self.link.worker is not None and self._can("restart"):
            self.document.restart()

    def build(self) -> None:
        """Build the network once more, where that was cancelled."""
        self.refusal, self.building = "", True
        self._change(self.document.experiment)

    def _can(self, do: str) -> bool:
        """Whether there is a network to do something with; if not, it is said."""
        able = not self.dead and not self.refusal
        if do == "train" and self.hold.stops():
            return False
        if not able:
            self.declined.emit(do)
        return able

    def revive_units(self, layer: str, units: tuple[int, ...]) -> None:
        """Draw the incoming weights of these units of the running network anew; undo does not take it back."""
        if self.link.worker is not None and self.info is not None and units and self._can("revive"):
            self.link.worker.revive(self.info.run, layer, units)
            few = ", ".join(str(unit + 1) for unit in units) if len(units) < 6 else f"{len(units)} units"
            self.record.changes.add(self.step, f"{REVIVE} {few} of layer {layer}")
            self.link.wake()

    @property
    def step(self) -> int:
        """The last step that was seen."""
        return 0 if self.view is None else self.view.frame.step

    def _on_edited(self, old: Experiment, new: Experiment) -> None:
        edit, stood_still = self.document.edit, bool(self.refusal)
        live = not edit.begins_a_run and is_live_change(old, new)
        if not live:
            self._cause = edit.description
            self._keep_of_the_dead(edit)
        elif not stood_still:
            note(self.record.changes, edit, old, new, self.step, self.playing)
            self.link.hand_waits = self.playing
        begins = stood_still or not live
        self.refusal, self.building = "", self.building or begins
        self._change(new, edit, begins)

    def _keep_of_the_dead(self, edit: Edit) -> None:
        """What a worker that has died leaves of its run is all that undo can bring back."""
        last, known = self._records.last(self.link.worker), self.record.live_changes
        if self.dead and self.info is not None and last is not None:
            changes, coming = known.until(last.acted), last.still_to_act(known)
            kept = KeptRun(
                self.info.run, edit.number, 0, last.checkpoint, changes=changes, coming=coming, lanes=last.lanes,
            )  # fmt: skip
            self._records.put_aside(kept, edit.description, self.playing, self.link.copies)
            self.memory.share()

    def _change(self, experiment: Experiment, edit: Edit | None = None, begins: bool = True) -> int:
        """Have this trained; the id of the run that it ``begins``."""
        edit, run = edit or Edit(), 0
        if self.link.worker is not None:
            if edit.surgery is not None and not edit.again and not self.refusal:
                run = self.link.worker.operate(experiment, edit.surgery, edit.number)
                if isinstance(edit.surgery, TakeLane):
                    self._records.take_lane(run, edit.surgery)
            elif edit.back_to is not None and not edit.again:
                planned = (self.planned.entries,) if self.planned.entries else ()
                run = self.link.worker.go_back(edit.back_to, experiment, edit.number, *planned)
            else:
                run = self.link.worker.change(experiment, edit.number, edit.again, edit.begins_a_run)
            self._described_run = run if begins else self._described_run
            self.link.wake()
            # At once, not at the next tick: the hand is on the knob.
            self.link.look()
        return run

    def _on_opened(self, experiment: Experiment) -> None:
        """Another experiment: nothing of the one before goes on, nor does it begin to train because that did."""
        self.pause()
        self._cause, self.refusal, self.building = "", "", True
        self.memory.shelf.leave(None if self.info is None else self.info.run, self.record)
        self.info = self.view = None
        self.shown.begin()
        self._records.begin()
        if not self._goes_on_from_file(self.link.worker):
            self._first_run = self._change(experiment, leaving())

    def _goes_on_from_file(self, worker: Session | None) -> bool:
        """Let a saved run go on, if the document has just been opened from one."""
        saved = None if worker is None else self.document.take_run()
        if saved is not None and worker is not None:
            lanes = tuple(LaneState(each.name, each.checkpoint, each.record.live_changes) for each in saved.lanes)
            changes, coming, edit = saved.record.live_changes, saved.coming, leaving().number
            self._first_run = run = worker.resume_from(saved.checkpoint, changes, lanes, coming, edit)
            pasts = {each.name: each.record for each in saved.lanes}
            kept = KeptRun(run, 0, 0, saved.checkpoint, lanes=lanes, coming=coming)
            self._records.take_up(AsideRun(kept, saved.record, "", self.link.copies, pasts))
            self.link.wake()
        return saved is not None

    def unsaved(self, seconds: float) -> tuple[UnsavedRun, ...]:
        """Of the present run and those that undo would bring back, what was trained so long and stands in no file."""
        return self._records.unsaved(self.playing, seconds)

    # -- replies -------------------------------------------------------------------------------------------------

    def _on_reply(self, reply: Reply) -> None:
        match reply:
            case Started():
                self._on_started(reply)
            case FirstLooks() if self.info is not None and reply.run == self.info.run:
                self.record.complete_start(reply.observations)
            case Refused():
                self._on_refused(reply)
            case Update():
                self._on_update(reply)
            case Failed():
                self._on_failure(reply)
            case ReplayAnswer():
                self.replay_found.emit(reply)
            case Snapshot():
                if self.info is not None and reply.run == self.info.run:
                    self._records.take_snapshot(reply)
                    if self.memory.shelf.take(reply):
                        self.memory.share()
                self.keeper.take(reply)
                self.recovery_keeper.take(reply)

    def _on_started(self, reply: Started) -> None:
        reply = self.memory.shelf.without_left(reply, self._first_run)
        if reply.info.run < self._first_run:
            return
        lost = "" if reply.past else self.memory.news_of(self.document.edit)
        known = self.record.live_changes
        self._records.start(reply, self._cause, self.playing, self.link.copies)
        if reply.past is not None:
            self.planned.become_another(len(known.entries), known.experiment_before(reply.step + 1))
        self.memory.checkpoints = NOTHING_KEPT
        gone = self.memory.keep_to_budget(reply.ended)
        news = self._news or lost or gone or reply.notice
        self.info, self.view, self._news = reply.info, None, ""
        self.shown.begin()
        self._halted = ""
        self.refusal, self.building = "", reply.info.run < self._described_run
        self.link.look_on()
        if reply.settled is not None:
            self.document.settle(reply.settled.asked, reply.settled.data)
        self.started.emit(reply.info)
        if news:
            (self.began_with if news == reply.notice else self.noticed).emit(news)

    def _on_refused(self, reply: Refused) -> None:
        reply = self.memory.shelf.without_left(reply, self._first_run)
        if reply.run < self._first_run:
            return
        self._records.put_aside(reply.ended, self._cause, self.playing, self.link.copies)
        self.memory.share()
        self._set_playing(False)
        self.refusal, self.building = reply.message, reply.run < self._described_run
        self.refused.emit(reply)

    def _on_update(self, reply: Update) -> None:
        seen, frame = self.link.seen(reply), reply.frame
        if frame is not None:
            if self.info is None or frame.run != self.info.run:
                self.memory.shelf.follow_left(frame, reply.rows)
                return
            if frame.info.layers == self.info.layers:
                # Compared once for all plots, each of which asks whether these are the layers that it has.
                frame = replace(frame, info=replace(frame.info, layers=self.info.layers))
            self.memory.take(reply)
            self._records.count_time(self.playing)
            self.record.add(frame, reply.rows)
            self.planned.take(reply.changes, reply.planned, reply.coming)
            lanes = self.lanes.take(reply.lanes, self.record, reply.step_seconds)
            if seen.overtaken:
                return  # What it brings is kept; what is shown next is what the hand waits for.
            view = View(frame, self.record, lanes=lanes, comparing=self.lanes.comparing, hand_waits=seen.by_hand)
            self.view = self._readings.added_to(view, reply.playing)
            self.updated.emit(self.view, reply.steps_per_second)
            if reply.awaited or any(lane.awaited for lane in reply.lanes):
                self.link.look_again()
        if seen.up_to_date:
            self._set_playing(reply.playing)
            self.memory.shelf.note_update(reply)
            before, self._halted = self._halted, reply.halted
            if reply.halted and not before:
                self.halted.emit(reply.halted)
            if reply.stopped is not None and reply.stopped != self.last_stop:
                self.stopped.emit(reply.stopped.sentence)
            self.last_stop = reply.stopped

    def _on_failure(self, reply: Failed) -> None:
        self._set_playing(False)
        self.link.dead = self.dead or reply.fatal
        self.building = self.building and not self.dead
        if reply.fatal and self.view is not None:
            # None comes after it: what is read is of the step that is shown.
            self.view = self._readings.added_to(self.view, playing=False)
            self.updated.emit(self.view, 0.0)
        self.failed.emit(reply.message, reply.traceback, reply.fatal)

    def _set_playing(self, playing: bool) -> None:
        if playing != self.playing:
            self._records.count_time(self.playing)
            # Where it stops next is news, even if it has stopped there before.
            self.last_stop = None if playing else self.last_stop
            self.link.playing = playing
            self.link.look_anew()
            self.playing_changed.emit(playing)
