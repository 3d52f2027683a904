"""What the pointer reads in a plot: the box with exact values, the cross hairs, and the layer that is pointed at."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Signal

from ui.chart.canvas import Canvas
from ui.chart.change_marks import ChangeMarks, words_of
from ui.chart.crosshair import Crosshair
from ui.chart.marks import Palette
from ui.chart.pane import Pane
from ui.chart.ranges import Range
from ui.chart.readout import ReadOut
from ui.chart.view import Probe

KEY_SHARE = 1 / 40
"""What an arrow key moves the pointer by, of a pane's width or height."""
NEAR = 6.0
"""Pixels around what is pointed at that a read-out leaves free."""


class Pointing(QObject):
    """Follows the pointer over a canvas: it asks what lies there and is told by :meth:`tell`."""

    asked = Signal(int, float, float)
    """What lies at x, y of a pane, in data coordinates?"""
    layer_changed = Signal(int)
    """The pointer has come to another layer; -1 none."""

    step_menu_asked = Signal(int, QPoint)
    """What can be done at a step, of a pane over steps; where on the screen."""

    def __init__(self, canvas: Canvas, palette: Palette) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.read_out = ReadOut(canvas)
        self.crosshairs = [Crosshair(pane, palette) for pane in canvas.panes]
        self.change_marks = [ChangeMarks(pane, palette) for pane in canvas.step_panes]
        self._layer = self._pane = -1
        self._pointer: QPointF | None = None

    def follow(self) -> None:
        """From now on; without it only changes are marked."""
        self.canvas.pointed.connect(self.point)
        self.canvas.left.connect(self.leave)
        for pane in self.canvas.step_panes:
            pane.menu_asked.connect(self.ask_menu)

    def read_again(self) -> None:
        """What lies under the pointer may have changed."""
        if self._pointer is not None:
            self.point(self._pointer)

    def point(self, position: QPointF) -> None:
        self._pointer, self._pane = position, self.canvas.pane_at(position)
        if self._pane < 0:
            self._show(None)
        else:
            at = self.canvas.panes[self._pane].scene_to_data(position)
            self.asked.emit(self._pane, at.x(), at.y())

    def tell(self, probe: Probe | None, last: float | None) -> None:
        """What lies under the pointer; ``last`` is where along its pane the last of the data stands."""
        if self._pointer is not None:
            probe = self._with_changes(probe, self._pane, self._pointer)
            self._show(probe)
            if probe is not None:
                self._place_read_out(probe, self.canvas.panes[self._pane], self._pointer, last)

    def move(self, right: int, down: int) -> None:
        """Point by keys: to the next layer where a pane has layers that way, else a little on; begin in the middle.

        At the edge of a view that a hand has chosen, the view moves on.
        """
        shown = [place for place, pane in enumerate(self.canvas.panes) if pane.isVisible()]
        if not shown:
            return
        pane = self.canvas.panes[self._pane if self._pane in shown else shown[0]]
        area = pane.sceneBoundingRect()
        if self._pointer is None or self._pane not in shown:
            self.point(self._at_a_layer(pane, area.center()))
            return
        at = self._pointer + QPointF(right * self._stride(pane, 0), down * self._stride(pane, 1))
        if pane.manual:
            pane.pan(at - _within(at, area))
        self.point(_within(self._at_a_layer(pane, _within(at, area)), area))

    def _at_a_layer(self, pane: Pane, at: QPointF) -> QPointF:
        """The middle of the nearest layer that is in view, along an axis of layers."""
        place, (across, up) = pane.scene_to_data(at), pane.shown
        x = _nearest(place.x(), across) if pane in self.canvas.depth_panes else place.x()
        y = _nearest(place.y(), up) if pane in self.canvas.row_panes else place.y()
        return pane.data_to_scene(QPointF(x, y))

    def _stride(self, pane: Pane, along: int) -> float:
        """Pixels of a key along x or y."""
        area = pane.sceneBoundingRect()
        length, (low, high) = (area.width(), area.height())[along], pane.shown[along]
        layers = pane in (self.canvas.depth_panes, self.canvas.row_panes)[along]
        return length / (high - low) if layers and high > low else length * KEY_SHARE

    def zoom(self, factor: float) -> None:
        """See less, or more, around what is pointed at; of all panes where nothing is."""
        for place, pane in enumerate(self.canvas.panes):
            if self._pointer is None or place == self._pane:
                pane.zoom(factor, None if self._pointer is None else self._pointer)
        self.read_again()

    @property
    def pointer(self) -> QPointF | None:
        """Where it points, in the scene; None nowhere."""
        return self._pointer

    def ask_menu(self, at: QPointF | None = None) -> None:
        """Ask for the menu of the step at a place of the scene, or at what is pointed at."""
        at = self._pointer if at is None else at
        index = -1 if at is None else self.canvas.pane_at(at)
        if at is not None and index >= 0 and self.canvas.panes[index] in self.canvas.step_panes:
            step = max(round(self.canvas.panes[index].scene_to_data(at).x()), 0)
            self.step_menu_asked.emit(step, self.canvas.mapToGlobal(self.canvas.mapFromScene(at)))

    def leave(self) -> None:
        self._pointer = None
        self._show(None)

    def _with_changes(self, probe: Probe | None, pane: int, position: QPointF) -> Probe | None:
        """What lies under the pointer, and the changes whose marks stand there."""
        near = [marks.near(position) for marks in self.change_marks if marks.pane is self.canvas.panes[pane]]
        words = words_of([change for changes in near for change in changes])
        if not words:
            return probe
        return Probe(words) if probe is None else replace(probe, text=f"{probe.text}\n{words}")

    def _show(self, probe: Probe | None) -> None:
        for i, crosshair in enumerate(self.crosshairs):
            crosshair.put(probe.x if probe and i == self._pane else None)
        if probe is None:
            self.read_out.hide()
        layer = probe.layer if probe else -1
        if layer != self._layer:
            self._layer = layer
            self.layer_changed.emit(layer)

    def _place_read_out(self, probe: Probe, pane: Pane, pointer: QPointF, last: float | None) -> None:
        flat = self.canvas.flat
        seen = [flat(rect) for rect in self._to_be_seen(probe, pane, pointer, last)]
        at = self.canvas.mapFromScene(pointer)
        self.read_out.show_beside(at, probe.text, flat(pane.sceneBoundingRect()), seen)

    def _to_be_seen(self, probe: Probe, pane: Pane, pointer: QPointF, last: float | None) -> list[QRectF]:
        """What a read-out must not cover: what it is about, and the last of what is drawn."""
        area = pane.sceneBoundingRect()
        about = probe.layer if pane in self.canvas.depth_panes and probe.layer >= 0 else probe.x
        seen = [QRectF(pointer.x() - NEAR, pointer.y() - NEAR, 2 * NEAR, 2 * NEAR)]
        for x in (about, last):
            place = pane.data_to_scene(QPointF(x, 0.0)).x() if x is not None else area.left() - NEAR
            if area.left() <= place <= area.right():
                seen.append(QRectF(place - NEAR, area.top(), 2 * NEAR, area.height()))
        if pane in self.canvas.row_panes:
            seen.append(QRectF(area.left(), pointer.y() - NEAR, area.width(), 2 * NEAR))
        return seen


def _within(at: QPointF, area: QRectF) -> QPointF:
    inside = area.adjusted(1.0, 1.0, -1.0, -1.0)
    return QPointF(min(max(at.x(), inside.left()), inside.right()), min(max(at.y(), inside.top()), inside.bottom()))


def _nearest(value: float, shown: Range) -> float:
    """The nearest whole number within a range, where it has one."""
    low, high = math.ceil(shown[0]), math.floor(shown[1])
    return float(min(max(round(value), low), high)) if low <= high else value
