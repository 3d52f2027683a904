"""What stands in one box: its matrix as an image or as numbers, its histogram, its formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from simulator.arrays.numeric import Floats
from simulator.observations.graph.matrix import READABLE, Matrix
from ui.chart.axes import plot_font
from ui.chart.marks import Mark, Surface
from ui.chart.pane import Pane
from ui.chart.pens import pen_of, transparent
from ui.style.colours import mix, ramp
from ui.style.numbers import integer, number, tabular
from ui.style.text_size import scaled
from ui.style.theme import Theme

TITLE = 20.0
GAP = 12.0
CELL = 60.0
"""Pixels in which a single number can be read."""


@dataclass(frozen=True)
class OpenedBox:
    """A box that is open."""

    title: str
    matrix: Matrix
    formula: tuple[str, ...]
    backward: bool
    before: Floats | None = None
    """The numbers before anything was changed, where they can be read."""


@dataclass(frozen=True)
class Areas:
    """Where the parts of the detail lie, in pixels."""

    matrix: QRectF
    histogram: QRectF
    words: QRectF


def areas(rect: QRectF, shape: tuple[int, ...]) -> Areas:
    """The matrix in its own proportions on the left, histogram and words to the right of it."""
    rows, columns = shape
    inner = rect.adjusted(8, scaled(TITLE), -8, -6)
    wide = inner.height() * min(max(columns / rows, 0.4), 2.6)
    if max(shape) <= READABLE:
        wide = max(wide, columns * CELL)
    wide = min(wide, inner.width() * 0.48)
    matrix = QRectF(inner.left(), inner.top(), max(wide, 10), max(inner.height(), 10))
    rest = QRectF(matrix.right() + GAP, inner.top(), max(inner.right() - matrix.right() - GAP, 10), inner.height())
    share = min(rest.width() * 0.45, 260.0)
    words = QRectF(rest.left() + share + GAP, rest.top(), max(rest.width() - share - GAP, 10), rest.height())
    return Areas(matrix, QRectF(rest.left(), rest.top(), share, rest.height() - 16), words)


def cell_at(pane: Pane, matrix: Matrix, position: QPointF) -> tuple[int, int] | None:
    """Row and column of an opened matrix under a scene position, where single numbers can be read."""
    if not matrix.readable:
        return None
    rows, columns = matrix.values.shape
    area = areas(pane.sceneBoundingRect(), (rows, columns)).matrix
    if not area.contains(position):
        return None
    row = int((position.y() - area.top()) / area.height() * rows)
    column = int((position.x() - area.left()) / area.width() * columns)
    return min(row, rows - 1), min(column, columns - 1)


def cell_rect(pane: Pane, matrix: Matrix, row: int, column: int) -> QRectF:
    """Where a number of an opened matrix stands, in scene coordinates."""
    rows, columns = matrix.values.shape
    return _cell(areas(pane.sceneBoundingRect(), (rows, columns)).matrix, rows, columns, row, column)


@dataclass(frozen=True, eq=False)
class Detail(Mark):
    """One opened box over a whole pane."""

    opened: OpenedBox

    def draw(self, surface: Surface) -> None:
        painter, matrix = surface.painter, self.opened.matrix
        rect = surface.to_pixels.mapRect(surface.pane.area)
        places = areas(rect, matrix.values.shape)
        painter.setFont(plot_font(12, bold=True))
        painter.setPen(QColor(surface.colour("text")))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(rect.left() + 8, rect.top(), rect.width() - 16, scaled(TITLE)), left, self.opened.title)
        self._matrix(surface, places.matrix)
        self._histogram(surface, places.histogram)
        painter.setFont(tabular(plot_font(12)))
        painter.setPen(QColor(surface.colour("text")))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(places.words, int(flags), "\n".join([*self.opened.formula, *counted(matrix)]))

    def _matrix(self, surface: Surface, area: QRectF) -> None:
        painter = surface.painter
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, image_of(self.opened.matrix.values, surface.palette.theme))
        painter.setPen(pen_of(surface.colour("border")))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        if self.opened.matrix.readable:
            self._numbers(surface, area)

    def _numbers(self, surface: Surface, area: QRectF) -> None:
        painter, values, before = surface.painter, self.opened.matrix.values, self.opened.before
        rows, columns = values.shape
        painter.setFont(tabular(plot_font(11)))
        painter.setPen(QColor(surface.colour("text")))
        metrics = QFontMetricsF(painter.font())
        for row, column in np.ndindex(rows, columns):
            cell = _cell(area, rows, columns, row, column)
            lines = [fitting(float(values[row, column]), metrics, cell.width() - 2)]
            if before is not None and before[row, column] != values[row, column]:
                lines.append(times(float(values[row, column]), float(before[row, column])))
            kept = [line for line in lines if line and metrics.horizontalAdvance(line) <= cell.width() - 2]
            kept = kept if len(kept) * metrics.height() <= cell.height() else kept[:1]
            if metrics.height() <= cell.height() + 3:
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, "\n".join(kept))

    def _histogram(self, surface: Surface, area: QRectF) -> None:
        painter, counts, edges = surface.painter, self.opened.matrix.counts, self.opened.matrix.edges
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(transparent(surface.colour("backward" if self.opened.backward else "forward"), 0.6))
        width = area.width() / len(counts)
        for place, count in enumerate(counts):
            height = area.height() * count / max(int(counts.max()), 1)
            painter.drawRect(QRectF(area.left() + place * width, area.bottom() - height, max(width - 1, 1), height))
        painter.setPen(pen_of(surface.colour("border")))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(tabular(plot_font(11)))
        painter.setPen(QColor(surface.colour("muted")))
        below = QRectF(area.left(), area.bottom() + 1, area.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, number(float(edges[0])))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, number(float(edges[-1])))


def fitting(value: float, metrics: QFontMetricsF, width: float) -> str:
    """The number with as many digits, three at most, as there is room for; ``""`` where not even one has."""
    ways = (number(value, digits) for digits in (3, 2, 1))
    return next((way for way in ways if metrics.horizontalAdvance(way) <= width), "")


def times(after: float, before: float) -> str:
    """``× 0.667``; new where there was nothing."""
    if before == 0:
        return "same" if after == 0 else "new"
    return f"× {number(after / before)}"


def counted(matrix: Matrix) -> list[str]:
    """What a histogram cannot show."""
    counts = [(matrix.zeros, "exactly 0"), (matrix.not_finite, "not finite")]
    return [f"{integer(count)} {words}" for count, words in counts if count]


def image_of(values: Floats, theme: Theme) -> QImage:
    """Blue for positive, grey for negative, amber for what is not finite; the largest size is the strongest."""
    stops = (mix(theme.panel, theme.text, 0.45), theme.panel, mix(theme.panel, theme.accent, 0.6))
    shades = np.array([QColor(shade).rgb() for shade in ramp(stops, 255)], dtype=np.uint32)
    finite = np.isfinite(values)
    largest = float(np.abs(values[finite]).max(initial=0.0))
    with np.errstate(all="ignore"):
        share = np.where(finite, values / (largest or 1.0), 0.0)
    pixels = shades[np.rint(127 + 127 * share).astype(np.intp)]
    pixels[~finite] = QColor(theme.warning).rgb()
    rows, columns = values.shape
    data = np.ascontiguousarray(pixels).tobytes()
    return QImage(data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


def _cell(area: QRectF, rows: int, columns: int, row: int, column: int) -> QRectF:
    width, height = area.width() / columns, area.height() / rows
    return QRectF(area.left() + column * width, area.top() + row * height, width, height)
