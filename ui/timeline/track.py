"""A slim track over all steps of a run: a handle at the step that is shown, marks where something happened."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSlider, QToolTip, QWidget

from ui.style.keys import held
from ui.style.text_size import scaled, with_text
from ui.style.theme import Theme, current_theme
from ui.timeline.marks import BY_HAND, MarkKind, TimeMark, next_step

MARGIN = 9.0
"""Pixels at both ends, for half a handle."""
HEIGHT = 24
FASTER = 10
"""Times as far an arrow goes with Shift."""
NEAR = 5.0
"""Pixels beside a mark at which the pointer reads it."""
MOST_WORDS = 5
ORDER: tuple[MarkKind, ...] = ("checkpoint", "change", "surgery", "spike", "finding", "not finite")
"""What is drawn later lies above."""
HEIGHTS: dict[MarkKind, float] = {
    "checkpoint": 6, "change": -6, "surgery": -6, "finding": 6, "spike": 6, "not finite": 6,
}  # fmt: skip
"""Pixels below the middle of the line: what a hand has done stands above it, what came of the run below."""
APART: dict[MarkKind, int] = {"checkpoint": 2, "change": 10, "surgery": 10, "finding": 10, "spike": 5, "not finite": 10}
"""Pixels from one mark to the next of its kind from which both can be seen."""
SIGN_COLOURS: dict[MarkKind, str] = {
    "checkpoint": "muted", "change": "text", "surgery": "text", "finding": "backward", "spike": "warning",
    "not finite": "warning",
}  # fmt: skip
"""Fields of the theme."""


class Cluster(Struct, frozen=True):
    """Marks of a kind that stand too near each other to be told apart, from pixel to pixel."""

    kind: MarkKind
    first: int
    last: int


class TimeTrack(QSlider):
    """A slider whose value is a step; what a hand does is told by :attr:`wanted`."""

    wanted = Signal(int)
    """The step that a hand goes to; beyond the last it is the present."""
    menu_asked = Signal(int, QPoint)
    """What can be done at a step, and where on the screen."""
    branch_wanted = Signal(int)
    """One more network is to go on from this step."""
    change_opened = Signal(int)
    """A change by hand at this step is to be seen in full."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName("Time line")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setPageStep(FASTER)
        self.marks: Sequence[TimeMark] = ()
        self._clusters: tuple[object, list[Cluster]] = None, []
        """What they were made for, and as they are drawn."""
        self._following = False
        self.valueChanged.connect(self._tell)
        with_text(self, lambda track: track.setFixedHeight(scaled(HEIGHT)))

    def sizeHint(self) -> QSize:
        return QSize(scaled(160), scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(scaled(60), scaled(HEIGHT))

    # -- what it shows -----------------------------------------------------------------------------------------------

    def show_step(self, step: int, first: int, last: int) -> None:
        """Stand at a step between the first and the last that there are."""
        self._following = True
        self.setRange(first, last)
        self.setValue(step)
        self._following = False

    def show_marks(self, marks: Sequence[TimeMark]) -> None:
        if marks != self.marks:
            self.marks = marks
            self.update()

    def _tell(self, step: int) -> None:
        if not self._following:
            self.wanted.emit(step)

    def place_of(self, step: int) -> float:
        """Where a step stands, in pixels from the left."""
        first, span, width = self._way
        return MARGIN + (step - first) / span * width

    @property
    def _way(self) -> tuple[int, int, float]:
        """The first step, how many follow, and the pixels between both ends."""
        first = self.minimum()
        return first, max(self.maximum() - first, 1), max(self.width() - 2 * MARGIN, 1.0)

    def step_at(self, x: float) -> int:
        """The step nearest to a place."""
        share = (x - MARGIN) / max(self.width() - 2 * MARGIN, 1.0)
        return self.minimum() + round(min(max(share, 0.0), 1.0) * (self.maximum() - self.minimum()))

    def near(self, x: float) -> list[TimeMark]:
        """The marks at a place; checkpoints only where nothing else is."""
        near = [mark for mark in self.marks if abs(self.place_of(mark.step) - x) <= NEAR]
        return [mark for mark in near if mark.kind != "checkpoint"] or near

    # -- the hand ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(self.step_at(event.position().x()))
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go(self.step_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        changes = [mark for mark in self.near(event.position().x()) if mark.kind in BY_HAND]
        if changes:
            self.change_opened.emit(changes[0].step)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the place under the pointer, or by keys of the handle."""
        at, step = QPoint(event.pos()), self.step_at(event.pos().x())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at, step = QPoint(round(self.place_of(self.value())), self.height()), self.value()
        self.menu_asked.emit(step, self.mapToGlobal(at))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # The board scrolls.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step, shift = self.value(), held(event) == Qt.KeyboardModifier.ShiftModifier
        far = FASTER if shift else 1
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Down:
                self._go(step - far)
            case Qt.Key.Key_Right | Qt.Key.Key_Up:
                self._go(step + far)
            case Qt.Key.Key_PageUp:
                self._go(next_step(self.marks, step, forwards=False))
            case Qt.Key.Key_PageDown:
                self._go(next_step(self.marks, step, forwards=True))
            case Qt.Key.Key_Home:
                self._go(self.minimum())
            case Qt.Key.Key_End:
                self._go(self.maximum())
            case Qt.Key.Key_B:
                self.branch_wanted.emit(step)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self._change_at(step):
                self.change_opened.emit(step)
            case _:
                event.ignore()

    def _change_at(self, step: int) -> bool:
        return any(mark.step == step and mark.kind in BY_HAND for mark in self.marks)

    def _go(self, step: int | None) -> None:
        if step is not None:
            self.wanted.emit(min(max(step, self.minimum()), self.maximum()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            marks = self.near(event.pos().x())
            lines = [mark.words for mark in marks[:MOST_WORDS]]
            QToolTip.showText(event.globalPos(), "\n".join(lines) or self.toolTip(), self)
            return True
        return super().event(event)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            middle, at = self.height() / 2, self.place_of(self.value())
            for left, right, colour in (
                (MARGIN, at, theme.accent if self.isEnabled() else theme.disabled),
                (at, self.width() - MARGIN, theme.border),
            ):
                painter.setPen(QPen(QColor(colour), 3.0, c=Qt.PenCapStyle.RoundCap))
                painter.drawLine(QPointF(left, middle), QPointF(right, middle))
            self._paint_marks(painter, theme)
            self._paint_handle(painter, QPointF(at, middle), theme)

    @property
    def clusters(self) -> list[Cluster]:
        """Marks as they are drawn: those of a kind that have no room beside each other are one, from first to last."""
        drawn = self.marks, self.minimum(), self.maximum(), self.width()
        if drawn != self._clusters[0]:
            steps: dict[MarkKind, list[int]] = {kind: [] for kind in ORDER}
            for mark in self.marks:
                steps[mark.kind].append(mark.step)
            clusters = [cluster for kind in ORDER for cluster in self._clusters_of(kind, sorted(steps[kind]))]
            self._clusters = drawn, clusters
        return self._clusters[1]

    def _clusters_of(self, kind: MarkKind, steps: Sequence[int]) -> list[Cluster]:
        first, span, width = self._way
        ends: list[list[int]] = []
        for step in steps:
            place = round(MARGIN + (step - first) / span * width)
            if ends and place - ends[-1][1] < APART[kind]:
                ends[-1][1] = place
            else:
                ends.append([place, place])
        return [Cluster(kind, *each) for each in ends]

    def _paint_marks(self, painter: QPainter, theme: Theme) -> None:
        for cluster in self.clusters:
            paint_cluster(painter, cluster, self.height() / 2, theme)

    def _paint_handle(self, painter: QPainter, at: QPointF, theme: Theme) -> None:
        painter.setPen(QPen(QColor(theme.text if self.hasFocus() else theme.accent), 2.0))
        painter.setBrush(QColor(theme.panel))
        painter.drawEllipse(at, 5.5, 5.5)


def paint_cluster(painter: QPainter, cluster: Cluster, middle: float, theme: Theme) -> None:
    """Its sign at both ends, and a line between them."""
    colour, y = QColor(getattr(theme, SIGN_COLOURS[cluster.kind])), middle + HEIGHTS[cluster.kind]
    if cluster.kind == "checkpoint":
        painter.fillRect(QRectF(cluster.first - 0.5, y - 2, cluster.last - cluster.first + 1.5, 4), colour)
        return
    painter.fillRect(QRectF(cluster.first, y - 1, cluster.last - cluster.first, 2), colour)
    for x in {cluster.first, cluster.last}:
        _paint_sign(painter, cluster.kind, QPointF(x, y), colour)


def _paint_sign(painter: QPainter, kind: MarkKind, at: QPointF, colour: QColor) -> None:
    """A triangle for a change, a square for surgery, a diamond for a finding, a stroke, a cross."""
    x, y = at.x(), at.y()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match kind:
        case "change":
            painter.drawPolygon(QPolygonF([QPointF(x - 4, y - 3.5), QPointF(x + 4, y - 3.5), QPointF(x, y + 3.5)]))
        case "surgery":
            painter.drawRect(QRectF(x - 3.5, y - 3.5, 7, 7))
        case "finding":
            corners = (QPointF(x, y - 4), QPointF(x + 4, y), QPointF(x, y + 4), QPointF(x - 4, y))
            painter.drawPolygon(QPolygonF(corners))
        case "spike":
            painter.drawRect(QRectF(x - 1, y - 5, 2, 10))
        case "not finite":
            painter.setPen(QPen(colour, 2.0))
            painter.drawLine(QPointF(x - 3.5, y - 3.5), QPointF(x + 3.5, y + 3.5))
            painter.drawLine(QPointF(x + 3.5, y - 3.5), QPointF(x - 3.5, y + 3.5))
