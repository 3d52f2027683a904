"""Central differences of a whole network's loss, which every backward pass is held to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.layers import Tap
from simulator.network.network import Network

TOLERANCE = 1e-6
KINKED = {"relu", "leaky_relu", "elu", "selu"}
"""Whose slope or curvature jumps at 0: a difference must not step over it."""
STEP = 1e-5
CLEARANCE = 1e-2


@dataclass
class Bench:
    """A network in float64 with random parameters, one batch and its targets."""

    network: Network
    y: Array

    def loss(self) -> float:
        with np.errstate(all="ignore"):
            self.network.forward(training=True)
        return math.fsum(self.network.output.sample_losses(self.y)) / self.network.batch

    def analytic(self) -> Array:
        with np.errstate(all="ignore"):
            self.network.forward(training=True)
            self.network.backward(self.y)
            self.network.resolve_update()
        return self.network.parameters.gradient.copy()

    def numeric(self, step: float = STEP) -> Array:
        """Central differences of fourth order, parameter by parameter."""
        value = self.network.parameters.value
        gradient = np.empty_like(value)
        for i in range(value.size):
            kept = value[i]
            terms = []
            for shift, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
                value[i] = kept + shift * step
                terms.append(weight * self.loss())
            value[i] = kept
            gradient[i] = math.fsum(terms) / (12 * step)
        return gradient


def plain(
    layers: list[dict[str, Any]], loss: str, seed: int, task: str = "classification", classes: int = 3
) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": "plane"} if task == "regression" else {"kind": "gaussian", "classes": classes}
    return {"precision": "float64", "seed": seed, "data": data, "layers": layers, "loss": {"kind": loss}}


def bench(
    experiment: dict[str, Any],
    inputs: int | tuple[int, ...],
    outputs: int,
    batch: int,
    seed: int,
    margin: bool = True,
    clear: Callable[[Network], bool] = lambda network: True,
) -> Bench:
    """Parameters and data drawn until no layer lies near a kink; ``inputs`` is a width or a shape.

    ``clear`` tells of kinks that no tap's pre-activation shows.
    """
    shape = (inputs,) if isinstance(inputs, int) else inputs
    described = Experiment.from_builtins(experiment)
    rng = np.random.default_rng(seed)
    for _ in range(500):
        network = Network(described, shape, outputs, batch)
        value = network.parameters.value
        value[...] = rng.normal(0, 0.7, value.size)
        network.input[:-1] = rng.standard_normal((math.prod(shape), batch))
        if described.data.task == "classification":
            y = np.eye(outputs)[:, rng.integers(0, outputs, batch)]
        else:
            y = rng.standard_normal((outputs, batch))
        found = Bench(network, y)
        found.loss()
        if not margin or (all(_clear(tap) for tap in network.taps) and clear(network)):
            return found
    raise AssertionError("no draw keeps clear of the kinks")


def _clear(tap: Tap) -> bool:
    return tap.z is None or tap.info.activation not in KINKED or float(np.abs(tap.z).min()) > CLEARANCE


def clear_maximum(candidates: Array) -> bool:
    """Whether the largest along the first axis leads everywhere."""
    first, second = np.sort(candidates, axis=0)[:-3:-1]
    return float((first - second).min()) > CLEARANCE


def relative_error(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))


def check(found: Bench) -> None:
    analytic, numeric = found.analytic(), found.numeric()
    assert np.linalg.norm(analytic) > 1e-4, "a gradient of 0 would prove nothing"
    assert relative_error(analytic, numeric) <= TOLERANCE
    for block in found.network.blocks():  # Small blocks do not hide behind large ones.
        start = (block.gradient.ctypes.data - found.network.parameters.gradient.ctypes.data) // 8
        here = slice(start, start + block.size)
        np.testing.assert_allclose(
            analytic[here], numeric[here], rtol=1e-5, atol=1e-7 * float(np.linalg.norm(analytic)), err_msg=block.name
        )
