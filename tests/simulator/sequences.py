"""What the tests of layers with a state share: small networks of them, and slow, plain forms to compare with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.layers.base import layer_kinds
from simulator.layers.recurrent.cell import Step
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.network.network import Network
from tests.simulator.differences import Bench, plain

RECURRENT = tuple(sorted(layer_kinds(lambda layer: layer.stateful)))
"""Every kind of layer with a state that is registered."""


def drawn(layers: list[dict[str, Any]], shape: tuple[int, int], batch: int = 3, seed: int = 0, **top: Any) -> Bench:
    """A network over sequences with random parameters, inputs and one-number targets."""
    rng = np.random.default_rng(seed)
    described = Experiment.from_builtins(plain(layers, "mse", seed, "regression") | top)
    network = Network(described, shape, 1, batch)
    network.parameters.value[...] = rng.normal(0, 0.7, network.parameters.size)
    network.input[:-1] = rng.standard_normal((math.prod(shape), batch))
    return Bench(network, rng.standard_normal((1, batch)).astype(network.dtype))


def through_time(network: Network, layer: int = 0) -> ThroughTimeModule[Step]:
    module = network.modules[layer]
    assert isinstance(module, ThroughTimeModule)
    return module


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def states(kind: str, module: ThroughTimeModule[Step], x: Array, push: tuple[int, Array] | None = None) -> Array:
    """(steps, units, batch) hidden states by the equations, one step after the other.

    ``push`` is a step and what is added to its state there; a cell stays as it is.
    """
    n, kernel = module.width, module.block.value.T
    recurrent, inputs, bias = kernel[:, :n], kernel[:, n:-1], kernel[:, -1:]
    h = c = np.zeros((n, x.shape[-1]))
    found = []
    for t, x_t in enumerate(x):
        before, from_input, from_state = h, inputs @ x_t + bias, recurrent @ h
        z = from_input + from_state
        if kind == "recurrent":
            h = np.tanh(z)
        elif kind == "gru":
            transform, reset = sigmoid(z[:n]), sigmoid(z[n : 2 * n])
            h = transform * np.tanh(from_input[2 * n :] + reset * from_state[2 * n :]) + (1 - transform) * before
        else:
            output, entry, forget = (sigmoid(z[k * n : (k + 1) * n]) for k in range(3))
            c = forget * c + entry * np.tanh(z[3 * n :])
            h = output * np.tanh(c)
        h = h + push[1] if push is not None and push[0] == t else h
        found.append(h)
    return np.array(found)
