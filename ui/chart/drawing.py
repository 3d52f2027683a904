"""The items that draw marks: made once for each key and shown again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ui.chart.clipping import clipping
from ui.chart.legend import Key
from ui.chart.marks import LIVE, Mark, Palette, Style, Surface
from ui.chart.pane import Pane

M = TypeVar("M", bound=Mark)


class Item(QGraphicsItem):
    """Bounds are the pane's view; :meth:`draw` gets a painter in logical pixels and the way there from data."""

    def __init__(self, pane: Pane, z: float = 0.0) -> None:
        super().__init__()
        self.pane = pane
        pane.hold(self)
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return self.pane.bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
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


class Piece(Struct, frozen=True):
    """Where a part of what is drawn lies on a pane: what leads from its data to the pane's, and between which ends."""

    way: QTransform
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


class MarkItem(Item):
    """Draws the mark it was given last."""

    def __init__(self, pane: Pane, palette: Palette) -> None:
        super().__init__(pane)
        self.palette = palette
        self.mark: Mark | None = None
        self.style = LIVE
        self.pieces: Sequence[Piece] = ()
        self._z = 0.0

    def show_mark(self, mark: Mark | None, style: Style = LIVE, pieces: Sequence[Piece] = ()) -> None:
        """From the next time on that it is painted; ``pieces`` lead from its data to those of the pane."""
        self.mark, self.style, self.pieces = mark, style, pieces
        if mark is not None and mark.z != self._z:
            self._z = mark.z
            self.setZValue(mark.z)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self.mark is not None and self.mark.visible:
            super().paint(painter, option, widget)

    def draw(self, painter: QPainter, to_pixels: QTransform) -> None:
        assert self.mark is not None
        if not self.pieces:
            self.mark.draw(Surface(painter, to_pixels, self.pane, self.palette, self.style))
        for piece in self.pieces:
            area = piece.area(self.pane.area)
            painter.save()
            if area is not None:
                painter.setClipRect(to_pixels.mapRect(area), Qt.ClipOperation.IntersectClip)
            self.mark.draw(Surface(painter, piece.way * to_pixels, self.pane, self.palette, self.style))
            painter.restore()


@dataclass(frozen=True)
class DrawnState:
    """The marks of one of the states that a plot draws at once."""

    marks: Sequence[Mark]
    style: Style = LIVE
    shift: QPointF | None = None
    """How far it stands from the first, in data."""
    stretch: Mapping[int, Sequence[Piece]] = field(default_factory=dict)
    """By pane: what brings its layers to where the first has those that they are held against."""


def _pieces(state: DrawnState, mark: Mark) -> Sequence[Piece]:
    if state.shift is not None:
        return (Piece(QTransform.fromTranslate(state.shift.x(), state.shift.y())),)
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
        self.update()

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
        """Paint everything again. Each item covers its pane, so that one of them brings all others there along."""
        for item in {item.pane: item for item in self._items.values()}.values():
            item.update()
