"""Goes back to earlier steps of the present run: what is recorded is shown at once, the rest is computed again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.observations.base import Observation, Observed
from simulator.record.alignment import taken_back
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.running.beside.recomputation import RecomputationSession, Recomputed
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.messages import Failed, ReplayAnswer
from simulator.schema.parameter import is_live_change
from simulator.system.progress import Progress
from ui.bench.bench import Bench
from ui.bench.recomputed_frames import Moment
from ui.bench.route import Route
from ui.chart.view import View
from ui.style.numbers import integer

REST_MS = 40
"""A hand that moves on is not followed by every step that it passes."""


class Scrubber(QObject):
    """One step is wanted at a time: the latest. None is the present, which goes on."""

    moved = Signal()
    """The step that is shown, or how far it is with computing it."""
    edited_past = Signal(str, object, object)
    """An earlier step is shown while the present is changed: what acts where, and the experiments before and after."""
    _notified = Signal()
    """From the thread that hears the worker."""

    def __init__(self, bench: Bench, parent: QObject) -> None:
        super().__init__(parent)
        self.step: int | None = None
        """That is to be seen; None: the present."""
        self.complete = True
        """Whether all that is looked at is of that step."""
        self.progress: Progress | None = None
        """How far it is with computing it; None where it is not being computed, or that is not known."""
        self.failure = ""
        """Why it cannot be computed, in one sentence."""
        self.observations: Callable[[], Sequence[Observation[Any]]] = tuple
        """What is to be seen of a step beside its measures."""
        self.frames = bench.memory.frames
        self._bench = bench
        self._session: RecomputationSession | None = None
        self._route = Route()
        self._ahead: tuple[int, ...] = ()
        """Further steps that will be wanted."""
        self._strides: tuple[int, ...] = ()
        """How coarse the record was when it was cut."""
        self._beside: frozenset[str] = frozenset()
        """The networks beside the run that had come to the step when it was shown."""
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._request)
        self._notified.connect(self._take, Qt.ConnectionType.QueuedConnection)
        bench.started.connect(lambda _info: self._begin())
        bench.document.opened.connect(lambda _experiment: self._begin())
        bench.document.changed.connect(self._say_where_it_acts)
        bench.document.changed.connect(self._forget_lanes)
        bench.replay_found.connect(self._take_replay)
        bench.updated.connect(lambda _view, _rate: self._follow())
        bench.closed.connect(self.close)

    # -- where it stands -------------------------------------------------------------------------------------------

    @property
    def range(self) -> tuple[int, int]:
        """The first and the last step that there are."""
        view = self._bench.view
        return (0, 0) if view is None else (max(view.history.start, 0), view.frame.step)

    @property
    def shown_step(self) -> int:
        """The step of the handle."""
        return self.range[1] if self.step is None else self.step

    @property
    def computing(self) -> bool:
        """Whether what is to be seen is on its way."""
        return self.step is not None and not self.complete and not self.failure

    @property
    def seconds_left(self) -> float | None:
        """About how long that will take; None where nobody can tell."""
        if self.progress is not None:
            return self.progress.seconds_left
        return None if self.step is None else self._route.seconds_to(self.step)

    # -- going -----------------------------------------------------------------------------------------------------

    def go_to(self, step: int, ahead: Sequence[int] = ()) -> None:
        """Show a step, the first or the present if it lies beyond; those ``ahead`` will be wanted next."""
        first, last = self.range
        if self._bench.view is None or step >= last:
            self.go_live()
            return
        self.step, self.failure = max(step, first), ""
        self._ahead = tuple(each for each in ahead if self.step < each < last)
        self._show()

    def go_live(self) -> None:
        """Show the present again."""
        was_past, self.step = self.step is not None, None
        self._stop()
        self.complete, self.failure = True, ""
        if was_past:
            self._bench.shown.show_past(None)
            self._bench.link.wake()
        self.moved.emit()

    def cancel(self) -> None:
        """Compute it no further: back to the last step that was shown as a whole, or to the present."""
        whole = self._bench.shown.view
        self._stop()
        if whole is not None and not whole.live and whole.whole and whole.frame.step == self.step:
            self.complete = True
            self.moved.emit()
        else:
            self.go_live()

    def renew(self) -> None:
        """Other things are looked at."""
        if self.step is not None:
            self._show()

    def close(self) -> None:
        """End the worker."""
        self._stop()
        if self._session is not None:
            self._session.close()

    def _begin(self) -> None:
        """Another run: it is seen as it goes."""
        self.step, self.complete, self.failure = None, True, ""
        self._stop()
        self._route = Route()
        self.frames.clear()
        self.moved.emit()

    def _stop(self) -> None:
        """Nobody waits for what is being computed."""
        self._rest.stop()
        self.progress, self._ahead = None, ()
        if self._route.leave() and self._session is not None:
            self._session.cancel()

    def _say_where_it_acts(self, old: Experiment, new: Experiment) -> None:
        if self.step is not None and is_live_change(old, new) and _trains_otherwise(old, new):
            acts, shown = integer(self.range[1]), integer(self.step)
            self.edited_past.emit(
                f"“{self._bench.document.edit.description}” acts on the run at its present step, {acts}; "
                f"what is shown is step {shown}.", old, new,
            )  # fmt: skip

    def _forget_lanes(self, old: Experiment, new: Experiment) -> None:
        """Where networks beside the run are others, what was computed of them holds no more."""
        if old.lanes != new.lanes:
            self._forget()

    def _forget(self) -> None:
        self._stop()
        self._route = Route()
        self.frames.clear()
        self.renew()

    # -- showing ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Show what is known of the step, and have the rest computed."""
        assert self.step is not None
        moment = self.frames.at(self.step)
        self.complete = moment is not None and not moment.lacks(self._wanted())
        self._strides, self._beside = self._bench.record.strides, self._lanes_at(self.step)
        view = self._recorded(self.step) if moment is None else self._whole(moment)
        self._bench.shown.show_past(dataclasses.replace(view, comparing=self._bench.lanes.comparing))
        if self.complete:
            self.progress = None
        elif not self._rest.isActive():
            self._rest.start()
        self.moved.emit()

    def _follow(self) -> None:
        """The run has gone on: where its record has become coarser, what was cut from it holds no more.

        Where a network beside it has come to the step that is shown, that is looked at again.
        """
        if self.step is None:
            return
        if self._lanes_at(self.step) != self._beside:
            self._forget()
        elif self._bench.record.strides != self._strides:
            self._show()

    def _lanes_at(self, step: int) -> frozenset[str]:
        """The networks beside the run that stand at a step, or stood there."""
        lanes = self._bench.lanes
        return frozenset(name for name, past in lanes.records().items() if lanes.begins(name) <= step < past.steps)

    def _whole(self, moment: Moment) -> View:
        # The worker may have computed one of which no answer has told yet, or which has gone since.
        records = self._bench.lanes.records()
        lanes = {
            name: _view(frame, records[name])
            for name, frame in moment.lanes.items()
            if name in records and self._bench.lanes.begins(name) <= frame.step
        }
        return _view(moment.frame, self._bench.record, lanes)

    def _recorded(self, step: int) -> View:
        """What is known of a step without computing it."""
        present = self._bench.view
        assert present is not None
        begun = {name: lane for name, lane in present.lanes.items() if self._bench.lanes.begins(name) <= step}
        return _recorded(step, present, {name: _recorded(step, lane) for name, lane in begun.items()})

    # -- computing -------------------------------------------------------------------------------------------------

    def _wanted(self) -> tuple[Observation[Any], ...]:
        return tuple(dict.fromkeys(self.observations()))

    def _missing(self, step: int) -> tuple[Observation[Any], ...]:
        """What is to be looked at; what is about step 0 and known already is not looked for again."""
        moment, wanted = self.frames.at(step), self._wanted()
        lacking = wanted if moment is None else moment.lacks(wanted)
        return tuple(each for each in lacking if each not in self._initial() or self._bench.lanes.updates)

    def _initial(self) -> dict[Observation[Any], Observed[Any]]:
        """What was found of step 0."""
        view = self._bench.view
        frames = (self._bench.record.first, None if view is None else view.frame)
        known = (frame.observations.items() for frame in frames if frame is not None)
        return {each: observed for pairs in known for each, observed in pairs if each.initial}

    def _request(self) -> None:
        """Have the step computed that is to be seen now."""
        step, worker, kept = self.step, self._bench.link.worker, self._bench.memory.checkpoints.steps
        if step is None or self.complete or self._route.is_on_the_way_to(step, kept):
            return
        if worker is None or self._bench.dead:
            self._fail("the worker has ended")
            return
        if self._route.leave() and self._session is not None:
            self._session.cancel()
        if self._route.goes_on_to(step, kept):
            self._ask(step, None)
        elif (replay := self._route.way_to(step, kept)) is not None:
            self._ask(step, replay)
        else:
            self._route.find(step, min([self.range[1], *(each for each in self._lane_starts if each > step)]))
            worker.find_replay(step)
            self._bench.link.wake()

    @property
    def _lane_starts(self) -> list[int]:
        """The steps from which on networks stand beside the run: a way to an earlier one has them not."""
        origins = (spec.origin for spec in self._bench.document.experiment.lanes or ())
        lanes = self._bench.lanes
        return [*(each.first_step for each in origins if each), *map(lanes.begins, lanes.records())]

    def _take_replay(self, answer: ReplayAnswer) -> None:
        if self._bench.info is None or answer.run != self._bench.info.run or not self._route.takes(answer):
            return
        if answer.replay is None:
            self._fail(f"step {integer(answer.step)} cannot be computed again")
        else:
            self._request()

    def _ask(self, step: int, answer: ReplayAnswer | None) -> None:
        if self._session is None:
            self._session = RecomputationSession(self._bench.link.mode, self._notified.emit)
        steps = (step, *self._ahead)
        self._route.begin(steps, answer)
        replay, lanes = (None, ()) if answer is None else (answer.replay, answer.lanes)
        self._session.recompute(replay, steps, self._missing(step), True, lanes)

    def _take(self) -> None:
        for reply in () if self._session is None else self._session.replies():
            match reply:
                case RequestProgress(_, progress):
                    self.progress = progress
                    self.moved.emit()
                case Recomputed():
                    self._keep(reply)
                case Failed():
                    self._route = Route()
                    self._fail(reply.message.rstrip("."))

    def _keep(self, reply: Recomputed) -> None:
        self._route.arrived(reply)
        initial = self._initial()
        frame = _with(reply.frame, initial)
        self.frames.keep(frame, {name: _with(lane, {}) for name, lane in reply.lanes})
        self._bench.memory.share()
        if self.step == frame.step:
            self._show()
        elif self.step is not None and not self._route.under_way:
            self._request()

    def _fail(self, why: str) -> None:
        self.failure, self.progress = f"{why[:1].upper()}{why[1:]}.", None
        self.moved.emit()


def _trains_otherwise(old: Experiment, new: Experiment) -> bool:
    """Whether a network that was there before is another now: one that comes or goes acts on none."""
    before, after = old.all_lanes(), new.all_lanes()
    return any(after[name] != before[name] for name in before.keys() & after.keys() if name != OWN_NAME) or (
        replace(old, lanes=UNSET) != replace(new, lanes=UNSET)
    )


def _with(frame: Frame, initial: dict[Observation[Any], Observed[Any]]) -> Frame:
    return replace(frame, observations={**initial, **frame.observations})


def _view(frame: Frame, record: Record, lanes: dict[str, View] | None = None) -> View:
    scored = frame if "validation_loss" in frame.scalars else None
    return View(frame, taken_back(record, frame.step).as_of(frame), frame, scored, lanes or {}, live=False)


def _recorded(step: int, present: View, lanes: dict[str, View] | None = None) -> View:
    """What the record of a run has of a step, which may be no more than that there was one."""
    frame, row = present.frame, present.history.row(step)
    known = {} if row is None else dict(zip(present.history.columns, map(float, row), strict=True))
    # What is held out is not scored at every step; a loss that is no number is one.
    scalars = {name: value for name, value in known.items() if name in frame.scalars and not _unscored(name, value)}
    epoch = frame.epoch * step / frame.step if frame.step else 0.0
    then = Frame(frame.info, step, epoch, scalars, {}, frame.defined)
    record = present.record.as_of(then, whole=False)
    return View(then, record, then, record.scored, lanes or {}, live=False, whole=False)


def _unscored(name: str, value: float) -> bool:
    return name.startswith("validation_") and math.isnan(value)
