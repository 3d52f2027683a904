"""Which rows of two networks show the same layer: the partners that differences are told by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.experiment.differences import common_layers
from simulator.experiment.experiment import Experiment
from simulator.experiment.labels import labels_by_depth
from simulator.record.record import Record
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Transplant

RowPairs = tuple[tuple[int, int], ...]
"""Row of the one and of the other, ascending."""


def common_rows(base: Experiment, labels: Sequence[str], other: Experiment, other_labels: Sequence[str]) -> RowPairs:
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


def handed_on(
    record: Record, columns: tuple[str, ...], step: int, changes: LiveChanges, after: Experiment | None = None
) -> Record:
    """The record of a run that at a step goes on, maybe as another network: the layers that stay keep their past.

    ``changes`` say what is trained then and which layers stay; where they do not, ``after`` does.
    """
    past = record if record.steps == step else record.until(step)
    before, after = record.experiment_at(step), changes.experiment_at(step) or after
    own_labels, labels = _labels(before, past.history.columns), _labels(after, columns)
    rows: Mapping[int, int] = {row: row for row in range(len(labels))}
    if before is not None and after is not None and own_labels and labels:
        rows = _partners(before, own_labels, after, labels, changes, step)
    stays_so = columns == past.history.columns and all(new == old for new, old in rows.items())
    return past if stays_so else past.handed_on(columns, labels, own_labels, rows if own_labels else {})


def taken_back(record: Record, step: int) -> Record:
    """The record with the layers that the network of an earlier step had: of those that stayed, all that is known."""
    changes = record.live_changes
    later = (place for place, change in enumerate(changes.entries) if change.step > step)
    for place in reversed([place for place in later if isinstance(changes.entries[place].surgery, Transplant)]):
        change = changes.entries[place]
        before = LiveChanges(changes.experiment, entries=changes.entries[:place]).experiment_at(change.step)
        if before is not None and change.experiment is not None:
            record = _taken_back(record, before, change.experiment, change)
    return record


def _taken_back(record: Record, before: Experiment, after: Experiment, change: LiveChange) -> Record:
    """To what was trained before a transplant."""
    labels, own_labels = labels_by_depth(before), _labels(after, record.history.columns)
    if not own_labels:
        return record
    partners = _partners(before, labels, after, own_labels, LiveChanges(entries=(change,)), change.step)
    rows = {old: new for new, old in partners.items()}
    columns = tuple(_of_depth(record.history.columns, len(labels)))
    stays_so = len(labels) == len(own_labels) and all(new == old for new, old in rows.items())
    return record if stays_so else record.handed_on(columns, labels, own_labels, rows)


def _of_depth(columns: Sequence[str], depth: int) -> Iterator[str]:
    """The columns that a network of so many rows has."""
    for column in columns:
        name, _, row = column.partition(":")
        if not row:
            yield column
        elif row == "0":
            yield from (f"{name}:{place}" for place in range(depth))


def _labels(experiment: Experiment | None, columns: Sequence[str]) -> Sequence[str]:
    """Of the layers that these columns are of; none where that is not known."""
    labels = () if experiment is None else labels_by_depth(experiment)
    layers = {column.partition(":")[2] for column in columns if ":" in column}
    return labels if len(labels) == len(layers) else ()


def _partners(
    before: Experiment, own_labels: Sequence[str], after: Experiment, labels: Sequence[str],
    changes: LiveChanges, step: int,
) -> Mapping[int, int]:  # fmt: skip
    """Row of a layer after → its row before."""
    for change in reversed(changes.entries):
        if change.step == step and isinstance(change.surgery, Transplant) and change.surgery.partners is not None:
            given = [(labels.index(new), own_labels.index(old)) for new, old in change.surgery.partners]
            return dict(given) | {len(labels) - 1: len(own_labels) - 1}
    return {new: old for old, new in common_rows(before, own_labels, after, labels)}
