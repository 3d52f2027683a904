"""What theory might say of a made-up frame."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.parts.activations import Tanh
from simulator.theory.bounds import Bounds
from simulator.theory.mean_field import border_of_chaos, edge_of_chaos
from simulator.theory.order_chaos import OrderChaos
from simulator.theory.prediction import Prediction


def prediction(depth: int) -> Prediction:
    layers = np.arange(depth, dtype=np.float64)
    gradient = 10.0 ** (0.1 * layers - 1)
    return Prediction(
        "", np.ones(depth), np.zeros(depth), np.full(depth, 0.5), gradient, gradient,
        np.sqrt(0.05 * (layers + 1)), np.sqrt(0.05 * (depth - layers)),
    )  # fmt: skip


def order_chaos() -> OrderChaos:
    return OrderChaos("tanh", "2", 1.2, 0.1, edge_of_chaos(Tanh()), border_of_chaos(Tanh()), True, 0.5, 0.9)


def bounds(measured: Floats) -> Bounds:
    depth = len(measured)
    return Bounds(7, measured, 2 * measured, np.full(depth, 2.0), 10 * measured, np.ones(depth), np.ones(depth))
