"""Labels of layers: their numbers from 1, inner ones behind that of their block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from simulator.experiment.experiment import Experiment
from simulator.experiment.shapes import inner_layers
from simulator.layers.base import Layer
from simulator.layers.info import inner_number


def labels_of(experiment: Experiment) -> set[str]:
    """Of all layers, inner ones and the output included, without building them."""
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


def told_layers(labels: Iterable[str]) -> str:
    """``layer 3``, ``layers 2–4, 7.1``"""
    runs: list[list[str]] = []
    for label in labels:
        if runs and label == _next(runs[-1][-1]):
            runs[-1] = [runs[-1][0], label]
        else:
            runs.append([label])
    several = len(runs) > 1 or any(len(run) > 1 for run in runs)
    return f"layer{'s' * several} {', '.join('–'.join(run) for run in runs)}"


def _next(label: str) -> str:
    """That of the layer behind it in its stack."""
    stack, point, number = label.rpartition(".")
    return f"{stack}{point}{int(number) + 1}" if number.isdecimal() else ""
