"""What can be measured at a tap: one file per family, one class per measure; all of them for all layers here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.measures import backward, composite, forward, update
from simulator.measures.base import Measure, Reading
from simulator.stack import Stack, depth_order

MEASURES: tuple[Measure, ...] = (
    forward.ActivationMean(),
    forward.ActivationStd(),
    forward.ActivationSaturated(),
    forward.ActivationDead(),
    forward.PreactivationStd(),
    backward.DeltaRMS(),
    backward.WeightGradientNorm(),
    backward.BiasGradientNorm(),
    backward.WeightGradientStd(),
    update.WeightNorm(),
    update.UpdateNorm(),
    update.UpdateRatio(),
    forward.Nonfinite(),
)
"""In the order of the columns of ``layers.csv``."""

NAMES: tuple[str, ...] = tuple(measure.name for measure in MEASURES)

RECORDED: tuple[Measure, ...] = (*MEASURES, composite.BranchShare())
"""All measures: those of the table, and those that are in every frame and history beside it."""

RECORDED_NAMES: tuple[str, ...] = tuple(measure.name for measure in RECORDED)


def measure_all(
    stacks: Sequence[Stack], batch: int, measures: Sequence[Measure] = RECORDED
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(measures, layers) values and where they are defined; a value that is not defined reads NaN."""
    depth = sum(stack.depth for stack in stacks)
    values = np.full((len(measures), depth), math.nan)
    defined = np.zeros(values.shape, bool)
    start = 0
    for stack in stacks:
        reading = Reading(stack, batch)
        here = slice(start, start + stack.depth)
        start += stack.depth
        for row, measure in enumerate(measures):
            value = measure.value(reading)
            if value is None:
                continue
            values[row, here], defined[row, here] = value, True
            missing = measure.undefined(reading)
            if missing is not None:
                values[row, here][missing], defined[row, here][missing] = math.nan, False
    order = depth_order(stacks)
    return values[:, order], defined[:, order]


__all__ = ["MEASURES", "NAMES", "RECORDED", "RECORDED_NAMES", "Measure", "Reading", "measure_all"]
