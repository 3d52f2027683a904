"""One place on the board: a plot with its head, or several behind tabs; an edge to widen it by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QWidget,
)

from ui.board.arrangement import CardPlace
from ui.board.packing import Wanted
from ui.plots.base import Plot
from ui.style.boxes import in_column, in_row
from ui.style.text_size import scaled, with_text
from ui.style.theme import current_theme
from ui.style.widgets import icon_button, set_style_property

EDGE = 6
"""Pixels at the right of a card by which it is widened."""
RATIOS = {"wide": 0.52, "square": 0.85, "tall": 1.25}
"""Height of a card for each pixel of a column's width, by the shape that its plot asks for."""


class CardPage(QWidget):
    """A plot below its head: its own header, a menu and a way to close it."""

    menu_wanted = Signal(QPoint)
    """Where on the screen."""
    closed = Signal()

    def __init__(self, plot: Plot[Any]) -> None:
        super().__init__()
        self.plot = plot
        assert plot.header is not None
        self.menu_button = _button("menu", f"Menu: {plot.title}", "What can be done with this plot and its card")
        self.close_button = _button("close", f"Close: {plot.title}", "Take this plot off the board")
        self.menu_button.clicked.connect(self._ask_menu)
        self.close_button.clicked.connect(self.closed)
        head = in_row((plot.header, 1), self.menu_button, self.close_button, spacing=0, margins=(0, 0, EDGE, 0))
        in_column(head, (plot, 1), on=self, spacing=0, margins=(0, 0, 0, 0))
        plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _ask_menu(self) -> None:
        self.menu_wanted.emit(self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height())))


def _button(icon: str, name: str, tip: str) -> QToolButton:
    button = icon_button(icon, name, tip)
    button.setObjectName("cardButton")
    with_text(button, _fit)
    return button


def _fit(button: QToolButton) -> None:
    button.setIconSize(QSize(scaled(14), scaled(14)))
    button.setFixedSize(scaled(19), scaled(20))


class CardEdge(QWidget):
    """The right edge of a card, to be dragged."""

    dragged = Signal(int)
    """Where the pointer is, in the pixels of the card's parent."""
    released = Signal()

    def __init__(self, card: Card, content: QWidget) -> None:
        super().__init__(card)
        self._content = content
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setToolTip("Drag to span more or fewer columns.")
        self._over = False

    def enterEvent(self, event: QEnterEvent) -> None:
        self._over = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.dragged.emit(self._content.mapFromGlobal(event.globalPosition().toPoint()).x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.released.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._over:
            with QPainter(self) as painter:
                painter.fillRect(self.rect().adjusted(2, 4, -2, -4), QColor(current_theme().accent))


class Card(QFrame):
    """Shows the page in front of its place; a page is made when the card is first seen."""

    tab_chosen = Signal(str)
    """Key of the plot that shall be in front."""

    def __init__(
        self, parent: QWidget, page: Callable[[str], CardPage], kind: Callable[[str], type[Plot[Any]]]
    ) -> None:
        super().__init__(parent)
        self.setObjectName("plotCard")
        self._page, self._kind = page, kind
        self.place = CardPlace(("",))
        self.networks: Sequence[str] = ("",)
        """Names of those that its plots show."""
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Plots of this card")
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.currentChanged.connect(self._choose)
        self._pages = QStackedWidget()
        self.edge = CardEdge(self, parent)
        in_column(self.tabs, (self._pages, 1), on=self, spacing=0, margins=(1, 1, 1, 1))

    def set_place(self, place: CardPlace) -> None:
        """Be the card of this place."""
        if place != self.place:
            self.place = place
            self.setAccessibleName(self._kind(place.key).title)
            self._show_tabs()

    def _show_tabs(self) -> None:
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for key in self.place.keys:
            self.tabs.setTabToolTip(self.tabs.addTab(self._kind(key).title), self._kind(key).title)
        self.tabs.setCurrentIndex(self.place.current)
        self.tabs.blockSignals(False)
        self.tabs.setVisible(len(self.place.keys) > 1)

    def _choose(self, index: int) -> None:
        self.tab_chosen.emit(self.place.keys[index])

    @property
    def page(self) -> CardPage | None:
        """What is in front, if it has been seen."""
        shown = self._pages.currentWidget()
        return shown if isinstance(shown, CardPage) and shown.plot.key == self.place.key else None

    def bring_page(self) -> None:
        """Have the page in front: the card is seen."""
        if self.page is None:
            page = self._page(self.place.key)
            if page.parentWidget() is not self._pages:
                self._pages.addWidget(page)
            self._pages.setCurrentWidget(page)

    @property
    def wanted(self) -> Wanted:
        """What it asks of the board: room for the most demanding of its plots, the shape of the one in front."""
        return self.wanted_of(0.0)

    def wanted_of(self, width: float) -> Wanted:
        """The same of a board that it fills, of so many pixels; 0: it does not."""
        kinds = [self._kind(key) for key in self.place.keys]
        tabs = self.tabs.sizeHint().height() if len(kinds) > 1 else 0
        return Wanted(
            scaled(max(kind.least_width for kind in kinds)),
            scaled(max(kind.least_height_of(self.networks, width / scaled(1000) * 1000) for kind in kinds)) + tabs,
            RATIOS[self._kind(self.place.key).shape],
            self.place.columns,
        )

    def mark_current(self, on: bool) -> None:
        """Whether it is the card that has the focus."""
        set_style_property(self, "current", on)

    @property
    def has_focus(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and self.isAncestorOf(focused)

    def take_focus(self) -> None:
        self.bring_page()
        if self.page is not None:
            self.page.plot.setFocus(Qt.FocusReason.TabFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.edge.setGeometry(self.width() - EDGE, 0, EDGE, self.height())
        self.edge.raise_()
