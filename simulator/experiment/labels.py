"""Labels of an experiment's layers, without building them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.experiment.experiment import Experiment
from simulator.experiment.shapes import inner_layers
from simulator.layers.base import Layer
from simulator.layers.info import inner_number


def labels_of(experiment: Experiment) -> set[str]:
    """Of all layers, inner ones and the output included."""
    return set(labels_by_depth(experiment))


def labels_by_depth(experiment: Experiment) -> tuple[str, ...]:
    """Of all layers as plots have rows for them: inner ones before those that they are in, the output last."""
    return *_labels(experiment.layers), str(experiment.depth + 1)


def _labels(layers: Sequence[Layer], above: str = "") -> Iterator[str]:
    count, number = sum(layer.repeat for layer in layers), 0
    for layer in layers:
        for _ in range(layer.repeat):
            number += 1
            label = f"{above}.{inner_number(number, count)}" if above else str(number)
            yield from _labels(inner_layers(layer), label)
            yield label
