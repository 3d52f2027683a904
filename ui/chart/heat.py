"""Images in data coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from simulator.arrays.numeric import Floats
from ui.chart.axes import VECTOR
from ui.chart.colour_tables import FIRST, LAST, LOST, MIDDLE, ZERO, is_signed
from ui.chart.hatching import Hatch, hatch_cells
from ui.chart.legend import Key
from ui.chart.marks import Mark, Surface
from ui.chart.pane import Pane
from ui.style.theme import Theme

NOT_FINITE = Key("NaN or ∞", "lost", "cell", short="not finite", hatch="crossed")
EXACTLY_ZERO = Key("exactly 0", "border", "cell", hatch="dotted")
FAINT = 6
"""Places of the ramp beside 0 that look like it."""
BELOW_ZERO = Key("below 0", "accent", "cell", short="< 0", hatch="rising")


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
    logs: Floats | None = None
    """(rows, columns): log₁₀ of what the cells are of, −∞ of 0, +∞ of what is not finite, NaN of nothing."""
    of_layers: bool = False
    """Whether each row is a layer."""
    hatches: Mapping[int, Hatch] = field(default_factory=lambda: {ZERO: "dotted", LOST: "crossed"})
    """Patterns of places in the table that are no part of its ramp: nobody goes by colour alone."""

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
        keys = [key for place, key in ((LOST, self.lost), (ZERO, self.zero)) if key and (self.places == place).any()]
        return [*keys, BELOW_ZERO] if self.below_zero.any() else keys

    def value_at(self, x: float, y: float) -> float | None:
        """What a place lies upon of :attr:`logs`; None outside, and where there is nothing."""
        if self.logs is None or not self.rect.contains(x, y):
            return None
        rows, columns = self.logs.shape
        row = min(int((y - self.rect.top()) / self.rect.height() * rows), rows - 1)
        column = min(int((x - self.rect.left()) / self.rect.width() * columns), columns - 1)
        value = float(self.logs[row, column])
        return None if np.isnan(value) else value

    @cached_property
    def below_zero(self) -> NDArray[np.bool_]:
        """(rows, columns): cells of the lower half of a signed ramp; not those that hardly differ from 0."""
        if not is_signed(self.table):
            return np.zeros((1, 1), np.bool_)
        return np.asarray((self.places >= FIRST) & (self.places < MIDDLE - FAINT))

    def draw(self, surface: Surface) -> None:
        self.image.setColorTable(self.table(surface.palette.theme))
        surface.painter.save()
        draw_image(surface, self.image, self.rect)
        surface.painter.restore()
        self._draw_hatches(surface)

    def _draw_hatches(self, surface: Surface) -> None:
        lowest = self.places.min(initial=LAST)
        cells = {hatch: self.places == place for place, hatch in self.hatches.items() if place >= lowest}
        if not cells and not is_signed(self.table):
            return
        room = QRectF(surface.to_pixels.map(self.rect.topLeft()), surface.to_pixels.map(self.rect.bottomRight()))
        colour = surface.colour("panel")
        for hatch, chosen in (("rising", self.below_zero), *cells.items()):
            upright = chosen if room.height() > 0 else chosen[::-1]
            hatch_cells(surface.painter, upright, room.normalized(), hatch, colour)


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
