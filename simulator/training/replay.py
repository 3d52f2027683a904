"""Exact recomputation: any step of a run again, from a checkpoint and what was changed by hand since, bit for bit.

A checkpoint goes on to the same numbers, and a change acts again at the same place in the same step, so what comes out
is what the run had there. Another processor, or another number of threads than ``threads``, may give other last digits.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from simulator.experiment.experiment import Experiment
from simulator.network.threads import limited_blas
from simulator.system.progress import advance
from simulator.training.checkpoint import Checkpoint
from simulator.training.coming_changes import ComingChanges
from simulator.training.live_change import LiveChange
from simulator.training.nonfinite import FINITE, Known
from simulator.training.training import Training


class ReplayError(ValueError):
    """A step cannot be computed again; one sentence."""


class Replay(Struct, frozen=True):
    """All that computing a run again takes, from a step on; it pickles."""

    experiment: Experiment
    """What was trained at that step."""
    threads: int
    """Of matrix products there."""
    checkpoint: Checkpoint | None = None
    """Where it begins; None: at step 0, as the experiment draws it."""
    changes: Sequence[LiveChange] = ()
    """All changes by hand from there on, in order."""
    known: Known = FINITE
    """Where in the run NaN and Inf came in, if they have."""
    run: int = 0
    """Run id."""

    @property
    def step(self) -> int:
        """The first one that can be had."""
        return 0 if self.checkpoint is None else self.checkpoint.step


class Replayer:
    """Computes a run again, forwards: a training that is brought to one step after another."""

    def __init__(self, replay: Replay) -> None:
        self._replay, self._threads = replay, replay.threads
        self._coming = ComingChanges(replay.changes)
        self.training = Training(replay.experiment, replay.run)
        if replay.checkpoint is not None:
            if replay.checkpoint.data not in ("", self.training.data.digest):
                raise ReplayError("the data have changed since the run")
            self.training.restore(replay.checkpoint)

    @property
    def threads(self) -> int:
        """Of matrix products at the present step."""
        return self._threads

    def go_to(self, step: int) -> Training:
        """The training between two steps, after ``step`` updates; what was changed then acts already.

        A change that came when the update of this step was written already, acts with that update. The next call must
        not be for an earlier step.
        """
        if step < self.training.step:
            raise ReplayError(f"step {step} is behind: the run has been computed to step {self.training.step}")
        begun = self.training.step
        self._act()
        while self.training.step < step:
            with limited_blas(self._threads):
                self._make_steps(begun, step)
            self._act()
        self._know()
        return self.training

    def _act(self) -> None:
        """Let what came between two steps, or before the update was written, act again."""
        self.training, acted = self._coming.act_before(self.training)
        self._take(acted)

    def _take(self, acted: Sequence[LiveChange]) -> None:
        self._threads = next((each.threads for each in reversed(acted) if each.threads), self._threads)

    def _make_steps(self, begun: int, end: int) -> None:
        """As many as there are until something else acts."""
        training = self.training
        while training.step < end:
            advance("Computing the run again", training.step - begun, end - begun, "steps")
            if self._coming.due(training.step):
                # A written update is written again only where it is measured.
                training.propose()
                self._take(self._coming.act_written(training))
                training.apply()
            else:
                training.make_step()
            if self._coming.due(training.step):
                return

    def _know(self) -> None:
        """What the run knew here of NaN and Inf: steps that are not measured do not tell."""
        step, (began, lost_state) = self.training.step, self._replay.known
        self.training.watch.kept = Known(
            began if began is not None and began.step < step else None,
            lost_state if lost_state is not None and lost_state.step < step else None,
        )
