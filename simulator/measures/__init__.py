"""What can be measured at a tap: one file per family, one class per measure; all of them for all layers here."""

from __future__ import annotations

from simulator.measures import backward, composite, flow, forward, update
from simulator.measures.base import Measure, Reading
from simulator.measures.meter import Meter

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


__all__ = ["MEASURES", "NAMES", "RECORDED", "RECORDED_NAMES", "Measure", "Meter", "Reading"]
