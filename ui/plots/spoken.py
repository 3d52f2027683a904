"""What a plot shows, as a sentence for whoever cannot see it, made of the columns that it would export."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from simulator.observations.base import CellValue
from ui.chart.table import PLACES, Table
from ui.style.numbers import count, integer, number

SUBJECTS = ("layer", "matrix", "output", "sample")
"""Columns of which a plot has a value for each; the first that is there is counted."""
UNSPOKEN = PLACES | {"count", "rows", "columns"}
"""Columns that say of what a value is, or of how many."""
PLURALS = {"matrix": "matrices"}
MOST_QUANTITIES = 4
"""What can be listened to."""


def spoken(table: Table, words: Mapping[str, str]) -> str:
    """``gradient norms of 11 layers, from 2.8·10⁻⁶ to 1; …``; over training, of the last moment.

    ``words`` says which columns are told, patterns like ``*_last`` for several, and how; without them those that
    hold numbers are told by their names.
    """
    phrases = list(_phrases(table, words or _by_names(table)))[:MOST_QUANTITIES]
    return "; ".join([*phrases, *_past(table)])


def _by_names(table: Table) -> dict[str, str]:
    columns = [name for name in table.columns if name not in UNSPOKEN and not name.endswith("_step_0")]
    return {name: name.replace("_", " ") for name in columns}


def _past(table: Table) -> list[str]:
    """How far what has a past goes back."""
    starts = table.columns.get("first_step", ())
    ends = table.columns.get("last_step", table.columns.get("step", starts))
    first, last = min(_numbers(starts), default=math.nan), max(_numbers(ends), default=math.nan)
    return [f"back to step {integer(int(first))}"] if first < last else []


def _phrases(table: Table, words: Mapping[str, str]) -> Iterator[str]:
    columns_of: dict[str, list[str]] = {}
    for pattern, said in words.items():
        columns_of.setdefault(said, []).extend(name for name in table.columns if fnmatchcase(name, pattern))
    rows = _rows_of_now(table)
    many = {said for pattern, said in words.items() if "*" in pattern}
    for said, names in columns_of.items():
        known = [values for name in names if (values := _now(table.columns[name], rows))]
        if known:
            of = f" of {count(len(known), 'layer')}" if rows is None and said in many else _subject(table, names, rows)
            yield f"{said}{of}{_extent([value for values in known for value in values])}"


def _rows_of_now(table: Table) -> Sequence[int] | None:
    """The rows of the last moment, but for empty bins; None where each row is a moment of its own."""
    starts = table.columns.get("first_step", table.columns.get("step", ()))
    if len(starts) > 1 and len({*starts}) == len(starts):
        return None
    counts = table.columns.get("count")
    last = max(_numbers(starts), default=None)
    return [
        row
        for row in range(table.rows)
        if (last is None or starts[row] == last) and (counts is None or counts[row] != 0)
    ]


def _now(column: Sequence[CellValue], rows: Sequence[int] | None) -> list[float]:
    """The numbers of these rows; where there is one row for each moment, the last known."""
    if rows is None:
        return _numbers(column)[-1:]
    return _numbers([column[row] for row in rows])


def _subject(table: Table, names: Sequence[str], rows: Sequence[int] | None) -> str:
    subject = next((name for name in SUBJECTS if name in table.columns), "")
    if rows is None or not subject:
        return ""
    column = table.columns[subject]
    known = {column[row] for row in rows if any(table.columns[each][row] is not None for each in names)} - {""}
    return f" of {count(len(known), subject, PLURALS.get(subject, ''))}"


def _extent(values: Sequence[float]) -> str:
    """``, from 1 to 3, 2 NaN``, `` 0.5``."""
    finite = [value for value in values if math.isfinite(value)]
    ends = list(dict.fromkeys(number(end) for end in (min(finite), max(finite)))) if finite else []
    text = f", from {ends[0]} to {ends[1]}" if len(ends) > 1 else f" {ends[0]}" if ends else ""
    lost = {"NaN": sum(map(math.isnan, values)), "infinite": sum(map(math.isinf, values))}
    return text + "".join(f", {integer(times)} {word}" for word, times in lost.items() if times)


def _numbers(column: Sequence[CellValue]) -> list[float]:
    return [float(value) for value in column if isinstance(value, int | float)]
