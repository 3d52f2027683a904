"""Images in data coordinates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from ui.chart.axes import VECTOR
from ui.chart.colour_tables import LOST, ZERO
from ui.chart.legend import Key
from ui.chart.marks import Mark, Surface
from ui.chart.pane import Pane
from ui.style.theme import Theme

NOT_FINITE = Key("NaN or ∞", "lost", "cell", short="not finite")
EXACTLY_ZERO = Key("exactly 0", "border", "cell")


@dataclass(frozen=True, eq=False)
class Heat(Mark):
    """An image of places in a colour table over a rectangle of data; row 0 at the smallest y."""

    places: NDArray[np.uint8]
    """(rows, columns)"""
    rect: QRectF
    table: Callable[[Theme], Sequence[int]]
    """The colour table of a theme."""
    _: KW_ONLY
    z: float = -2.0
    zero: Key | None = EXACTLY_ZERO
    """What the legend says of cells of exactly 0."""
    lost: Key | None = NOT_FINITE
    """And of those that are not finite."""

    @cached_property
    def _bytes(self) -> bytes:
        """Kept as long as the image that reads them."""
        return np.ascontiguousarray(self.places).tobytes()

    @cached_property
    def image(self) -> QImage:
        """Without its colours."""
        rows, columns = self.places.shape
        return QImage(self._bytes, columns, rows, columns, QImage.Format.Format_Indexed8)

    def keys(self, pane: Pane) -> Sequence[Key]:
        return [key for place, key in ((LOST, self.lost), (ZERO, self.zero)) if key and (self.places == place).any()]

    def draw(self, surface: Surface) -> None:
        self.image.setColorTable(self.table(surface.palette.theme))
        draw_image(surface, self.image, self.rect)


@dataclass(frozen=True, eq=False)
class Picture(Mark):
    """An image of colours over a rectangle of data; row 0 at the smallest y."""

    pixels: NDArray[np.uint8]
    """(rows, columns, 4): blue, green, red, unused."""
    rect: QRectF
    _: KW_ONLY
    z: float = -2.0

    def draw(self, surface: Surface) -> None:
        rows, columns = self.pixels.shape[:2]
        data = np.ascontiguousarray(self.pixels).tobytes()
        draw_image(surface, QImage(data, columns, rows, 4 * columns, QImage.Format.Format_RGB32), self.rect)


def draw_image(surface: Surface, image: QImage, rect: QRectF) -> None:
    painter = surface.painter
    if painter.paintEngine().type() in VECTOR:
        image = _enlarged(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    start, end = surface.to_pixels.map(rect.topLeft()), surface.to_pixels.map(rect.bottomRight())
    painter.translate(start)
    painter.scale((end.x() - start.x()) / image.width(), (end.y() - start.y()) / image.height())
    painter.drawImage(QPointF(0.0, 0.0), image)


def _enlarged(image: QImage) -> QImage:
    """Cells of several pixels, so that a viewer that smooths images leaves them square."""
    across, down = (max(1, 1600 // max(length, 1)) for length in (image.width(), image.height()))
    whole = image.convertToFormat(QImage.Format.Format_ARGB32)
    return whole.scaled(image.width() * across, image.height() * down)
