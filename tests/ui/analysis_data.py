"""What costly observations might find, made up."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.measures.histograms import histograms
from simulator.observations.base import Observation
from simulator.observations.correlation import Correlation, CorrelationObservation
from simulator.observations.effective_rank import EffectiveRank, EffectiveRankObservation
from simulator.observations.gradient_noise import GradientNoise, GradientNoiseObservation
from simulator.observations.input_gradient import InputGradient, InputGradientObservation
from simulator.observations.jacobian import Jacobian, JacobianObservation
from simulator.observations.output_errors import OutputErrors, OutputErrorsObservation
from simulator.observations.preactivation import Preactivation, PreactivationObservation
from simulator.observations.sharpness import Sharpness, SharpnessObservation
from simulator.parts.activations import Tanh


def costly(depth: int, step: int, fill: Callable[[Floats], Floats]) -> dict[Observation[Any], Any]:
    """Results of ``step``, their numbers passed through ``fill``."""
    rng = np.random.default_rng(step)
    one = float(fill(np.array([0.3]))[0])
    return {
        JacobianObservation(): Jacobian(
            np.array([3, 4]), fill(np.exp(-np.arange(20.0).reshape(2, 10))), min(1, depth - 1),
            fill(np.linspace(2, 0.1, 30)),
        ),
        SharpnessObservation(): Sharpness(10 * one, 1e-3, 20, 0.1, 2.0, ""),
        GradientNoiseObservation(): GradientNoise(np.arange(30), fill(np.exp(rng.normal(size=30))), one, 0.1, 0.25),
        PreactivationObservation(): Preactivation(
            min(1, depth - 1), Tanh(), histograms([fill(rng.normal(size=400))]), 0.25
        ),
        CorrelationObservation(): correlation(depth, fill),
        OutputErrorsObservation(): OutputErrors(
            ("a", "b"), fill(np.array([0.4, 0.01])), fill(np.array([0.5, 0.02])), np.ones(2)
        ),
        InputGradientObservation(): input_gradient((7,), step, fill),
        InputGradientObservation(picture=True): input_gradient((2, 5, 6), step, fill),
        EffectiveRankObservation(): EffectiveRank(fill(1.5 + rng.random(depth)), np.full(depth, 8.0)),
    }  # fmt: skip


def correlation(depth: int, fill: Callable[[Floats], Floats]) -> Correlation:
    """Of three samples that come out more and more alike."""
    alike = 1 - 0.9 * np.exp(-np.arange(depth) / 4)
    products = np.where(np.eye(3, dtype=np.bool_), 1.0, alike[:, np.newaxis, np.newaxis])
    return Correlation(np.array([3, 4, 9]), fill(products), products, "", 1.0, 0.75, 3.5, 4.1, "")


def input_gradient(shape: tuple[int, ...], step: int, fill: Callable[[Floats], Floats]) -> InputGradient:
    """Of three samples of a batch of five."""
    inputs = math.prod(shape)
    gradients = fill(np.random.default_rng(step).normal(size=(3, inputs)))
    names = tuple(f"x{number}" for number in range(1, inputs + 1))
    return InputGradient(np.arange(5) * 7, fill(np.ones(5)), gradients, fill(np.full(inputs, 0.8)), shape, names)
