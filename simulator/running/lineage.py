"""Which edit began the run that is trained, and the runs to which an edit that is undone goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.running.kept_runs import KeptRun, KeptRuns
from simulator.running.lanes import Lanes
from simulator.running.live_run import LiveRun
from simulator.running.messages import Command, Forget, Keep, KeepBefore, Snapshot, Train
from simulator.running.timeline import Timeline
from simulator.training.checkpoints import USUAL_BYTES

ENDED_SHARE = 0.25
"""Of the budget, for the checkpoints on the ways of the runs that were put aside, of each as much."""


class Lineage:
    """The edits around the present run, the runs that they put aside, and what all of them may take."""

    def __init__(self) -> None:
        self.kept = KeptRuns()
        self.run = 0
        """Id of the last run that was begun."""
        self.begun_by = 0
        """The edit that it began with."""
        self.refused_edit = 0
        """Where its network cannot be built, so that nothing is trained: the edit that put the run before aside."""
        self._ways: dict[int, Timeline] = {}
        """Those of the runs that were put aside and are still kept, by their ids."""
        self._budget = USUAL_BYTES

    def run_for(self, change: Train, trains: bool) -> KeptRun | None:
        """The run that goes on with this change: its edit put it aside, or nothing has been trained since."""
        edits = [self.refused_edit] * (not trains) + [change.edit] * change.back
        candidates = (self.kept.take(edit, change.experiment) for edit in edits)
        return next((kept for kept in candidates if kept is not None), None)

    def goes_on(self, edit: int) -> bool:
        """Whether an edit has begun the present run, of which it may be a further stage."""
        return edit != 0 and edit == self.begun_by

    def has_stage(self, command: Command) -> bool:
        """Whether it is a further stage of the edit that has begun the present run."""
        return isinstance(command, Train) and self.goes_on(command.edit) and not command.back

    def put_aside(self, ended: LiveRun | None, edit: int, back: bool, lanes: Lanes) -> KeptRun | None:
        """Keep the run that ``edit`` ends, unless it is given up, or only a stage of the edit that goes on."""
        if ended is not None or not edit:
            self.refused_edit = edit
        if ended is None or not edit or (self.goes_on(edit) and not back):
            return None
        kept = ended.put_aside(edit, self.begun_by, lanes.states())
        self._ways[kept.run] = ended.timeline
        self.kept.keep(kept)
        self.share_budget(None)
        return kept

    def tell_snapshot(self, present: LiveRun | None, lanes: Lanes, post: Callable[[Snapshot], None]) -> None:
        """Of the present run with the networks beside it; of none, that it cannot be trained."""
        if present is None:
            post(Snapshot(self.run, None))
            return
        with present.restored_on_failure(), lanes.restored_on_failure():
            post(present.snapshot(lanes.states()))

    def keep(self, command: Keep | Forget | KeepBefore, present: LiveRun | None) -> None:
        """Do as is told about what is kept."""
        match command:
            case Keep(kept):
                self.kept.keep(kept)
            case Forget(run):
                self.kept.drop(run)
            case KeepBefore(run, step) if run == self.run and present is not None:
                present.timeline.checkpoints.mark_before(step, "finding")
        self.share_budget(present)

    def begin(self, run: int, edit: int, kept: KeptRun | None) -> None:
        """A run is trained from now on; ``kept`` is the one that goes on in it."""
        if kept is not None:
            self._ways.pop(kept.run, None)
        self.run, self.refused_edit = run, 0
        self.begun_by = edit if kept is None else kept.begun_by

    def timeline_of(self, kept: KeptRun) -> Timeline:
        """The way of a run that was put aside, as far as it is still known."""
        known = self._ways.get(kept.run)
        return Timeline(kept.checkpoint, kept.changes) if known is None else known

    @property
    def ended(self) -> list[Timeline]:
        """The ways of the runs that were put aside, as far as they are known, that of the last one first."""
        return [*reversed(self._ways.values())]

    @property
    def aside(self) -> int:
        """Bytes of the checkpoints on these ways."""
        return sum(way.checkpoints.nbytes for way in self._ways.values())

    def set_budget(self, nbytes: int, present: LiveRun | None, beside: Sequence[Timeline] = ()) -> None:
        """How much all runs that are kept and all checkpoints may take."""
        self._budget = nbytes
        self.share_budget(present, beside)

    def share_budget(self, present: LiveRun | None, beside: Sequence[Timeline] = ()) -> None:
        """Runs that are kept come first, and a part of their ways; the present ones share the rest.

        They share the time that copies may take too.
        """
        self.kept.fit(self._budget)
        room = self._budget - self.kept.nbytes
        kept = {each.run for each in self.kept}
        self._ways = {run: way for run, way in self._ways.items() if run in kept}
        for way in self._ways.values():
            way.checkpoints.budget = min(room, int(ENDED_SHARE * self._budget)) // len(self._ways)
        room -= self.aside
        ways = [] if present is None else [present.timeline, *beside]
        for each in ways:
            each.checkpoints.budget = room // len(ways)
            each.share_time(len(ways))
