"""What a plot draws, as columns in full precision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue

PLACES = frozenset(
    (
        "step", "first_step", "last_step", "layer", "sample", "other_sample", "input", "output", "unit", "matrix",
        "what", "gate", "factor", "rank", "time", "channel", "row", "column", "box",
    )
)  # fmt: skip
"""Columns that say what the other values of a row are of, where they hold names and whole numbers."""


class Table(Struct, frozen=True):
    """Columns of one length by name."""

    columns: Mapping[str, Sequence[CellValue]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return max((len(column) for column in self.columns.values()), default=0)


def cells(values: Floats, defined: NDArray[np.bool_] | None = None) -> list[CellValue]:
    """Python numbers that print without loss; None where ``defined`` is False."""
    plain: list[CellValue] = values.tolist()
    if defined is None:
        return plain
    return [value if known else None for value, known in zip(plain, defined.tolist(), strict=True)]


def stacked(parts: Mapping[str, Table]) -> Table:
    """The rows of several tables below each other, told apart by a first column ``state``."""
    names = list(dict.fromkeys(name for part in parts.values() for name in part.columns))
    columns: dict[str, list[CellValue]] = {"state": [], **{name: [] for name in names}}
    for state, part in parts.items():
        columns["state"].extend([state] * part.rows)
        for name in names:
            columns[name].extend(part.columns.get(name, [None] * part.rows))
    return Table(columns)


def joined(parts: Mapping[str, Table]) -> Table:
    """Tables of several networks as one, in which each has a column of its own of everything but what it is of.

    Rows of the same places are one row; of equal ones in one table, as bins of a histogram are, the first with the
    first. What only one has is left empty in the others.
    """
    places = [name for name in _names(parts.values()) if all(_is_place(name, part) for part in parts.values())]
    rows = {name: _rows(part, places) for name, part in parts.items()}
    order = list(dict.fromkeys(row for each in rows.values() for row in each))
    columns: dict[str, list[CellValue]] = {place: [row[at] for row in order] for at, place in enumerate(places)}
    for column in _names(parts.values()):
        for name, part in parts.items() if column not in places else ():
            if column in part.columns:
                values = [rows[name].get(row) for row in order]
                columns[f"{column}: {name}"] = [None if at is None else part.columns[column][at] for at in values]
    return Table(columns)


def _names(parts: Iterable[Table]) -> list[str]:
    return list(dict.fromkeys(name for part in parts for name in part.columns))


def _is_place(name: str, table: Table) -> bool:
    cells = table.columns.get(name, ())
    return name in PLACES and not any(isinstance(cell, float) for cell in cells)


def _rows(table: Table, places: Sequence[str]) -> dict[tuple[CellValue, ...], int]:
    """By its places, and by which it is of those that have the same, the number of each row."""
    counted: dict[tuple[CellValue, ...], int] = {}
    rows: dict[tuple[CellValue, ...], int] = {}
    for row in range(table.rows):
        at = tuple(table.columns[place][row] if place in table.columns else None for place in places)
        counted[at] = counted.get(at, -1) + 1
        rows[*at, counted[at]] = row
    return rows
