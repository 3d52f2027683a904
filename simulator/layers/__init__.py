"""One file per kind of layer: description, forward and backward. Every file here is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from simulator.layers.base import Layer, Module, Tap
from simulator.layers.dropout import AnyDropout, Dropout
from simulator.layers.normalization import AnyNormalization, Normalization
from simulator.parameter import any_of

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = any_of(Layer)

__all__ = ["AnyDropout", "AnyLayer", "AnyNormalization", "Dropout", "Layer", "Module", "Normalization", "Tap"]
