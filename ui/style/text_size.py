"""How large text is: sizes in the code are for the usual font, and grow with a person's, at run time too."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFontInfo, QFontMetrics, QFontMetricsF
from PySide6.QtWidgets import QApplication, QWidget

USUAL_PIXELS = 12
"""The application's font that all sizes are made for."""

CAPTION = 0.82
"""The text of a caption, in that of what it is about."""


class _Text(QObject):
    resized = Signal()


_text = _Text()

text_resized = _text.resized
"""Emitted after the application's font has another size."""


@cache
def text_scale() -> float:
    """The height of the application's font in that of the usual one; 1 where it is smaller."""
    return max(1.0, QFontInfo(QApplication.font()).pixelSize() / USUAL_PIXELS)


def scaled(pixels: float) -> int:
    """What has to hold text, or is text, in pixels."""
    return round(pixels * text_scale())


def measure_text() -> None:
    """The application's font may be another: what holds text takes on its size."""
    before = text_scale()
    text_scale.cache_clear()
    if text_scale() != before:
        text_resized.emit()


class _Follower(QObject):
    """Lives and dies with what it fits."""

    def __init__(self, owner: QObject, fit: Callable[[], object]) -> None:
        super().__init__(owner)
        self._fit = fit
        text_resized.connect(self.again)

    def again(self) -> None:
        self._fit()


Owner = TypeVar("Owner", bound=QObject)


def text_width(metrics: QFontMetrics, text: str) -> int:
    """Whole pixels that hold it: an ellipsis stands as soon as a part of one is wanting."""
    return math.ceil(QFontMetricsF(metrics).horizontalAdvance(text))


def with_text(owner: Owner, fit: Callable[[Owner], object]) -> None:
    """Do ``fit`` with its owner now, and again whenever text has another size, as long as there is one.

    It must not hold its owner: widgets are freed in their order only where none is part of a circle of references.
    """
    fit(owner)
    held = weakref.ref(owner)

    def again() -> None:
        alive = held()
        if alive is not None:
            fit(alive)

    _Follower(owner, again)


def embolden(widget: QWidget) -> None:
    """Let a widget's text stand out at the size that it has."""
    font = widget.font()
    font.setBold(True)
    widget.setFont(font)


def resize_text(widget: QWidget, factor: float, *, bold: bool = False) -> None:
    """Let a widget's text be ``factor`` times as large as the application's."""

    def fit(resized: QWidget) -> None:
        font = resized.font()
        font.setPointSizeF(factor * QApplication.font().pointSizeF())
        font.setBold(bold)
        resized.setFont(font)

    with_text(widget, fit)
