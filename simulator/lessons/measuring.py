"""What a lesson's runs measure: each network trained once, looked at where the lesson reads something off it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from simulator.experiment.experiment import Experiment
from simulator.landscape.landscape import Landscape
from simulator.landscape.race import run
from simulator.lessons.formula import FormulaError, FormulaValue
from simulator.lessons.lesson import Lesson, LessonSubject
from simulator.lessons.reading import LandscapeReading, ReadingError, RunReading, SeriesReading, WhatIfReading
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.observer import observe
from simulator.record.frame import frame_of
from simulator.system.progress import advance
from simulator.training.training import Training


def measure(lesson: Lesson, subject: LessonSubject | None = None) -> dict[str, FormulaValue]:
    """Every number of the lesson by its name, as ``subject`` (its own, if left out) has them when it is run.

    ReadingError or FormulaError says what cannot be had; ExperimentError what cannot be run.
    """
    subject = lesson.subject if subject is None else subject
    names = lesson.numbers(subject)
    read = _off_networks(lesson, subject) if isinstance(subject, Experiment) else _off_paths(lesson, subject)
    return names | {name: read[name] for name in lesson.readings}


def _off_paths(lesson: Lesson, landscape: Landscape) -> dict[str, FormulaValue]:
    """What is read off a race."""
    paths = {path.entry.name: path for path in run(landscape)}
    values: dict[str, FormulaValue] = {}
    for name, reading in lesson.readings.items():
        assert isinstance(reading, LandscapeReading)
        if reading.optimizer not in paths:
            raise ReadingError(f"no optimiser is called {reading.optimizer!r} any more")
        values[name] = reading.of_path(paths[reading.optimizer])
    return values


def _off_networks(lesson: Lesson, experiment: Experiment) -> dict[str, FormulaValue]:
    """What is read off an experiment and its lanes."""
    lanes = experiment.all_lanes()
    values: dict[str, FormulaValue] = {}
    for lane in dict.fromkeys(reading.lane for reading in lesson.readings.values()):
        if lane not in lanes:
            raise ReadingError(f"there is no network {lane!r} any more")
        values |= _of_lane(lesson, lane, lanes[lane])
    return values


def _of_lane(lesson: Lesson, lane: str, experiment: Experiment) -> dict[str, FormulaValue]:
    """What is read off one network."""
    own = {name: each for name, each in lesson.readings.items() if each.lane == lane}
    still = {name: each.untrained(experiment) for name, each in own.items() if not each.trained}
    wanted = {name: each for name, each in own.items() if each.trained}
    return still | (_trained(wanted, experiment, lesson) if wanted else {})


def _trained(wanted: Mapping[str, RunReading], experiment: Experiment, lesson: Lesson) -> dict[str, FormulaValue]:
    """What is read off a run, of the lesson's steps at most."""
    training = Training(experiment)
    at = {name: lesson.steps if each.step is None else each.step for name, each in wanted.items()}
    past: dict[str, list[float]] = {"loss": [], "accuracy": [], "learning_rate": [], "gradient_norm": []}
    values: dict[str, FormulaValue] = {}
    with limited_blas(blas_threads(training.network)):
        for step in _steps(training, max(at.values()), {*at.values()}):
            scalars = training.scalars()
            for quantity, column in past.items():
                column.append(scalars.get(quantity, math.nan))
            due = {name: each for name, each in wanted.items() if at[name] == step}
            values |= _read(training, due, past) if due else {}
            advance(lesson.title, step, lesson.steps or 1, "steps")
    return values


def _steps(training: Training, last: int, read: set[int]) -> Iterator[int]:
    """Each step with its update proposed; the last is only looked at."""
    for step in range(last):
        training.propose(trace=step in read)
        yield step
        training.apply()
    training.look()
    yield last


def _read(
    training: Training, due: Mapping[str, RunReading], past: Mapping[str, list[float]]
) -> dict[str, FormulaValue]:
    """What is due at the present step."""
    asked = dict.fromkeys(each.asked for each in due.values() if each.asked is not None)
    held_out = any(getattr(each, "quantity", "").startswith("validation") for each in due.values())
    frame = frame_of(training, training.scalars(validate=held_out), observe(training, asked))
    values: dict[str, FormulaValue] = {}
    for name, reading in due.items():
        try:
            if isinstance(reading, SeriesReading):
                values[name] = np.array(past[reading.quantity])
            elif isinstance(reading, WhatIfReading):
                values[name] = reading.observe(training)
            else:
                values[name] = reading.value(frame)
        except ValueError as error:
            raise ReadingError(f"{name}: {error}") from None
    return values


__all__ = ["FormulaError", "ReadingError", "measure"]
