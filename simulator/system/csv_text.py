"""Tables as text, and in files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The header and the rows, a line each."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def csv_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file, column → cell."""
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
