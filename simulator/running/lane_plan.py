"""What a network beside the run is trained as, from step 0 on, and from where it comes to a step soonest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from msgspec import UNSET
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import LaneSpec, Origin, begin_alike
from simulator.record.frame import Frame
from simulator.record.history import Rows
from simulator.running.branching import becoming, changes_until
from simulator.running.lane_state import LaneState
from simulator.running.live_run import LiveRun
from simulator.running.timeline import Timeline
from simulator.running.twin_operations import Way, listed_as, with_operations
from simulator.schema.parameter import is_live_change
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoints import KeptCheckpoint
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.replay import Replay
from simulator.training.same_way import acting, are_alike


@dataclass(frozen=True)
class LanePlan:
    """All that it is trained as, as far as the run has come, and from which step on it stands beside the run."""

    changes: LiveChanges
    first_step: int = 0

    @property
    def beginning(self) -> Experiment:
        """What it is trained as at step 0."""
        assert self.changes.experiment is not None
        return self.changes.experiment

    def replay(self, known: Sequence[Timeline], run: int) -> Replay:
        """From where its first step is computed: a checkpoint of a run that came there the same way, or step 0."""
        for timeline in known:
            start = self.start(timeline, 0, self.first_step)
            if start is not None:
                threads = timeline.changes.threads_after(len(start.timeline.changes.entries))
                return Replay(start.checkpoint.experiment, threads or 1, start.checkpoint, start.coming, run=run)
        return Replay(self.beginning, max(self.changes.threads, 1), None, self.changes.entries, run=run)

    def acted_at_first(self) -> tuple[LiveChanges, tuple[LiveChange, ...]]:
        """What has acted when its first step begins, and what is still to act."""
        entries = sorted(self.changes.entries, key=lambda each: (each.step, each.scales))
        acted = [each for each in entries if (each.step, each.scales) <= (self.first_step, False)]
        return replace(self.changes, entries=tuple(acted)), tuple(entries[len(acted) :])

    def start(self, timeline: Timeline, least: int, most: int) -> LaneStart | None:
        """The last checkpoint between two steps that came there as this is to come; None where there is none."""
        began = timeline.changes.experiment
        if began is None or not any(are_alike(began, each) for each in (self.beginning, settled(self.beginning))):
            return None
        theirs, ours = (acting(each, began.data) for each in (timeline.changes, self.changes))
        made = [entry for entry in ours if entry is not None]
        common = _common([entry for entry in theirs if entry is not None], made)
        changes_before = [0, *accumulate(int(entry is not None) for entry in theirs)]
        for kept in sorted(timeline.checkpoints, key=_step, reverse=True):
            count = changes_before[kept.changes]
            fits = count <= common and (count == len(made) or made[count].step >= kept.step)
            if least <= kept.step <= most and fits:
                return LaneStart(timeline.cut_at(kept), kept.checkpoint, self.changes.entries[_place(ours, count) :])
        return None


@dataclass(frozen=True)
class LaneStart:
    """Where a lane goes on, the way there, and what acts from there on."""

    timeline: Timeline
    checkpoint: Checkpoint
    coming: tuple[LiveChange, ...]
    first: Frame | None = None
    """Step 0, where no answer has brought it."""
    continues: int = 0
    """Id of the run that answers know, whose past it goes on from; 0 for none."""
    past: tuple[Rows, ...] = ()
    """The steps since, which no answer has brought."""


def _step(kept: KeptCheckpoint) -> int:
    return kept.step


def _common(ours: Sequence[object], theirs: Sequence[object]) -> int:
    """How many are the same from the first on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False)))


def _place(entries: Sequence[object], count: int) -> int:
    """Behind which of the changes so many have done something."""
    places = [place for place, entry in enumerate(entries, 1) if entry is not None]
    return places[count - 1] if count else 0


# -- what it is trained as -----------------------------------------------------------------------------------------


def lane_of(experiment: Experiment, spec: LaneSpec) -> Experiment:
    """What a lane of an experiment trains."""
    return replace(experiment, lanes=UNSET).lane(spec)


def plan_of(run: LiveRun, spec: LaneSpec, wanted: Experiment) -> LanePlan:
    """Of one that is to be ``wanted`` now; ExperimentError where it cannot begin."""
    if spec.origin:
        return _of_branch(run, spec, spec.origin, wanted)
    return LanePlan(with_operations(run.timeline.changes, spec, wanted, way_beside(run, spec, wanted)))


def _of_branch(run: LiveRun, spec: LaneSpec, origin: Origin, wanted: Experiment) -> LanePlan:
    changes = changes_until(origin)
    present = changes.experiment_at(origin.step) or wanted
    own = []
    for step, then in _branch_way(run, spec, origin, wanted):
        if (change := becoming(step, present, then)) is not None:
            own.append(change)
            present = then
    entries = changes.entries
    if own and own[0].step == origin.step:
        # What was changed when the update of that step was written is another change there.
        entries = tuple(each for each in entries if each.step < origin.step or not each.scales)
    return LanePlan(replace(changes, entries=(*entries, *own)), origin.first_step)


def way_beside(run: LiveRun, spec: LaneSpec, wanted: Experiment) -> Way:
    """What the lane would have been trained as, had it been there from the start: as the run, but for what it sets."""
    changes = run.timeline.changes
    past = [] if changes.experiment is None else [(0, changes.experiment)]
    past += [(change.step, change.experiment) for change in changes.entries if change.experiment is not None]
    way: Way = []
    for (step, experiment), own in zip(past, _specs([each for _, each in past], spec), strict=True):
        then = _then(experiment, own, spec, wanted)
        if not way or then != way[-1][1]:
            way.append((step, then))
    return way if way and way[-1][1] == wanted else [*way, (run.training.step if way else 0, wanted)]


def _specs(past: Sequence[Experiment], spec: LaneSpec) -> list[LaneSpec]:
    """How the lane was described by each of these experiments, since it was listed without a break.

    Before that it was as it was when it came; while it went on from elsewhere, as before.
    """
    listed = listed_as(past, spec)
    present = next((each for each in listed if _begin_alike(each, spec)), spec)
    specs = [present] * (len(past) - len(listed))
    for known in listed:
        present = known if _begin_alike(known, spec) else present
        specs.append(present)
    return specs


def _begin_alike(spec: LaneSpec, other: LaneSpec) -> bool:
    return begin_alike(spec.origin or None, other.origin or None)


def _branch_way(run: LiveRun, spec: LaneSpec, origin: Origin, wanted: Experiment) -> Way:
    """What a branch was trained as since it began, as far as the run has seen it."""
    way: Way = []
    seen = [(each.step, each.experiment) for each in run.timeline.changes.entries if each.experiment is not None]
    listed = listed_as([experiment for _, experiment in seen], spec)
    for (step, experiment), each in zip(seen[len(seen) - len(listed) :], listed, strict=True):
        if _begin_alike(each, spec):
            then = lane_of(experiment, each)
            if not way or then != way[-1][1]:
                # Wherever it was first seen, it began at its step.
                way.append((max(step, origin.step) if way else origin.step, then))
    return way if way and way[-1][1] == wanted else [*way, (run.training.step if way else origin.step, wanted)]


def _then(experiment: Experiment, own: LaneSpec, spec: LaneSpec, wanted: Experiment) -> Experiment:
    """What the lane was when the run was ``experiment``, if that leads to ``wanted``; else what it is now."""
    tried = (lane_of(experiment, each) for each in (own, spec))
    return next((each for each in tried if is_live_change(each, wanted)), wanted)


def start_of_state(state: LaneState, plan: LanePlan, way: Way | None) -> LaneStart | None:
    """Where a lane goes on that stood there, if that is on its way; None where it is not.

    ``way``, of one that is no branch, says it where what it was trained as until there is not known.
    """
    timeline = Timeline(state.checkpoint, state.changes)
    start = plan.start(timeline, plan.first_step, state.checkpoint.step)
    operated = any(each.surgery is not None for each in state.changes.entries)
    if start is None and way is not None and not operated:
        rest = _way_left(way, state.checkpoint)
        coming = None if rest is None else tuple(LiveChange(step, then) for step, then in rest)
        start = None if coming is None else LaneStart(timeline, state.checkpoint, coming)
    return start


def _way_left(way: Way, checkpoint: Checkpoint) -> Way | None:
    """What is left of the way at a checkpoint; None where it does not lead there."""
    present, wanted = checkpoint.experiment, way[-1][1]
    if not (is_live_change(present, wanted) or is_live_change(present, settled(wanted))):
        return None
    passed = [place for place, (step, then) in enumerate(way) if step <= checkpoint.step and then == present]
    ahead = way[passed[-1] + 1 :] if passed else [each for each in way[1:] if each[0] > checkpoint.step]
    return ahead if (ahead[-1][1] if ahead else present) == wanted else [*ahead, (way[-1][0], wanted)]


def settled(experiment: Experiment) -> Experiment:
    """With nothing left open, if its data can be read."""
    try:
        return experiment.settled()
    except ExperimentError:
        return experiment
