"""The same training without a screen: files out, and what a plot needs to draw the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.doctor import WANTS as DIAGNOSED
from simulator.doctor import Finding
from simulator.doctor.consult import consult
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.tables import ANALYSES, CHEAP, Analysis
from simulator.record.frame import Frame
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.files import RunFiles
from simulator.running.messages import Answer
from simulator.training.run_info import RunInfo
from simulator.training.training import HISTOGRAM_SOURCES, WANTS, Training

MEASURED = (*HISTOGRAM_SOURCES, *sorted(DIAGNOSED))
"""What the frames of measured steps bring."""


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves in memory."""

    info: RunInfo
    first: Frame
    last: Frame
    record: Record
    """Every step's scalars, and what was looked at now and then."""
    findings: tuple[Finding, ...]
    """What the doctor finds at the last step."""
    answers: Mapping[str, Answer]
    """Plot → what it would have asked about the last step, as far as these analyses were chosen."""

    @property
    def history(self) -> History:
        """Every step's scalars."""
        return self.record.history


def run(
    experiment: Experiment,
    *,
    steps: int,
    out: str | Path | None = None,
    every: int = 1,
    analyses: Sequence[str] = CHEAP,
    progress: Callable[[int], None] | None = None,
) -> RunResult:
    """Train for ``steps`` updates and write the run's files into ``out`` (nothing is written if it is None).

    Row s of ``steps.csv`` is the network after s updates, on the batch of its next update; rows 0 … ``steps``.
    ``layers.csv``, ``histograms.npz`` and the validation columns are filled at multiples of ``every`` and at the end;
    ``findings.json`` is about the last step. ``analyses`` (names in ``ANALYSES``) are written at the same steps as
    ``layers.csv``, those of step 0 once; they change no number of the training.
    Errors: ExperimentError for what cannot be trained, ValueError for a negative ``steps``, an ``every`` below 1 or an
    unknown analysis, OSError where files cannot be written.
    """
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, not {steps}")
    if every < 1:
        raise ValueError(f"every must be 1 or more, not {every}")
    if unknown := [name for name in analyses if name not in ANALYSES]:
        raise ValueError(f"no analysis is called {unknown[0]!r}; there are {', '.join(ANALYSES)}")
    wanted = [each for name, each in ANALYSES.items() if name in analyses]
    training = Training(experiment)
    with limited_blas(blas_threads(training.network)):
        if out is None:
            return _train(training, steps, every, None, (), progress)
        with RunFiles(Path(out), training.experiment, training.info) as files:
            return _train(training, steps, every, files, wanted, progress)


def _train(
    training: Training,
    steps: int,
    every: int,
    files: RunFiles | None,
    analyses: Sequence[Analysis],
    progress: Callable[[int], None] | None,
) -> RunResult:
    record = Record(History(training.columns))
    first = last = None
    at_end = (*WANTS, *(want for analysis in analyses for want in analysis.wants))
    for step in range(steps + 1):
        measured = step % every == 0 or step == steps
        if step < steps:
            training.propose(trace=measured)
        else:
            training.look()
        scalars = training.scalars(validate=measured)
        rows = Rows(step, training.columns, training.row(scalars)[np.newaxis])
        if files is not None:
            files.step(step, scalars)
        if measured:
            last = training.frame(scalars, (*MEASURED, *(at_end if step == steps else ())))
            first = first or last
            if files is not None:
                _write(files, last, training, analyses)
        record.add(last if measured else None, (rows,))
        if step < steps:
            training.apply()
        if progress is not None:
            progress(step)
    assert first is not None
    assert last is not None
    findings = consult(training, last, record)
    if files is not None:
        files.findings(findings)
    return RunResult(training.info, first, last, record, findings, _answers(training, analyses))


def _write(files: RunFiles, frame: Frame, training: Training, analyses: Sequence[Analysis]) -> None:
    """A measured step."""
    files.frame(frame)
    for analysis in analyses:
        if frame.step == 0 or not analysis.initial:
            with np.errstate(all="ignore"):
                files.analysis(analysis, training)


@np.errstate(all="ignore")
def _answers(training: Training, analyses: Sequence[Analysis]) -> dict[str, Answer]:
    """For the plots: what a window would have been told at the last step."""
    found = {}
    for topic, question in [item for analysis in analyses for item in analysis.asks.items()]:
        began, result, refusal = time.perf_counter(), None, ""
        try:
            result = question.answer(training)
        except ValueError as error:
            refusal = str(error)
        seconds = time.perf_counter() - began
        found[topic] = Answer(0, topic, training.info.run, training.step, result, refusal, seconds)
    return found
