"""The one sentence about a run: the doctor's first finding, or that nothing is wrong and a fact."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator.doctor.base import Finding
from simulator.doctor.phrases import number, times
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.frame import Frame


def headline(findings: Sequence[Finding], frame: Frame) -> str:
    """What the status line and the command line say: ``findings`` are those about ``frame``."""
    if findings:
        return findings[0].sentence
    return f"Nothing is wrong: {fact(frame)}."


def fact(frame: Frame) -> str:
    """How the gradient compares at the first and the last time step, or of the first and the last hidden layer."""
    for label, profile in (frame.result(TimeProfilesObservation()) or {}).items():
        norms = profile.hidden_gradient_norm
        if len(norms) > 1 and norms[-1] > 0:
            ratio = times(float(norms[0] / norms[-1]))
            return f"in layer {label} the gradient at the first time step is {ratio} that at the last"
    rows = np.flatnonzero(frame.defined["weight_gradient_norm"]).tolist()
    rows = rows[:-1] if len(rows) > 2 else rows
    norms = frame.measures["weight_gradient_norm"][rows]
    if len(rows) < 2 or not norms[-1] > 0:
        return f"the gradient's norm is {number(frame.scalars.get('gradient_norm', math.nan))}"
    return f"{_name(frame, rows[0])}'s gradient is {times(float(norms[0] / norms[-1]))} {_name(frame, rows[-1])}'s"


def _name(frame: Frame, row: int) -> str:
    layer = frame.info.layers[row]
    return "the output" if layer.entry < 0 else f"layer {layer.label}"
