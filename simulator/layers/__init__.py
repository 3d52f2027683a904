"""One file per kind of layer: description, forward and backward. Every file here is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from simulator.layers.base import Layer, Module, Tap
from simulator.layers.dropout import AnyDropout, Dropout
from simulator.layers.normalization import AnyNormalization, Normalization
from simulator.schema.parameter import any_of

for _name in sorted(
    (module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.")), key=lambda name: name.rsplit(".")[-1]
):
    importlib.import_module(_name)

if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = any_of(Layer)

__all__ = ["AnyDropout", "AnyLayer", "AnyNormalization", "Dropout", "Layer", "Module", "Normalization", "Tap"]
