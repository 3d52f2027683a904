"""A chart on which a hand draws a curve, with the mouse or the arrow keys; what was measured comes beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent

from simulator.arrays.numeric import Floats
from ui.chart.axes import ValueAxis, WholeAxis
from ui.chart.canvas import Canvas
from ui.chart.drawing import Drawing, DrawnState
from ui.chart.edges import drawn_within
from ui.chart.legend import Key, Legend, Note
from ui.chart.marks import HOLLOW, Curves, Dots, Mark, Palette
from ui.chart.pens import DOTTED
from ui.chart.polygons import pieces, polygon
from ui.style.keys import asks_for
from ui.style.numbers import count, integer, number
from ui.style.text_size import text_resized
from ui.style.theme import current_theme, theme_changed

HOW = "Draw by mouse, or with ← → and ↑ ↓; Esc ends."
NEAR_THE_END = 0.1
"""Share of the points that a stroke may leave out at either end."""
STEPS = 40
"""Strokes of an arrow key from the bottom to the top."""
MARGIN = 0.06
"""Of the range, above and below what can be drawn: points at the edges are whole."""
MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
LIFTS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 5, Qt.Key.Key_PageDown: -5}
ENDS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CurveRange(Struct, frozen=True):
    """What can be drawn: so many points in a row from ``first`` on, between two numbers, in decades or plain."""

    points: int
    low: float
    high: float
    decades: bool
    along: str
    """What runs along it."""
    unit: str
    """What the numbers are."""
    first: int = 1

    def height(self, value: float) -> float:
        """Where a number stands."""
        if not self.decades:
            return value
        return math.log10(value) if value > 0 else math.nan if value != 0 else -math.inf

    def value(self, height: float) -> float:
        """What stands at a height, or at the edge that it lies beyond."""
        low, high = self.ends
        if not low < height < high:
            return self.low if height <= low else self.high
        return float(10.0**height) if self.decades else height

    @property
    def ends(self) -> tuple[float, float]:
        """The heights of the least and the largest number."""
        return self.height(self.low), self.height(self.high)

    @property
    def places(self) -> Floats:
        """Of the points along the axis."""
        return np.arange(self.first, self.first + self.points, dtype=np.float64)


class Sketch(Canvas):
    """Nothing is drawn at first."""

    changed = Signal()
    ended = Signal()
    """A key has ended the drawing."""

    def __init__(self, extent: CurveRange) -> None:
        super().__init__()
        self.extent = extent
        self.drawn: list[float | None] = [None] * extent.points
        self.measured: tuple[float, ...] = ()
        self.frozen = False
        self._at = 0
        """The point that arrow keys move."""
        self._last: int | None = None
        """The point that the hand was at last, while it draws."""
        self._value_axis = ValueAxis("left", log=extent.decades)
        self._axis = WholeAxis("bottom", extent.along)
        self._pane = self.add_pane(1, self._value_axis, self._axis)
        self._pane.setMouseEnabled(False, False)
        self._legend = Legend(current_theme())
        self.grid.addItem(self._legend, 0, 0, 1, 2)
        self._drawing = Drawing(self.panes, Palette(current_theme()))
        low, high = extent.ends
        margin = MARGIN * (high - low)
        self._pane.fit((extent.first - 0.6, extent.first + extent.points - 0.4), (low - margin, high + margin))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(f"Curve of {extent.unit or 'numbers'} by {extent.along}")
        self.sigDeviceRangeChanged.connect(lambda *_: self._legend.give_room(self.height()))
        theme_changed.connect(self.restyle)
        text_resized.connect(self.restyle)
        self.restyle()

    # -- what is drawn ------------------------------------------------------------------------------------------------

    @property
    def left_over(self) -> int:
        """Points that are not drawn yet."""
        return self.drawn.count(None)

    @property
    def answer(self) -> tuple[float, ...]:
        """The numbers from left to right, as far as they are drawn."""
        return tuple(value for value in self.drawn if value is not None)

    def freeze(self) -> None:
        """What is drawn stands."""
        self.frozen = True
        self.viewport().unsetCursor()
        self._show()

    def reveal(self, measured: Sequence[float], words: str) -> None:
        """What was measured beside the drawn curve, which stays, and how far they are apart."""
        self.measured = tuple(measured)
        self.freeze()
        self._legend.say(self._legend.keys, (), words)

    def restyle(self, *_theme: object) -> None:
        """Take on the present theme, and the present size of text."""
        theme = self._drawing.palette.theme = current_theme()
        self.tint(theme)
        self._legend.tint(theme)
        self._show()

    # -- hand ---------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._last = None
        if not self.frozen:
            self._draw_to(self._data_at(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.frozen and event.buttons() & Qt.MouseButton.LeftButton:
            self._draw_to(self._data_at(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None
        if not self.frozen and self._fill_ends():
            self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # The board scrolls by it.
        event.ignore()

    def _data_at(self, event: QMouseEvent) -> QPointF:
        return self._pane.scene_to_data(self.mapToScene(event.position().toPoint()))

    def _draw_to(self, place: QPointF) -> None:
        """The point below the hand, and those that it has jumped over."""
        index = min(max(round(place.x()) - self.extent.first, 0), self.extent.points - 1)
        start = index if self._last is None else self._last
        before = self.drawn[start]
        begin = place.y() if before is None else self.extent.height(before)
        for step in range(abs(index - start) + 1):
            along = step / max(abs(index - start), 1)
            height = begin + along * (place.y() - begin)
            self.drawn[start + step * (1 if index >= start else -1)] = self.extent.value(height)
        self.drawn[index] = self.extent.value(place.y())
        self._last = self._at = index
        self._tell()

    def _fill_ends(self) -> bool:
        """Whether points at the ends that a hand has nearly reached have become as high as the next one."""
        known = [index for index, value in enumerate(self.drawn) if value is not None]
        near = math.ceil(NEAR_THE_END * len(self.drawn))
        before = list(self.drawn)
        if known and known[0] <= near:
            self.drawn[: known[0]] = [self.drawn[known[0]]] * known[0]
        if known and len(self.drawn) - 1 - known[-1] <= near:
            self.drawn[known[-1] + 1 :] = [self.drawn[known[-1]]] * (len(self.drawn) - 1 - known[-1])
        return self.drawn != before

    def event(self, event: QEvent) -> bool:
        # Esc ends the drawing, and does not put back the plot that it is drawn on.
        if asks_for(event, Qt.Key.Key_Escape):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ENDS:
            self.ended.emit()
        elif key in MOVES:
            self._at = min(max(self._at + MOVES[key], 0), self.extent.points - 1)
            self._show()
        elif key in LIFTS and not self.frozen:
            self._lift(LIFTS[key])
        else:
            event.ignore()

    def _lift(self, strokes: int) -> None:
        """Move the chosen point, which begins where the nearest one at its left stands, else in the middle."""
        low, high = self.extent.ends
        known = [value for value in self.drawn[: self._at + 1] if value is not None]
        here = self.extent.height(known[-1]) if known else (low + high) / 2
        self.drawn[self._at] = self.extent.value(here + strokes * (high - low) / STEPS)
        self._tell()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show()

    # -- picture and words --------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        """Draw, and say, what there is."""
        self._drawing.show([DrawnState(self._marks())])
        self._legend.say(self._keys(), self._notes(), self._legend.remark if self.frozen else HOW)
        self.setAccessibleDescription(self._sentence())

    def _marks(self) -> list[Mark]:
        own, ran = self._placed(self.drawn), self._placed(self.measured)
        places = self.extent.places
        marks: list[Mark] = [
            Curves("prediction", [pieces(places, own)], colours=["accent"], width=5.0, alpha=0.35, smooth=True),
            Dots("drawn", places, own, np.full(len(own), HOLLOW, np.int8), colours=["accent"]),
        ]
        if self.hasFocus():
            x, ends = np.full(2, places[self._at]), np.array(self._pane.shown[1])
            marks.append(Curves("pen", [[polygon(x, ends)]], colours=["accent"], dash=DOTTED, z=-1.0))
        if len(ran) != len(own):
            return marks
        both = zip(places, own, ran, strict=True)
        apart = [[polygon(np.full(2, x), np.array(pair))] for x, *pair in both if np.isfinite(pair).all()]
        heights, kinds = drawn_within(self._heights(self.measured), self.extent.ends)
        return [
            *marks,
            Curves("apart", apart, colours=["muted"], dash=DOTTED, z=-0.5),
            Curves("run", [pieces(places, heights)], colours=["text"], width=1.6, smooth=True, lone=False),
            Dots("measured", places, heights, kinds, colours=["text"], radius=3.4, z=3.0),
        ]

    def _heights(self, values: Sequence[float | None]) -> Floats:
        heights = [math.nan if value is None else self.extent.height(value) for value in values]
        # A zero lies below the least that decades can show.
        return np.array([self.extent.ends[0] - 1.0 if height == -math.inf else height for height in heights])

    def _placed(self, values: Sequence[float | None]) -> Floats:
        return drawn_within(self._heights(values), self.extent.ends)[0]

    def _keys(self) -> list[Key]:
        own = [Key(self.extent.unit, "text", "none")] if self.extent.unit else []
        own.append(Key("your prediction", "accent", "hollow"))
        return [*own, Key("the run", "text", "dot")] if self.measured else own

    def _notes(self) -> list[Note]:
        left = self.left_over
        if not self.measured and left:
            return [Note(f"{count(left, 'point')} to draw")]
        return [Note(self._point())] if self.hasFocus() else []

    def _point(self) -> str:
        """What stands at the chosen point."""
        here = self.drawn[self._at]
        said = f"{self.extent.along} {integer(self._at + self.extent.first)}: {'–' if here is None else number(here)}"
        ran = self.measured[self._at] if self._at < len(self.measured) else None
        return said if ran is None else f"{said}, the run {number(ran)}"

    def _sentence(self) -> str:
        """For whoever cannot see it."""
        done = self.extent.points - self.left_over
        said = f"{done} of {self.extent.points} points drawn. " if self.left_over else ""
        how = "" if self.frozen else " Up and down move a point, left and right choose one."
        return f"{said}{self._point()}.{how}"
