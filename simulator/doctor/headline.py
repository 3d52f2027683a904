"""The one sentence about a run: the doctor's first finding, or that nothing is wrong and a fact."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator.doctor.base import Finding
from simulator.doctor.evidence import name_of
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
            first_to_last = times(float(norms[0] / norms[-1]))
            return f"in layer {label} the gradient at the first time step is {first_to_last} that at the last"
    first, last = compared_layers(frame)
    ratio = gradient_ratio(frame)
    if ratio is None or math.isnan(frame.measures["weight_gradient_norm"][last]):
        return f"the gradient's norm is {number(frame.scalars.get('gradient_norm', math.nan))}"
    return f"{name_of(frame.info.layers[first])}'s gradient is {times(ratio)} {name_of(frame.info.layers[last])}'s"


def compared_layers(frame: Frame) -> tuple[int, int]:
    """The first and the last layer with weights, the output left out where there are others; -1 twice without any."""
    rows = np.flatnonzero(frame.defined["weight_gradient_norm"]).tolist()
    rows = rows[:-1] if len(rows) > 2 else rows
    return (rows[0], rows[-1]) if rows else (-1, -1)


def gradient_ratio(frame: Frame) -> float | None:
    """‖∂C/∂W‖ of the first of these layers by that of the last; None where there is only one, or the last is at 0."""
    first, last = compared_layers(frame)
    norms = frame.measures["weight_gradient_norm"]
    return float(norms[first] / norms[last]) if first != last and norms[last] != 0 else None
