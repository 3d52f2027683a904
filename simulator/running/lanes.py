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
from simulator.running.lane_state import LaneState
from simulator.running.live_run import LiveRun
from simulator.running.messages import LaneUpdate, Look
from simulator.running.timeline import Timeline
from simulator.schema.parameter import is_live_change
from simulator.system.progress import advance
from simulator.training.checkpoint import Checkpoint
from simulator.training.live_change import LiveChanges
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

    def __init__(self, way: Way, beginning: Beginning | None = None, start: LaneState | None = None) -> None:
        """``beginning``: of a branch, which begins at a step of a run; ``start``: of one that goes on where it was."""
        self.way, self.beginning, self._start = way, beginning, start
        self.live: LiveRun | None = None
        """None until it is built, or where it cannot be."""
        self.refusal = ""
        """Why it is not trained."""
        self._acted = 0
        """How many of the changes on its way it has taken over."""
        self._first: Frame | None = None
        """Step 0, while no answer has brought it."""
        self._told: LiveRun | None = None
        """The run of which answers have brought the changes."""

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
        run, experiment, start = next(RUNS), self.way[0][1], self._start
        if start is not None:
            way, self._start, self._first = Timeline(start.checkpoint, start.changes), None, start.first
            self.live = built(run, experiment, start.checkpoint, way, asked=self.experiment.data)
            self.live.training.look()
            return
        if self.beginning is not None:
            self.live = self.beginning.built(run, experiment)
            return
        self.live = live = built(run, experiment, None, None)
        live.training.look()
        observed = live.observer.at_once(standard())
        self._first = frame_of(live.training, live.training.scalars(validate=True), observed)

    def state(self, name: str, taken: bool) -> LaneState | None:
        """Where it stands between two steps, as :meth:`Lanes.states` says; None where it is not trained."""
        live = self.live
        if live is None:
            return self._start
        rows, first = (live.rows.take(), self._first) if taken else (None, None)
        if taken:
            self._first = None
        return LaneState(name, live.training.checkpoint(), live.timeline.changes, live.training.info.run, rows, first)

    def state_before(self, name: str, step: int) -> LaneState | None:
        """The last that is kept of it of before ``step``; None where that is nothing."""
        way = None if self.live is None else self.live.timeline
        kept = None if way is None else way.checkpoints.before(step, good=False)
        if way is None or kept is None:
            return None
        return LaneState(name, kept.checkpoint, way.changes.until(kept.changes))

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
            return LaneUpdate(name, refusal=self.refusal, awaited=self.is_behind(run.step))
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
            live.observer.awaited or self.is_behind(run.step),
            live.step_seconds,
            self._take_changes(live),
        )

    def _take_changes(self, live: LiveRun) -> LiveChanges:
        """What no answer has brought yet."""
        lately = live.take_changes()
        if self._told is live:
            return LiveChanges(entries=lately)
        self._told = live
        return live.timeline.changes


class Lanes:
    """All networks beside the run."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._states: dict[str, LaneState] = {}
        """Where those that are not there yet are to go on."""
        self._followed: Experiment | None = None
        """The run's experiment, as they were brought in line with it."""

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def begin(self, states: Sequence[LaneState] = ()) -> None:
        """The run begins or goes on elsewhere: all of them are to be built anew, and come to its step.

        ``states`` are where some of them go on.
        """
        self._lanes, self._followed = {}, None
        self._states = {state.name: state for state in states}

    def states(self, *, taken: bool = True) -> tuple[LaneState, ...]:
        """Where they stand, between two steps; ``taken``: with what no answer has brought, which none brings then."""
        states = (lane.state(name, taken) for name, lane in self._lanes.items())
        return tuple(state for state in states if state is not None)

    def states_before(self, step: int) -> tuple[LaneState, ...]:
        """From where they come to the step before soonest."""
        states = (lane.state_before(name, step) for name, lane in self._lanes.items())
        return tuple(state for state in states if state is not None)

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
        self._states = {}
        return True

    def _begun(self, run: LiveRun, spec: LaneSpec, wanted: Experiment, ended: Sequence[Timeline]) -> Lane:
        """A lane on its way from where it stood, if it can go on from there; else from where it begins."""
        way = _branch_way(run, spec, spec.origin, wanted) if spec.origin else _way(run, spec, wanted)
        state = self._states.get(spec.name)
        late = state is None or state.checkpoint.step > run.training.step
        rest = None if state is None or late else _rest(way, state.checkpoint)
        if rest is not None:
            return Lane(rest, start=state)
        return Lane(way) if not spec.origin else self._branch(run, spec.origin, way, ended)

    def _branch(self, run: LiveRun, origin: Origin, way: Way, ended: Sequence[Timeline]) -> Lane:
        try:
            return Lane(way, beginning(origin, [run.timeline, *self.timelines, *ended]))
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


def _rest(way: Way, checkpoint: Checkpoint) -> Way | None:
    """What is left of the way at a checkpoint; None where it does not lead there."""
    present, wanted = checkpoint.experiment, way[-1][1]
    if not (is_live_change(present, wanted) or is_live_change(present, _settled(wanted))):
        return None
    passed = [place for place, (step, then) in enumerate(way) if step <= checkpoint.step and then == present]
    ahead = way[passed[-1] + 1 :] if passed else [each for each in way[1:] if each[0] > checkpoint.step]
    rest = [(checkpoint.step, present), *ahead]
    return rest if rest[-1][1] == wanted else [*rest, (way[-1][0], wanted)]


def _settled(experiment: Experiment) -> Experiment:
    """With nothing left open, if its data can be read."""
    try:
        return experiment.settled()
    except ExperimentError:
        return experiment


def _then(experiment: Experiment, spec: LaneSpec, wanted: Experiment) -> Experiment:
    """What the lane was when the run was ``experiment``, if that leads to ``wanted``; else what it is now."""
    own = [each for each in experiment.lanes or () if each.name == spec.name]
    tried = (_lane_of(experiment, each) for each in (*own, spec))
    return next((each for each in tried if is_live_change(each, wanted)), wanted)
