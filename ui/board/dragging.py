"""A card taken by its head: a target shows where it will be, before, after or as a tab of another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from ui.board.arrangement import Arrangement
from ui.board.board import Board
from ui.board.card import Card, CardPage
from ui.board.packing import GAP
from ui.style.theme import current_theme

SIDE = 0.28
"""Share of a card at either side where what is dropped stands beside it; between them it becomes a tab."""
WAITING = 0.15
"""How strongly the area is tinted that what is dropped will take."""


class Target(QWidget):
    """Where what is dragged will be: a bar between two cards, or a whole card."""

    def __init__(self, content: QWidget) -> None:
        super().__init__(content)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_at(self, place: QRect) -> None:
        self.setGeometry(place)
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        accent = QColor(current_theme().accent)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(accent, 2))
            accent.setAlphaF(1.0 if self.width() <= 2 * GAP else WAITING)
            painter.setBrush(accent)
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 3, 3)


class Dragging(QObject):
    """Watches the heads of pages, and moves a place where its head is dragged to; Escape leaves all as it was."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._board = board
        self.target = Target(board.content)
        self._pressed: QPoint | None = None
        self._key = ""
        """The plot whose head was pressed."""
        self._active = False

    def watch(self, page: CardPage) -> None:
        """Let this page be dragged by its head, and maximised by a double-click on it."""
        header = page.plot.header
        assert header is not None
        header.setProperty("plot", page.plot.key)
        header.setCursor(Qt.CursorShape.OpenHandCursor)
        header.installEventFilter(self)

    @property
    def active(self) -> bool:
        return self._active

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            return self._key_event(event)
        if isinstance(event, QMouseEvent) and watched.property("plot"):
            return self._mouse_event(str(watched.property("plot")), event)
        return super().eventFilter(watched, event)

    def _mouse_event(self, key: str, event: QMouseEvent) -> bool:
        at = event.globalPosition().toPoint()
        match event.type():
            case QEvent.Type.MouseButtonDblClick:
                self._end()
                self._board.toggle_maximised(key)
                return True
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                self._pressed, self._key = at, key
            case QEvent.Type.MouseMove if self._pressed is not None:
                self._move(at)
            case QEvent.Type.MouseButtonRelease if self._pressed is not None:
                self._drop(at)
        return False

    def _key_event(self, event: QKeyEvent) -> bool:
        escape = event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif escape and event.type() == QEvent.Type.KeyPress:
            self._end()
        return escape

    def _move(self, at: QPoint) -> None:
        assert self._pressed is not None
        far = (at - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if not self._active and far and self._board.maximised is None:
            self._begin()
        if self._active:
            self._show_target(self._board.content.mapFromGlobal(at))

    def _begin(self) -> None:
        self._active = True
        QApplication.setOverrideCursor(Qt.CursorShape.ClosedHandCursor)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def _end(self) -> None:
        self._pressed = None
        self.target.hide()
        if self._active:
            self._active = False
            QApplication.restoreOverrideCursor()
            app = QApplication.instance()
            assert app is not None
            app.removeEventFilter(self)

    def _show_target(self, at: QPoint) -> None:
        self._board.ensureVisible(at.x(), at.y(), 0, 40)
        card = self._board.card_at(at)
        if card is None or not self._may_drop(card, at):
            self.target.hide()
            return
        place = card.geometry()
        match side_of(card, at):
            case "before":
                place = QRect(place.left() - GAP, place.top(), GAP, place.height())
            case "after":
                place = QRect(place.right() + 1, place.top(), GAP, place.height())
        self.target.show_at(place)

    def _may_drop(self, card: Card, at: QPoint) -> bool:
        """Out of its tabs a plot goes beside them, not on them."""
        return self._key not in card.place.keys or (len(card.place.keys) > 1 and side_of(card, at) != "tab")

    def _drop(self, at: QPoint) -> None:
        active, key = self._active, self._key
        self._end()
        place = self._board.content.mapFromGlobal(at)
        card = self._board.card_at(place)
        if active and card is not None and self._may_drop(card, place):
            self._board.change(dropped(self._board.arrangement, key, card, side_of(card, place)))
            self._board.current.focus(key)


def dropped(arrangement: Arrangement, key: str, card: Card, side: str) -> Arrangement:
    """With a plot, taken out of its tabs if it has any, beside a card or as a tab of it."""
    other = next(each for each in card.place.keys if each != key)
    apart = arrangement.apart(key)
    if side == "tab":
        return apart.joined(key, other)
    return apart.moved(key, apart.index(other) + (side == "after"))


def side_of(card: Card, at: QPoint) -> str:
    """``before``, ``after`` or ``tab``: what a drop at a point of the content means to the card under it."""
    share = (at.x() - card.x()) / card.width()
    return "before" if share < SIDE else "after" if share > 1 - SIDE else "tab"
