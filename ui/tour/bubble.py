"""The bubble of a tour, beside what it points at, and the ring around that."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from ui.style.boxes import in_column, in_row
from ui.style.text_size import embolden
from ui.style.theme import current_theme
from ui.style.widgets import push_button

LETTERS = 44
"""In a line of its text."""
APART, EDGE, ROUND = 10, 6, 6
"""Pixels: from what it points at, from the edge of the window, of the ring's corners."""


class Ring(QWidget):
    """A line around what is pointed at; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def surround(self, target: QRect) -> None:
        self.setGeometry(target.adjusted(-3, -3, 3, 3))
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(current_theme().accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), ROUND, ROUND)


class Bubble(QFrame):
    """Says what to do; whoever does not want to goes on with Next."""

    next_pressed = Signal()
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tourBubble")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title, self._text, self._meanwhile, self._count = QLabel(), QLabel(), QLabel(), QLabel()
        embolden(self._title)
        self._title.setWordWrap(True)
        self._text.setWordWrap(True)
        self._meanwhile.setWordWrap(True)
        for label in (self._meanwhile, self._count):
            label.setProperty("role", "muted")
        self.next = push_button("&Next", "Go on without doing it.", self.next_pressed.emit, self)
        tip = "Esc does so too; the Help menu begins it again."
        self.leave = push_button("Leave the &tour", tip, self.left.emit, self)
        row = in_row((self._count, 1), self.leave, self.next, spacing=8)
        in_column(self._title, self._text, self._meanwhile, 4, row, on=self, spacing=6, margins=(14, 12, 14, 12))

    def say(self, title: str, text: str, number: int, steps: int) -> None:
        """The words of one step."""
        self._title.setText(title)
        self._text.setText(text)
        self._count.setText(f"{number} of {steps}")
        self.next.setText("F&inish" if number == steps else "&Next")
        self.setAccessibleName(f"Tour, step {number} of {steps}: {title}")
        self.setAccessibleDescription(text)

    def say_meanwhile(self, text: str) -> None:
        """What one is waiting for."""
        if text != self._meanwhile.text() or self._meanwhile.isHidden() == bool(text):
            self._meanwhile.setText(text)
            self._meanwhile.setVisible(bool(text))

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def meanwhile(self) -> str:
        return self._meanwhile.text()

    def point_at(self, target: QRect, room: QRect) -> None:
        """Stand beside ``target`` and within ``room``; both in the parent's pixels."""
        width = min(LETTERS * self.fontMetrics().averageCharWidth() + 28, room.width() - 2 * EDGE)
        width = max(width, self.minimumSizeHint().width())
        size = QSize(width, self.heightForWidth(width))
        self.setGeometry(QRect(place_beside(target, size, room.adjusted(EDGE, EDGE, -EDGE, -EDGE)), size))
        self.raise_()


def place_beside(target: QRect, size: QSize, room: QRect) -> QPoint:
    """Below, above, right or left of ``target``, wherever it is whole; else in the corner that covers least of it."""
    middle = target.center() - QPoint(size.width() // 2, size.height() // 2)
    beside = (
        QPoint(middle.x(), target.bottom() + APART),
        QPoint(middle.x(), target.top() - APART - size.height()),
        QPoint(target.right() + APART, middle.y()),
        QPoint(target.left() - APART - size.width(), middle.y()),
    )
    corners = (room.bottomLeft(), room.bottomRight(), room.topLeft(), room.topRight())
    places = [QRect(_within(at, size, room), size) for at in (*beside, *corners)]
    covered = [_area(place.intersected(target)) for place in places]
    return places[covered.index(min(covered))].topLeft()


def _within(at: QPoint, size: QSize, room: QRect) -> QPoint:
    """The nearest place at which all of it is in the room."""
    return QPoint(
        max(room.left(), min(at.x(), room.right() + 1 - size.width())),
        max(room.top(), min(at.y(), room.bottom() + 1 - size.height())),
    )


def _area(rect: QRect) -> int:
    return rect.width() * rect.height() if rect.isValid() else 0
