"""The same training without a screen: files out, and what a plot needs to draw the run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.doctor import OBSERVATIONS as DIAGNOSED
from simulator.doctor import Finding
from simulator.doctor.consult import consult
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.base import Observation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import Made, Observer, observe
from simulator.observations.registry import analyses as known_analyses
from simulator.observations.registry import standard, unasked
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.files import RunFiles
from simulator.running.run_file import SavedRun, taken_up, write
from simulator.running.stop_rules import Past, Stopped, StopRule
from simulator.running.stopping import Stopping
from simulator.system.environment import Environment, environment
from simulator.training.run_info import RunInfo
from simulator.training.training import Training

MEASURED = (*HistogramsObservation.variants(), *DIAGNOSED)
"""What the frames of measured steps bring."""


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves in memory."""

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
    news: str = ""
    """Of a saved run that went on: why its last digits may be others than without a stop."""

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
    analyses: Sequence[str] | None = None,
    until: StopRule | None = None,
    progress: Callable[[int], None] | None = None,
    start: SavedRun | None = None,
    save: str | Path | None = None,
) -> RunResult:
    """Train for ``steps`` updates and write the run's files into ``out`` (nothing is written if it is None).

    Row s of ``steps.csv`` is the network after s updates, on the batch of its next update; rows 0 … ``steps``.
    ``layers.csv``, ``histograms.npz`` and the validation columns are filled at multiples of ``every`` and at the end;
    ``findings.json`` is about the last step. ``analyses`` (their names; if left out, those of step 0)
    are written at the same steps as ``layers.csv``, those of step 0 once; they change no number of the training.
    ``until`` ends it at an earlier step, which is then the last row. ``start`` is a saved run that goes on for
    ``steps`` more, from its step on, with ``experiment`` in place of its own where that differs live. ``save`` is the
    run file in which the end is kept.
    Errors: ExperimentError for what cannot be trained, ValueError for a negative ``steps``, an ``every`` below 1, an
    unknown analysis or an ``until`` that can never hold, OSError where files cannot be written.
    """
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, not {steps}")
    if every < 1:
        raise ValueError(f"every must be 1 or more, not {every}")
    chosen, known = unasked() if analyses is None else analyses, known_analyses()
    if unknown := [name for name in chosen if name not in known]:
        raise ValueError(f"no analysis is called {unknown[0]!r}; there are {', '.join(known)}")
    wanted = [analysis for name, analysis in known.items() if name in chosen]
    training = Training(experiment) if start is None else _went_on(start, experiment)
    if until is not None:
        until.check(training.info)
    record = Record(History(training.columns)) if start is None else deepcopy(start.record)
    course = _Course(training, training.step + steps, until, None if start is None else Past(start.record))
    threads = blas_threads(training.network)
    here = environment(threads)
    news = "" if start is None else start.news(here, training.data.digest)
    keep = None if save is None else functools.partial(_keep, training, record, here, Path(save))
    with limited_blas(threads):
        if out is None:
            return replace(_train(course, record, every, None, (), progress, keep), news=news)
        with RunFiles(Path(out), training.experiment, training.info, here) as files:
            return replace(_train(course, record, every, files, wanted, progress, keep), news=news)


def _went_on(start: SavedRun, experiment: Experiment) -> Training:
    """The saved run, with an experiment that differs from its own in live parameters only."""
    training = taken_up(start)
    if experiment != start.experiment:
        if not training.accepts(experiment):
            raise ExperimentError("a saved run goes on with live parameters only: anything else begins another one")
        training.update_spec(experiment)
    return training


def _keep(training: Training, record: Record, here: Environment, path: Path) -> None:
    """Write the run as it stands between two steps."""
    write(SavedRun(training.checkpoint(), record, here), path)


def _train(
    course: _Course,
    record: Record,
    every: int,
    files: RunFiles | None,
    analyses: Sequence[Observation[Any]],
    progress: Callable[[int], None] | None,
    keep: Callable[[], None] | None,
) -> RunResult:
    training, first, last = course.training, None, None
    observer = Observer(training)
    begun = training.step
    for step in range(begun, course.steps + 1):
        ends = not course.propose(trace=step % every == 0)
        measured = step % every == 0 or ends
        if ends and keep is not None:
            # Before the last row, which is that of a step whose update has not been made.
            keep()
        scalars = training.scalars(validate=measured)
        row = training.row(scalars)
        rows = Rows(step, training.columns, row[np.newaxis])
        if files is not None:
            files.step(step, scalars)
        if measured:
            made = _analysed(observer, analyses)
            shown = _shown(observer, made, analyses) if ends else {}
            kept = {each: observed for each, observed in made.items() if each.past is not None}
            last = frame_of(training, scalars, {**observer.observe(MEASURED), **kept, **shown})
            first = first or last
            if files is not None:
                _write(files, last, made)
        record.add(last if measured else None, (rows,))
        if progress is not None:
            progress(step - begun)
        if ends:
            break
        course.apply(row)
    assert first is not None
    assert last is not None
    findings = consult(training, last, record)
    if files is not None:
        files.findings(findings)
    return RunResult(training.info, first, last, record, findings, course.stopping.stopped)


class _Course:
    """Step after step of a run, to its last one or to where a rule ends it."""

    def __init__(self, training: Training, steps: int, until: StopRule | None, past: Past | None = None) -> None:
        """``past`` is that of a run that goes on."""
        self.training, self.steps = training, steps
        self.stopping = Stopping()
        self.stopping.begin(training, until, past)

    def propose(self, trace: bool) -> bool:
        """Evaluate the present step; whether another one follows, whose update is written then."""
        training, stopping = self.training, self.stopping
        if training.step < self.steps:
            traced = trace or stopping.traced(training.step)
            if training.propose(trace=traced, before_update=lambda: not stopping.stops(training)):
                return True
        training.look()
        return False

    def apply(self, row: Floats) -> None:
        """Make the step of which ``row`` is recorded."""
        self.stopping.add(self.training.step, row)
        self.training.apply()


def _analysed(observer: Observer, analyses: Sequence[Observation[Any]]) -> Made:
    """What is to be written of the present step; of what is about step 0, only then."""
    at_start = [each for each in analyses if each.initial and observer.training.step == 0]
    anew = [each for each in analyses if not each.initial]
    # To the end and from nowhere, so that no step's rows hang on those before.
    return {**observer.observe(at_start), **observe(observer.training, anew)}


def _shown(observer: Observer, made: Made, analyses: Sequence[Observation[Any]]) -> Made:
    """For the plots: what a window would have been told at the last step."""
    wanted = dict.fromkeys((*standard(), *(drawn for each in analyses for drawn in each.drawn())))
    return {**observer.observe(each for each in wanted if each not in made or each.initial), **made}


def _write(files: RunFiles, frame: Frame, made: Made) -> None:
    """A measured step."""
    files.frame(frame)
    for analysis, observed in made.items():
        files.analysis(analysis, observed)
