"""Rows of the history that no answer has brought yet."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.record.history import Rows

MAX_ROWS = 20_000
"""Rows kept for an absent screen; beyond them training waits rather than lose a step."""


class PendingRows:
    """One row for every step since the last answer, (columns,) each."""

    def __init__(self, first_step: int, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self._first = first_step
        self._rows: list[Floats] = []

    @property
    def full(self) -> bool:
        return len(self._rows) >= MAX_ROWS

    def append(self, row: Floats) -> None:
        self._rows.append(row)

    def take(self, provisional: Floats | None = None) -> Rows:
        """All of them, which then pend no longer, and the row of a step that may still change."""
        values = np.array(self._rows) if self._rows else np.empty((0, len(self.columns)))
        rows = Rows(self._first, self.columns, values, provisional)
        self._first += len(self._rows)
        self._rows = []
        return rows
