"""The row below a plot of one sample: which of the training samples it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QSpinBox, QWidget

from ui.style.boxes import STRETCH, in_row
from ui.style.numbers import integer


class SampleChooser(QWidget):
    """Counts from 1 for people and from 0 for programs."""

    chosen = Signal(int)
    """Place of a training sample, counted from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.number = QSpinBox()
        self.number.setPrefix("sample ")
        self.number.setMinimum(1)
        self.number.setAccessibleName("Training sample that is shown")
        self.number.setToolTip("Which of the training samples goes in")
        self.number.setKeyboardTracking(False)
        self.number.valueChanged.connect(lambda value: self.chosen.emit(value - 1))
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        in_row(self.number, self.count, STRETCH, on=self, spacing=6, margins=(8, 0, 8, 6))

    def set_count(self, samples: int) -> None:
        """How many there are to choose from."""
        self.number.setMaximum(max(1, samples))
        self.count.setText(f"of {integer(samples)}")
