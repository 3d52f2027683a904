"""What mean-field theory says of step 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.observations.base import AnalysisRow, Observation, known, sentence
from simulator.theory.predicted import Prediction
from simulator.training.run_info import RunInfo
from simulator.training.training import Training

PROFILE = ("preactivation_variance", "activation_mean", "activation_std", "delta_rms", "weight_gradient_norm")
BANDS: Mapping[str, str] = {
    "activation_std": "forward_spread",
    "delta_rms": "backward_spread",
    "weight_gradient_norm": "backward_spread",
}
"""Quantity → by how much single networks are off it."""


class PredictionObservation(Observation[Prediction], frozen=True, tag="prediction"):
    """Mean field: the predicted profile, χ of each layer, the band that single networks keep to."""

    share = 0
    initial = True
    order = 1
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prediction.csv": (
            "step", "layer", *PROFILE, "chi", *(f"{name}_{end}" for name in BANDS for end in ("low", "high")),
        ),
    }  # fmt: skip

    def observe(self, training: Training) -> Prediction:
        return _Remembered().prediction(training)

    def watch(self) -> Callable[[Training], Prediction]:
        return _Remembered().prediction

    def rows(self, result: Prediction, info: RunInfo) -> Iterator[AnalysisRow]:
        if result.reason:
            raise ValueError(sentence(result.reason))
        growth = _growth(info, result.delta_rms)
        for layer, each in enumerate(info.layers):
            cells = {name: known(getattr(result, name)[layer]) for name in PROFILE}
            cells["chi"] = known(growth[layer])
            for name, spread in BANDS.items():
                # The spread is that of the log of a square: two of them, halved.
                factor = math.exp(getattr(result, spread)[layer])
                cells[f"{name}_low"] = known(getattr(result, name)[layer] / factor)
                cells[f"{name}_high"] = known(getattr(result, name)[layer] * factor)
            yield AnalysisRow("prediction.csv", {"layer": each.label, **cells})


def _growth(info: RunInfo, rms: Floats) -> Floats:
    """E‖δ_l‖² / E‖δ_{l+1}‖² along the way from the output back; NaN inside branches."""
    outer = [row for row, layer in enumerate(info.layers) if "." not in layer.label]
    square = np.array([layer.units for layer in info.layers]) * np.square(rms)
    growth = np.full(len(rms), math.nan)
    growth[outer[:-1]] = square[outer[:-1]] / square[outer[1:]]
    return growth


class _Remembered:
    """What is said of step 0 stays true; while it is the present step, an edit may change it."""

    def __init__(self) -> None:
        self._said: tuple[Experiment, Prediction] | None = None

    def prediction(self, training: Training) -> Prediction:
        if self._said is None or (training.step == 0 and self._said[0] is not training.experiment):
            from simulator.theory.prediction import predict  # A window, which only shows it, does not wait for it.

            self._said = training.experiment, predict(_at_start(training).network)
        return self._said[1]


def _at_start(training: Training) -> Training:
    """The training at step 0; of a later step, a twin that is put there."""
    if training.step == 0:
        return training
    start = Training(training.experiment)
    start.look()
    return start
