"""Networks that are trained beside the run, step by step with it, on the same batches where their data agree."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import LaneSpec, Origin
from simulator.observations.registry import standard
from simulator.record.frame import Frame, frame_of
from simulator.running.branching import Beginning, beginning
from simulator.running.building import built, refusal
from simulator.running.live_run import LiveRun
from simulator.running.messages import LaneUpdate, Look
from simulator.running.timeline import Timeline
from simulator.schema.parameter import is_live_change
from simulator.system.progress import advance
from simulator.training.replay import Replay
from simulator.training.training import Training

RUNS = itertools.count(-1, -1)
"""Ids of their runs, which no run of a session has."""
SLICE_SECONDS = 0.05
"""How long lanes catch up before commands are looked for."""

Way = list[tuple[int, Experiment]]
"""What is trained, and from which step on, in order."""


class Lane:
    """One network beside the run: on its way to the run's step, or standing there."""

    def __init__(self, way: Way, beginning: Beginning | None = None) -> None:
        """``beginning``: of a branch, which begins at a step of a run."""
        self.way, self.beginning = way, beginning
        self.live: LiveRun | None = None
        """None until it is built, or where it cannot be."""
        self.refusal = ""
        """Why it is not trained."""
        self._acted = 0
        """How many of the changes on its way it has taken over."""
        self._first: Frame | None = None
        """Step 0, while no answer has brought it."""
        self._frame: Frame | None = None

    @property
    def experiment(self) -> Experiment:
        return self.way[-1][1]

    @property
    def first_step(self) -> int:
        """The one at which it begins."""
        return 0 if self.beginning is None else self.beginning.step

    def is_behind(self, step: int) -> bool:
        if self.refusal or step < self.first_step:
            return False
        return self.live is None or self.live.training.step < step

    def goes_on(self, step: int) -> bool:
        """Whether it is behind and may make steps: those that it has made are waited for by nobody in vain."""
        return self.is_behind(step) and (self.live is None or not self.live.rows.full)

    def change(self, experiment: Experiment, step: int) -> bool:
        """Train ``experiment`` from this step on, if that needs no other network; whether it does not."""
        if self.live is None or self.live.training.step != step or self._acted < len(self.way) - 1:
            return False
        if not self.live.change(self.live.as_read(experiment), 0):
            return False
        self.live.renew()
        self.way.append((step, experiment))
        self._acted += 1
        return True

    # -- catching up -----------------------------------------------------------------------------------------------

    def catch_up(self, name: str, step: int, until: float) -> None:
        """Make steps until ``step``, or until it is so late; a refusal is remembered."""
        try:
            if self.live is None:
                self._build()
            while self.goes_on(step) and time.monotonic() < until:
                assert self.live is not None
                advance(f"Lane {name} catches up", self.live.training.step, step, "steps")
                self._act(self.live.training.step)
                self.propose(trace=False)
                self.apply()
            if self.live is not None and self.live.training.step == step:
                self._act(step)
        except Exception as error:
            self.live, self.refusal = None, refusal(0, error, None).message

    def _build(self) -> None:
        run, experiment = next(RUNS), self.way[0][1]
        if self.beginning is not None:
            self.live = self.beginning.built(run, experiment)
            return
        self.live = live = built(run, experiment, None, None)
        live.training.look()
        observed = live.observer.at_once(standard())
        self._first = frame_of(live.training, live.training.scalars(validate=True), observed)

    def _act(self, step: int) -> None:
        """Let the changes on the way act at their steps."""
        while self.live is not None and self._acted < len(self.way) - 1 and self.way[self._acted + 1][0] <= step:
            self._acted += 1
            self.live.change(self.live.as_read(self.way[self._acted][1]), 0)

    # -- with the run ----------------------------------------------------------------------------------------------

    def propose(self, trace: bool) -> None:
        """Evaluate the present step and record it; :meth:`apply` makes it."""
        if self.live is not None:
            training = self.live.training
            self.live.propose(trace)
            self.live.rows.append(training.row(training.scalars()))

    def apply(self) -> None:
        if self.live is not None:
            self.live.apply()

    def answer(self, name: str, look: Look, run: Training, playing: bool, short: bool, provisional: bool) -> LaneUpdate:
        """What it shows of the present step; ``provisional``: which may still change."""
        live = self.live
        if live is None:
            return LaneUpdate(name, refusal=self.refusal)
        if provisional:
            live.show_step()
        training = live.training
        frame = None
        if training.step == run.step:
            scalars = training.scalars(validate=provisional)
            frame = frame_of(training, scalars, live.observer.observe(look.observations, goes_on=playing, short=short))
        row = training.row(training.scalars()) if provisional and frame is not None else None
        first, self._first = self._first, None
        same = training.data.digest == run.data.digest and np.array_equal(training.batch, run.batch)
        return LaneUpdate(
            name,
            training.info.run,
            frame,
            (live.rows.take(row),),
            first,
            same,
            "",
            live.observer.awaited,
            live.step_seconds,
        )


class Lanes:
    """All networks beside the run."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._followed: Experiment | None = None
        """The run's experiment, as they were brought in line with it."""

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def begin(self) -> None:
        """The run begins or goes on elsewhere: all of them are to be built anew, and come to its step."""
        self._lanes, self._followed = {}, None

    @property
    def live(self) -> dict[str, LiveRun]:
        """Those that are trained, by their names."""
        return {name: lane.live for name, lane in self._lanes.items() if lane.live is not None}

    @property
    def timelines(self) -> list[Timeline]:
        """The ways of those that are trained."""
        return [lane.live.timeline for lane in self if lane.live is not None]

    def replays(self, step: int) -> tuple[tuple[str, Replay], ...]:
        """From where each computes a step again, as far as it can."""
        replays = {name: lane.live.replay(step) for name, lane in self._lanes.items() if lane.live is not None}
        return tuple((name, replay) for name, replay in replays.items() if replay is not None)

    def follow(self, run: LiveRun, ended: Sequence[Timeline] = ()) -> bool:
        """Bring them in line with the experiment of the run, which stands between two steps; whether it is another.

        ``ended``: the ways of runs that were put aside, of which one may be a branch.
        """
        experiment, step = run.training.experiment, run.training.step
        if experiment is self._followed:
            return False
        self._followed = experiment
        specs = {spec.name: spec for spec in experiment.lanes or ()}
        kept = {name: lane for name, lane in self._lanes.items() if name in specs}
        self._lanes = {}
        for name, spec in specs.items():
            wanted, lane = _lane_of(experiment, spec), kept.get(name)
            if lane is None or not (lane.experiment == wanted or lane.change(wanted, step)):
                lane = self._begun(run, spec, wanted, ended)
            self._lanes[name] = lane
        return True

    def _begun(self, run: LiveRun, spec: LaneSpec, wanted: Experiment, ended: Sequence[Timeline]) -> Lane:
        if not spec.origin:
            return Lane(_way(run, spec, wanted))
        way = _branch_way(run, spec, spec.origin, wanted)
        try:
            return Lane(way, beginning(spec.origin, [run.timeline, *self.timelines, *ended]))
        except ExperimentError as error:
            lane = Lane(way)
            lane.refusal = error.in_words
            return lane

    def are_behind(self, step: int) -> bool:
        """Whether one of them has steps to make before the run goes on."""
        return any(lane.is_behind(step) for lane in self)

    def go_on(self, step: int) -> bool:
        """Whether one of them may make such steps."""
        return any(lane.goes_on(step) for lane in self)

    def catch_up(self, step: int) -> None:
        """Make steps for a while."""
        until = time.monotonic() + SLICE_SECONDS
        for name, lane in self._lanes.items():
            if lane.goes_on(step):
                lane.catch_up(name, step, until)

    def propose(self, trace: bool) -> None:
        for lane in self:
            lane.propose(trace)

    def apply(self) -> None:
        for lane in self:
            lane.apply()

    def answers(
        self, look: Look, run: Training, *, playing: bool, short: bool, provisional: bool
    ) -> tuple[LaneUpdate, ...]:
        """What each of them shows of the run's step."""
        return tuple(lane.answer(name, look, run, playing, short, provisional) for name, lane in self._lanes.items())


def _lane_of(experiment: Experiment, spec: LaneSpec) -> Experiment:
    return replace(experiment, lanes=UNSET).lane(spec)


def _way(run: LiveRun, spec: LaneSpec, wanted: Experiment) -> Way:
    """What the lane would have been trained as, had it been there from the start: as the run, but for what it sets."""
    changes = run.timeline.changes
    past = [] if changes.experiment is None else [(0, changes.experiment)]
    past += [(change.step, change.experiment) for change in changes.entries if change.experiment is not None]
    way: Way = []
    for step, experiment in past:
        then = _then(experiment, spec, wanted)
        if not way or then != way[-1][1]:
            way.append((step, then))
    return way if way and way[-1][1] == wanted else [*way, (run.training.step if way else 0, wanted)]


def _branch_way(run: LiveRun, spec: LaneSpec, origin: Origin, wanted: Experiment) -> Way:
    """What a branch was trained as since it began, as far as the run has seen it."""
    way: Way = []
    for change in run.timeline.changes.entries:
        seen = (
            []
            if change.experiment is None
            else [each for each in change.experiment.lanes or () if each.name == spec.name]
        )
        for each in seen:
            then = _lane_of(change.experiment or run.training.experiment, each)
            if each.origin == origin and (not way or then != way[-1][1]):
                way.append((max(change.step, origin.step), then))
    return way if way and way[-1][1] == wanted else [*way, (run.training.step if way else origin.step, wanted)]


def _then(experiment: Experiment, spec: LaneSpec, wanted: Experiment) -> Experiment:
    """What the lane was when the run was ``experiment``, if that leads to ``wanted``; else what it is now."""
    own = [each for each in experiment.lanes or () if each.name == spec.name]
    tried = (_lane_of(experiment, each) for each in (*own, spec))
    return next((each for each in tried if is_live_change(each, wanted)), wanted)
