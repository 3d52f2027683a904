"""Runs that are over, or pinned: in memory for the session, and in files; each can be looked at, or trained, again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import LaneSpec
from ui.bench.kept_records import AsideRun
from ui.style.numbers import count, number

if TYPE_CHECKING:
    from simulator.record.record import Record
    from simulator.running.nabla.run_file import SavedRun
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.live_change import LiveChanges
    from simulator.training.replay import Replay


IN_MEMORY = "in memory"


def told_end(stopped: str, ended: str) -> str:
    """How a run stopped, if it did by itself, and what ended it."""
    return "; ".join(filter(None, (stopped, ended)))


class ShelvedRun(Struct, frozen=True):
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
    can_go: bool = False
    """Whether it is here for nothing but the shelf."""

    @classmethod
    def aside(cls, run: AsideRun, stopped: str) -> ShelvedRun:
        """One that an edit has put aside; ``stopped`` says where and why it had stopped by itself."""
        changes = run.kept.changes or run.record.live_changes
        name = f"before ‘{run.ended_by}’" if run.ended_by else f"run {run.kept.run}"
        ended = told_end(stopped, f"discarded by “{run.ended_by}”" if run.ended_by else "discarded")
        checkpoint, threads = run.kept.checkpoint, run.kept.threads
        return cls(name, checkpoint, run.record, changes, threads, IN_MEMORY, ended)

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
        """``1 200 steps, the last with loss 0.31; saved``: how it ended."""
        series = self.record.history.series("loss")
        loss = f", the last with loss {number(float(series.last[-1]))}" if len(series.last) else ""
        finding = f"; {self.record.finding}" if self.record.finding else ""
        return f"{count(self.step, 'step')}{loss}; {self.ended}{finding}"

    @property
    def nbytes(self) -> int:
        return self.record.nbytes + self.checkpoint.nbytes

    @property
    def replay(self) -> Replay:
        """From where its last step is computed again."""
        from simulator.training.replay import Replay  # Nobody waits for it at the start.

        return Replay(self.checkpoint.experiment, self.threads, self.checkpoint, (), self.checkpoint.known)

    def lane(self, name: str) -> LaneSpec:
        """The same network beside the present run, trained from step 0 on with the changes that were made in it.

        ExperimentError where these are not known.
        """
        from simulator.running.branching import replayed_lane

        spec = LaneSpec(name=name, experiment=self.experiment.to_builtins())
        if self.changes.experiment is not None and not self.changes.entries:
            return spec
        return replayed_lane(spec, self.changes)


def lost_text(lost: tuple[tuple[int, str], ...], budget: str) -> str:
    """What had to go for want of memory; empty where nothing had."""
    if not lost:
        return ""
    told = "; ".join(f"{count(steps, 'step')} until “{ended_by}”" for steps, ended_by in lost)
    return f"No longer kept, as runs take at most half of the {budget} for going back: {told}."
