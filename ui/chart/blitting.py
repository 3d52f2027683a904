"""Blitting, as matplotlib calls it: what moves is painted over a copy of what stays the same from frame to frame.

Qt would go through all items of a plot for each frame, and lay the picture of each axis over that of the last one. Here
they make one picture, until the scene says that something else has become another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QTransform

from ui.chart.drawing import PaneItem
from ui.chart.pane import Pane

NOTHING = QColor(Qt.GlobalColor.transparent)


class Copied:
    """A part of a plot as it was painted, in pixels that lie as those of the screen do."""

    def __init__(self, area: QRect, to_screen: QTransform, ground: QColor, draw: Callable[[QPainter], None]) -> None:
        """``to_screen``: from the scene to the pixels of the screen."""
        scale, on_screen = to_screen.m11(), to_screen.mapRect(QRectF(area)).toAlignedRect()
        self._at = QPointF((on_screen.x() - to_screen.dx()) / scale, (on_screen.y() - to_screen.dy()) / scale)
        self._pixels = QPixmap(on_screen.size())
        self._pixels.setDevicePixelRatio(scale)
        self._pixels.fill(ground)
        with QPainter(self._pixels) as painter:
            painter.translate(-self._at)
            draw(painter)

    def draw(self, painter: QPainter) -> None:
        painter.drawPixmap(self._at, self._pixels)

    def paint_again(self, part: QRectF, ground: QColor, draw: Callable[[QPainter], None]) -> None:
        """A part of it has become another."""
        with QPainter(self._pixels) as painter:
            painter.translate(-self._at)
            painter.setClipRect(part)
            painter.fillRect(QRectF(self._at, self._pixels.deviceIndependentSize()), ground)
            draw(painter)


class StillItems:
    """Items of a pane that stay the same, one after the other, over one that moves."""

    def __init__(self) -> None:
        self.items: list[PaneItem] = []
        self.copied: Copied | None = None


class PixelGrid(NamedTuple):
    """What copies are made for."""

    area: QRect
    scale: float
    across: float
    down: float
    """Where within a pixel of the screen the plot begins."""


class Above(NamedTuple):
    """What of a pane lies over the copy of the rest, from what moves first."""

    pane: Pane
    room: QRectF
    to_scene: QTransform
    layers: Sequence[PaneItem | StillItems]


class Blitting:
    """The picture of a plot's scene without what moves, and all that lies over that."""

    def __init__(
        self, panes: Sequence[Pane], render: Callable[[QPainter, QRectF], None], ask: Callable[[QRect], None]
    ) -> None:
        """``render`` paints a part of the scene; ``ask`` asks for a part of it to be painted on the screen."""
        self._panes, self._render, self._ask = panes, render, ask
        self._ground: Copied | None = None
        self._stale: list[QRectF] = []
        """Where the copy is to be painted anew, and is as it was elsewhere."""
        self._screen: PixelGrid | None = None
        self._above: list[Above] = []
        self._still: dict[PaneItem, StillItems] = {}
        self._asked: set[Pane] = set()
        """Panes that will be painted."""
        self.paints_ground = False
        """Whether what lies above is to be left out just now."""

    def renew(self) -> None:
        """Something else than what lies above is another."""
        self._ground, self._stale, self._above, self._still = None, [], [], {}

    def renew_parts(self, parts: Sequence[QRectF]) -> None:
        """The scene is another there, or nowhere: where that is beside all panes, as a legend is, the rest stays."""
        panes = [pane.sceneBoundingRect() for pane in self._panes]
        # What stands beside a pane may reach a pixel into it.
        inner = [part.adjusted(1, 1, -1, -1) for part in parts]
        if any(part.intersects(pane) for part in inner for pane in panes):
            self.renew()
        else:
            self._stale += [QRectF(part.toAlignedRect()).adjusted(-1, -1, 1, 1) for part in parts]

    def renew_item(self, item: PaneItem) -> None:
        """One of the items that lie above is another."""
        if item in self._still:
            self._still[item].copied = None
        if item.pane not in self._asked:
            self._asked.add(item.pane)
            self._ask(item.pane.sceneBoundingRect().toAlignedRect())

    def paint(self, painter: QPainter, area: QRect, colour: QColor) -> None:
        """All of the scene, which fills ``area``."""
        self._asked.clear()
        to_screen = painter.deviceTransform()
        screen = PixelGrid(area, to_screen.m11(), to_screen.dx() % 1.0, to_screen.dy() % 1.0)
        if self._ground is None or screen != self._screen:
            self._screen = screen
            self._stale, above = [], self._arrange()
            self._ground = Copied(area, to_screen, colour, partial(self._draw_ground, part=QRectF(area)))
            # After that has brought the panes to what they are to show.
            self._above = [
                Above(pane, pane.sceneBoundingRect(), pane.to_scene, layers) for pane, layers in above.items()
            ]
        for part in self._stale:
            self._ground.paint_again(part, colour, partial(self._draw_ground, part=part))
        self._stale = []
        self._ground.draw(painter)
        for each in self._above:
            painter.save()
            painter.setClipRect(each.room, Qt.ClipOperation.IntersectClip)
            for layer in each.layers:
                if isinstance(layer, PaneItem):
                    _draw_item(painter, layer, each.to_scene)
                else:
                    _draw_still(painter, layer, each, to_screen)
            painter.restore()

    def _draw_ground(self, painter: QPainter, part: QRectF) -> None:
        self.paints_ground = True
        try:
            self._render(painter, part)
        finally:
            self.paints_ground = False

    def _arrange(self) -> dict[Pane, Sequence[PaneItem | StillItems]]:
        """What moves in each pane, and what lies over it."""
        above, self._still = dict[Pane, Sequence[PaneItem | StillItems]](), {}
        for pane in self._panes:
            items = sorted((item for item in pane.held if item.isVisible()), key=lambda item: item.zValue())
            first = next((place for place, item in enumerate(items) if item.moves), len(items))
            for place, item in enumerate(items):
                item.above = place >= first
            if first < len(items):
                above[pane] = [*self._layers(items[first:])]
        return above

    def _layers(self, items: Sequence[PaneItem]) -> Iterator[PaneItem | StillItems]:
        still = StillItems()
        for item in items:
            if item.moves:
                yield item
                still = StillItems()
                continue
            if not still.items:
                yield still
            still.items.append(item)
            self._still[item] = still


def _draw_still(painter: QPainter, still: StillItems, above: Above, to_screen: QTransform) -> None:
    def draw(on: QPainter) -> None:
        for item in still.items:
            _draw_item(on, item, above.to_scene)

    if still.copied is None:
        still.copied = Copied(above.room.toAlignedRect(), to_screen, NOTHING, draw)
    still.copied.draw(painter)


def _draw_item(painter: QPainter, item: PaneItem, transform: QTransform) -> None:
    painter.save()
    item.draw(painter, transform)
    painter.restore()
