"""The limit of a step (L): its matrix products, and the memory that it cannot help moving.

Compulsory are parameters, gradients and the optimiser's state, read and written once, and each activation and each
error, written and read once. What that takes is what it takes to copy arrays of those sizes, in the same rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmarks.gemm import CLASSES, INPUTS, bare_gemm, widths_of
from benchmarks.rounds import Timed, Work
from simulator.experiment.experiment import Experiment

PARTS = ("gemm", "traffic")
"""Names of the works whose times make the limit."""


def limited(timed: Timed) -> Timed:
    """With the ``limit`` among the competitors."""
    return timed.with_sum("limit", PARTS)


def works(products: Work, sizes: Sequence[int]) -> dict[str, Work]:
    """The works that make the limit of what has these products, and arrays of so many entries to move."""
    return dict(zip(PARTS, (products, _copies(sizes)), strict=True))


def works_of(experiment: Experiment, inputs: int = INPUTS, outputs: int = CLASSES) -> dict[str, Work]:
    """The works that make the limit of a stack of dense layers."""
    widths = widths_of(experiment, inputs, outputs)
    parameters = sum((before + 1) * units for before, units in pairwise(widths))
    sizes = sizes_of(parameters, experiment.optimizer.slots, sum(widths) * experiment.batch_size)
    return works(bare_gemm(experiment, inputs, outputs), sizes)


def sizes_of(parameters: int, slots: int, activations: int) -> list[int]:
    """Entries of parameters, gradient and each vector of the optimiser; of all activations and of all errors."""
    return [parameters] * (2 + slots) + [activations] * 2


def _copies(sizes: Sequence[int]) -> Work:
    pairs = [(np.ones(size, np.float32), np.ones(size, np.float32)) for size in sizes]

    def work(steps: int) -> None:
        for _ in range(steps):
            for source, target in pairs:
                np.copyto(target, source)

    return work
