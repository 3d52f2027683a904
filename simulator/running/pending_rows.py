"""Rows of the history that no answer has brought yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
        self._taken: tuple[Rows, ...] = ()
        """Those of the last answer, which may be on its way."""

    @property
    def lately(self) -> tuple[Rows, ...]:
        """The rows of the last answer and those after it."""
        return (*self._taken, self._all())

    @property
    def full(self) -> bool:
        return len(self._rows) >= MAX_ROWS

    def append(self, row: Floats) -> None:
        self._rows.append(row)

    def complete(self, step: int, row: Floats) -> None:
        """Put this for the row of a step, if that is the last which pends."""
        if self._rows and self._first + len(self._rows) == step + 1:
            self._rows[-1] = row

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """What is taken here pends still if it cannot be told."""
        first, rows, taken = self._first, self._rows, self._taken
        try:
            yield
        except Exception:
            self._first, self._rows, self._taken = first, rows, taken
            raise

    def take(self, provisional: Floats | None = None) -> Rows:
        """All of them, which then pend no longer, and the row of a step that may still change."""
        rows = self._all(provisional)
        self._first += len(self._rows)
        self._rows, self._taken = [], (rows,)
        return rows

    def _all(self, provisional: Floats | None = None) -> Rows:
        values = np.array(self._rows) if self._rows else np.empty((0, len(self.columns)))
        return Rows(self._first, self.columns, values, provisional)
