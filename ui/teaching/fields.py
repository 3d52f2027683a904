"""Labelled fields of the teacher's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)  # fmt: skip

from ui.style.boxes import BoxItem, in_column
from ui.style.keys import OwnKeys
from ui.style.text_size import scaled, with_text
from ui.style.widgets import scroll_down


class TextField(QPlainTextEdit):
    """Several lines; Tab goes on to the next field."""

    def __init__(
        self, name: str, lines: int, edited: Callable[[str], object], hint: str = "", *, grows: bool = True
    ) -> None:
        super().__init__()
        self._grows = grows
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self._lines = lines
        self.textChanged.connect(lambda: edited(self.toPlainText()))
        with_text(self, TextField._fit)

    def _fit(self) -> None:
        height = self.fontMetrics().lineSpacing() * self._lines + scaled(14)
        self.setMinimumHeight(height)
        if not self._grows:
            self.setMaximumHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_text(self, text: str) -> None:
        """Without telling that it was edited."""
        if text != self.toPlainText():
            with QSignalBlocker(self):
                self.setPlainText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Escape is the window's.
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


class LineField(QLineEdit):
    """One line."""

    def __init__(self, name: str, edited: Callable[[str], object], hint: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.textEdited.connect(edited)

    def show_text(self, text: str) -> None:
        """Unless it stands there, where a hand may be typing."""
        if text != self.text():
            self.setText(text)


class Choice(QComboBox):
    """One of several, each with what it stands for."""

    def __init__(self, name: str, chosen: Callable[[object], object], every: Iterable[tuple[str, object]] = ()) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.offer(every)
        self.activated.connect(lambda _index: chosen(self.currentData()))

    def offer(self, every: Iterable[tuple[str, object]]) -> None:
        """Other things to choose from; what was chosen stays where it is among them."""
        before = self.currentData()
        self.clear()
        for text, stands_for in every:
            self.addItem(text, stands_for)
        self.show_choice(before)

    def show_choice(self, stands_for: object) -> None:
        """Choose it without telling."""
        place = next((place for place in range(self.count()) if self.itemData(place) == stands_for), -1)
        if place >= 0:
            self.setCurrentIndex(place)


def form() -> QFormLayout:
    """Rows with their labels above, where they would be cut beside."""
    layout = QFormLayout(rowWrapPolicy=QFormLayout.RowWrapPolicy.WrapLongRows)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def labelled(layout: QFormLayout, text: str, field: QWidget) -> None:
    """A row; the label's letter leads to the field."""
    label = QLabel(text)
    label.setBuddy(field)
    layout.addRow(label, field)


class FieldsPage(QScrollArea):
    """One page of fields, scrolled where it is higher than the window."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        scroll_down(self)

    def fill(self, *items: BoxItem) -> None:
        """Its fields, from top to bottom."""
        inner = QWidget()
        in_column(*items, on=inner, spacing=8, margins=(12, 10, 12, 10))
        self.setWidget(inner)


class TeachingWindow(OwnKeys):
    """A window of the teacher's beside the main one, with commands of its own."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("teaching")
        self.acts: dict[QKeySequence.StandardKey, Callable[[], object]] = {QKeySequence.StandardKey.Cancel: self.close}

    def act_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        return next((act for key, act in self.acts.items() if event.matches(key)), None)
