"""Numbers as people read them, and the font in which those that change keep their places."""

from __future__ import annotations

from PySide6.QtGui import QFont

from simulator.schema.numbers import (
    THIN,
    amount,
    count,
    decimal,
    duration,
    exact,
    grouping,
    integer,
    not_finite,
    number,
    percent,
    power_of_ten,
    read_integer,
    read_number,
    setting,
    size_text,
    spread_text,
    times_power_of_ten,
)

__all__ = [
    "THIN",
    "amount",
    "count",
    "decimal",
    "duration",
    "exact",
    "grouping",
    "integer",
    "not_finite",
    "number",
    "percent",
    "power_of_ten",
    "read_integer",
    "read_number",
    "setting",
    "size_text",
    "spread_text",
    "tabular",
    "times_power_of_ten",
]


def tabular(font: QFont) -> QFont:
    """The font with digits of one width, where it has them."""
    font = QFont(font)
    if hasattr(QFont, "Tag"):
        font.setFeature(QFont.Tag("tnum"), 1)
    return font
