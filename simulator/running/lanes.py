"""Networks that are trained beside the run, in step with it, on the same batches where their data agree.

What is small enough for the processor's caches leaves them while another network makes its step. So between two looks
each makes a block of steps before it is the next one's turn: short ones where the next look is near. Whatever is
looked at, changed or kept finds all of them at one step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace as replaced
from functools import partial

from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import LaneSpec, begin_alike
from simulator.running.jobs import Job, Jobs, other_cores
from simulator.running.lane import Lane
from simulator.running.lane_plan import LanePlan, LaneStart, lane_of, plan_of, start_of_state, way_beside
from simulator.running.lane_state import LaneState
from simulator.running.live_run import LiveRun
from simulator.running.messages import LaneUpdate, Look, Train
from simulator.running.paced_observer import PacedObserver
from simulator.running.timeline import Timeline
from simulator.running.twin_operations import former_name
from simulator.system.progress import Progress
from simulator.training.replay import Replay
from simulator.training.sampler import Indices

SLICE_SECONDS = 0.05
"""How long lanes catch up before commands are looked for."""
BLOCK_SECONDS = 0.1
"""How long they take at most to come to the step of the run, which has made a block of steps ahead of them."""
BLOCK_SHARE = 0.25
"""The same as a share of the time since they were looked at last: the next look waits no longer."""
MOST_STEPS = 32
"""Of a block."""
SLOW_SECONDS = 0.03
"""Where a step of all networks takes longer, one is looked at while it is under way, too late to ask for a trace."""
LOOKED_SECONDS = 1.0
"""Where the last look was so long ago, or needed no trace, none that needs one is expected."""
LONG_SECONDS = 0.003
"""A step of one network that takes longer is worth a core of its own if that is free."""
VERY_LONG_SECONDS = 0.01
"""One that takes longer than this is worth the core of the window too."""


class Lanes:
    """All networks beside the run."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._states: dict[str, LaneState] = {}
        """Where those that are not there yet are to go on."""
        self._followed: Experiment | None = None
        """The run's experiment, as they were brought in line with it."""
        self._block: list[Indices] = []
        """The batches of the steps that the run has made ahead of them."""
        self._alone: Indices | None = None
        """That of the run's present step, if it makes it ahead of them."""
        self._looked_at = 0.0
        """When they were looked at last, or the run where there are none."""
        self._looked_for_trace = False
        """Whether that was for what needs a trace."""
        self._others = 0
        """How many cores make their part of the present step beside the one that trains."""

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def begin(self, states: Sequence[LaneState] = ()) -> None:
        """The run begins or goes on elsewhere: all of them are to be built anew, and come to its step.

        ``states`` are where some of them go on.
        """
        self._lanes, self._followed, self._block = {}, None, []
        self._states = {state.name: state for state in states}

    def states(self, *, taken: bool = True) -> tuple[LaneState, ...]:
        """Where they stand, between two steps; ``taken``: with what no answer has brought, which none brings then."""
        self.come_level()
        states = (lane.state(name, taken) for name, lane in self._lanes.items())
        return tuple(state for state in states if state is not None)

    def states_before(self, step: int) -> tuple[LaneState, ...]:
        """From where they come to the step before soonest."""
        self.come_level()
        states = (lane.state_before(name, step) for name, lane in self._lanes.items())
        return tuple(state for state in states if state is not None)

    @property
    def live(self) -> dict[str, LiveRun]:
        """Those that are trained, by their names."""
        self.come_level()
        return {name: lane.live for name, lane in self._lanes.items() if lane.live is not None}

    @property
    def timelines(self) -> list[Timeline]:
        """The ways of those that are trained."""
        return [lane.live.timeline for lane in self if lane.live is not None]

    def replays(self, step: int) -> tuple[tuple[str, Replay], ...]:
        """From where each computes a step again, or its first one if that is later, as far as it can."""
        self.come_level()
        lanes = {name: lane for name, lane in self._lanes.items() if lane.live is not None}
        replays = {name: lane.replay(max(step, lane.first_step)) for name, lane in lanes.items()}
        return tuple((name, replay) for name, replay in replays.items() if replay is not None)

    def follow(self, run: LiveRun, ended: Sequence[Timeline] = ()) -> bool:
        """Bring them in line with the experiment of the run, which stands between two steps; whether it is another.

        ``ended``: the ways of runs that were put aside, of which one may be a branch.
        """
        experiment, step = run.training.experiment, run.training.step
        if experiment is self._followed:
            return False
        self.come_level()
        before, self._followed = self._followed, experiment
        specs = {spec.name: spec for spec in experiment.lanes or ()}
        kept = {name: lane for name, lane in self._lanes.items() if name in specs}
        if before is not None:
            kept |= _renamed(self._lanes, before, experiment)
        self._lanes = {}
        for name, spec in specs.items():
            wanted, lane = lane_of(experiment, spec), kept.get(name)
            if (
                lane is None
                or not begin_alike(lane.origin, spec.origin or None)
                or not (lane.experiment == wanted or lane.change(wanted, step))
            ):
                lane = self._begun(run, spec, wanted, lane, ended)
            self._lanes[name] = lane
        self._states = {}
        return True

    def change_within_step(self, run: LiveRun, change: Train, written: bool | None) -> bool:
        """Let an edit act in the run's present step, if that still can: :meth:`follow` brings them in line with it.

        ``written`` is None where they have written their updates too: then in all of them, or in none.
        """
        if written is not None:
            return run.change_within_step(change.experiment, change.edit, written)
        specs = {spec.name: spec for spec in change.experiment.lanes or ()}
        wanted = {name: lane_of(change.experiment, spec) for name, spec in specs.items()}
        able = [*specs] == [*self._lanes] and all(
            begin_alike(lane.origin, specs[name].origin or None) and lane.can_change_written(wanted[name])
            for name, lane in self._lanes.items()
        )
        if not able or not run.change_within_step(change.experiment, change.edit, written=True):
            return False
        for name, lane in self._lanes.items():
            lane.change_written(wanted[name])
        self._followed = run.training.experiment
        return True

    def _begun(
        self, run: LiveRun, spec: LaneSpec, wanted: Experiment, before: Lane | None, ended: Sequence[Timeline]
    ) -> Lane:
        """A lane on its way from where it stood, if it can go on from there; else from where it begins."""
        origin = spec.origin or None
        try:
            plan = plan_of(run, spec, wanted)
        except ExperimentError as error:
            lane = Lane(wanted, origin=origin)
            lane.refusal = error.in_words
            return lane
        start = None if before is None else before.start_of(plan, run.training.step)
        start = start or self._start_of_state(run, spec, wanted, plan)
        if start is None and before is None:
            start = _start_of_run(run, spec, plan, ended)
        return Lane(wanted, plan, start, origin, [run.timeline, *self.timelines, *ended])

    def _start_of_state(self, run: LiveRun, spec: LaneSpec, wanted: Experiment, plan: LanePlan) -> LaneStart | None:
        state = self._states.get(spec.name)
        if state is None or state.checkpoint.step > run.training.step:
            return None
        start = start_of_state(state, plan, None if spec.origin else way_beside(run, spec, wanted))
        return None if start is None else replaced(start, first=state.first)

    def are_behind(self, step: int) -> bool:
        """Whether one of them has steps to make before the run goes on."""
        return any(lane.is_behind(step, len(self._block)) for lane in self)

    def can_catch_up(self, step: int) -> bool:
        """Whether one of them may make such steps."""
        return any(lane.can_catch_up(step) for lane in self)

    def catch_up(self, step: int) -> None:
        """Make steps for a while."""
        self.come_level()
        until = time.monotonic() + SLICE_SECONDS
        for name, lane in self._lanes.items():
            if lane.can_catch_up(step):
                lane.catch_up(name, step, until)

    def progress(self, step: int) -> Progress | None:
        """How far the first of them is that the run waits for long."""
        told = (lane.progress(name, step) for name, lane in self._lanes.items())
        return next((progress for progress in told if progress is not None), None)

    def cancel(self, step: int) -> None:
        """Wait no longer for those that are behind: the run goes on without them."""
        self.come_level()
        for name, lane in self._lanes.items():
            if lane.can_catch_up(step):
                lane.cancel(name)

    # -- with the run ----------------------------------------------------------------------------------------------

    def propose_beside(self, run: LiveRun, before_update: Callable[[], bool], trace: bool, now: bool) -> bool:
        """Let the run propose its step; whether it may be made.

        Where they make it too, ``now`` and in no block, they come to it, and other cores evaluate theirs meanwhile.
        """
        for lane in self:
            lane.evaluated = False
        if self._leaves(now):
            return run.propose(trace, before_update)
        self.come_level()
        self._others, goes_on = self._other_cores(run.threads), False
        jobs = Jobs([partial(lane.evaluate, trace) for lane in self if self._others], self._others)
        try:
            goes_on = run.propose(trace, before_update)
        finally:
            (jobs.finish if goes_on else jobs.drop)()
        return goes_on

    def _other_cores(self, threads: int) -> int:
        """How many cores make their part of a step beside the one that trains."""
        each = [lane.live.clock.processor_seconds for lane in self if lane.live is not None]
        seconds = sum(each) / max(len(each), 1)
        return other_cores(threads, left=int(seconds <= VERY_LONG_SECONDS)) if seconds > LONG_SECONDS else 0

    def _leaves(self, now: bool) -> bool:
        """Whether they leave the run's step for a block."""
        return not now and len(self._block) < self._steps_ahead

    def take_step(self, run: LiveRun, trace: bool, now: bool) -> bool:
        """Evaluate the run's step, or leave it for a block unless it is to be ``now``; whether it is evaluated."""
        self._alone = None
        if not self._lanes:
            return False
        if self._leaves(now) and not any(lane.evaluated for lane in self):
            self._alone = run.training.batch
            return False
        self.come_level()
        Jobs([partial(lane.propose, trace) for lane in self], self._others).finish()
        return True

    @property
    def _steps_ahead(self) -> int:
        """How many steps the run may make before they make them."""
        room = min(BLOCK_SECONDS, BLOCK_SHARE * (time.perf_counter() - self._looked_at))
        return min(MOST_STEPS - 1, int(room / self._step_seconds)) if self._step_seconds else 0

    @property
    def _step_seconds(self) -> float:
        """What a step of all of them takes."""
        return sum(lane.live.step_seconds for lane in self if lane.live is not None)

    def trace_is_worth_it(self, run: LiveRun) -> bool:
        """Whether to trace a step of which no trace has been asked for: a look that comes within it is then in time."""
        slow = run.step_seconds + self._step_seconds > SLOW_SECONDS
        return slow and self._looked_for_trace and time.perf_counter() - self._looked_at < LOOKED_SECONDS

    def apply(self) -> None:
        """The run has made its step: make it too, or leave it for the block."""
        if self._alone is None:
            # What is planned may build another network, which tells how far it is and sets threads of matrix products.
            planned = any(lane.live is not None and lane.live.coming for lane in self)
            Jobs([lane.apply for lane in self], 0 if planned else self._others).finish()
        else:
            self._block.append(self._alone)

    def score(self, step: int) -> None:
        """Score validation where the run has it scored."""
        self.come_level()
        for lane in self:
            lane.score(step)

    def come_level(self) -> None:
        """Make the steps that the run has made ahead of them, one network after the other."""
        block, self._block = self._block, []
        for lane in self:
            lane.make_block(block)

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """What is told of them here is still to be told where that fails."""
        with ExitStack() as stack:
            for lane in self:
                stack.enter_context(lane.restored_on_failure())
            yield

    def answers(
        self, look: Look, run: LiveRun, *, playing: bool, short: bool, provisional: bool
    ) -> tuple[LaneUpdate, ...]:
        """What each of them shows of the run's step, one after the other unless all that is looked at is quick."""
        self.come_level()
        self._looked_at, last = time.perf_counter(), run.observer
        self._looked_for_trace = any(each.traced for each in look.observations)
        last.networks = 1 + len(self._lanes)
        if not self._lanes:
            return ()
        look = _of_all(look)
        quick = all(live.observer.is_quick(look.observations) for live in self.live.values())
        updates, jobs = dict[str, LaneUpdate](), list[Job]()

        def answer(name: str, lane: Lane, behind: PacedObserver) -> None:
            if lane.live is not None:
                lane.live.observer.go_behind(behind)
            updates[name] = lane.answer(name, look, run.training, playing, short, provisional)

        for name, lane in self._lanes.items():
            jobs.append(partial(answer, name, lane, last))
            last = last if quick or lane.live is None else lane.live.observer
        Jobs(jobs, self._others if quick else 0).finish()
        return tuple(updates[name] for name in self._lanes)


def _renamed(lanes: Mapping[str, Lane], before: Experiment, after: Experiment) -> dict[str, Lane]:
    """Those of an experiment that go on under another name in the next, by that."""
    specs = after.lanes or ()
    former = {spec.name: former_name(before, after, spec) for spec in specs if spec.name not in lanes}
    gone = lanes.keys() - {spec.name for spec in specs}
    return {name: lanes[old] for name, old in former.items() if old is not None and old in gone}


def _of_all(look: Look) -> Look:
    """What is to be seen of the networks beside the run too."""
    return replace(look, observations=tuple(each for each in look.observations if each not in look.of_run_alone))


def _start_of_run(run: LiveRun, spec: LaneSpec, plan: LanePlan, ended: Sequence[Timeline]) -> LaneStart | None:
    """Where a run goes on that was put aside for another and is beside that from now on; None for any other lane."""
    origin, step = spec.origin, run.training.step
    if not origin or not origin.first_step < origin.step == step:
        return None
    starts = (plan.start(timeline, origin.first_step, step) for timeline in ended)
    return next((start for start in starts if start is not None), None)
