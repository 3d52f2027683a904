"""The boxes and arrows of the computation graph, painted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF

from ui.chart.axes import plot_font
from ui.chart.marks import Mark, Surface
from ui.chart.pens import DASHED, pen_of, transparent
from ui.plots.graph.folding import Fold
from ui.plots.graph.layout import FOLD_HALF_WIDTH, HALF_HEIGHT, HALF_WIDTH, BoxPosition, Edge, is_fold
from ui.style.numbers import tabular

THICKEST, THINNEST = 7.0, 0.8
"""Pixels; a decade less signal is a pixel less."""
TOP, BRACKET = 2.5, 0.34
"""Where bars over opened layers begin, and what each takes."""
BEHIND = 2.5
"""Pixels by which the outlines behind a fold's box stand off."""
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
    place: BoxPosition
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
    last_layer: int = -1
    """The last of the layers that it stands for, where it stands for several."""

    @property
    def numbers(self) -> tuple[str, ...]:
        return (*self.lines, self.ratio) if self.ratio else self.lines

    def is_of(self, layer: int) -> bool:
        return 0 <= self.layer <= layer <= max(self.layer, self.last_layer)


@dataclass(frozen=True)
class Bracket:
    """A bar over layers that have been opened, by which they are folded again."""

    fold: Fold
    first: float
    last: float
    """Columns."""
    level: int
    """0 is the lowest."""
    text: str

    @property
    def rect(self) -> QRectF:
        bottom = TOP + BRACKET * self.level
        return QRectF(self.first - HALF_WIDTH, bottom, self.last - self.first + 2 * HALF_WIDTH, 0.8 * BRACKET)


def box_rect(place: BoxPosition, key: str = "") -> QRectF:
    half = FOLD_HALF_WIDTH if is_fold(key) else HALF_WIDTH
    return QRectF(place[0] - half, place[1] - HALF_HEIGHT, 2 * half, 2 * HALF_HEIGHT)


def dot_place(place: BoxPosition, unit: int, units: int) -> QPointF:
    rect = box_rect(place)
    return QPointF(rect.left() + rect.width() * (unit + 0.5) / units, rect.top() + DOTS * rect.height())


def thickness(norm: float, largest: float) -> float:
    """Of an edge: a pixel per decade, the largest the thickest."""
    if not (norm > 0 and largest > 0 and math.isfinite(norm) and math.isfinite(largest)):
        return THINNEST
    return max(THICKEST + math.log10(norm) - math.log10(largest), THINNEST)


NUMBER_PIXELS = (11, 10, 9)
"""Sizes of the numbers in boxes, the largest that has room first."""


@dataclass(frozen=True)
class Writing:
    """How numbers are written in boxes."""

    font: QFont
    spaced: bool = True

    def text(self, line: str) -> str:
        return line if self.spaced else line.replace(" ", "")

    def fits(self, lines: Sequence[str], width: float) -> bool:
        metrics = QFontMetricsF(self.font)
        return all(metrics.horizontalAdvance(self.text(line)) <= width for line in lines)


def writing_of(faces: Sequence[Face], width: float) -> Writing | None:
    """One for boxes of this width: as large as all of their numbers have room; None where those of one have none.

    Numbers that stood in some boxes only would say of the others that they have none.
    """
    lines = [line for face in faces for line in face.numbers]
    ways = [Writing(tabular(plot_font(pixels)), spaced) for pixels in NUMBER_PIXELS for spaced in (True, False)]
    return next((way for way in ways if way.fits(lines, width)), None)


def titles_of(faces: Sequence[Face], width: float) -> list[str]:
    """What each box of this width is called: all signs have their layer's number behind them, or none has."""
    metrics = QFontMetricsF(plot_font(12, bold=True))
    narrow = [metrics.horizontalAdvance(face.title) > width for face in faces]
    signs = [face.title.startswith(face.short) for face in faces]
    bare = any(sign and short for sign, short in zip(signs, narrow, strict=True))
    return [
        face.short if short or (sign and bare) else face.title
        for face, sign, short in zip(faces, signs, narrow, strict=True)
    ]


def fitting_font(title: str, width: float) -> QFont:
    """The largest of a few sizes in which a title has room; the usual one where it has in none."""
    fonts = [plot_font(pixels, bold=True) for pixels in (12, 11, 10, 9)]
    return next((font for font in fonts if QFontMetricsF(font).horizontalAdvance(title) <= width), fonts[0])


@dataclass(frozen=True, eq=False)
class Boxes(Mark):
    """The whole graph."""

    faces: Sequence[Face]
    edges: Sequence[Edge]
    norms: Mapping[str, float]
    chosen: str
    """Key of the open box."""
    brackets: Sequence[Bracket] = ()

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        surface.painter.setClipRect(surface.to_pixels.mapRect(surface.pane.area))
        for edge in self.edges:
            self._edge(surface, edge)
        for folded in (False, True):
            self._boxes(surface, [face for face in self.faces if is_fold(face.key) == folded])
        for bracket in self.brackets:
            _bracket(surface, bracket)

    def _largest(self, backward: bool) -> float:
        sizes = [self.norms.get(edge.carries, 0.0) for edge in self.edges if edge.backward == backward]
        return max((size for size in sizes if math.isfinite(size)), default=0.0)

    def _edge(self, surface: Surface, edge: Edge) -> None:
        painter, norm = surface.painter, self.norms.get(edge.carries, math.nan)
        tone = "backward" if edge.backward else "forward"
        colour = surface.colour(tone if math.isfinite(norm) else "warning")
        if edge.cached:
            painter.setPen(pen_of(colour, 1.0, dash=DASHED, alpha=0.45))
        else:
            width = thickness(norm, self._largest(edge.backward))
            painter.setPen(pen_of(colour, width, alpha=0.55, cap=Qt.PenCapStyle.FlatCap))
        painter.drawLine(surface.to_pixels.map(QPointF(*edge.start)), surface.to_pixels.map(QPointF(*edge.end)))

    def _boxes(self, surface: Surface, faces: Sequence[Face]) -> None:
        """Boxes of one width."""
        rects = [surface.to_pixels.mapRect(box_rect(face.place, face.key)) for face in faces]
        width = min((rect.width() for rect in rects), default=0.0) - 2
        writing, titles = writing_of(faces, width), titles_of(faces, width)
        for rect, face, title in zip(rects, faces, titles, strict=True):
            self._box(surface, rect, face)
            _words(surface, rect, face, title, writing)
            _units(surface, face)

    def _box(self, surface: Surface, rect: QRectF, face: Face) -> None:
        painter, theme = surface.painter, surface.palette.theme
        tone = theme.backward if face.backward else theme.forward
        strong = face.key == self.chosen
        near = face.is_of(surface.palette.highlighted)
        if face.last_layer >= 0:
            _pile(surface, rect, tone)
        painter.setBrush(QColor(theme.panel))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, *_corner(rect))
        painter.setBrush(transparent(tone, 0.28 if strong or near else 0.10))
        edge = theme.warning if face.lost else theme.accent if strong else tone
        painter.setPen(pen_of(edge, 2.0 if strong or face.lost else 1.0))
        painter.drawRoundedRect(rect, *_corner(rect))


def _pile(surface: Surface, rect: QRectF, tone: str) -> None:
    """Outlines of further boxes behind one."""
    surface.painter.setBrush(QColor(surface.palette.theme.panel))
    surface.painter.setPen(pen_of(tone, 1.0))
    for behind in (2, 1):
        away = behind * min(BEHIND, rect.width() / 12)
        surface.painter.drawRoundedRect(rect.translated(away, -away), *_corner(rect))


def _bracket(surface: Surface, bracket: Bracket) -> None:
    painter, rect = surface.painter, surface.to_pixels.mapRect(bracket.rect)
    painter.setBrush(transparent(surface.colour("accent"), 0.14))
    painter.setPen(pen_of(surface.colour("accent"), 1.0))
    painter.drawRoundedRect(rect, *_corner(rect))
    font = plot_font(11)
    metrics = QFontMetricsF(font)
    if metrics.height() <= rect.height() + 2:
        short = f"fold {bracket.fold.title}"
        ways = [text for text in (bracket.text, short) if metrics.horizontalAdvance(text) <= rect.width() - 4]
        painter.setFont(font)
        painter.setPen(QColor(surface.colour("text")))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, ways[0] if ways else "")


def _words(surface: Surface, rect: QRectF, face: Face, title: str, writing: Writing | None) -> None:
    """As many lines as fit, none cut; its title alone where numbers have no room."""
    lines = [BoxLine(title, fitting_font(title, rect.width() - 2), surface.colour("text"))]
    if writing is not None:
        lines += [BoxLine(writing.text(line), writing.font, _tone(surface, face, line)) for line in face.numbers]
    heights = [QFontMetricsF(line.font).height() for line in lines]
    room = rect.height() * (1 - DOTS - 0.1 if face.units else 1)
    y = rect.top() + max((room - sum(heights)) / 2, 1)
    for line, height in zip(lines, heights, strict=True):
        fits = QFontMetricsF(line.font).horizontalAdvance(line.text) <= rect.width() - 2
        if fits and y + height <= rect.top() + room + 2:
            surface.painter.setFont(line.font)
            surface.painter.setPen(QColor(line.colour))
            row = QRectF(rect.left(), y, rect.width(), height)
            surface.painter.drawText(row, Qt.AlignmentFlag.AlignCenter, line.text)
        y += height


class BoxLine(NamedTuple):
    """A line of a box."""

    text: str
    font: QFont
    colour: str


def _tone(surface: Surface, face: Face, line: str) -> str:
    moved = line == face.ratio != "× 1"
    return surface.colour("warning" if face.lost else "accent" if moved else "muted")


def _units(surface: Surface, face: Face) -> None:
    """A dot for each unit, filled where it is on."""
    width = surface.to_pixels.mapRect(box_rect(face.place, face.key)).width()
    radius = min(4.5, width / max(len(face.units), 1) / 2 - 0.8)
    if radius < 1:
        return
    for unit, on in enumerate(face.units):
        surface.painter.setPen(pen_of(surface.colour("forward" if on else "muted"), 1.2))
        surface.painter.setBrush(QColor(surface.colour("forward" if on else "panel")))
        at = surface.to_pixels.map(dot_place(face.place, unit, len(face.units)))
        surface.painter.drawEllipse(at, radius, radius)
