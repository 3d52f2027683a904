"""The boxes and arrows of the computation graph, painted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QTransform

from ui.chart.axes import plot_font
from ui.chart.canvas import Pane
from ui.chart.marks import Item, pen_of, transparent
from ui.plots.graph.layout import HALF_HEIGHT, HALF_WIDTH, Edge, Place
from ui.style.numbers import tabular
from ui.style.theme import LIGHT, Theme

THICKEST, THINNEST = 7.0, 0.8
"""Pixels; a decade less signal is a pixel less."""
DOTS = 0.22
"""Height of the dots of single units above the lower edge of their box, in units of the box's height."""


def _corner(rect: QRectF) -> tuple[float, float]:
    """Radii of a box's corners: a narrow box stays a box."""
    radius = min(4.0, rect.width() / 6, rect.height() / 6)
    return radius, radius


@dataclass(frozen=True)
class Face:
    """What a box shows."""

    key: str
    place: Place
    backward: bool
    layer: int
    title: str
    short: str
    """Where there is no room for the title."""
    lines: tuple[str, ...]
    """Its norm, what it was."""
    ratio: str = ""
    """By what a change has multiplied it."""
    lost: bool = False
    """Whether its norm is not finite."""
    units: tuple[bool, ...] = ()
    """A dot for every unit that can be switched off: on or off."""


def box_rect(place: Place) -> QRectF:
    return QRectF(place[0] - HALF_WIDTH, place[1] - HALF_HEIGHT, 2 * HALF_WIDTH, 2 * HALF_HEIGHT)


def dot_place(place: Place, unit: int, units: int) -> QPointF:
    rect = box_rect(place)
    return QPointF(rect.left() + rect.width() * (unit + 0.5) / units, rect.top() + DOTS * rect.height())


def thickness(norm: float, largest: float) -> float:
    """Of an edge: a pixel per decade, the largest the thickest."""
    if not (norm > 0 and largest > 0 and math.isfinite(norm) and math.isfinite(largest)):
        return THINNEST
    return max(THICKEST + math.log10(norm) - math.log10(largest), THINNEST)


def narrowed(line: str, metrics: QFontMetricsF, width: float) -> str:
    """The line, without its spaces where there is no room; ``""`` where there is not even that."""
    ways = (line, line.replace(" ", ""))
    return next((way for way in ways if metrics.horizontalAdvance(way) <= width), "")


class Boxes(Item):
    """The whole graph in one item."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, 0.0)
        self.faces: Sequence[Face] = ()
        self.edges: Sequence[Edge] = ()
        self.norms: Mapping[str, float] = {}
        self.theme: Theme = LIGHT
        self.chosen = ""
        self.marked = -1

    def show_graph(self, faces: Sequence[Face], edges: Sequence[Edge], norms: Mapping[str, float], chosen: str) -> None:
        self.faces, self.edges, self.norms, self.chosen = faces, edges, norms, chosen
        self.update()

    def tint(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def mark(self, layer: int) -> None:
        self.marked = layer
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setClipRect(there.mapRect(self.pane.area))
        for edge in self.edges:
            self._edge(painter, there, edge)
        for face in self.faces:
            self._box(painter, there.mapRect(box_rect(face.place)), face)
            self._units(painter, there, face)

    def _largest(self, backward: bool) -> float:
        sizes = [self.norms.get(edge.carries, 0.0) for edge in self.edges if edge.backward == backward]
        return max((size for size in sizes if math.isfinite(size)), default=0.0)

    def _edge(self, painter: QPainter, there: QTransform, edge: Edge) -> None:
        theme, norm = self.theme, self.norms.get(edge.carries, math.nan)
        colour = theme.backward if edge.backward else theme.forward
        if not math.isfinite(norm):
            colour = theme.warning
        if edge.cached:
            painter.setPen(pen_of(colour, 1.0, dashed=True, alpha=0.45))
        else:
            width = thickness(norm, self._largest(edge.backward))
            painter.setPen(pen_of(colour, width, alpha=0.55, cap=Qt.PenCapStyle.FlatCap))
        painter.drawLine(there.map(QPointF(*edge.start)), there.map(QPointF(*edge.end)))

    def _box(self, painter: QPainter, rect: QRectF, face: Face) -> None:
        theme = self.theme
        tone = theme.backward if face.backward else theme.forward
        strong = face.key == self.chosen
        near = face.layer == self.marked and self.marked >= 0
        painter.setBrush(QColor(theme.panel))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, *_corner(rect))
        painter.setBrush(transparent(tone, 0.28 if strong or near else 0.10))
        edge = theme.warning if face.lost else theme.accent if strong else tone
        painter.setPen(pen_of(edge, 2.0 if strong or face.lost else 1.0))
        painter.drawRoundedRect(rect, *_corner(rect))
        self._words(painter, rect, face)

    def _words(self, painter: QPainter, rect: QRectF, face: Face) -> None:
        """As many lines as fit, none cut."""
        bold = plot_font(12, bold=True)
        whole = QFontMetricsF(bold).horizontalAdvance(face.title) <= rect.width() - 2
        lines = [face.title if whole else face.short, *face.lines, *([face.ratio] if face.ratio else [])]
        fonts = [bold, *[tabular(plot_font(11))] * (len(lines) - 1)]
        heights = [QFontMetricsF(font).height() for font in fonts]
        room = rect.height() * (1 - DOTS - 0.1 if face.units else 1)
        y = rect.top() + max((room - sum(heights)) / 2, 1)
        for line, font, height, first in zip(lines, fonts, heights, [True, *[False] * (len(lines) - 1)], strict=True):
            moved = line == face.ratio != "× 1"
            line = narrowed(line, QFontMetricsF(font), rect.width() - 2)
            if line and y + height <= rect.top() + room + 2:
                tone = self.theme.text if first else self.theme.accent if moved else self.theme.muted
                painter.setFont(font)
                painter.setPen(QColor(self.theme.warning if face.lost and not first else tone))
                painter.drawText(QRectF(rect.left(), y, rect.width(), height), Qt.AlignmentFlag.AlignCenter, line)
            y += height

    def _units(self, painter: QPainter, there: QTransform, face: Face) -> None:
        width = there.mapRect(box_rect(face.place)).width()
        radius = min(4.5, width / max(len(face.units), 1) / 2 - 0.8)
        if radius < 1:
            return
        for unit, on in enumerate(face.units):
            painter.setPen(pen_of(self.theme.forward if on else self.theme.muted, 1.2))
            painter.setBrush(QColor(self.theme.forward if on else self.theme.panel))
            painter.drawEllipse(there.map(dot_place(face.place, unit, len(face.units))), radius, radius)
