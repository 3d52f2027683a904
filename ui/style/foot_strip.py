"""A strip at the foot of the board that opens over it and leaves its size alone; one of them is open at a time."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from ui.style.boxes import in_column, in_row
from ui.style.text_size import embolden
from ui.style.widgets import icon_button

MOST = 0.6
"""Share of the height of what it lies over that it covers at most."""


class FootStrip(QFrame):
    """Lies over the foot of a widget; folded away until asked for."""

    covered = Signal(int)
    """How many pixels of that it lies over now."""

    def __init__(self, over: QWidget, name: str, keys: str) -> None:
        """``name`` is what it is called; ``keys`` bring it back."""
        super().__init__(over)
        self.setProperty("strip", "foot")
        self.setAccessibleName(name)
        self.toggle = QAction(f"{name} panel", self)
        self.toggle.setIconText(name)
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self.setVisible)
        self.head = QLabel()
        self.beside_head = QHBoxLayout()
        """What stands between its head and the button that folds it."""
        self._head_row = self._make_head(name, keys)
        self.column = in_column(self._head_row, on=self, spacing=0, margins=(1, 1, 1, 1))
        over.installEventFilter(self)
        self.hide()

    def _make_head(self, name: str, keys: str) -> QHBoxLayout:
        embolden(self.head)
        tip = f"Fold it away; {keys} brings it back."
        fold = icon_button("close", f"Fold away {name}", tip, self.hide, self, flat=True)
        return in_row((self.head, 1), self.beside_head, fold, margins=(12, 2, 4, 2))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parentWidget():
            self.place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # What it says has become another.
            self.place()
        return handled

    def place(self) -> None:
        """At the foot, as high as what it says, but not higher than its share."""
        below = self.parentWidget()
        if below is not None:
            height = min(self.needed_height(below.width()), round(MOST * below.height()))
            self.setGeometry(0, below.height() - height, below.width(), height)
            self.covered.emit(0 if self.isHidden() else height)

    @property
    def head_height(self) -> int:
        """What frame and head take."""
        margins = [self.contentsMargins(), self.column.contentsMargins()]
        return sum(margin.top() + margin.bottom() for margin in margins) + self._head_row.sizeHint().height()

    def needed_height(self, width: int) -> int:
        """What all that it says takes, where it is so wide."""
        return self.sizeHint().height()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        below = self.parentWidget()
        for other in [] if below is None else below.findChildren(FootStrip):
            if other is not self:
                other.hide()
        self.place()
        self.raise_()
        self.toggle.setChecked(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.isHidden():  # by a hand, not with the window
            self.covered.emit(0)
            self.toggle.setChecked(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
