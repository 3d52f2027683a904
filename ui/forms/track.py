"""A slider over a :class:`TrackScale`: the default as a tick, and a hand that is said to have left."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QSlider, QStyle, QStyleOptionSlider

from ui.forms.scale import TrackScale
from ui.style.numbers import setting
from ui.style.spoken_slider import Spoken, speak
from ui.style.theme import current_theme

STEPS = 10_000
"""Qt's sliders count in whole steps: the places of the track."""
WHEEL_PAUSE_MS = 350
"""A turn of the wheel is over when it rests this long: then it is one undo entry."""

_Action = QSlider.SliderAction
_NUDGES = {
    _Action.SliderSingleStepAdd: 1,
    _Action.SliderSingleStepSub: -1,
    _Action.SliderPageStepAdd: 10,
    _Action.SliderPageStepSub: -10,
}
_ENDS = {_Action.SliderToMinimum: 0.0, _Action.SliderToMaximum: 1.0}


class Track(QSlider):
    """A slider over a :class:`TrackScale`. ``moved`` while a hand is at it, ``let_go`` when it leaves."""

    moved = Signal(float)
    let_go = Signal()
    reset = Signal()

    def __init__(self, scale: TrackScale, default: float | None) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._scale = scale
        self._narrow = scale
        self._default = default
        self._number: float | None = None
        self._turned = 0
        self._held_key: int | None = None
        self._rest = QTimer(self, singleShot=True, interval=WHEEL_PAUSE_MS)
        self._rest.timeout.connect(self.finish)
        self.setRange(0, STEPS)
        self.setSingleStep(STEPS // 100)
        self.setPageStep(STEPS // 10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.actionTriggered.connect(self._act)
        self.valueChanged.connect(self._take)
        self.sliderReleased.connect(self.finish)
        speak(self, SPOKEN)

    @property
    def scale(self) -> TrackScale:
        return self._scale

    @property
    def dragging(self) -> bool:
        """Whether a hand is at it: mouse down, key held, or the wheel still turning."""
        return self.isSliderDown() or self._held_key is not None or self._rest.isActive()

    def number(self) -> float | None:
        return self._number

    def set_number(self, number: float | None) -> None:
        """Show ``number`` (None: no handle); the track widens where it must. Emits nothing."""
        self._scale = self._narrow if number is None else self._narrow.widened(number)
        self._show(number)

    def _show(self, number: float | None) -> None:
        self._number = number
        with QSignalBlocker(self):
            self.setValue(0 if number is None else self._step_of(number))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(36, 24)

    # -- places --------------------------------------------------------------------------------------------------

    def _step_of(self, number: float) -> int:
        return round(self._scale.position(number) * STEPS)

    def _handle(self, step: int) -> QRectF:
        """Where the style has the handle, if the slider stands at ``step``."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        option.sliderPosition = option.sliderValue = step
        slider, handle = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
        return QRectF(self.style().subControlRect(slider, option, handle, self))

    def x_of(self, number: float) -> float:
        """Pixel of the handle's middle at ``number``."""
        return self._handle(self._step_of(number)).center().x()

    def _number_at(self, x: float) -> float:
        first, last = self._handle(0).center().x(), self._handle(STEPS).center().x()
        return self._scale.value((x - first) / max(last - first, 1))

    # -- hand ----------------------------------------------------------------------------------------------------

    def _move(self, number: float) -> None:
        """To ``number`` on the scale as it is: it must not change under the hand."""
        if number != self._number:
            self._show(number)
            self.moved.emit(number)

    def _act(self, action: int) -> None:
        """What a key asks for: a hundredth or a tenth of the track, or one of its ends."""
        asked = _Action(action)
        if asked in _ENDS:
            self._move(self._scale.value(_ENDS[asked]))
        elif asked in _NUDGES:
            self._nudge(_NUDGES[asked])
        else:
            return
        self._show(self._number)  # Qt has moved by steps of its own

    def take(self, number: float) -> None:
        """As a hand would set it that comes and leaves at once."""
        self._move(number)
        self.let_go.emit()

    def _nudge(self, steps: int) -> None:
        start = self._scale.value(0.5) if self._number is None else self._number
        self._move(self._scale.nudged(start, steps))

    def _take(self, step: int) -> None:
        """What a drag, or an aid for those who do not see the slider, has set."""
        self._move(self._scale.value(step / STEPS))
        if not self.dragging:
            self.let_go.emit()

    def finish(self) -> None:
        """The hand has left: what it has moved to is taken."""
        self._rest.stop()
        self._held_key = None
        if self.isSliderDown():
            self.setSliderDown(False)  # comes back here as sliderReleased
        else:
            self.let_go.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        handle, at = self._handle(self.value()), event.position()
        if self._number is None or not handle.left() <= at.x() <= handle.right():
            self._move(self._number_at(at.x()))
            at = self._handle(self.value()).center()
        press = QMouseEvent(
            event.type(), QPointF(at.x(), handle.center().y()), event.globalPosition(),
            event.button(), event.buttons(), event.modifiers(),
        )  # fmt: skip
        super().mousePressEvent(press)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            super().mouseMoveEvent(event)

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
        held, self._held_key = self._held_key, event.key()
        super().keyPressEvent(event)
        if not event.isAccepted():
            self._held_key = held

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == self._held_key and not event.isAutoRepeat():
            self.finish()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self.dragging:
            self.finish()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._held_key = None
        self._rest.stop()
        with QSignalBlocker(self):
            self.setSliderDown(False)
        super().hideEvent(event)

    # -- paint ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self._default is not None and self._scale.low <= self._default <= self._scale.high:
                ink = QColor(current_theme().muted if self.isEnabled() else current_theme().faint)
                painter.fillRect(QRectF(round(self.x_of(self._default)) - 0.75, self.height() / 2 - 8, 1.5, 16), ink)
            if self._number is None:
                option = QStyleOptionSlider()
                self.initStyleOption(option)
                option.subControls = QStyle.SubControl.SC_SliderGroove
                self.style().drawComplexControl(QStyle.ComplexControl.CC_Slider, option, painter, self)
        if self._number is not None:
            super().paintEvent(event)


def _value(track: Track) -> float:
    number = track.number()
    return math.nan if number is None else number


def _notch(track: Track) -> float:
    number = track.number()
    start = track.scale.value(0.0) if number is None else number
    return track.scale.nudged(start, 1) - start


def _text(track: Track) -> str:
    number = track.number()
    return "off" if number is None else setting(number)


SPOKEN: Spoken[Track] = Spoken(
    value=_value,
    ends=lambda track: (track.scale.value(0.0), track.scale.value(1.0)),
    step=_notch,
    take=Track.take,
    text=_text,
)
"""The number of a track, for whoever does not see it."""
