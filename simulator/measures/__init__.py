"""What can be measured at a tap: one file per family, one class per measure; all of them for all layers here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.measures import backward, composite, flow, forward, update
from simulator.measures.base import Measure, Reading
from simulator.measures.meter import Meter
from simulator.network.stack import Roles

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

RECORDED: tuple[Measure, ...] = (
    *MEASURES,
    composite.BranchShare(),
    flow.UnitSpread(),
    flow.ActivationRate(),
    flow.MeanWeightRate(),
    flow.VarianceRate(),
)
"""All measures: those of the table, and those that are in every frame and history beside it."""

RECORDED_NAMES: tuple[str, ...] = tuple(measure.name for measure in RECORDED)


def measure_all(roles: Roles, batch: int) -> tuple[Floats, NDArray[np.bool_]]:
    """(measures, layers) of ``RECORDED`` and where they are defined; a value that is not defined reads NaN."""
    return Meter(roles, batch, RECORDED).read()


__all__ = ["MEASURES", "NAMES", "RECORDED", "RECORDED_NAMES", "Measure", "Meter", "Reading", "measure_all"]
