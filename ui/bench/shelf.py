"""Runs that are over: those that edits have put aside, and those in files; each can be looked at, or trained, again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import LaneSpec
from simulator.training.replay import Replay
from ui.bench.kept_records import AsideRun
from ui.style.numbers import count, integer, number

if TYPE_CHECKING:
    from simulator.record.record import Record
    from simulator.running.run_file import SavedRun
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.live_change import LiveChanges


@dataclass(frozen=True)
class ShelvedRun:
    """A run between two steps, with its past."""

    name: str
    checkpoint: Checkpoint
    record: Record
    changes: LiveChanges
    """What it was trained as from the start, as far as that is known."""
    threads: int
    place: str
    """Where it is: in memory, or in which file."""
    ended: str
    """What ended it, as far as that is known."""

    @classmethod
    def aside(cls, run: AsideRun) -> ShelvedRun:
        """One that an edit has put aside."""
        changes = run.kept.changes or run.record.live_changes
        name = f"before “{run.ended_by}”" if run.ended_by else f"run {run.kept.run}"
        ended = f"discarded by “{run.ended_by}”" if run.ended_by else "discarded"
        return cls(name, run.kept.checkpoint, run.record, changes, run.kept.threads, "in memory", ended)

    @classmethod
    def saved(cls, run: SavedRun, path: Path) -> ShelvedRun:
        """One in a file."""
        changes, threads = run.record.live_changes, max(1, run.environment.threads)
        return cls(path.stem, run.checkpoint, run.record, changes, threads, path.name, "saved")

    @property
    def experiment(self) -> Experiment:
        """As it was trained at its end, alone."""
        return replace(self.checkpoint.experiment, lanes=UNSET)

    @property
    def step(self) -> int:
        return self.checkpoint.step

    @property
    def end(self) -> str:
        """``step 1 200, loss 0.31; saved``: how it ended."""
        series = self.record.history.series("loss")
        loss = f", loss {number(float(series.last[-1]))}" if len(series.last) else ""
        return f"step {integer(self.step)}{loss}; {self.ended}"

    @property
    def replay(self) -> Replay:
        """From where its last step is computed again."""
        return Replay(self.checkpoint.experiment, self.threads, self.checkpoint, (), self.checkpoint.known)

    def lane(self, name: str, present: int) -> LaneSpec:
        """The same network beside a run that stands at step ``present``; ExperimentError where it cannot be known.

        Without changes by hand it is trained from step 0 on, as it was. With some it begins at the earliest step that
        is behind all of them, with all that it had there.
        """
        from simulator.running.branching import origin_of

        plain = self.experiment.to_builtins()
        last = max((change.step for change in self.changes.entries), default=0)
        if not self.changes.entries and self.changes.experiment is not None:
            return LaneSpec(name=name, experiment=plain)
        origin = origin_of(self.changes, max(last, min(self.step, present)), self.name[:40])
        return LaneSpec(name=name, experiment=plain, origin=origin)


def lost_text(lost: tuple[tuple[int, str], ...], budget: str) -> str:
    """What had to go for want of memory; empty where nothing had."""
    if not lost:
        return ""
    told = "; ".join(f"{count(steps, 'step')} until “{ended_by}”" for steps, ended_by in lost)
    return f"No longer kept, as runs take at most half of the {budget} for going back: {told}."
