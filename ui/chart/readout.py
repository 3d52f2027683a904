"""The small box with exact values that stands beside what the pointer is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget

from ui.style.numbers import tabular
from ui.style.text_size import scaled

EDGE = 6
"""Pixels between the box and what it stands beside."""
MOST_WIDTH = 400
"""Pixels, beyond which lines are broken: a doctor's sentence, or why a cell failed."""


class ReadOut(QLabel):
    """Stands in an upper corner away from the pointer, or where else it covers nothing that is to be seen.

    It belongs to the whole window: beside a small plot there is room, in it there may be none. The pointer goes
    through.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.setObjectName("plotReadout")
        self.setFont(tabular(self.font()))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_beside(self, pointer: QPoint, text: str, pane: QRect, seen: Sequence[QRect]) -> None:
        """``pointer``, the ``pane`` it is in and what has to be ``seen``, in the canvas's coordinates."""
        window = self.canvas.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self._fit(text)
        offset = self.canvas.mapTo(window, QPoint(0, 0))
        places = candidates(
            self.size(), pointer + offset, pane.translated(offset), [s.translated(offset) for s in seen]
        )
        inside = QRect(offset, self.canvas.size())
        rooms = (inside, window.rect())
        self.move(best_place(self.size(), list(places), rooms, [s.translated(offset) for s in seen]))
        self.show()
        self.raise_()

    def _fit(self, text: str) -> None:
        self.setWordWrap(False)
        self.setText(text)
        size, most = self.sizeHint(), scaled(MOST_WIDTH)
        if size.width() > most:
            self.setWordWrap(True)
            size = QSize(most, self.heightForWidth(most))
        self.resize(size)


def candidates(size: QSize, pointer: QPoint, pane: QRect, seen: Sequence[QRect]) -> Iterator[QPoint]:
    """Upper corners of the pane first, then beside what is to be seen, then around the pane."""
    wide, high = size.width(), size.height()
    left, right = pane.left() + EDGE, pane.right() - wide - EDGE
    corners = (right, left) if pointer.x() < pane.center().x() else (left, right)
    beside = [x for each in seen for x in (each.left() - wide - EDGE, each.right() + EDGE)]
    beside.sort(key=lambda x: abs(x + wide / 2 - pointer.x()))
    for y in (pane.top() + EDGE, pane.bottom() - high - EDGE):
        yield from (QPoint(x, y) for x in (*corners, *beside))
    for y in (pane.bottom() + EDGE, pane.top() - high - EDGE):
        yield from (QPoint(x, y) for x in (*corners, pointer.x() - wide // 2))
    for y in (pane.top(), pane.bottom() - high):
        yield from (QPoint(x, y) for x in (pane.right() + EDGE, pane.left() - wide - EDGE))


def best_place(size: QSize, places: Sequence[QPoint], rooms: Sequence[QRect], seen: Sequence[QRect]) -> QPoint:
    """The first place in the first room that covers nothing; where there is none, the one that covers least."""
    for room in rooms:
        for place in places:
            box = QRect(place, size)
            if room.contains(box) and not any(box.intersects(each) for each in seen):
                return place
    moved = [_pushed(QRect(place, size), rooms[-1]) for place in places]
    return min(moved, key=lambda box: sum(_area(box & each) for each in seen)).topLeft()


def _pushed(box: QRect, room: QRect) -> QRect:
    """The box moved into the room."""
    x = max(min(box.left(), room.right() - box.width()), room.left())
    y = max(min(box.top(), room.bottom() - box.height()), room.top())
    return QRect(QPoint(x, y), box.size())


def _area(rect: QRect) -> int:
    return max(rect.width(), 0) * max(rect.height(), 0)
