"""What stays the same over a run."""

from __future__ import annotations

from msgspec import Struct

from simulator.data.base import Dataset
from simulator.data.points import Points
from simulator.layers.info import LayerInfo
from simulator.measures.baseline import baseline_loss
from simulator.measures.facts import each_answer
from simulator.network.network import Network


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

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the layers, in depth order."""
        return tuple(layer.label for layer in self.layers)

    def has_layers_of(self, other: RunInfo) -> bool:
        """Whether it is of the same run and of the same layers: at an earlier step a run may have had others."""
        # To compare the layers' own fields takes a tenth of writing their labels.
        return self.run == other.run and (self.layers == other.layers or self.labels == other.labels)


def describe(run: int, network: Network, data: Dataset, optimizer_bytes: int) -> RunInfo:
    """The run of a network on these data, with so much memory for its optimiser's state."""
    sequences = len(data.input_shape) == 2
    return RunInfo(
        run=run,
        layers=network.infos,
        parameter_count=network.parameters.size,
        memory_bytes=network.buffer_bytes + 3 * network.parameters.value.nbytes + optimizer_bytes,
        batch_size=network.batch,
        train_samples=data.x_train.shape[1],
        validation_samples=data.x_val.shape[1],
        task=data.task,
        input_names=data.feature_names,
        class_names=data.class_names,
        target_names=data.target_names,
        points=data.points(),
        notes=data.notes,
        baseline_loss=baseline_loss(network.output.loss, each_answer(data)) if sequences else None,
    )
