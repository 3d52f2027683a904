"""What plots have in common of which a hand can drag a handle over the pane."""

from __future__ import annotations

import math
from typing import ClassVar

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from ui.chart.pane import Pane
from ui.chart.view import S
from ui.plots.base import Plot


class HandlePlot(Plot[S]):
    """Takes the mouse where it holds the handle; everything else goes its way."""

    reach: ClassVar[float]
    """Pixels from the handle within which a press takes hold of it."""
    pane: Pane
    holding = False
    """Whether a hand holds it."""
    _moving = False
    """Whether it has moved since."""

    def handle(self) -> QPointF | None:
        """Where it stands, in data; None where there is none."""
        raise NotImplementedError

    def grasp_handle(self) -> None:
        """A hand has taken hold of it."""

    def drag_handle(self, at: QPointF, *, final: bool) -> None:
        """A hand has moved it to a place of the data; ``final``: and has let go."""
        raise NotImplementedError

    def drop_handle(self) -> None:
        """The hand has let go without moving it: a click that moved nothing changes nothing."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and self.header is not None:
            match event.type():
                case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                    return self._grasp(event.position())
                case QEvent.Type.MouseMove if self.holding:
                    self._moving = True
                    self.drag_handle(self._data_at(event.position()), final=False)
                    return True
                case QEvent.Type.MouseButtonRelease if self.holding:
                    self._let_go(event.position())
                    return True
        return super().eventFilter(watched, event)

    def _grasp(self, position: QPointF) -> bool:
        handle = self.handle()
        if handle is None or self.paused:
            return False
        away = self.canvas.mapToScene(position.toPoint()) - self.pane.data_to_scene(handle)
        if math.hypot(away.x(), away.y()) > self.reach:
            return False
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.holding, self._moving = True, False
        self.grasp_handle()
        self.redraw()
        return True

    def _let_go(self, position: QPointF) -> None:
        self.holding = False
        if self._moving:
            self.drag_handle(self._data_at(position), final=True)
        else:
            self.drop_handle()
        self.redraw()

    def _data_at(self, position: QPointF) -> QPointF:
        return self.pane.scene_to_data(self.canvas.mapToScene(position.toPoint()))
