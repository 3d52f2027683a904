"""What a map can show of a run's last step: scalars, the ratio of gradients, and what is measured of layers.

``loss`` … ``gradient_norm`` as in ``steps.csv``; ``gradient_ratio``, the first layer's gradient by the last's;
``NAME:LAYER`` as in ``layers.csv`` and ``flow.csv``, and ``NAME`` alone for its mean over the layers that have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.doctor.headline import gradient_ratio
from simulator.experiment.experiment import ExperimentError
from simulator.measures import RECORDED_NAMES
from simulator.record.frame import Frame
from simulator.system.text import shortened
from simulator.training.training import SCALARS

RATIO = "gradient_ratio"
USUAL = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "gradient_norm", RATIO)
"""What a map has if nothing else is asked for: the last row of ``steps.csv``, and the ratio of gradients."""
assert set(USUAL) == {*SCALARS, RATIO}


def check(names: Iterable[str]) -> None:
    """ExperimentError where one of the names is no measure, or stands twice."""
    names = list(names)
    for name in names:
        if names.count(name) > 1:
            raise ExperimentError(f"the measure {shortened(name)!r} is asked for twice")
        if name not in USUAL and name.partition(":")[0] not in RECORDED_NAMES:
            known = ", ".join((*USUAL, *RECORDED_NAMES))
            raise ExperimentError(f"no measure is called {shortened(name)!r}; there are {known}; NAME:LAYER of a layer")


def layer_of(name: str) -> str | None:
    """The layer that ``NAME:LAYER`` asks for; None where it asks for none."""
    _, colon, label = name.partition(":")
    return label if colon else None


def measured(names: Iterable[str], frame: Frame) -> Mapping[str, float | None]:
    """Each measure by its name; None where it is not defined, or the network has no such layer."""
    return {name: _of(name, frame) for name in names}


def _of(name: str, frame: Frame) -> float | None:
    if name == RATIO:
        return gradient_ratio(frame)
    if name in USUAL:
        return frame.scalars.get(name)
    measure, label = name.partition(":")[0], layer_of(name)
    values, defined = frame.measures[measure], frame.defined[measure]
    if label is None:
        return float(values[defined].mean()) if defined.any() else None
    row = next((row for row, layer in enumerate(frame.info.layers) if layer.label == label), None)
    return float(values[row]) if row is not None and defined[row] else None
