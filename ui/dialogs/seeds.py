"""Asking from how many seeds each network is to be trained, and how far."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QWidget,
)

from simulator.record.fan import LEAST_SEEDS
from ui.dialogs import answers
from ui.style.boxes import in_column
from ui.style.text_size import scaled
from ui.style.widgets import whole_number

TEXT_WIDTH = 400
MOST_SEEDS = 100
MOST_STEPS = 10_000_000
INTRODUCTION = (
    "Trains each network anew from several seeds in the background, with the changes by hand at their steps. Curves "
    "then show the median and a band from quartile to quartile; the run itself goes on unchanged."
)


class SeedsDialog(QDialog):
    """Two numbers, and what they come to."""

    def __init__(
        self, steps: int, seeds: int, estimate: Callable[[int, int], tuple[str, bool]], parent: QWidget | None = None
    ) -> None:
        """``estimate``: what so many seeds and steps come to, and whether that can be."""
        super().__init__(parent)
        self.setWindowTitle("Seeds")
        self._estimate = estimate
        self.seeds = whole_number("Seeds", LEAST_SEEDS, MOST_SEEDS, seeds)
        self.steps = whole_number("Steps", 1, MOST_STEPS, steps)
        self.summary = QLabel(self, wordWrap=True)
        self.summary.setAccessibleName("What that comes to")
        self.buttons = answers(self, QDialogButtonBox.StandardButton.Ok, "Train")
        self.start = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._lay_out()
        for box in (self.seeds, self.steps):
            box.valueChanged.connect(self._tell)
        self._tell()

    def _lay_out(self) -> None:
        introduction = QLabel(INTRODUCTION, self, wordWrap=True)
        for label in (introduction, self.summary):
            label.setFixedWidth(scaled(TEXT_WIDTH))
        form = QFormLayout()
        form.addRow("Seeds", self.seeds)
        form.addRow("Steps", self.steps)
        in_column(introduction, form, self.summary, self.buttons, on=self)

    def _tell(self) -> None:
        words, possible = self._estimate(self.seeds.value(), self.steps.value())
        self.summary.setText(words)
        self.start.setEnabled(possible)
