"""What stays the same over a run."""

from __future__ import annotations

from msgspec import Struct

from simulator.data.points import Points
from simulator.layers.info import LayerInfo


class RunInfo(Struct, frozen=True):
    """What stays the same for all frames of one run."""

    run: int
    layers: tuple[LayerInfo, ...]
    parameter_count: int
    memory_bytes: int
    batch_size: int
    train_samples: int
    validation_samples: int
    task: str
    """``classification`` or ``regression``."""
    input_names: tuple[str, ...]
    class_names: tuple[str, ...]
    points: Points | None = None
    baseline_loss: float | None = None
    """What always predicting the mean target scores on the training data; for sequences only."""
    notes: tuple[str, ...] = ()
    """What was done to the data on the way: rows left out, values filled, images stretched."""
    target_names: tuple[str, ...] = ()
    """Of a regression, where the data name them."""

    @property
    def depth(self) -> int:
        return len(self.layers)
