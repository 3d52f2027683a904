"""Whom the wheel serves: the board where it scrolls, a plot that has the focus or while Ctrl is held."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWheelEvent

from ui.board.board import Board
from ui.board.card import Page
from ui.plots.base import Plot


class WheelScroll(QObject):
    """A hand that scrolls through the cards zooms none of the plots on its way."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._board = board
        self._plots: dict[QObject, Plot[Any]] = {}

    def watch(self, page: Page) -> None:
        """Let the wheel over this page's plot scroll the board."""
        window = page.plot.canvas.viewport()
        self._plots[window] = page.plot
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and watched in self._plots and self._scrolls(self._plots[watched], event):
            bar = self._board.verticalScrollBar()
            bar.setValue(bar.value() + moved(event, bar.singleStep()))
            return True
        return super().eventFilter(watched, event)

    def _scrolls(self, plot: Plot[Any], event: QWheelEvent) -> bool:
        zooms = plot.hasFocus() or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return self._board.verticalScrollBar().maximum() > 0 and not zooms


def moved(event: QWheelEvent, step: int) -> int:
    """Pixels down: as many as a touch pad says, or three steps for each click of a wheel."""
    pixels = event.pixelDelta().y()
    return -pixels if pixels else round(-3 * step * event.angleDelta().y() / 120)
