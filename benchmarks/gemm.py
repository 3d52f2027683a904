"""The limit: the matrix products of a step and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.nets import hidden_layers
from benchmarks.rounds import Work
from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment

INPUTS, CLASSES = 64, 10


def _random(rng: np.random.Generator, *shape: int) -> Array:
    return (rng.standard_normal(shape) * 0.1).astype(np.float32)


def bare_gemm(experiment: Experiment) -> Work:
    """Forward, weight gradient and input gradient of every layer by ``np.matmul`` with ``out=``.

    The weights alone: no row for the biases, no product for the gradient of the input data.
    """
    hidden = [layer.units for layer in hidden_layers(experiment)]
    widths = [INPUTS, *hidden, CLASSES]
    batch = experiment.batch_size
    rng = np.random.default_rng(0)
    signals = [_random(rng, width, batch) for width in widths]
    deltas = [_random(rng, width, batch) for width in widths]
    weights = [_random(rng, inputs, outputs) for inputs, outputs in pairwise(widths)]
    gradients = [np.empty_like(weight) for weight in weights]
    forward = [(weight.T, signals[i], np.empty_like(signals[i + 1])) for i, weight in enumerate(weights)]
    backward = [(signals[i], deltas[i + 1].T, gradients[i]) for i in range(len(weights))]
    back = [(weights[i], deltas[i + 1], np.empty_like(deltas[i])) for i in range(1, len(weights))]
    products = [*forward, *backward, *back]

    def work(steps: int) -> None:
        for _ in range(steps):
            for left, right, out in products:
                np.matmul(left, right, out=out)

    return work
