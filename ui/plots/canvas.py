"""The drawing surface of a plot: panes with axes in a grid, pointer positions, zoom and the way back."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmapCache, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsTextItem, QWidget

from ui.plots.axes import Axis
from ui.plots.heat import ColourBar
from ui.plots.ranges import Range
from ui.plots.strip import Strip
from ui.style.theme import Theme

STILL = (Axis, QGraphicsTextItem, Strip, ColourBar)
"""What changes seldom: it is painted once, and then copied."""
RIGHT_MARGIN = 24
"""Half of the longest number at the end of an axis, 100 000, and a little."""
STILL_KILOBYTES = 98304
"""Room for the pictures of these; they take as much as two screens do."""


class Pane(pg.ViewBox):  # type: ignore[misc]
    """A data rectangle whose range is given by :meth:`fit` until a hand zooms or pans; double-click gives it back."""

    def __init__(self, *, invert_y: bool = False) -> None:
        super().__init__(enableMenu=False, invertY=invert_y, defaultPadding=0)
        self.disableAutoRange()
        self.manual = False
        self.auto: tuple[Range, Range] = ((0.0, 1.0), (0.0, 1.0))
        self.bounds = QRectF(0.0, 0.0, 1.0, 1.0)
        """The view, in data coordinates: asked for by each item several times a frame."""
        self._drawn: list[QGraphicsItem] = []
        self.sigRangeChangedManually.connect(self._taken_over)
        self.sigRangeChanged.connect(self._moved)

    def hold(self, item: QGraphicsItem) -> None:
        """Make ``item`` a child in data coordinates whose bounds are this pane's view."""
        item.setParentItem(self.childGroup)
        self._drawn.append(item)

    def fit(self, x: Range, y: Range) -> None:
        if (x, y) != self.auto:
            self.auto = (x, y)
            if not self.manual:
                self.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=False)

    def give_back(self) -> None:
        self.manual = False
        self.setRange(xRange=self.auto[0], yRange=self.auto[1], padding=0, disableAutoRange=False)

    def take_view_of(self, other: Pane) -> None:
        """Show what ``other`` shows, zoomed or not."""
        self.auto, self.manual = other.auto, other.manual
        # A pane of locked aspect has stretched the range it was given to its own shape.
        stretched = bool(other.state["aspectLocked"]) and not other.manual
        x, y = other.auto if stretched else other.viewRange()
        self.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=False)

    def _taken_over(self, _axes: object) -> None:
        self.manual = True

    def _moved(self, *_args: object) -> None:
        self.bounds = self.viewRect()
        for item in self._drawn:
            item.prepareGeometryChange()

    def mouseClickEvent(self, event: Any) -> None:
        if event.double() and event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.give_back()


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """A grid of panes and axes on the theme's panel colour."""

    pointed = Signal(QPointF)
    """Scene position of the pointer."""
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(120, 80)
        self.panes: list[Pane] = []
        self.axes: list[Axis] = []
        self.grid = pg.GraphicsLayout()
        self.grid.setContentsMargins(2, 2, RIGHT_MARGIN, 2)
        self.grid.setSpacing(0)
        self.setCentralItem(self.grid)

    def add_pane(self, row: int, left: Axis, bottom: Axis | None, *, invert_y: bool = False) -> Pane:
        """A pane in ``row`` with its axes; ``bottom`` takes the row below."""
        pane = Pane(invert_y=invert_y)
        self.grid.addItem(left, row, 0)
        self.grid.addItem(pane, row, 1)
        left.linkToView(pane)
        self.axes.append(left)
        if bottom is not None:
            self.grid.addItem(bottom, row + 1, 1)
            bottom.linkToView(pane)
            self.axes.append(bottom)
        self.panes.append(pane)
        return pane

    def keep_still_parts(self) -> None:
        """Paint axes, names and legends only when they change: half of a frame's painting would be theirs."""
        QPixmapCache.setCacheLimit(max(STILL_KILOBYTES, QPixmapCache.cacheLimit()))
        for item in self.scene().items():
            if isinstance(item, STILL):
                item.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def tint(self, theme: Theme) -> None:
        self.setBackground(QColor(theme.panel))
        for axis in self.axes:
            axis.tint(theme)

    def pane_at(self, position: QPointF) -> int:
        """Index of the pane under a scene position, -1 if none."""
        for index, pane in enumerate(self.panes):
            if pane.sceneBoundingRect().contains(position):
                return index
        return -1

    def mouseMoveEvent(self, event: Any) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self.mapToScene(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def lay_out(self, width: int, height: int) -> None:
        """Take a size without being shown: what a picture needs."""
        self.resize(width, height)
        # A hidden widget gets its resize event only when it is shown, and showing it talks to the window system.
        self.resizeEvent(QResizeEvent(self.size(), self.size()))
        self.grid.layout.activate()

    def paint_on(self, painter: QPainter, target: QRectF) -> None:
        """Draw the whole scene into ``target``, the same way the screen does."""
        scene = self.scene()
        scene.prepareForPaint()
        scene.render(painter, target, self.viewRect(), Qt.AspectRatioMode.IgnoreAspectRatio)
