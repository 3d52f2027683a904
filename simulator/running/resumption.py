"""Where a run can go on: in another worker, when its own has died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from simulator.running.lane_state import LaneState
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.live_change import LiveChange, LiveChanges

CheckpointWanted = Literal["", "soon", "paused"]
"""Whether one is asked for: of a step that comes, or of the present one where the run stands."""


class Resumption(Struct, frozen=True):
    """A run between two steps, with all that it needs to go on."""

    checkpoint: Checkpoint
    acted: int
    """How many of the run's changes by hand are in it."""
    lanes: tuple[LaneState, ...] = ()
    """The networks beside it."""
    coming: tuple[LiveChange, ...] = ()
    """What is still to be changed in it, as was planned."""

    @property
    def nbytes(self) -> int:
        return self.checkpoint.nbytes + sum(lane.checkpoint.nbytes for lane in self.lanes)

    def still_to_act(self, known: LiveChanges) -> tuple[LiveChange, ...]:
        """What was planned, behind units that were drawn anew in this very step, but after the checkpoint."""
        step, later = self.checkpoint.step, known.entries[self.acted :]
        if self.is_followed_as_planned(known):
            return self.coming
        return (*(change for change in later if change.layer and change.step == step), *self.coming)

    def is_followed_as_planned(self, known: LiveChanges) -> bool:
        """Whether all that was changed since will act again by itself."""
        later = known.entries[self.acted :]
        return bool(later) and later == self.coming[: len(later)]
