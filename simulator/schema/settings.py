"""Settings: pairs of a path and the value that is put there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from simulator.schema.plain import FieldPath


def in_order(settings: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The order in which settings act, however they are given: a kind brings its own fields, so kinds come first."""
    return sorted(settings, key=lambda setting: not setting[0].endswith(".kind"))


def value_at(plain: Any, path: str) -> Any:
    """What stands at a path of builtins, as in ``layers.0.units``; None where nothing does."""
    here = plain
    for key in path.split("."):
        if isinstance(here, Mapping):
            here = here.get(key)
        elif isinstance(here, list | tuple) and key.isdecimal() and int(key) < len(here):
            here = here[int(key)]
        else:
            return None
    return here


def keys_of(path: str) -> FieldPath:
    """``layers.0.units`` → ``("layers", 0, "units")``"""
    return tuple(int(key) if re.fullmatch(r"\d{1,9}", key) else key for key in path.split("."))
