"""A judged table as numbers: inputs with a column for each category, missing values filled, and the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats, frozen
from simulator.data.base import MAX_CELLS, DataError, Labels, Raw
from simulator.data.phrases import name_of, shown
from simulator.data.tables.column import Column, in_one_matrix
from simulator.data.tables.judgement import MAX_CLASSES, Judgement
from simulator.schema.numbers import count

Missing = Literal["fill", "drop", "refuse"]
NAMED_COLUMNS = 5
"""Columns that a sentence names."""
COLUMN_BY_COLUMN_NUMBERS = 4_000_000
"""Numbers from which on inputs lie one after the other, so that memory is taken as they are filled."""
ABSENT_NAME = "missing"
"""What the category of a missing value is called."""


@dataclass(frozen=True)
class _Input:
    """What one column of the file gives."""

    column: Column
    categories: tuple[str, ...]
    """Its values where each is an input; empty for numbers and dates."""
    absent: bool
    """Whether a missing value is a category too."""

    @property
    def names(self) -> tuple[str, ...]:
        name = " ".join(self.column.name.split())
        if not self.categories:
            return (name,)
        return tuple(f"{name}={value}" for value in (*self.categories, *([ABSENT_NAME] if self.absent else [])))


@dataclass(frozen=True)
class Size:
    """What a network would be given."""

    rows: int
    inputs: int
    classes: int
    """0 for a quantity."""
    without_target: int
    """Rows that are left out because their target is missing."""
    dropped: int
    """Rows that are left out because an input is missing."""


def design_size(judgement: Judgement, missing: Missing = "fill") -> Size:
    """The size of :func:`design`'s result, without making it. Raises :class:`DataError` as it does."""
    target, kept = judgement.column(judgement.target), _kept(judgement, missing)
    names = sum(len(_input(judgement, name, missing).names) for name in judgement.inputs)
    classes = len(_present(judgement, target, kept)[0]) if judgement.task == "classification" else 0
    answered = int(_answered(judgement).sum())
    return Size(len(kept), names, classes, len(target.values) - answered, answered - len(kept))


def design(judgement: Judgement, missing: Missing = "fill") -> Raw:
    """Inputs and target. Raises :class:`DataError`."""
    target, kept = judgement.column(judgement.target), _kept(judgement, missing)
    inputs = [_input(judgement, name, missing) for name in judgement.inputs]
    names = tuple(name for each in inputs for name in each.names)
    if len(kept) * len(names) > MAX_CELLS:
        size = f"{count(len(kept), 'row')} of {count(len(names), 'input')}"
        raise DataError(f"{name_of(judgement.table.path)}: {size} do not fit in memory")
    classes, y = _answers(judgement, target, kept)
    targets = judgement.targets if judgement.task == "regression" else ()
    notes = notes_of(judgement, missing)
    # Where nobody else holds the table, its columns go as the samples come: both at once may not fit in memory.
    del judgement, target
    x = _as_they_lie(inputs, kept)
    if x is None:
        x = _side_by_side(inputs, kept, len(names))
    return Raw(frozen(x), frozen(y), classes, names, notes=notes, target_names=targets)


def _as_they_lie(inputs: Sequence[_Input], kept: NDArray[np.intp]) -> Floats | None:
    """Columns of one matrix that are whole, without a copy; None of others."""
    columns = [each.column for each in inputs]
    plain = all(column.numeric and not column.missing and len(column.values) == len(kept) for column in columns)
    large = len(kept) * len(columns) > COLUMN_BY_COLUMN_NUMBERS
    return in_one_matrix([column.values for column in columns]) if plain and large else None


def _side_by_side(inputs: list[_Input], kept: NDArray[np.intp], width: int) -> Floats:
    """A column for each number and each category; ``inputs`` are let go on the way."""
    x = np.empty((len(kept), width), order="F" if len(kept) * width > COLUMN_BY_COLUMN_NUMBERS else "C")
    at = 0
    while inputs:
        for values in _values(inputs.pop(0), kept):
            x[:, at] = values
            at += 1
    return x


@dataclass(frozen=True)
class Encoding:
    """How cells of one column become inputs."""

    name: str
    categories: tuple[str, ...]
    """An input for each; empty where the column is one of numbers, or of dates as days since 1970."""
    absent: bool
    """Whether one more input says that the value is missing."""
    dated: bool
    filled: float | None
    """What stands in place of a missing number; None where rows that lack one are left out or refused."""


def encodings(judgement: Judgement, missing: Missing = "fill") -> tuple[Encoding, ...]:
    """Of each input column, in order. Raises :class:`DataError` as :func:`design` does."""
    kept = _kept(judgement, missing)
    made = []
    for each in (_input(judgement, name, missing) for name in judgement.inputs):
        values = np.empty(0) if each.categories else _quantity(each.column)[kept]
        present = values[~np.isnan(values)]
        middle = float(np.median(present)) if present.size else 0.0
        dated = not each.categories and not each.column.numeric
        filled = middle if missing == "fill" else None
        made.append(Encoding(each.column.name, each.categories, each.absent, dated, filled))
    return tuple(made)


def notes_of(judgement: Judgement, missing: Missing) -> tuple[str, ...]:
    """What becomes of rows and values that are missing, and which columns are left out."""
    size = design_size(judgement, missing)
    notes = [f"{count(judgement.table.below, 'line')} below the table left out"] if judgement.table.below else []
    if size.without_target:
        notes.append(f"{count(size.without_target, 'row')} without {', '.join(map(shown, judgement.targets))} left out")
    if size.dropped:
        notes.append(f"{count(size.dropped, 'row')} that lack an input left out")
    filled = sum(judgement.column(name).missing for name in judgement.inputs) if missing == "fill" else 0
    if filled:
        notes.append(f"{count(filled, 'missing value')} filled")
    left_out = [f"{shown(each.name, 24)} ({each.reason or 'not chosen'})" for each in judgement.left_out]
    if left_out:
        further = f" and {len(left_out) - NAMED_COLUMNS} more" if len(left_out) > NAMED_COLUMNS else ""
        notes.append(
            f"column{'s' if len(left_out) != 1 else ''} left out: {', '.join(left_out[:NAMED_COLUMNS])}{further}"
        )
    return tuple(notes)


def _answers(judgement: Judgement, target: Column, kept: NDArray[np.intp]) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Names of the classes, and each row's class; or none, and each row's quantity."""
    if judgement.further:
        return (), np.column_stack([_quantity(judgement.column(name))[kept] for name in judgement.targets])
    if judgement.task == "regression":
        return (), _quantity(target)[kept]
    present, labels = _present(judgement, target, kept)
    words = target.categories[0]
    return tuple(" ".join(words[place].split()) for place in present), labels


def _answered(judgement: Judgement) -> NDArray[np.bool_]:
    """The rows that have every target."""
    lacking: NDArray[np.bool_] = np.logical_or.reduce([judgement.column(name).absent for name in judgement.targets])
    return ~lacking


def _kept(judgement: Judgement, missing: Missing) -> NDArray[np.intp]:
    """The rows that are left: all that have a target and, where it is so wished, every input."""
    rows = _answered(judgement)
    for column in map(judgement.column, judgement.inputs):
        if column.missing and missing == "refuse":
            _refuse(judgement, column, rows)
        if missing == "drop":
            rows &= ~column.absent
    kept = np.flatnonzero(rows)
    if len(kept) < 2:
        rest = "1 row lacks" if len(kept) else "0 rows lack"
        raise DataError(f"{name_of(judgement.table.path)}: only {rest} no value, at least 2 are needed")
    return kept


def _refuse(judgement: Judgement, column: Column, rows: NDArray[np.bool_]) -> None:
    first = np.flatnonzero(column.absent & rows)
    if first.size:
        line = int(judgement.table.lines[first[0]])
        raise DataError(
            f"{name_of(judgement.table.path)}, line {line}, column {shown(column.name)}: the value is missing"
        )


def _input(judgement: Judgement, name: str, missing: Missing) -> _Input:
    column = judgement.column(name)
    if column.numeric or column.days is not None:
        return _Input(column, (), False)
    if column.crowded or column.different > MAX_CLASSES:
        raise DataError(
            f"{name_of(judgement.table.path)}, column {shown(name)}: text with more than {MAX_CLASSES} different "
            "values cannot be an input"
        )
    return _Input(column, column.categories[0], bool(column.missing) and missing == "fill")


def _values(each: _Input, kept: NDArray[np.intp]) -> Iterator[Floats]:
    """Each of an input's columns, (rows,)."""
    if not each.categories:
        yield _filled(_quantity(each.column), kept)
        return
    codes = each.column.categories[1][kept]
    for place in range(len(each.categories)):
        yield (codes == place).astype(np.float64)
    if each.absent:
        yield (codes < 0).astype(np.float64)


def _quantity(column: Column) -> Floats:
    """(rows,): numbers, or dates as days since 1970; NaN where missing."""
    return column.values if column.numeric or column.days is None else column.days


def _filled(values: Floats, kept: NDArray[np.intp]) -> Floats:
    """Missing values get the median of the others."""
    chosen = values if len(kept) == len(values) else values[kept]
    absent = np.isnan(chosen)
    if absent.any():
        chosen = chosen.copy()
        chosen[absent] = float(np.median(chosen[~absent])) if not absent.all() else 0.0
    return chosen


def _present(judgement: Judgement, target: Column, kept: NDArray[np.intp]) -> tuple[NDArray[np.intp], Labels]:
    """Places of the classes that are left among the target's values, and each row's class."""
    names, codes = target.categories
    present, labels = np.unique(codes[kept], return_inverse=True)
    if len(present) < 2:
        where = f"{name_of(judgement.table.path)}, column {shown(target.name)}"
        raise DataError(f"{where}: one class only ({shown(names[present[0]])}), at least 2 are needed")
    return present.astype(np.intp), labels.astype(np.int64)
