"""What stays the same over a run, made up."""

from __future__ import annotations

from simulator.layers.info import LayerInfo
from simulator.training.run_info import RunInfo


def info_of(*labels: str) -> RunInfo:
    """Of dense layers with these labels."""
    layers = tuple(LayerInfo(label, "", "dense", "tanh", 10, entry) for entry, label in enumerate(labels))
    return RunInfo(1, layers, 100, 800, 32, 48, 12, "classification", ("x", "y"), ("a", "b"))
