"""The same training without a screen: files out, and what a plot needs to draw the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from simulator.doctor.base import Finding
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.base import Observation
from simulator.observations.observer import Observer
from simulator.observations.registry import analyses as known_analyses
from simulator.observations.registry import unasked
from simulator.record.alignment import handed_on
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.headless.files import CHANGES, RunFiles
from simulator.running.headless.folder import Arguments, RunFolder
from simulator.running.headless.measuring import Measuring
from simulator.running.headless.output import FolderOutput, RunOutput
from simulator.running.headless.start import RunStart
from simulator.running.headless.training_loop import TrainingLoop
from simulator.running.nabla.run_file import SavedRun
from simulator.running.run_source import what_is_trained
from simulator.running.stop_rules import Stopped, StopRule
from simulator.schema.numbers import count, integer
from simulator.system.environment import Environment, environment
from simulator.system.machine import given_threads
from simulator.training.ledger import Ledger, words_of
from simulator.training.ledger import write as write_changes
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.run_info import RunInfo
from simulator.training.training import Training

USUAL_ROWS = 1000
"""Measured rows of a run, if not said otherwise."""


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves in memory."""

    experiment: Experiment
    """As it was trained: with what was taken where it leaves something open."""
    environment: Environment
    """Where."""
    info: RunInfo
    first: Frame
    last: Frame
    """With what plots show of the chosen analyses."""
    record: Record
    """Every step's scalars, and what was looked at now and then."""
    findings: tuple[Finding, ...]
    """What the doctor finds at the last step."""
    stopped: Stopped | None = None
    """Where and why it ended before its last step."""
    interrupted: bool = False
    """Whether it was asked to end there: it can be taken up again."""
    news: str = ""
    """Of a saved run that went on: why its last digits may be others than without a stop; and what has become of the
    file in which the end is kept."""

    @property
    def history(self) -> History:
        """Every step's scalars."""
        return self.record.history


def usual_every(steps: int) -> int:
    """Every how many steps a run is measured, so that about a thousand rows come of it."""
    return max(1, -(-steps // USUAL_ROWS))


def run(
    experiment: Experiment | str | Path,
    *,
    steps: int,
    out: str | Path | None = None,
    every: int | None = None,
    analyses: Sequence[str] | None = None,
    until: StopRule | None = None,
    progress: Callable[[int], None] | None = None,
    start: SavedRun | str | Path | None = None,
    save: str | Path | None = None,
    resume: bool = False,
    leave_unfinished: bool = False,
    stop: Callable[[], bool] = lambda: False,
    changes: Ledger | str | Path | None = None,
    brief: bool = False,
) -> RunResult:
    """Train for ``steps`` updates and write the run's files into ``out`` (nothing is written if it is None).

    ``experiment`` may be a file or a preset by its name too; a ``.nabla`` goes on where its run was saved.
    Row s of ``steps.csv`` is the network after s updates, on the batch of its next update; rows 0 … ``steps``. Rows
    stand in their files as they come. ``layers.csv``, ``histograms.npz`` and the validation columns are filled at
    multiples of ``every`` and at the end; if left out, it gives about a thousand such rows.
    ``findings.json`` is about the last step. ``analyses`` (their names; if left out, those of step 0)
    are written at the same steps as ``layers.csv``, those of step 0 once; they change no number of the training.
    ``until`` ends it at an earlier step, which is then the last row. ``start`` is a saved run, or its file: it goes on
    for ``steps`` more, from its step on, with ``experiment`` in place of its own where that differs live. ``save`` is a
    file in which the end is kept. ``progress`` hears of each step, counted from where the run begins.
    ``stop`` is asked between steps and ends the run early, whose files then stand as of there. ``resume`` goes on from
    the last checkpoint that such a run, or one that was killed, has left in ``out``, to the same bytes as without a
    stop; ``leave_unfinished`` lets it stand at the end too. ``changes`` (or their file) act at their steps as they did
    under a hand; where a saved run goes on, those of its steps have acted already. If they are left out, what was
    planned for a saved run acts. Their list is written beside the other files. ``brief``: no plots follow, so nothing
    is observed for them, and findings are those of rules alone.
    Errors: ExperimentError for what cannot be trained, ValueError for a negative ``steps``, an ``every`` below 1, an
    unknown analysis or an ``until`` that can never hold, OSError where files cannot be written or another process
    writes there.
    """
    every = usual_every(steps) if every is None else every
    _check_counts(steps, every)
    wanted = _known(analyses)
    start_of_run = RunStart(*what_is_trained(experiment, start), changes)
    if until is not None:
        until.check(start_of_run.training.info)
    loop = start_of_run.loop(steps, until)
    threads = given_threads() or start_of_run.coming.threads or blas_threads(loop.training.network)
    kinds = tuple(analysis.kind for analysis in wanted)
    arguments = Arguments(
        every, kinds, "" if until is None else until.text, start_of_run.step, start_of_run.ledger.digest
    )
    with limited_blas(threads), ExitStack() as stack:
        stack.callback(loop.close)
        output = RunOutput(environment(threads), save, start_of_run.lanes)
        if out is not None:
            folder = stack.enter_context(RunFolder(Path(out), arguments))
            files = stack.enter_context(closing(_begun(folder, start_of_run, loop, output.here, resume)))
            output = FolderOutput(output.here, save, start_of_run.lanes, folder, files, leave_unfinished)
        start_of_run.record.live_changes = start_of_run.changes_until(loop.training, threads)
        asked = wanted if out is not None or analyses is not None else ()
        hear = None if progress is None else lambda step: progress(step - start_of_run.step)
        result = train(loop, start_of_run.record, Measuring(every, asked, brief), output, hear, stop)
    return replace(result, news=" ".join(filter(None, (start_of_run.news(output.here), output.news))))


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


def train(
    loop: TrainingLoop, record: Record, measuring: Measuring, output: RunOutput, progress: Callable[[int], None] | None,
    stop: Callable[[], bool] = lambda: False,
) -> RunResult:  # fmt: skip
    """Make a loop's steps into its record; ``progress`` and ``stop`` as :func:`run` has them."""
    first, last, interrupted = record.first, None, False
    observer = Observer(loop.training)
    for step in range(loop.training.step, loop.steps + 1):
        interrupted = step < loop.steps and stop()
        output.between_steps(loop, record, interrupted)
        ends = not loop.propose(measuring.is_due(step), not interrupted)
        measured, training = measuring.is_due(step) or ends, loop.training
        if training is not observer.training:
            observer, record = Observer(training), _of_another(record, training, loop.acted)
            output.go_on_with(training)
        _note(record, loop.acted)
        if ends:
            # Before the last row, which is that of a step whose update has not been made.
            output.save(loop, record)
        scalars = training.scalars(validate=measured)
        row = training.row(scalars)
        rows = Rows(step, training.columns, row[np.newaxis])
        output.step(step, scalars)
        if measured:
            analysed = measuring.analysed(observer)
            last = frame_of(training, scalars, measuring.observed(observer, analysed, last=ends))
            first = first or last
            output.frame(last, analysed)
        record.add(last if measured else None, (rows,))
        if progress is not None:
            progress(step)
        if ends:
            break
        loop.apply(row)
    assert first is not None
    assert last is not None
    output.summarise()
    findings = measuring.findings(training, last, record)
    output.finish(findings, interrupted)
    return RunResult(
        training.experiment, output.here, training.info, first, last, record, findings, loop.stopping.stopped,
        interrupted=interrupted,
    )  # fmt: skip


def _of_another(record: Record, training: Training, acted: Sequence[LiveChange]) -> Record:
    """The record of a run that goes on as another network."""
    changes = LiveChanges(entries=tuple(acted))
    return handed_on(record, training.columns, training.step, changes, training.experiment)


def _note(record: Record, acted: Sequence[LiveChange]) -> None:
    """What has been changed in the present step."""
    if acted and record.live_changes.experiment is not None:
        before = record.live_changes.experiment_before(acted[0].step + 1)
        for change, words in zip(acted, words_of(acted, before or record.live_changes.experiment), strict=True):
            record.changes.add(change.step, words)
    record.live_changes = record.live_changes.after(tuple(acted))
