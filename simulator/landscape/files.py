"""``paths.csv``: every place of every path."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from simulator.landscape.race import RacedPath

COLUMNS = ("optimizer", "step", "x", "y", "value", "gradient_x", "gradient_y")


def paths_csv(paths: Sequence[RacedPath]) -> str:
    """Numbers in full; ``nan`` and ``inf`` are values."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for path in paths:
        for step, (place, value, gradient) in enumerate(zip(path.places, path.values, path.gradients, strict=True)):
            writer.writerow((path.entry.name, step, *(repr(float(each)) for each in (*place, value, *gradient))))
    return text.getvalue()
