"""What a plot draws, as columns in full precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Cell = str | float | int | None
"""None where a value is not defined; NaN and ∞ are values."""


@dataclass(frozen=True)
class Table:
    """Columns of one length by name."""

    columns: Mapping[str, Sequence[Cell]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return max((len(column) for column in self.columns.values()), default=0)


def cells(values: NDArray[np.float64], defined: NDArray[np.bool_] | None = None) -> list[Cell]:
    """Python numbers that print without loss; None where ``defined`` is False."""
    plain: list[Cell] = values.tolist()
    if defined is None:
        return plain
    return [value if known else None for value, known in zip(plain, defined.tolist(), strict=True)]


def stacked(parts: Mapping[str, Table]) -> Table:
    """The rows of several tables below each other, told apart by a first column ``state``."""
    names = list(dict.fromkeys(name for part in parts.values() for name in part.columns))
    columns: dict[str, list[Cell]] = {"state": [], **{name: [] for name in names}}
    for state, part in parts.items():
        columns["state"].extend([state] * part.rows)
        for name in names:
            columns[name].extend(part.columns.get(name, [None] * part.rows))
    return Table(columns)
