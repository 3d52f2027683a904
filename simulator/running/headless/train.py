"""The steps of a run without a screen, measured now and then, and what its last step is found to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simulator.observations.observer import Observer
from simulator.record.alignment import handed_on
from simulator.record.frame import frame_of
from simulator.record.history import Rows
from simulator.record.record import Record
from simulator.running.headless.measuring import Measuring
from simulator.running.headless.output import RunOutput
from simulator.running.headless.result import RunResult
from simulator.running.headless.training_loop import TrainingLoop
from simulator.training.ledger import words_of
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.training import Training


def train(
    loop: TrainingLoop, record: Record, measuring: Measuring, output: RunOutput, progress: Callable[[int], None] | None,
    stop: Callable[[], bool] = lambda: False,
) -> RunResult:  # fmt: skip
    """Make a loop's steps into its record; ``progress`` and ``stop`` as a request has them."""
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
