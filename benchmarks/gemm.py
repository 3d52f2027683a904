"""The limit: the matrix products of a step and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmarks.nets import hidden_layers
from benchmarks.rounds import Work
from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment

INPUTS, CLASSES = 64, 10


def _random(rng: np.random.Generator, *shape: int) -> Array:
    return (rng.standard_normal(shape) * 0.1).astype(np.float32)


def widths_of(experiment: Experiment, inputs: int = INPUTS, outputs: int = CLASSES) -> list[int]:
    """Entries of a sample at the input, behind each layer and at the output."""
    return [inputs, *(layer.units for layer in hidden_layers(experiment)), outputs]


def bare_gemm(experiment: Experiment, inputs: int = INPUTS, outputs: int = CLASSES) -> Work:
    """Forward, weight gradient and input gradient of every layer by ``np.matmul`` with ``out=``.

    The weights alone: no row for the biases, no product for the gradient of the input data.
    """
    widths = widths_of(experiment, inputs, outputs)
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


def bare_products(shapes: Sequence[tuple[int, int, int, int]]) -> Work:
    """Products of (rows, inner) with (inner, columns), each so many times a step."""
    rng = np.random.default_rng(0)
    products = [
        (_random(rng, rows, inner), _random(rng, inner, columns), np.empty((rows, columns), np.float32), times)
        for rows, inner, columns, times in shapes
    ]

    def work(steps: int) -> None:
        for _ in range(steps):
            for left, right, out, times in products:
                for _ in range(times):
                    np.matmul(left, right, out=out)

    return work
