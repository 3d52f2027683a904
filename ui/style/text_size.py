"""How large text is: sizes in the code are for the usual font, and grow with a person's."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QApplication

USUAL_PIXELS = 12
"""The application's font that all sizes are made for."""


@cache
def text_scale() -> float:
    """The height of the application's font in that of the usual one; 1 where it is smaller."""
    return max(1.0, QFontInfo(QApplication.font()).pixelSize() / USUAL_PIXELS)


def scaled(pixels: float) -> int:
    """What has to hold text, or is text, in pixels."""
    return round(pixels * text_scale())


def measure_text() -> None:
    """The application's font is another: what is made from now on goes by it."""
    text_scale.cache_clear()
