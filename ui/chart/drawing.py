"""The items that draw marks: made once for each key and shown again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import TypeVar

from msgspec import Struct, field
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ui.chart.clipping import clipping
from ui.chart.legend import Key
from ui.chart.marks import LIVE, Mark, Palette, Style, Surface
from ui.chart.pane import Pane

M = TypeVar("M", bound=Mark)
RESTING = 4
"""A mark that has been the same so many times in a row does not move."""
UNREST = 2
"""So many of these a change takes back: what is another now and then stays, what is another each time moves."""


class PaneItem(QGraphicsItem):
    """Bounds are the pane's view; :meth:`draw` gets a painter in logical pixels and the way there from data."""

    def __init__(self, pane: Pane, z: float = 0.0) -> None:
        super().__init__()
        self.pane = pane
        self.above = False
        """Whether it lies over something that moves: then it is painted over a copy of the rest."""
        pane.hold(self)
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def moves(self) -> bool:
        """Whether it becomes another from frame to frame."""
        return False

    def boundingRect(self) -> QRectF:
        return self.pane.bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self.above and self.pane.blitting is not None and self.pane.blitting.paints_ground:
            return
        view = self.sceneTransform()
        back, possible = view.inverted()
        if not possible:
            return
        painter.save()
        try:
            painter.setWorldTransform(back * painter.worldTransform())
            # Without a widget it is an export that paints, of which SVG needs to be told.
            with clipping(painter) if widget is None else nullcontext():
                self.draw(painter, self.pane.scaling * view)
        finally:
            painter.restore()

    def draw(self, painter: QPainter, to_pixels: QTransform) -> None:
        raise NotImplementedError


class PlacedPart(Struct, frozen=True):
    """Where a part of what is drawn lies on a pane: what leads from its data to the pane's, and between which ends."""

    transform: QTransform
    across: bool = True
    """Whether the ends are along x."""
    ends: tuple[float, float] | None = None
    """Nothing of it is drawn beyond them; None: all of it is drawn."""

    def area(self, shown: QRectF) -> QRectF | None:
        """What of a pane it may fill."""
        if self.ends is None:
            return None
        low, high = self.ends
        if self.across:
            low, high = max(low, shown.left()), min(high, shown.right())
            return QRectF(low, shown.top(), max(high - low, 0.0), shown.height())
        low, high = max(low, shown.top()), min(high, shown.bottom())
        return QRectF(shown.left(), low, shown.width(), max(high - low, 0.0))


class MarkItem(PaneItem):
    """Draws the mark it was given last."""

    def __init__(self, pane: Pane, palette: Palette) -> None:
        super().__init__(pane)
        self.palette = palette
        self.mark: Mark | None = None
        self._seen = True
        self.style = LIVE
        self.pieces: Sequence[PlacedPart] = ()
        self._z = 0.0
        self._rest = 0
        """How seldom it has become another of late."""

    def show_mark(self, mark: Mark | None, style: Style = LIVE, pieces: Sequence[PlacedPart] = ()) -> None:
        """From the next time on that it is painted; ``pieces`` lead from its data to those of the pane."""
        before = self.mark
        if before is not mark:
            self.mark = mark
            self.follow_palette()
        if mark is None:
            return
        same = before is mark or (before is not None and mark.looks_like(before))
        if (style, pieces) != (self.style, self.pieces):
            self.style, self.pieces, same = style, pieces, False
        if mark.z != self._z:
            self._z = mark.z
            self.setZValue(mark.z)
        if same or self._rest:
            self._set_rest(min(self._rest + 1, 2 * RESTING) if same else max(self._rest - UNREST, 0))
        if not same:
            self._paint_again()

    @property
    def moves(self) -> bool:
        return self._rest < RESTING

    def _set_rest(self, rest: int) -> None:
        moved, self._rest = self.moves, rest
        if self.moves != moved:
            self._renew_copy()

    def _renew_copy(self) -> None:
        if self.pane.blitting is not None:
            self.pane.blitting.renew()

    def _paint_again(self) -> None:
        """The scene is told of what is part of its picture only."""
        if self.above and self.pane.blitting is not None:
            self.pane.blitting.renew_item(self)
        else:
            self.update()

    def renew(self) -> None:
        """The palette is another: paint it anew."""
        self._set_rest(0)
        self.follow_palette()
        self._paint_again()

    def follow_palette(self) -> None:
        """Be there as long as there is something to draw: Qt asks what is hidden nothing."""
        seen = self.mark is not None and self.mark.is_drawn(self.palette)
        if seen != self._seen:
            self._seen = seen
            self.setVisible(seen)
            self._renew_copy()

    def draw(self, painter: QPainter, to_pixels: QTransform) -> None:
        assert self.mark is not None
        if not self.pieces:
            self.mark.draw(Surface(painter, to_pixels, self.pane, self.palette, self.style))
        for piece in self.pieces:
            area = piece.area(self.pane.area)
            painter.save()
            if area is not None:
                painter.setClipRect(to_pixels.mapRect(area), Qt.ClipOperation.IntersectClip)
            self.mark.draw(Surface(painter, piece.transform * to_pixels, self.pane, self.palette, self.style))
            painter.restore()


class DrawnState(Struct, frozen=True):
    """The marks of one of the states that a plot draws at once."""

    marks: Sequence[Mark]
    style: Style = LIVE
    shift: QPointF | None = None
    """How far it stands from the first, in data."""
    stretch: Mapping[int, Sequence[PlacedPart]] = field(default_factory=dict)
    """By pane: what brings its layers to where the first has those that they are held against."""


def _pieces(state: DrawnState, mark: Mark) -> Sequence[PlacedPart]:
    if state.shift is not None:
        return (PlacedPart(QTransform.fromTranslate(state.shift.x(), state.shift.y())),)
    return state.stretch.get(mark.pane, ())


class Drawing:
    """All marks of a plot on its panes."""

    def __init__(self, panes: Sequence[Pane], palette: Palette) -> None:
        self.panes = panes
        self.palette = palette
        self._items: dict[tuple[int, str], MarkItem] = {}
        """By the place of the state and the key of the mark."""

    def show(self, states: Sequence[DrawnState]) -> None:
        """Draw these states and nothing else."""
        idle = set(self._items)
        for place, state in enumerate(states):
            for mark in state.marks:
                self._item(place, mark).show_mark(mark, state.style, _pieces(state, mark))
                idle.discard((place, mark.key))
        for name in idle:
            self._items[name].show_mark(None)

    def _item(self, place: int, mark: Mark) -> MarkItem:
        item = self._items.get((place, mark.key))
        if item is None:
            item = self._items[place, mark.key] = MarkItem(self.panes[mark.pane], self.palette)
        return item

    def mark(self, key: str, place: int = 0) -> Mark | None:
        """What is drawn under this key of the live state, or of another one."""
        item = self._items.get((place, key))
        return None if item is None else item.mark

    def marks(self) -> Iterator[Mark]:
        """Everything that is drawn."""
        return (item.mark for item in self._items.values() if item.mark is not None)

    def marks_of(self, kind: type[M]) -> list[M]:
        """Everything of one kind that is drawn."""
        return [mark for mark in self.marks() if isinstance(mark, kind)]

    def keys(self) -> list[Key]:
        """What the legend says of marks by themselves, each thing once."""
        return list(dict.fromkeys(key for mark in self.marks() for key in mark.keys(self.panes[mark.pane])))

    def highlight(self, layer: int) -> None:
        """Emphasise what is of this layer; -1 none."""
        self.palette.highlighted = layer
        self.update()

    def update(self) -> None:
        """Paint everything again, by the palette as it is now."""
        for item in self._items.values():
            item.renew()
