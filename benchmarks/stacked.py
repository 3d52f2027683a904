#!/usr/bin/env python
"""Many small nets of one shape as one batch of stacked arrays, against one after the other: time and bytes.

python benchmarks/stacked.py [--seeds 16] [--steps 300]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from simulator.experiment.experiment import Experiment
from simulator.training.training import Training

Array = NDArray[np.float32]
SHAPES = ((4, 8, 32), (4, 16, 32), (4, 32, 64), (10, 16, 64), (10, 64, 128))
"""Layers, units of each, samples of a batch."""


def passes(weights: list[Array], x: Array, target: Array, rate: float) -> Array:
    """One step of gradient descent of tanh layers, for one net or for a stack of them along the first axis."""
    signals = [x]
    for weight in weights[:-1]:
        signals.append(np.tanh(weight @ signals[-1]))
    output = weights[-1] @ signals[-1]
    delta = (output - target) / np.float32(x.shape[-1])
    for place in range(len(weights) - 1, -1, -1):
        gradient = delta @ np.swapaxes(signals[place], -1, -2)
        if place:
            delta = np.swapaxes(weights[place], -1, -2) @ delta
            delta *= 1 - signals[place] * signals[place]
        weights[place] -= np.float32(rate) * gradient
    return output


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Of the processor, the least of several."""
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def compared(layers: int, units: int, batch: int, seeds: int, steps: int) -> tuple[float, float, bool]:
    """Seconds of a net's step alone and in the stack, and whether both end with the same bytes."""
    rng = np.random.default_rng(0)
    start = [rng.standard_normal((seeds, units, units)).astype(np.float32) / np.sqrt(units) for _ in range(layers)]
    start = [each.astype(np.float32) for each in start]
    x = rng.standard_normal((seeds, units, batch)).astype(np.float32)
    target = rng.standard_normal((seeds, units, batch)).astype(np.float32)
    ends: dict[str, list[Array]] = {}

    def alone() -> None:
        own = [[weight[seed].copy() for weight in start] for seed in range(seeds)]
        for seed in range(seeds):
            for _ in range(steps):
                passes(own[seed], x[seed], target[seed], 0.01)
        ends["alone"] = [np.stack([own[seed][layer] for seed in range(seeds)]) for layer in range(layers)]

    def together() -> None:
        own = [weight.copy() for weight in start]
        for _ in range(steps):
            passes(own, x, target, 0.01)
        ends["together"] = own

    each, stacked = seconds(alone), seconds(together)
    same = all(a.tobytes() == b.tobytes() for a, b in zip(ends["alone"], ends["together"], strict=True))
    return each / seeds / steps, stacked / seeds / steps, same


def our_step(layers: int, units: int, batch: int, steps: int) -> float:
    """Seconds of a step of the bench's own training, measures included."""
    experiment = Experiment.from_builtins(
        {
            "data": {"kind": "gaussian", "samples": 4 * batch, "features": units, "classes": 2, "validation": 0.0},
            "layers": [{"kind": "dense", "units": units, "repeat": layers - 1}],
            "batch_size": batch,
        }
    )
    training = Training(experiment)

    def run() -> None:
        for _ in range(steps):
            training.propose()
            training.apply()

    return seconds(run, 3) / steps


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    print("layers x units, batch: alone, stacked (µs a step and net), ratio, same bytes, our step")
    for layers, units, batch in SHAPES:
        alone, stacked, same = compared(layers, units, batch, arguments.seeds, arguments.steps)
        own = our_step(layers, units, batch, arguments.steps)
        first, second, third = (f"{1e6 * value:.0f}" for value in (alone, stacked, own))
        print(f"{layers} x {units}, {batch}: {first}, {second}, {alone / stacked:.2f}, {same}, {third}")


if __name__ == "__main__":
    main()
