"""What a plot draws as CSV, every number in full precision."""

from __future__ import annotations

import csv
import io

from simulator.observations.base import CellValue
from ui.chart.table import Table


def cell_text(cell: CellValue) -> str:
    """Shortest text that gives the same number back; empty where not defined, ``nan`` and ``inf`` as such."""
    if cell is None:
        return ""
    return repr(float(cell)) if isinstance(cell, float) else str(cell)


def csv_text(table: Table) -> str:
    """The names of the columns and the rows under them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    for row in zip(*table.columns.values(), strict=True):
        writer.writerow([cell_text(cell) for cell in row])
    return text.getvalue()
