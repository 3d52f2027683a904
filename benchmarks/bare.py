"""The passes that a step in numpy consists of, one after the other, with nothing around them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.gemm import CLASSES, INPUTS, bare_gemm
from benchmarks.nets import hidden_layers
from benchmarks.rounds import Work
from simulator.experiment.experiment import Experiment
from simulator.training.updater import CHUNK

BINS, SAMPLES = 64, 1000


def bare_passes(experiment: Experiment, counted: bool = False) -> Work:
    """Products, nonlinearities, slopes, the optimiser, the update and the next batch; no biases, loss or bookkeeping.

    ``counted`` adds one cast and one ``bincount`` for every activation and weight gradient, not the passes that bring
    them into the range of the bins, nor means and norms.
    """
    products, optimizer, batch = bare_gemm(experiment), experiment.optimizer, experiment.batch_size
    rng = np.random.default_rng(0)
    hidden = hidden_layers(experiment)
    widths = [INPUTS, *(layer.units for layer in hidden), CLASSES]
    sizes = [inputs * outputs for inputs, outputs in pairwise(widths)]
    value, gradient, update, *slots = rng.random((5, sum(sizes)), np.float32) * np.float32(0.1)
    layers = []
    for layer in hidden:
        z = rng.standard_normal((layer.units, batch), np.float32)
        layers.append((layer.activation, z, z.copy(), z.copy(), z.copy()))
    x, chosen = rng.random((INPUTS, SAMPLES), np.float32), rng.integers(0, SAMPLES, batch)
    taken = np.empty((INPUTS, batch), np.float32)
    told = [rng.random(size, np.float32) * np.float32(BINS) for size in (*(z.size for _, z, *_ in layers), *sizes)]

    def work(steps: int) -> None:
        for _ in range(steps):
            np.take(x, chosen, axis=1, out=taken, mode="clip")
            products(1)
            for activation, z, a, slope, delta in layers:
                activation.apply(z, a)
                activation.derivative(z, a, slope)
                np.multiply(z, slope, out=delta)
            for start in range(0, len(value), CHUNK):
                here = slice(start, start + CHUNK)
                mine = tuple(slot[here] for slot in slots)
                optimizer.update(mine, value[here], gradient[here], update[here], 1e-9, 1)
            np.add(value, update, out=value)
            for array in told if counted else ():
                np.bincount(array.astype(np.uint8), minlength=BINS)

    return work
