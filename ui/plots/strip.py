"""The line above a plot's panes: what the marks mean, what they read now, and what is off the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.plots.axes import plot_font
from ui.plots.items import pen_of, transparent
from ui.style.numbers import tabular
from ui.style.theme import Theme

Swatch = Literal["line", "dashed", "dot", "hollow", "band", "none"]


@dataclass(frozen=True)
class Key:
    """One entry of the legend; ``colour`` is one or names the theme's, ``short`` is the text where room is short."""

    text: str
    colour: str
    swatch: Swatch = "line"
    short: str = ""


@dataclass(frozen=True)
class Note:
    """A count of what the marks cannot show; amber if it is a warning."""

    text: str
    warning: bool = False


class Strip(pg.GraphicsWidget):  # type: ignore[misc]
    """Keys from the left, notes from the right; notes first where room is short."""

    HEIGHT = 22.0
    LINE = 18.0

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.keys: tuple[Key, ...] = ()
        self.notes: tuple[Note, ...] = ()
        for fix in (self.setMinimumHeight, self.setPreferredHeight, self.setMaximumHeight):
            fix(self.HEIGHT)

    def tint(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def say(self, keys: Sequence[Key], notes: Sequence[Note]) -> None:
        if (tuple(keys), tuple(notes)) != (self.keys, self.notes):
            self.keys, self.notes = tuple(keys), tuple(notes)
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        font = tabular(plot_font())
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        right = self.size().width()
        for note in reversed(self.notes):
            right = self._note(painter, metrics, note, right)
        left = 8.0
        for key in self.keys:
            margin = 20 if key.swatch != "none" else 0
            texts = [text for text in (key.text, key.short) if text]
            fitting = [t for t in texts if left + metrics.horizontalAdvance(t) + margin <= right]
            if not fitting:
                break
            width = metrics.horizontalAdvance(fitting[0]) + margin
            self._key(painter, replace(key, text=fitting[0]), left, width)
            left += width + 14

    def _note(self, painter: QPainter, metrics: QFontMetricsF, note: Note, right: float) -> float:
        width = metrics.horizontalAdvance(note.text) + 12
        box = QRectF(right - width, 1, width, self.LINE - 3)
        if box.left() < 0:
            return right
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(transparent(self.theme.warning if note.warning else self.theme.muted, 0.13))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QColor(self.theme.warning if note.warning else self.theme.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, note.text)
        return box.left() - 6

    def _key(self, painter: QPainter, key: Key, left: float, width: float) -> None:
        colour = str(getattr(self.theme, key.colour, key.colour))
        middle = QPointF(left + 7, self.LINE / 2 - 0.5)
        painter.setPen(pen_of(colour, 1.6, dashed=key.swatch == "dashed"))
        if key.swatch in ("line", "dashed"):
            painter.drawLine(QPointF(left, middle.y()), QPointF(left + 14, middle.y()))
        elif key.swatch == "band":
            painter.fillRect(QRectF(left, middle.y() - 4, 14, 8), transparent(colour, 0.25))
        elif key.swatch in ("dot", "hollow"):
            painter.setBrush(QColor(colour if key.swatch == "dot" else self.theme.panel))
            painter.drawEllipse(middle, 3.2, 3.2)
        painter.setPen(QColor(self.theme.muted))
        box = QRectF(left, 0, width, self.LINE - 1)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, key.text)


class Caption(pg.GraphicsWidget):  # type: ignore[misc]
    """The plot's title inside a picture of it."""

    HEIGHT = 24.0

    def __init__(self, text: str, theme: Theme) -> None:
        super().__init__()
        self.text, self.theme = text, theme
        for fix in (self.setMinimumHeight, self.setPreferredHeight, self.setMaximumHeight):
            fix(self.HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setFont(plot_font(14, bold=True))
        painter.setPen(QColor(self.theme.text))
        box = QRectF(8, 0, self.size().width() - 8, self.HEIGHT)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text)
