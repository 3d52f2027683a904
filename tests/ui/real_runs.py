"""Real runs of a few steps, as the bench would show them: with all that a plot may ask for."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from simulator.experiment.experiment import Experiment
from simulator.observations.observer import Observer
from simulator.observations.registry import observations
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.training.training import Training
from ui.plots import View

ALL = tuple(each for kind in observations() for each in kind.variants())
CHEAP = tuple(each for each in ALL if not each.share or each.standard)
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
    record, observer = Record(History(training.columns)), Observer(training)
    for step in range(steps + 1):
        training.propose(trace=True)
        scalars = training.scalars(validate=step % 2 == 0)
        frame = frame_of(training, scalars, observer.observe(ALL if step == steps else CHEAP))
        record.add(frame, (Rows(step, training.columns, training.row(scalars)[np.newaxis]),))
        training.apply()
    return View(frame, record)
