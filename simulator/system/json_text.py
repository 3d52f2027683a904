"""How much a JSON text would become, counted before it is taken apart."""

from __future__ import annotations

MOST_VALUES = 500_000
"""Of an experiment; each may take a hundred bytes and a microsecond."""


def has_too_many_values(text: bytes, most: int = MOST_VALUES) -> bool:
    """Whether there are more commas, lists and mappings in it than so many values could need."""
    return sum(text.count(mark) for mark in (b",", b"[", b"{")) > most
