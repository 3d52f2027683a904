"""Normalisation inside a layer: of its signal before or after the activation, or of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.layers.normalization.base import NoNormalization, Normalization, Stage
from simulator.layers.normalization.batch import BatchNorm, BatchNormStage
from simulator.layers.normalization.layer import LayerNorm, LayerNormStage
from simulator.layers.normalization.weight import WeightNorm
from simulator.schema.parameter import any_of

if TYPE_CHECKING:
    AnyNormalization = Normalization
else:
    AnyNormalization = any_of(Normalization)

__all__ = [
    "AnyNormalization",
    "BatchNorm",
    "BatchNormStage",
    "LayerNorm",
    "LayerNormStage",
    "NoNormalization",
    "Normalization",
    "Stage",
    "WeightNorm",
]
