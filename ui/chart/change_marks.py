"""Small marks at the steps at which a run was changed, at the foot of every pane over training steps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF, QTransform

from simulator.record.changes import Change
from ui.chart.drawing import PaneItem
from ui.chart.marks import Palette
from ui.chart.pane import Pane
from ui.chart.pens import pen_of, transparent
from ui.style.numbers import count, integer

HALF, HEIGHT = 4.5, 7.0
"""Of a mark, in pixels."""
NEAR = 6.0
"""Pixels beside a mark at which the pointer reads it."""
MOST_WORDS = 4
"""Changes that are told at one place; of more, how many there are."""


class ChangeMarks(PaneItem):
    """A triangle that stands on the step axis where a change began to act, and a line up to where a drag ended."""

    def __init__(self, pane: Pane, palette: Palette) -> None:
        super().__init__(pane, 6.0)
        self.palette = palette
        self.changes: Sequence[Change] = ()
        self.setVisible(False)

    def show_changes(self, changes: Sequence[Change]) -> None:
        if changes != self.changes:
            self.changes = changes
            self.setVisible(bool(changes))
            self.update()

    def near(self, at: QPointF) -> list[Change]:
        """The changes whose mark stands at a place of the scene, across the whole height of the pane."""
        place = self.pane.scene_to_data
        low, high = place(QPointF(at.x() - NEAR, at.y())).x(), place(QPointF(at.x() + NEAR, at.y())).x()
        return [change for change in self.changes if low <= change.last and change.step <= high]

    def draw(self, painter: QPainter, to_pixels: QTransform) -> None:
        (left, right), (low, high) = self.pane.shown
        foot = high if self.pane.yInverted() else low
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for change in self.changes:
            if left <= change.step <= right:
                ends = (QPointF(step, foot) for step in (change.step, min(change.last, right)))
                self._mark(painter, *map(to_pixels.map, ends))

    def _mark(self, painter: QPainter, at: QPointF, end: QPointF) -> None:
        painter.setPen(pen_of(self.palette.colour("text"), 2.0))
        painter.drawLine(at, end)
        painter.setPen(pen_of(self.palette.colour("panel"), 1.0))
        painter.setBrush(transparent(self.palette.colour("text"), 1.0))
        top = QPointF(at.x(), at.y() - HEIGHT)
        sides = QPointF(HALF, 0.0)
        painter.drawPolygon(QPolygonF([top, at + sides, at - sides]), Qt.FillRule.OddEvenFill)


def words_of(changes: Sequence[Change]) -> str:
    """``step 120: Change learning rate``, a line for each."""
    lines = [f"{_when(change)}: {change.description}" for change in changes[:MOST_WORDS]]
    more = len(changes) - MOST_WORDS
    return "\n".join([*lines, f"and {count(more, 'change')} more"] if more > 0 else lines)


def _when(change: Change) -> str:
    if change.last == change.step:
        return f"step {integer(change.step)}"
    return f"steps {integer(change.step)} … {integer(change.last)}"
