"""The painted track of a slider: a groove, what lies below the value, the default as a tick, and the handle."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from ui.forms.scale import Scale

STEPS = 1000
RADIUS = 5.5
INSET = RADIUS + 4
"""Room at both ends for the ring of focus around the handle."""
WHEEL_PAUSE_MS = 350
"""A turn of the wheel is over when it rests this long: then it is one undo entry."""

_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_Home: -1000,
    Qt.Key.Key_End: 1000,
}


class Track(QAbstractSlider):
    """A slider over a :class:`Scale`. ``moved`` while a hand is at it, ``let_go`` when it leaves."""

    moved = Signal(float)
    let_go = Signal()
    reset = Signal()

    def __init__(self, scale: Scale, default: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = scale
        self._narrow = scale
        self._default = default
        self._number: float | None = None
        self._grip = 0.0
        self._turned = 0
        self._held = False
        self._rest = QTimer(self, singleShot=True, interval=WHEEL_PAUSE_MS)
        self._rest.timeout.connect(self.finish)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setRange(0, STEPS)
        self.setSingleStep(STEPS // 100)
        self.setPageStep(STEPS // 10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def scale(self) -> Scale:
        return self._scale

    @property
    def dragging(self) -> bool:
        """Whether a hand is at it: mouse down, key held, or the wheel still turning."""
        return self._held or self._rest.isActive()

    def number(self) -> float | None:
        return self._number

    def set_number(self, number: float | None) -> None:
        """Show ``number`` (None: no handle); the track widens where it must. Emits nothing."""
        self._number = number
        self._scale = self._narrow if number is None else self._narrow.widened(number)
        was = self.blockSignals(True)
        self.setValue(0 if number is None else round(self._scale.position(number) * STEPS))
        self.blockSignals(was)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(36, 24)

    # -- hand ----------------------------------------------------------------------------------------------------

    def x_of(self, number: float) -> float:
        """Pixel of ``number``'s place on the track."""
        return INSET + self._scale.position(number) * (self.width() - 2 * INSET)

    def _number_at(self, x: float) -> float:
        return self._scale.value((x - INSET) / max(self.width() - 2 * INSET, 1))

    def _move(self, number: float) -> None:
        if number != self._number:
            scale = self._scale
            self.set_number(number)
            self._scale = scale  # a drag must not rescale under the hand
            self.moved.emit(number)

    def finish(self) -> None:
        """The hand has left: what it has moved to is taken."""
        self._rest.stop()
        self._held = False
        self.update()
        self.let_go.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._held = True
        x = event.position().x()
        on_handle = self._number is not None and abs(x - self.x_of(self._number)) <= RADIUS + 2
        self._grip = x - self.x_of(self._number) if on_handle and self._number is not None else 0.0
        if not on_handle:
            self._move(self._number_at(x))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held and event.buttons() & Qt.MouseButton.LeftButton:
            self._move(self._number_at(event.position().x() - self._grip))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._held:
            self.finish()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():
            event.ignore()
            return
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches, self._turned = int(self._turned / 120), self._turned - 120 * int(self._turned / 120)
        if notches:
            self._rest.start()
            self._nudge(notches)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = _KEYS.get(Qt.Key(event.key()))
        if steps is None:
            event.ignore()
        else:
            self._held = True
            self._nudge(steps)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in _KEYS and not event.isAutoRepeat() and self._held:
            self.finish()
        elif event.key() not in _KEYS:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self.dragging:
            self.finish()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._held = False
        self._rest.stop()

    def _nudge(self, steps: int) -> None:
        start = self._number if self._number is not None else self._scale.value(0.5)
        if abs(steps) >= 1000:
            self._move(self._scale.value(1.0 if steps > 0 else 0.0))
        else:
            self._move(self._scale.nudged(start, steps))

    # -- paint ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        self._paint_groove(painter, middle, group)
        if self._number is not None:
            self._paint_handle(painter, QPointF(self.x_of(self._number), middle), group)
        painter.end()

    def _paint_groove(self, painter: QPainter, middle: float, group: QPalette.ColorGroup) -> None:
        text = self.palette().color(group, QPalette.ColorRole.WindowText)
        text.setAlphaF(0.25)
        left, right = INSET, self.width() - INSET
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(text)
        painter.drawRoundedRect(QRectF(left - 2, middle - 1.5, right - left + 4, 3), 1.5, 1.5)
        if self._number is not None:
            painter.setBrush(self.palette().color(group, QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(QRectF(left - 2, middle - 1.5, self.x_of(self._number) - left + 2, 3), 1.5, 1.5)
        if self._default is not None and self._scale.low <= self._default <= self._scale.high:
            text.setAlphaF(0.6)
            painter.setBrush(text)
            painter.drawRect(QRectF(round(self.x_of(self._default)) - 0.75, middle - 8, 1.5, 16))

    def _paint_handle(self, painter: QPainter, at: QPointF, group: QPalette.ColorGroup) -> None:
        accent = self.palette().color(group, QPalette.ColorRole.Highlight)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(accent, 1.5))
            painter.drawEllipse(at, RADIUS + 3, RADIUS + 3)
        pressed = self._held or self.underMouse()
        painter.setBrush(accent if pressed else self.palette().color(group, QPalette.ColorRole.Base))
        painter.setPen(QPen(accent, 2))
        painter.drawEllipse(at, RADIUS - 1, RADIUS - 1)
