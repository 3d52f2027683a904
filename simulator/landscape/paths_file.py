"""``paths.csv``: every place of every path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.landscape.race import RacedPath
from simulator.system.csv_text import csv_text

COLUMNS = ("optimizer", "step", "x", "y", "value", "gradient_x", "gradient_y")


def paths_csv(paths: Sequence[RacedPath]) -> str:
    """Numbers in full; ``nan`` and ``inf`` are values."""
    return csv_text(COLUMNS, (row for path in paths for row in _rows(path)))


def _rows(path: RacedPath) -> Iterator[tuple[object, ...]]:
    for step, (place, value, gradient) in enumerate(zip(path.places, path.values, path.gradients, strict=True)):
        yield path.entry.name, step, *(repr(float(each)) for each in (*place, value, *gradient))
