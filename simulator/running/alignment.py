"""Which rows of two networks show the same layer: the partners that differences are told by."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.experiment.differences import common_layers
from simulator.experiment.experiment import Experiment

Rows = tuple[tuple[int, int], ...]
"""Row of the one and of the other, ascending."""


def common_rows(base: Experiment, labels: Sequence[str], other: Experiment, other_labels: Sequence[str]) -> Rows:
    """Rows of plots by the labels of both networks' layers; the output layers are partners.

    Of composites with as many inner layers these are partners too, else only the composites themselves.
    """
    ours, theirs = _rows(labels), _rows(other_labels)
    pairs = [*common_layers(base, other), (len(ours) - 1, len(theirs) - 1)]
    rows: list[tuple[int, int]] = []
    for mine, its in pairs:
        left, right = ours[mine], theirs[its]
        rows += zip(left, right, strict=True) if len(left) == len(right) else [(left[-1], right[-1])]
    return tuple(rows)


def _rows(labels: Sequence[str]) -> list[list[int]]:
    """The rows of each layer of the stack: ``2.1``, ``2.2`` and ``2`` are of the second."""
    rows: list[list[int]] = []
    for row, label in enumerate(labels):
        number = int(label.partition(".")[0])
        rows += [[] for _ in range(number - len(rows))]
        rows[number - 1].append(row)
    return rows
