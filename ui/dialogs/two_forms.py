"""Two forms beside each other where there is room for both, else one below the other."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFormLayout, QSizePolicy, QWidget

BETWEEN, ROWS = 24, 8
"""Pixels from one form to the other, and from row to row."""


class TwoForms(QWidget):
    """As narrow as the wider one of the two."""

    def __init__(self, left: QFormLayout, right: QFormLayout) -> None:
        super().__init__()
        self._forms = left, right
        self._both = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._both.setContentsMargins(0, 0, 0, 0)
        for form in self._forms:
            form.setVerticalSpacing(ROWS)  # It would take on that between the forms.
        self._both.addLayout(left, 3)
        self._both.addLayout(right, 2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _widths(self) -> tuple[int, ...]:
        return tuple(form.minimumSize().width() for form in self._forms)

    def minimumSizeHint(self) -> QSize:
        return QSize(max(self._widths()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = sum(self._widths()) + BETWEEN <= self.width()
        ways = QBoxLayout.Direction
        self._both.setDirection(ways.LeftToRight if beside else ways.TopToBottom)
        self._both.setSpacing(BETWEEN if beside else ROWS)
