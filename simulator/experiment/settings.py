"""Settings as a person writes them: ``PATH=VALUE``, several with commas between them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from simulator.experiment.experiment import ExperimentError
from simulator.schema.settings import in_order

OPENING, CLOSING, QUOTES = "([{", ")]}", "\"'"


def setting(text: str) -> tuple[str, Any]:
    """``PATH=VALUE``: the value is JSON where it reads as JSON, else the text itself."""
    path, equals, value = text.partition("=")
    if not equals:
        raise ExperimentError(f"expected PATH=VALUE, not {text!r}")
    try:
        return path.strip(), json.loads(value, parse_float=_plain)
    except ValueError:
        return path.strip(), value


def _plain(text: str) -> int | float:
    """``1e3`` as the whole number that it is, which fields of either kind take."""
    value = float(text)
    return int(value) if value and value.is_integer() and abs(value) < 2**53 else value


def settings_in(texts: Iterable[str]) -> list[tuple[str, Any]]:
    """Each of them, in the order in which they act."""
    return in_order(map(setting, texts))


def split(text: str) -> list[str]:
    """Parts between commas that stand in no brackets and no quotes."""
    parts, depth, quote, escaped = [""], 0, "", False
    for mark in text:
        if quote:
            quote = "" if mark == quote and not escaped else quote
        elif mark in QUOTES and parts[-1].rstrip().endswith(("=", "[", "{", "(", ",", ":")):
            quote = mark
        else:
            depth += (mark in OPENING) - (mark in CLOSING and depth > 0)
        escaped = bool(quote) and mark == "\\" and not escaped
        if mark == "," and not quote and not depth:
            parts.append("")
        else:
            parts[-1] += mark
    return parts
