"""JSON as text: how a person reads it, and how much it would become, counted before it is taken apart."""

from __future__ import annotations

import json
from typing import Any

import msgspec

MOST_VALUES = 500_000
"""Of an experiment; each may take a hundred bytes and a microsecond."""


def has_too_many_values(text: bytes, most: int = MOST_VALUES) -> bool:
    """Whether there are more commas, lists and mappings in it than so many values could need."""
    return sum(text.count(mark) for mark in (b",", b"[", b"{")) > most


def readable_json(value: Any) -> bytes:
    """Indented by two, the same for the same value."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def as_in_a_file(plain: Any) -> Any:
    """A copy as a file would bring it: tuples are lists there."""
    return json.loads(json.dumps(plain))
