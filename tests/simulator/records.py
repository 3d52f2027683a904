"""Records of real runs, with all that is sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.observations.microscope import UnitObservation
from simulator.observations.observer import Observer
from simulator.observations.registry import at_start
from simulator.observations.sharpness import SharpnessObservation
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.training.training import Training

SEEN = at_start()
NETS: dict[str, dict[str, Any]] = {
    "pixels": {
        "data": {"kind": "digits"},
        "layers": [
            {"kind": "convolution", "channels": 3}, {"kind": "flatten"},
            {"kind": "dense", "units": 6, "activation": {"kind": "relu"}, "repeat": 2},
        ],
    },
    "recurrent": {
        "data": {"kind": "adding", "samples": 60, "steps": 8},
        "layers": [{"kind": "gru", "units": 4, "output": "all"}, {"kind": "lstm", "units": 4}],
    },
    "single": {"data": {"kind": "moons"}, "layers": []},
}  # fmt: skip


def recorded(net: str, steps: int, ruined: bool = False, *, skip: int = 0, into: Record | None = None) -> Record:
    """The record of one of ``NETS``, every third step looked at; into another from step ``skip`` on."""
    training = Training(Experiment.from_builtins(NETS[net]))
    observer = Observer(training)
    record = into or Record(History(training.columns, 256))
    for step in range(steps):
        if ruined and step == steps // 2:
            training.network.parameters.value[::7] = np.inf
            training.network.parameters.value[1::7] = np.nan
        looked = step % 3 == 0
        with np.errstate(all="ignore"):
            training.propose(trace=looked)
            scalars = training.scalars(validate=step % 9 == 0)
            seen = [each for each in SEEN if step % 6 or each != UnitObservation()]
            seen += [SharpnessObservation()] * (step % 60 == 0)
            # What an observation cost is another each time.
            made = {each: replace(observed, seconds=0.0) for each, observed in observer.observe(seen).items()}
            frame = frame_of(training, scalars, made) if looked else None
        row = training.row(scalars)
        if step >= skip:
            record.add(frame, (Rows(step, training.columns, row[np.newaxis], row if step % 2 else None),))
        if step % 11 == 5 and step >= skip:
            record.changes.add(step, f"Change {step % 4}", goes_on=True)
        training.apply()
    record.seconds = steps / 7
    record.finding = "vanishing (severe)"
    return record
