"""A level across a pane that a hand can take hold of and drag."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from ui.chart.canvas import Canvas
from ui.chart.pane import Pane

REACH = 5.0
"""Pixels beside the level at which a hand still takes hold of it."""
ACTS = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease)


class LevelHandle(QObject):
    """Turns the mouse on a level into heights of its pane; the level itself is drawn by a mark."""

    moved = Signal(float)
    """To where it is dragged, in the pane's data."""

    def __init__(self, canvas: Canvas, pane: Pane) -> None:
        super().__init__(canvas)
        self._canvas, self._pane = canvas, pane
        self.height: float | None = None
        """Where the level is; None: there is none."""
        self._held = False
        canvas.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in ACTS or self.height is None or not isinstance(event, QMouseEvent):
            return False
        at = self._canvas.mapToScene(event.position().toPoint())
        match event.type():
            case QEvent.Type.MouseButtonPress:
                self._held = event.button() == Qt.MouseButton.LeftButton and self._is_near(at)
                return self._held
            case QEvent.Type.MouseMove if self._held:
                self.moved.emit(self._within(self._pane.scene_to_data(at).y()))
                return True
            case QEvent.Type.MouseMove:
                self._show_cursor(self._is_near(at) and not event.buttons())
                return False
        held, self._held = self._held, False
        return held

    def _is_near(self, at: QPointF) -> bool:
        if self.height is None or not self._pane.sceneBoundingRect().contains(at):
            return False
        return abs(self._pane.data_to_scene(QPointF(0.0, self.height)).y() - at.y()) <= REACH

    def _within(self, height: float) -> float:
        low, high = self._pane.shown[1]
        return min(max(height, low), high)

    def _show_cursor(self, near: bool) -> None:
        if near:
            self._canvas.viewport().setCursor(Qt.CursorShape.SizeVerCursor)
        elif self._canvas.viewport().cursor().shape() == Qt.CursorShape.SizeVerCursor:
            self._canvas.viewport().unsetCursor()
