"""What was changed by hand while the run was trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from simulator.record.changes import Change
from ui.report.markup import element, table
from ui.style.numbers import integer


def changes_part(changes: Sequence[Change]) -> Iterator[Element]:
    """A table, if there is anything in it."""
    if not changes:
        yield element("p", "Nothing was changed by hand.")
        return
    yield table("What was changed, and from which step on it acted", ("Step", "What"), map(_row, changes))


def _row(change: Change) -> Sequence[str]:
    steps = integer(change.step) if change.until is None else f"{integer(change.step)} … {integer(change.until)}"
    return steps, change.description
