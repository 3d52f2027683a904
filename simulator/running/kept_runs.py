"""Runs that edits have put aside, to go on where those edits are undone or redone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.running.resumption import Resumption
from simulator.schema.parameter import is_live_change

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.record.history import Rows
    from simulator.running.lane_state import LaneState
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.live_change import LiveChange, LiveChanges


class KeptRun(Struct, frozen=True):
    """A run between two steps, and the edit that put it aside."""

    run: int
    """Run id."""
    edit: int
    begun_by: int
    """The edit that the run itself began with; 0 for none."""
    checkpoint: Checkpoint
    rows: Rows | None = None
    """Its last steps, those that no answer has brought yet."""
    threads: int = 1
    """Of its matrix products."""
    changes: LiveChanges | None = None
    """What was changed by hand in it."""
    coming: tuple[LiveChange, ...] = ()
    """What is still to be changed in it, as was planned."""
    lanes: tuple[LaneState, ...] = ()
    """The networks beside it."""

    @property
    def nbytes(self) -> int:
        return self.checkpoint.nbytes + sum(lane.checkpoint.nbytes for lane in self.lanes)

    def resumption(self, known: LiveChanges) -> Resumption:
        """From where it goes on, all these having acted."""
        return Resumption(self.checkpoint, len(known.entries), self.lanes, self.coming)


class KeptRuns:
    """Runs by their edits."""

    def __init__(self) -> None:
        self._runs: dict[int, KeptRun] = {}

    def __iter__(self) -> Iterator[KeptRun]:
        return iter(tuple(self._runs.values()))

    @property
    def nbytes(self) -> int:
        return sum(kept.nbytes for kept in self)

    def keep(self, kept: KeptRun) -> None:
        """Keep a run; one that the same edit put aside before gives way."""
        self._runs.pop(kept.edit, None)
        self._runs[kept.edit] = kept

    def fit(self, nbytes: int) -> None:
        """Let the oldest go until the others take no more than so many bytes."""
        while self._runs and self.nbytes > nbytes:
            del self._runs[next(iter(self._runs))]

    def take(self, edit: int, experiment: Experiment) -> KeptRun | None:
        """The run that ``edit`` put aside, if it can go on as ``experiment``; it is kept no longer."""
        kept = self._runs.get(edit)
        if kept is None or not is_live_change(kept.checkpoint.experiment, experiment):
            return None
        return self._runs.pop(edit)

    def drop(self, run: int) -> Checkpoint | None:
        """Keep a run no longer; where it goes on, if it was kept."""
        dropped = next((kept for kept in self if kept.run == run), None)
        if dropped is None:
            return None
        del self._runs[dropped.edit]
        return dropped.checkpoint
