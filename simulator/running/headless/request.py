"""What a run without a screen is asked for, and how it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.base import Observation
from simulator.observations.registry import analyses as known_analyses
from simulator.observations.registry import unasked
from simulator.running.headless.files import CHANGES, RunFiles
from simulator.running.headless.folder import Arguments, RunFolder
from simulator.running.headless.measuring import Measuring
from simulator.running.headless.output import FolderOutput, RunOutput
from simulator.running.headless.result import RunResult
from simulator.running.headless.start import RunStart
from simulator.running.headless.train import train
from simulator.running.headless.training_loop import TrainingLoop
from simulator.running.nabla.run_file import SavedRun
from simulator.running.run_source import what_is_trained
from simulator.running.stop_rules import StopRule
from simulator.schema.numbers import count, integer
from simulator.system.environment import Environment, environment
from simulator.system.machine import given_threads
from simulator.training.ledger import Ledger
from simulator.training.ledger import write as write_changes


class RunRequest(Struct, frozen=True, kw_only=True):
    """The arguments of :func:`~simulator.running.headless.run.run`, which says what each does."""

    experiment: Experiment | str | Path
    steps: int
    out: str | Path | None
    every: int
    analyses: Sequence[str] | None
    until: StopRule | None
    progress: Callable[[int], None] | None
    start: SavedRun | str | Path | None
    save: str | Path | None
    resume: bool
    leave_unfinished: bool
    stop: Callable[[], bool]
    changes: Ledger | str | Path | None
    brief: bool

    def carry_out(self) -> RunResult:
        """Train, and write what is to be written."""
        _check_counts(self.steps, self.every)
        wanted = _known(self.analyses)
        start = RunStart(*what_is_trained(self.experiment, self.start), self.changes)
        if self.until is not None:
            self.until.check(start.training.info)
        loop = start.loop(self.steps, self.until)
        threads = given_threads() or start.coming.threads or blas_threads(loop.training.network)
        with limited_blas(threads), ExitStack() as stack:
            stack.callback(loop.close)
            output = RunOutput(environment(threads), self.save, start.lanes)
            if self.out is not None:
                folder = stack.enter_context(RunFolder(Path(self.out), self._kept_arguments(start, wanted)))
                files = stack.enter_context(closing(_begun(folder, start, loop, output.here, self.resume)))
                output = FolderOutput(output.here, self.save, start.lanes, folder, files, self.leave_unfinished)
            start.record.live_changes = start.changes_until(loop.training, threads)
            asked = wanted if self.out is not None or self.analyses is not None else ()
            measuring = Measuring(self.every, asked, self.brief)
            result = train(loop, start.record, measuring, output, self._hear(start.step), self.stop)
        return replace(result, news=" ".join(filter(None, (start.news(output.here), output.news))))

    def _kept_arguments(self, start: RunStart, wanted: Sequence[Observation[Any]]) -> Arguments:
        """What the run has in common with the one that takes it up again."""
        kinds, until = tuple(analysis.kind for analysis in wanted), "" if self.until is None else self.until.text
        return Arguments(self.every, kinds, until, start.step, start.ledger.digest)

    def _hear(self, begun: int) -> Callable[[int], None] | None:
        """Who is told of each step, counted from where the run begins."""
        progress = self.progress
        return None if progress is None else lambda step: progress(step - begun)


def _known(names: Sequence[str] | None) -> list[Observation[Any]]:
    """The analyses of these names; those of step 0 where none are given."""
    chosen, known = unasked() if names is None else names, known_analyses()
    if unknown := [name for name in chosen if name not in known]:
        raise ValueError(f"no analysis is called {unknown[0]!r}; there are {', '.join(known)}")
    return [analysis for name, analysis in known.items() if name in chosen]


def _begun(folder: RunFolder, start_of_run: RunStart, loop: TrainingLoop, here: Environment, resume: bool) -> RunFiles:
    """The files of a run, begun anew or, with ``resume``, behind where it was stopped."""
    kept = folder.kept(start_of_run.coming.experiment_before) if resume else None
    if kept is not None:
        start_of_run.take_up(kept, loop)
        _check_ahead(loop, folder)
    files = folder.files(start_of_run.experiment, loop, here, kept)
    if start_of_run.ledger.entries:
        write_changes(start_of_run.ledger, folder.folder / CHANGES)
    return files


def _check_ahead(loop: TrainingLoop, folder: RunFolder) -> None:
    made, last = count(loop.training.step, "step"), integer(loop.steps)
    if loop.training.step > loop.steps:
        raise ExperimentError(
            f"{folder.folder} holds an unfinished run of {made} already, and step {last} is to be the last: "
            "--resume goes on to a later one, without it the run begins anew"
        )


def _check_counts(steps: int, every: int) -> None:
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, not {steps}")
    if every < 1:
        raise ValueError(f"every must be 1 or more, not {every}")
