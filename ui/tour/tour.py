"""A tour under way over one window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMetaObject, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QWidget

from ui.tour.bubble import Bubble, Ring
from ui.tour.step import TourStep

FOLLOW_MS = 120
"""Controls move: panels open, cards flow, a list is scrolled."""


class Tour(QObject):
    """Goes on when a step is done or Next is pressed; ends after the last, by Esc, or with the window."""

    ended = Signal()

    def __init__(self, steps: Sequence[TourStep], window: QMainWindow) -> None:
        super().__init__(window)
        self.steps = tuple(steps)
        self.index = -1
        """Of the present step; -1 before the first and after the last."""
        self._window = window
        self._connection: QMetaObject.Connection | None = None
        self.ring, self.bubble = Ring(window), Bubble(window)
        self.bubble.next_pressed.connect(self.advance)
        self.bubble.left.connect(self.end)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), window)
        self._escape.activated.connect(self.end)
        self._escape.activatedAmbiguously.connect(self.end)
        self._follow = QTimer(self, interval=FOLLOW_MS)
        self._follow.timeout.connect(self._place)

    def begin(self) -> None:
        """The first step, with the keyboard at Next."""
        self.bubble.show()
        self.ring.show()
        self._follow.start()
        self._show(0)
        self.bubble.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def advance(self) -> None:
        """The next step; the end after the last."""
        if 0 <= self.index < len(self.steps) - 1:
            self._show(self.index + 1)
        else:
            self.end()

    def end(self) -> None:
        """Take the bubble away."""
        if self.index >= 0:
            self.index = -1
            self._disconnect()
            self._follow.stop()
            self._escape.setEnabled(False)
            for part in (self.bubble, self.ring, self._escape):
                part.deleteLater()
            self.bubble.hide()
            self.ring.hide()
            self.ended.emit()

    def _show(self, index: int) -> None:
        self._disconnect()
        self.index = index
        step = self.steps[index]
        if step.done():
            self.advance()
            return
        step.prepare()
        self.bubble.say(step.title, step.text, index + 1, len(self.steps))
        self._connection = step.signal.connect(lambda *values: self._go_on_after(index, *values))
        self._place()

    def _go_on_after(self, index: int, *values: object) -> None:
        # What else hears the same signal is done first: the next step looks at what came of it.
        if index == self.index and self.steps[index].accepts(*values):
            self._disconnect()
            QTimer.singleShot(0, self, lambda: self.advance() if index == self.index else None)

    def _disconnect(self) -> None:
        if self._connection is not None:
            QObject.disconnect(self._connection)
            self._connection = None

    def _place(self) -> None:
        window = self._window
        step = self.steps[self.index]
        self.bubble.say_meanwhile(step.meanwhile())
        area = part_in_sight(step.target(), window)
        self.ring.setVisible(not area.isEmpty())
        if area.isEmpty():
            area = QRect(window.rect().bottomRight(), QSize(0, 0))
        self.ring.surround(area)
        self.bubble.point_at(part_in_sight(step.spared(), window) if step.spared else area, window.rect())


def part_in_sight(target: QWidget, window: QWidget) -> QRect:
    """What is neither hidden nor scrolled out of a control, in the window's pixels."""
    if not target.isVisible():
        return QRect()
    area = QRect(target.mapTo(window, QPoint(0, 0)), target.size())
    above = target.parentWidget()
    while above is not None and above is not window:
        area = area.intersected(QRect(above.mapTo(window, QPoint(0, 0)), above.size()))
        above = above.parentWidget()
    return area
