"""A mark that is painted once and then copied, as long as neither it nor its pane changes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPaintDevice, QPainter

from ui.chart.axes import VECTOR
from ui.chart.marks import Surface


class KeptPicture:
    """What has been painted of one mark; belongs to whoever makes the marks."""

    def __init__(self) -> None:
        self._name: tuple[object, ...] = ()
        self._picture = QImage()
        """No pixmap: it may outlive the application."""

    def paint(self, surface: Surface, of: object, draw: Callable[[Surface], None]) -> None:
        """Let ``draw`` paint, unless it has ``of`` the same in the same place; in vector files it always does."""
        device = surface.painter.device()
        if surface.painter.paintEngine().type() in VECTOR or device is None:
            draw(surface)
            return
        room = surface.to_pixels.mapRect(surface.pane.area).normalized()
        ratio = _ratio(surface.painter, device)
        name = (of, repr(surface.to_pixels), room.getRect(), ratio, surface.palette.theme.name)
        if name != self._name:
            self._name, self._picture = name, _painted(surface, room, ratio, draw)
        surface.painter.drawImage(room.topLeft(), self._picture)


def _ratio(painter: QPainter, device: QPaintDevice) -> float:
    """Pixels of the device for one of what is painted."""
    return device.devicePixelRatioF() * abs(painter.worldTransform().m11())


def _painted(surface: Surface, room: QRectF, ratio: float, draw: Callable[[Surface], None]) -> QImage:
    size = (room.size() * ratio).toSize()
    form = QImage.Format.Format_ARGB32_Premultiplied
    picture = QImage(max(size.width(), 1), max(size.height(), 1), form)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.translate(-room.topLeft())
        draw(Surface(painter, surface.to_pixels, surface.pane, surface.palette, surface.style))
    return picture
