"""A data rectangle of a plot: its range, its units, zoom and the way back."""

from __future__ import annotations

import math
from typing import Any, Protocol

import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneResizeEvent

from ui.chart.ranges import Range

USUAL = (1e-6, 1e9)
"""Largest magnitudes of a range that a view box holds as they are."""
LEAST_UNIT, LEAST_SPAN = 1e-300, 1e-303
"""Pixels per datum are a float64 from these on."""
NEAREST, FARTHEST = 1e-4, 20.0
"""How far a hand zooms in, and how far it moves away, in widths of what is shown by itself."""
BOUND = 8.5e307
"""No view goes beyond: its span would be no float64."""


def unit_of(shown: Range) -> float:
    """The power of ten in which a view box counts this range: 1 where its largest magnitude is usual.

    To Qt, a transform of less than 1e-12 pixels per unit has no inverse, and nothing is painted through it.
    """
    largest = max(abs(shown[0]), abs(shown[1]))
    if largest == 0 or USUAL[0] <= largest <= USUAL[1]:
        return 1.0
    return max(10.0 ** math.floor(math.log10(largest)), LEAST_UNIT)


class Blits(Protocol):
    """Paints what moves over a copy of the rest; :class:`ui.chart.blitting.Blitting` is one."""

    paints_ground: bool

    def renew(self) -> None: ...
    def renew_item(self, item: Any) -> None: ...


class Pane(pg.ViewBox):
    """A data rectangle whose range is given by :meth:`fit` until a hand zooms or pans; double-click gives it back.

    The view box itself counts in ``units`` of the data, so that its numbers are never too large or small for Qt;
    items, axes and pointers get data coordinates.
    """

    given_back = Signal()
    """What is shown is no longer a hand's choice."""
    menu_asked = Signal(QPointF)
    """Where in the scene."""

    def __init__(self, *, invert_y: bool = False) -> None:
        self._rect: QRectF | None = None
        super().__init__(enableMenu=False, invertY=invert_y, defaultPadding=0)
        self.disableAutoRange()
        self.manual = False
        self.auto: tuple[Range, Range] = ((0.0, 1.0), (0.0, 1.0))
        self.units = (1.0, 1.0)
        """Data per unit of the view box, along x and y."""
        self.scaling = QTransform()
        """From data to the view box."""
        self.bounds = QRectF(0.0, 0.0, 1.0, 1.0)
        """The view in its own units: asked for by each item several times a frame."""
        self.held: list[Any] = []
        """All items that are drawn in it."""
        self.blitting: Blits | None = None
        """On a screen: what keeps a copy of the plot."""
        self.sigRangeChangedManually.connect(self._taken_over)
        self.sigRangeChanged.connect(self._moved)

    def boundingRect(self) -> QRectF:
        # Asked for a dozen times a frame.
        if self._rect is None:
            self._rect = super().boundingRect()
        return self._rect

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        self._rect = None
        super().resizeEvent(event)

    def hold(self, item: QGraphicsItem) -> None:
        """Make ``item`` a child in data coordinates whose bounds are this pane's view."""
        item.setParentItem(self.childGroup)
        self.held.append(item)

    def fit(self, x: Range, y: Range) -> None:
        """Show these ranges, unless a hand has chosen others in which there still is something."""
        if (x, y) != self.auto:
            self.auto = (x, y)
            if not self.manual:
                self._show(x, y)
            elif self.astray:
                self.give_back()

    @property
    def astray(self) -> bool:
        """Whether a hand has chosen a view in which there is nothing."""
        pairs = zip(self.shown, self.auto, strict=True)
        return self.manual and any(max(one) < min(other) or min(one) > max(other) for one, other in pairs)

    def give_back(self) -> None:
        self.manual = False
        self._show(*self.auto)
        self.given_back.emit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Show a view ``factor`` times as wide and high, around a place of the scene or its middle."""
        if not any(self.state["mouseEnabled"]):
            return
        centre = self.mapSceneToView(at) if at is not None else self.viewRect().center()
        self._take(
            *((c + (low - c) * factor, c + (high - c) * factor)
            for (low, high), c in zip(self.viewRange(), (centre.x(), centre.y()), strict=True))
        )  # fmt: skip

    def pan(self, pixels: QPointF) -> None:
        """Move the view by pixels of the scene."""
        if pixels.isNull() or not any(self.state["mouseEnabled"]):
            return
        moved = self.mapSceneToView(pixels) - self.mapSceneToView(QPointF())
        ranges = zip(self.viewRange(), (moved.x(), moved.y()), strict=True)
        self._take(*((low + by, high + by) for (low, high), by in ranges))

    def _take(self, x: Range, y: Range) -> None:
        """A view that a hand has chosen, in units of the view box."""
        self.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=False)
        self.sigRangeChangedManually.emit(self.state["mouseEnabled"])

    def take_view_of(self, other: Pane) -> None:
        """Show what ``other`` shows, zoomed or not."""
        self.auto, self.manual = other.auto, other.manual
        # A pane of locked aspect has stretched the range it was given to its own shape.
        stretched = bool(other.state["aspectLocked"]) and not other.manual
        self._show(*(other.auto if stretched else other.shown))

    def _show(self, x: Range, y: Range) -> None:
        units = (unit_of(x), unit_of(y))
        if units != self.units:
            self.units = units
            self.scaling = QTransform.fromScale(1 / units[0], 1 / units[1])
        across, up = ((low / unit, high / unit) for (low, high), unit in zip((x, y), units, strict=True))
        for name, (low, high), unit in zip("xy", (across, up), units, strict=True):
            span = high - low
            ends = [max(low - FARTHEST * span, -BOUND / unit), min(high + FARTHEST * span, BOUND / unit)]
            self.state["limits"][f"{name}Limits"] = ends
            self.state["limits"][f"{name}Range"] = [max(span * NEAREST, LEAST_SPAN / unit), ends[1] - ends[0]]
        self.setRange(xRange=across, yRange=up, padding=0, disableAutoRange=False)
        if not self.rect().isEmpty():
            # It would be done in the midst of painting, which then would be done twice.
            self.updateMatrix()

    @property
    def shown(self) -> tuple[Range, Range]:
        """What is seen now, in data coordinates."""
        (x0, x1), (y0, y1) = self.viewRange()
        across, up = self.units
        return (x0 * across, x1 * across), (y0 * up, y1 * up)

    @property
    def area(self) -> QRectF:
        """The rectangle of :attr:`shown`."""
        (x0, x1), (y0, y1) = self.shown
        return QRectF(x0, y0, x1 - x0, y1 - y0)

    @property
    def to_scene(self) -> QTransform:
        """From data to the scene."""
        return self.scaling * self.childGroup.sceneTransform()

    def scene_to_data(self, at: QPointF) -> QPointF:
        place = self.mapSceneToView(at)
        return QPointF(place.x() * self.units[0], place.y() * self.units[1])

    def data_to_scene(self, at: QPointF) -> QPointF:
        return self.mapViewToScene(QPointF(at.x() / self.units[0], at.y() / self.units[1]))

    def _taken_over(self, _axes: object) -> None:
        self.manual = True

    def _moved(self, *_args: object) -> None:
        self.bounds = self.viewRect()
        for item in self.held:
            item.prepareGeometryChange()

    def mouseClickEvent(self, event: MouseClickEvent) -> None:
        if event.double() and event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.give_back()
        elif event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self.menu_asked.emit(event.scenePos())
