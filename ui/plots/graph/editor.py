"""The field in which a weight is typed, over its cell."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from ui.forms.typed import text_of
from ui.style.numbers import grouping, read_number

HEIGHT = 24


class WeightEditor(QLineEdit):
    """Hidden until :meth:`edit`; a number that is no number stays to be mended."""

    typed = Signal(object, float)
    """What :meth:`edit` was told that is edited, and its new value."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry: object = None
        self.hide()
        self.setAccessibleName("weight")
        self.returnPressed.connect(self._done)
        self.editingFinished.connect(self.hide)

    def edit(self, entry: object, cell: QRect, value: float) -> None:
        """Stand over the cell of an entry and offer its value."""
        self.entry = entry
        margin = (cell.height() - HEIGHT) // 2
        self.setGeometry(cell.adjusted(0, margin, 0, -margin))
        self.setText(text_of(value))
        self.show()
        self.setFocus()
        self.selectAll()

    def _done(self) -> None:
        try:
            value = read_number(self.text() if grouping() == "," else self.text().replace(",", "."))
        except ValueError:
            return
        self.hide()
        if math.isfinite(value):
            self.typed.emit(self.entry, value)
