"""The one place where session and widgets meet: a timer pulls replies, commands go the other way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from simulator.experiment.experiment import Experiment
from simulator.observations.base import Observation
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.kept_runs import KeptRun
from simulator.running.messages import Failed, Refused, Reply, Started, Update
from simulator.running.stop_rules import Stopped, StopRule
from simulator.running.transport import Mode
from simulator.schema.parameter import is_live_change
from simulator.training.checkpoint import Checkpoint
from simulator.training.run_info import RunInfo
from ui.bench.document import Document, Edit
from ui.bench.kept_records import KeptRecords
from ui.bench.readings import Readings
from ui.chart.view import View

ACTIVE_MS = 30
"""While something moves: display rate."""
SETTLED_MS = 250
"""Paused and all shown: only the worker's death could be news."""
BUSY_MS = 1000
"""An answer that takes longer is said to be awaited."""
HIDDEN_MS = 500
"""Nobody looks: just often enough that the scalars of the steps do not pile up."""


class Worker(Protocol):
    """The front of the worker, as the bench uses it; :class:`simulator.running.session.Session` is one."""

    checkpoint: Checkpoint | None
    mode: Mode
    notice: str

    def start(self) -> None: ...
    def change(self, experiment: Experiment, edit: int = 0, back: bool = False, over: bool = False) -> int: ...
    def go_back(self, step: int, experiment: Experiment, edit: int = 0) -> int: ...
    def keep(self, kept: KeptRun) -> None: ...
    def play(self, steps: int | None = None) -> None: ...
    def play_until(self, rule: StopRule, record: Record | None = None) -> None: ...
    def pause(self) -> None: ...
    def limit(self, steps_per_second: float | None) -> None: ...
    def guard(self, on: bool) -> None: ...
    def look(self, observations: Sequence[Observation[Any]] = ()) -> None: ...
    def resume_from(self, checkpoint: Checkpoint) -> None: ...
    def revive(self, run: int, layer: str, units: tuple[int, ...]) -> None: ...
    def yield_to_gui(self) -> None: ...
    def resume(self) -> None: ...
    def replies(self) -> list[Reply]: ...
    def close(self, timeout: float = 2.0) -> None: ...


WorkerFactory = Callable[[Callable[[], None]], Worker]
"""Makes a worker, given what it calls, in any thread, when a reply has arrived."""


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
    refused = Signal(str, str, str)
    """message, path of the field it is about (``""``: none), traceback if nobody foresaw it: nothing is trained."""
    declined = Signal(str)
    """What was asked for, ``train``, while nothing can be trained."""
    noticed = Signal(str)
    """Something that a person should know, though all goes on."""
    failed = Signal(str, str, bool)
    """message, traceback, whether the worker is gone."""
    closed = Signal()
    """The worker has been told to end."""
    _arrived = Signal()
    """A reply has come; emitted in the worker's or the reader's thread, at most once per answer."""

    def __init__(self, document: Document, worker: WorkerFactory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.observations: Callable[[], Sequence[Observation[Any]]] = tuple
        """What is to be seen of the run beside its measures: each comes as often as the worker finds time."""
        self.painting: Callable[[], bool] = lambda: False
        """Whether some of what the last update brought is not on its way to the screen yet."""
        self.playing = self.dead = False
        self.refusal = ""
        """Why the document's network cannot be trained, and nothing is."""
        self.building = False
        """Whether what is shown is still of the network before."""
        self.info: RunInfo | None = None
        self.record = Record()
        """The past of the present run; where there is none, of the last one."""
        self.view: View | None = None
        self._readings = Readings()
        self._kept = KeptRecords()
        self._brought_back: Checkpoint | None = None
        """Where the present run went on, if it was a kept one."""
        self._cause = ""
        """The change that the present run began with."""
        self.kept_steps: tuple[int, ...] = ()
        """Where the present run could go back to, ascending."""
        self._worker_factory = worker
        self._worker: Worker | None = None
        self._first_run = 0
        """Id of the first run of the present document: one before it comes too late."""
        self._limit: float | None = None
        self._guarded = False
        self._halted = ""
        """What the worker stands still at by itself, as of its last answer."""
        self._stopped: Stopped | None = None
        self._visible = True
        self._stale = 2
        self._awaiting = False
        """Whether an answer is on its way, and since when it was asked for."""
        self._make_clocks()
        self._arrived.connect(self.take, Qt.ConnectionType.QueuedConnection)
        document.changed.connect(self._edited)
        document.opened.connect(self._begin)

    def _make_clocks(self) -> None:
        self._training_time, self._since_look = QElapsedTimer(), QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.pull)
        self._painted = QTimer(self, singleShot=True, interval=0)
        """Fires when what was asked to be painted has been: painting comes before timers."""
        self._painted.timeout.connect(self._go_on)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the worker on the document's experiment; step 0 is computed at once."""
        self._hire()
        self._change(self.document.experiment)

    def _hire(self) -> None:
        self.dead = self._awaiting = False
        self._worker = self._worker_factory(self._arrived.emit)
        self._worker.start()
        if self._worker.notice:
            self.noticed.emit(self._worker.notice)
        self._worker.limit(self._limit)
        self._worker.guard(self._guarded)
        self._timer.start(ACTIVE_MS)

    def revive(self) -> None:
        """A new worker in place of one that died; it goes on from the last checkpoint, if there is one."""
        checkpoint = self.checkpoint
        self.close()
        self._set_playing(False)
        self._hire()
        if self._worker is not None:
            for kept in self._kept.runs:
                self._worker.keep(kept)
            if checkpoint is not None and is_live_change(checkpoint.experiment, self.document.experiment):
                self._worker.resume_from(checkpoint)
        self._change(self.document.experiment)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where the present run could go on if its worker died."""
        return None if self._worker is None else self._worker.checkpoint or self._brought_back

    @property
    def mode(self) -> Mode:
        """Where the worker runs."""
        return "thread" if self._worker is None else self._worker.mode

    def close(self) -> None:
        """End the worker and stop polling; may be called twice."""
        self._timer.stop()
        self.closed.emit()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    # -- commands ------------------------------------------------------------------------------------------------

    def play(self, steps: int | None = None) -> None:
        """Train for ever, or ``steps`` steps and then pause."""
        if self._worker is not None and self._can("train"):
            self._worker.play(steps)
            self._set_playing(True)
            self.wake()

    def play_until(self, rule: StopRule) -> None:
        """Train until a rule holds, then pause."""
        if self._worker is not None and self._can("train"):
            self._worker.play_until(rule, self.record if self.record.steps else None)
            self._set_playing(True)
            self.wake()

    def pause(self) -> None:
        if self._worker is not None:
            self._worker.pause()
            self._set_playing(False)
            self.wake()

    def toggle(self) -> None:
        self.pause() if self.playing else self.play()

    def restart(self) -> None:
        """Back to step 0 with the same weights; it can be undone."""
        if self._worker is not None and self._can("restart"):
            self.document.restart()

    def _can(self, do: str) -> bool:
        """Whether there is a network to do something with; if not, it is said."""
        able = not self.dead and not self.refusal
        if not able:
            self.declined.emit(do)
        return able

    def set_limit(self, steps_per_second: float | None) -> None:
        self._limit = steps_per_second
        if self._worker is not None:
            self._worker.limit(steps_per_second)
            self.wake()

    def set_guard(self, on: bool) -> None:
        """Whether to pause at the first loss or parameter of a run that is not finite."""
        self._guarded = on
        if self._worker is not None:
            self._worker.guard(on)

    def revive_units(self, layer: str, units: tuple[int, ...]) -> None:
        """Draw the incoming weights of these units of the running network anew; undo does not take it back."""
        if self._worker is not None and self.info is not None and units and self._can("revive"):
            self._worker.revive(self.info.run, layer, units)
            few = ", ".join(str(unit + 1) for unit in units) if len(units) < 6 else f"{len(units)} units"
            self.record.changes.add(self._step, f"Revive {few} of layer {layer}")
            self.wake()

    @property
    def _step(self) -> int:
        """The last step that was seen."""
        return 0 if self.view is None else self.view.frame.step

    def _edited(self, old: Experiment, new: Experiment) -> None:
        edit, stood_still = self.document.edit, bool(self.refusal)
        live = edit.back_to is None and is_live_change(old, new)
        if not live:
            self._cause = edit.description
            self._keep_of_the_dead(edit)
        elif not stood_still:
            self.record.changes.add(self._step, edit.description, goes_on=edit.goes_on)
        self.building = stood_still or not live
        self.refusal = ""
        self._change(new, edit)

    def _keep_of_the_dead(self, edit: Edit) -> None:
        """What a worker that has died leaves of its run is all that undo can bring back."""
        if self.dead and self.info is not None and self.checkpoint is not None:
            self._put_aside(KeptRun(self.info.run, edit.number, 0, self.checkpoint))

    def _change(self, experiment: Experiment, edit: Edit | None = None) -> int:
        """Have this trained; the id of the run that begins with it, if one does."""
        edit, run = edit or Edit(), 0
        if self._worker is not None:
            if edit.back_to is not None and not edit.again:
                run = self._worker.go_back(edit.back_to, experiment, edit.number)
            else:
                run = self._worker.change(experiment, edit.number, edit.again, edit.back_to is not None)
            self.wake()
            # At once, not at the next tick: the hand is on the knob.
            self._look()
        return run

    def _begin(self, experiment: Experiment) -> None:
        """Another experiment: nothing of the one before goes on, nor does it begin to train because that did."""
        self.pause()
        self._cause, self.refusal, self.building = "", "", True
        self.info = self.view = None
        self.record = Record()
        self._kept, self._brought_back = KeptRecords(), None
        self._first_run = self._change(experiment, Edit(back_to=0))

    @property
    def longest(self) -> Record:
        """Of the present run and those that undo would bring back, the one that was trained for the longest time."""
        self._count_time()
        runs: tuple[Record, ...] = (self.record, *self._kept)
        return max(runs, key=lambda record: record.seconds)

    # -- replies -------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something was asked for: look until it is seen (one answer may still be on its way from before)."""
        self._stale = 2
        self._pace()

    def set_visible(self, visible: bool) -> None:
        """Whether anyone can see the window."""
        if visible != self._visible:
            self._visible = visible
            self.wake()

    def pull(self) -> None:
        """Take what has arrived, ask for the next frame."""
        self.take()
        if self.playing or self._stale:
            self._look()
        if self._awaiting and self._since_look.hasExpired(BUSY_MS) and not self.dead:
            self.waiting.emit(self._since_look.elapsed() / 1000)
        self._pace()

    def take(self) -> None:
        """Show what has arrived; where more was asked for meanwhile, look again at once."""
        worker = self._worker
        if worker is None:
            return
        replies = worker.replies()
        if any(isinstance(reply, Update) for reply in replies):
            worker.yield_to_gui()
            self._painted.start()
        for reply in replies:
            if isinstance(reply, Update | Failed):
                self._awaiting = False
            self._take(reply)
            if self._worker is not worker:
                return  # what was told made someone close the bench or replace the worker
        if self._stale == 1 or (self.playing and self._since_look.hasExpired(ACTIVE_MS)):
            self._look()

    def _go_on(self) -> None:
        if self.painting():
            self._painted.start()
        elif self._worker is not None:
            self._worker.resume()

    def _look(self) -> None:
        if self._worker is not None:
            if not self._awaiting:
                self._awaiting = True
                self._since_look.start()
            self._worker.look(self.observations() if self._visible else ())

    def _pace(self) -> None:
        if self._worker is None:
            return
        active = self.playing or self._stale
        interval = HIDDEN_MS if not self._visible else ACTIVE_MS if active else SETTLED_MS
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)

    def _take(self, reply: Reply) -> None:
        match reply:
            case Started() if reply.info.run >= self._first_run:
                self._take_started(reply)
            case Refused() if reply.run >= self._first_run:
                self._take_refused(reply)
            case Update():
                self._take_update(reply)
            case Failed():
                self._take_failure(reply)

    def _take_started(self, reply: Started) -> None:
        past, self._brought_back = self._kept.take(reply.continues, reply.step)
        self._put_aside(reply.ended)
        record = past or self._begun_record(reply)
        self.info, self.view, self.kept_steps = reply.info, None, ()
        self._halted = ""
        self.refusal, self.building = "", False
        self.record = record
        self._stale = 2
        self.started.emit(reply.info)

    def _put_aside(self, ended: KeptRun | None) -> None:
        """Keep the past of the run that was trained until now for when it is brought back."""
        self._count_time()
        if ended is not None:
            self._kept.keep(ended, self.record)

    def _begun_record(self, reply: Started) -> Record:
        """Of a run that begins; one that goes back to a step has the past of the run that it leaves there."""
        if reply.ended is not None and reply.step > 0 and not reply.continues:
            record = self.record.until(reply.step)
        else:
            record = Record(History(reply.columns, start=reply.step), reply.frame if reply.step == 0 else None)
        record.changes.add(reply.step, self._cause)
        return record

    def _take_refused(self, reply: Refused) -> None:
        self._put_aside(reply.ended)
        self._set_playing(False)
        self.refusal, self.building = reply.message, False
        self.refused.emit(reply.message, reply.path, reply.traceback)

    def _take_update(self, reply: Update) -> None:
        fresh = self._stale < 2
        self._stale = max(0, self._stale - 1)
        frame = reply.frame
        if frame is not None:
            if self.info is None or frame.run != self.info.run:
                return
            self.kept_steps = reply.kept_steps
            self._count_time()
            self.record.add(frame, reply.rows)
            self.view = self._readings.added_to(View(frame, self.record), reply.playing)
            self.updated.emit(self.view, reply.steps_per_second)
            if reply.awaited and self._visible:
                self._stale = max(self._stale, 1)
        if fresh:
            self._set_playing(reply.playing)
            before, self._halted = self._halted, reply.halted
            if reply.halted and not before:
                self.halted.emit(reply.halted)
            if reply.stopped is not None and reply.stopped != self._stopped:
                self.stopped.emit(reply.stopped.sentence)
            self._stopped = reply.stopped

    def _take_failure(self, reply: Failed) -> None:
        self._set_playing(False)
        self.dead = self.dead or reply.fatal
        self.building = self.building and not self.dead
        self.failed.emit(reply.message, reply.traceback, reply.fatal)

    def _set_playing(self, playing: bool) -> None:
        if playing != self.playing:
            self._count_time()
            self.playing = playing
            self._stale = 2
            self.playing_changed.emit(playing)

    def _count_time(self) -> None:
        """Add the time since it was last counted to the run's, if it was trained."""
        if self._training_time.isValid() and self.playing:
            self.record.seconds += self._training_time.elapsed() / 1000
        self._training_time.start()
