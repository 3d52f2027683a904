"""The drawing surface of a plot: panes with axes in a grid, what stands beside them, and pointer positions."""

from __future__ import annotations

from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmapCache,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QGraphicsTextItem, QWidget

from ui.chart.axes import END_ROOM, Axis, DepthAxis, StepAxis
from ui.chart.beside import Beside
from ui.chart.blitting import Blitting
from ui.chart.colour_bar import ColourBar
from ui.chart.legend import Legend, PictureTitle
from ui.chart.pane import Pane
from ui.style.text_size import scaled, text_scale
from ui.style.theme import Theme

STILL = (Axis, QGraphicsTextItem, Legend, ColourBar, PictureTitle)
"""What changes seldom: it is painted once, and then copied."""
SCENE = QRectF(0, 0, 4096, 4096)
"""What a scene is indexed by; its items may lie beyond."""
LEAST = 120, 80
"""Width and height of a canvas at least."""
STILL_KILOBYTES = 196608
"""Room for the pictures of these; they take as much as four screens do."""


class Canvas(pg.GraphicsView):
    """A grid of panes and axes on the theme's panel colour."""

    pointed = Signal(QPointF)
    """Scene position of the pointer."""
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(*LEAST)
        # Otherwise Qt asks items for theirs in order to know it, also for a plot that Python is about to let go: what
        # is asked runs in Python, whose collector would then take items out of the list that is being gone through.
        self.scene().setSceneRect(SCENE)
        self.panes: list[Pane] = []
        self.step_panes: list[Pane] = []
        """Those that show something over training steps."""
        self.depth_panes: list[Pane] = []
        """Those that show something over depth, from left to right."""
        self.row_panes: list[Pane] = []
        """Those with a row for each layer."""
        self._beside: list[Beside | ColourBar] = []
        self.axes: list[Axis] = []
        self._stripped, self._fitted = False, text_scale()
        self._blitting: Blitting | None = None
        self.take_wheel: Callable[[QWheelEvent], bool] = lambda _event: False
        """Whether the wheel serves something else than the panes; a filter would be asked at each paint too."""
        self.grid = pg.GraphicsLayout()
        self.grid.setContentsMargins(2, 2, scaled(END_ROOM), 2)
        self.grid.setSpacing(0)
        self.setCentralItem(self.grid)

    def add_pane(self, row: int, left: Axis, bottom: Axis | None, *, invert_y: bool = False) -> Pane:
        """A pane in ``row`` with its axes; ``bottom`` takes the row below."""
        pane = Pane(invert_y=invert_y)
        self.grid.addItem(left, row, 0)
        self.grid.addItem(pane, row, 1)
        left.room_changed.connect(self._align)
        left.linkToView(pane)
        self.axes.append(left)
        if bottom is not None:
            self.grid.addItem(bottom, row + 1, 1)
            bottom.linkToView(pane)
            self.axes.append(bottom)
        self.panes.append(pane)
        if isinstance(bottom, StepAxis):
            self.step_panes.append(pane)
        if isinstance(bottom, DepthAxis):
            self.depth_panes.append(pane)
        if isinstance(left, DepthAxis):
            self.row_panes.append(pane)
        return pane

    def _align(self) -> None:
        """Axes one above the other are of one width."""
        left = [axis for axis in self.axes if axis.orientation == "left"]
        width = max((other.room for other in left), default=0)
        for axis in left:
            if axis.maximumWidth() != width:
                axis.setWidth(width)

    def add_beside(self, item: Beside | ColourBar, row: int, column: int = 2) -> None:
        """Put something at the right of a pane; it gives way where the plot is narrow."""
        self.grid.addItem(item, row, column)
        self._beside.append(item)

    def give_room(self) -> None:
        """Let what stands beside panes know how wide the plot is."""
        for item in self._beside:
            item.give_room(self.width())

    @property
    def spans_without_room(self) -> list[tuple[str, str]]:
        """Name and span of each colour bar that the plot is too narrow for."""
        bars = [item for item in self._beside if isinstance(item, ColourBar) and item.isVisible()]
        return [(bar.name, bar.span) for bar in bars if bar.span and not bar.has_room]

    def keep_still_parts(self) -> None:
        """Paint axes, names and legends only when they change: most of a frame would be theirs."""
        QPixmapCache.setCacheLimit(max(STILL_KILOBYTES, QPixmapCache.cacheLimit()))
        self._blitting = Blitting(self.panes, self._render, self.viewport().update)
        for pane in self.panes:
            pane.blitting = self._blitting
        self.scene().changed.connect(self._blitting.renew_parts)
        # All of it is painted; its parents need not be painted below it.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        for item in self.scene().items():
            if isinstance(item, STILL):
                item.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def add_title(self, title: PictureTitle) -> None:
        """Write something over the panes."""
        self.grid.addItem(title, 0, 0, 1, 4)
        if self._blitting is not None:
            title.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._blitting is None:
            super().paintEvent(event)
            return
        with QPainter(self.viewport()) as painter:
            area, ground = self.viewport().rect(), self.backgroundBrush().color()
            store = self.backingStore()
            if store is not None and painter.paintEngine().paintDevice() is store.paintDevice():
                self._blitting.paint(painter, area, ground)
            else:
                # A picture of the window is of what there is now, before anyone has been told that it is another.
                painter.fillRect(area, ground)
                self._render(painter, QRectF(area))

    def _render(self, painter: QPainter, part: QRectF) -> None:
        """Paint a part of the scene, in its own pixels."""
        self.scene().render(painter, part, part, Qt.AspectRatioMode.IgnoreAspectRatio)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._blitting is not None:
            self._blitting.renew()

    def tint(self, theme: Theme) -> None:
        self.setBackground(QColor(theme.panel))
        if self._blitting is not None:
            self._blitting.renew()
        for part in (*self.axes, *self._beside):
            part.tint(theme)
        if self._fitted != text_scale():
            self._fit_text()

    def _fit_text(self) -> None:
        """Take on the present size of text."""
        self._fitted = text_scale()
        if not self._stripped:
            self.grid.setContentsMargins(2, 2, scaled(END_ROOM), 2)
        self._align()

    def begin(self) -> None:
        """Another run: what stands beside panes may need less room."""
        for item in self._beside:
            item.reset()

    def pane_at(self, position: QPointF) -> int:
        """Index of the pane under a scene position, -1 if none."""
        for index, pane in enumerate(self.panes):
            if pane.sceneBoundingRect().contains(position):
                return index
        return -1

    def flat(self, rect: QRectF) -> QRect:
        """A rectangle of the scene in the widget's own coordinates."""
        return QRect(self.mapFromScene(rect.topLeft()), self.mapFromScene(rect.bottomRight()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self.mapToScene(event.position().toPoint()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.take_wheel(event):
            event.accept()
        else:
            super().wheelEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def lay_out(self, width: int, height: int) -> None:
        """Take a size without being shown: what a picture needs."""
        self.resize(width, height)
        # A hidden widget gets its resize event only when it is shown, and showing it talks to the window system.
        self.resizeEvent(QResizeEvent(self.size(), self.size()))
        # A legend that learns its width may take another height.
        for _ in range(2):
            self.grid.layout.activate()

    def strip(self) -> None:
        """Leave nothing but the panes, for a picture that is too small for words."""
        for item in self.grid.childItems():
            if not isinstance(item, Pane):
                item.hide()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self._stripped = True

    def paint_on(self, painter: QPainter, target: QRectF) -> None:
        """Draw the whole scene into ``target``, the same way the screen does."""
        scene = self.scene()
        scene.prepareForPaint()
        scene.render(painter, target, self.viewRect(), Qt.AspectRatioMode.IgnoreAspectRatio)
