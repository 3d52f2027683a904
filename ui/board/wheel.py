"""Whom the wheel serves: the board where it scrolls, a plot that has the focus or while Ctrl is held."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QWheelEvent

from ui.board.board import Board
from ui.board.card import CardPage
from ui.plots.base import Plot


class WheelScroll(QObject):
    """A hand that scrolls through the cards zooms none of the plots on its way."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._board = board

    def watch(self, page: CardPage) -> None:
        """Let the wheel over this page's plot scroll the board."""
        page.plot.canvas.take_wheel = lambda event: self._take(page.plot, event)

    def _take(self, plot: Plot[Any], event: QWheelEvent) -> bool:
        if self._scrolls(plot, event):
            bar = self._board.verticalScrollBar()
            bar.setValue(bar.value() + moved(event, bar.singleStep()))
            return True
        return False

    def _scrolls(self, plot: Plot[Any], event: QWheelEvent) -> bool:
        zooms = plot.hasFocus() or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return self._board.verticalScrollBar().maximum() > 0 and not zooms


def moved(event: QWheelEvent, step: int) -> int:
    """Pixels down: as many as a touch pad says, or three steps for each click of a wheel."""
    pixels = event.pixelDelta().y()
    return -pixels if pixels else round(-3 * step * event.angleDelta().y() / 120)
