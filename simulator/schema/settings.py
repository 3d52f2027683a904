"""Settings: pairs of a path and the value that is put there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def in_order(settings: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The order in which settings act, however they are given: a kind brings its own fields, so kinds come first."""
    return sorted(settings, key=lambda setting: not setting[0].endswith(".kind"))
