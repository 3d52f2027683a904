"""The reference networks: 64 inputs (digits), 10 classes, batch 128, Adam, float32."""

from __future__ import annotations

from typing import Any

from simulator.experiment.experiment import Experiment
from simulator.layers.dense import Dense

NETS = {"a": (10, 100), "b": (20, 256), "c": (50, 100)}
"""Name → hidden layers, units."""
ACTIVATIONS = ("tanh", "relu")
INITIALIZERS = {"tanh": "glorot_normal", "relu": "he_normal"}


def hidden_layers(experiment: Experiment) -> list[Dense]:
    """The dense layers of an experiment, one by one."""
    return [layer for _, layer in experiment.expanded() if isinstance(layer, Dense)]


def title(net: str) -> str:
    depth, units = NETS[net]
    return f"({net}) {depth} × {units}"


def dense(
    depth: int,
    units: int,
    activation: str = "tanh",
    batch: int = 128,
    std: float | None = None,
    data: dict[str, Any] | None = None,
) -> Experiment:
    """A plain stack, on the digits by default; ``std`` draws the weights from a normal of that spread."""
    initializer: dict[str, Any] = {"kind": INITIALIZERS[activation]}
    if std is not None:
        initializer = {"kind": "normal", "std": std}
    layer = {
        "kind": "dense",
        "units": units,
        "repeat": depth,
        "activation": {"kind": activation},
        "initializer": initializer,
    }
    return Experiment.from_builtins(
        {
            "name": f"{depth} × {units}",
            "data": data or {"kind": "digits"},
            "layers": [layer],
            "optimizer": {"kind": "adam"},
            "batch_size": batch,
        }
    )


def reference(net: str, activation: str = "tanh") -> Experiment:
    """Net (a), (b) or (c)."""
    return dense(*NETS[net], activation)
