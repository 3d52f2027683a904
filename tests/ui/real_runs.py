"""Real runs of a few steps, as the bench would show them: with all that a plot may ask for."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from simulator.experiment.experiment import Experiment
from simulator.observations.question import Question
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.messages import Answer
from simulator.training.training import WANTS, Training
from ui.plots import View, all_plots
from ui.plots.asking import Asking

ALL = frozenset({*WANTS, "prediction", "order_chaos", "bounds", "factors"})
BRANCH: dict[str, Any] = {"kind": "residual", "layers": [{"kind": "dense", "units": 6, "repeat": 2}], "repeat": 2}
NETS: dict[str, dict[str, Any]] = {
    "residual": {"data": {"kind": "digits"}, "layers": [{"kind": "dense", "units": 6}, BRANCH]},
    "pooling": {
        "data": {"kind": "digits"},
        "layers": [
            {"kind": "convolution", "channels": 3}, {"kind": "pooling"}, {"kind": "flatten"},
            {"kind": "dense", "units": 6},
        ],
    },
    "recurrent": {
        "data": {"kind": "adding", "samples": 60, "steps": 8},
        "layers": [{"kind": "gru", "units": 4, "output": "all"}, {"kind": "lstm", "units": 4}],
    },
    "highway": {
        "data": {"kind": "moons"},
        "layers": [{"kind": "dense", "units": 6}, {"kind": "highway", "units": 6, "repeat": 2}],
    },
    "deep": {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 5, "repeat": 49}]},
    "single": {"data": {"kind": "moons"}, "layers": []},
}  # fmt: skip


@functools.cache
def real(name: str, steps: int = 4) -> View:
    """One of ``NETS`` after so many steps, each of them looked at."""
    training = Training(Experiment.from_builtins(NETS[name]))
    record = Record(History(training.columns))
    for step in range(steps + 1):
        training.propose(trace=True)
        scalars = training.scalars(validate=step % 2 == 0)
        frame = training.frame(scalars, ALL)
        record.add(frame, (Rows(step, training.columns, training.row(scalars)[np.newaxis]),))
        answers = _answers(training) if step == steps else {}
        training.apply()
    return View(frame, record, answers)


def _answers(training: Training) -> dict[str, Answer]:
    """What the asking plots ask while nothing is pointed at."""
    asking = [plot(bare=True) for plot in all_plots() if issubclass(plot, Asking)]
    return {plot.key: _answer(plot.key, plot.question(), training) for plot in asking}


def _answer(key: str, question: Question, training: Training) -> Answer:
    try:
        return Answer(1, key, training.info.run, training.step, question.answer(training), seconds=0.01)
    except ValueError as refusal:
        return Answer(1, key, training.info.run, training.step, None, str(refusal), seconds=0.01)
