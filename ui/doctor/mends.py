"""The mends of a finding: for each the button that applies it, and one that trains a network with it beside the run."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QToolButton

from ui.doctor.remedy_button import RemedyButton
from ui.style.widgets import tool_button

BESIDE = "Try beside"
BESIDE_TIP = "Trains a network with this mend beside the run, on the same batches; afterwards either is kept."
GAP = 4


def beside_button(remedy: RemedyButton) -> QToolButton:
    """Trains a network with that mend beside the run."""
    button = tool_button(BESIDE, BESIDE_TIP)
    button.setAccessibleName(f"{BESIDE}: {remedy.accessibleName()}")
    return button


class Mend(Struct, frozen=True):
    """Both buttons of one."""

    button: RemedyButton
    beside: QToolButton

    @property
    def width_of_line(self) -> int:
        """Pixels that they take in one line."""
        return self.button.width_of_line + self.beside_width

    @property
    def beside_width(self) -> int:
        return self.beside.sizeHint().width() + GAP


class MendsLayout(QGridLayout):
    """A row for each, or two where one has no room for both buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.setSpacing(GAP)
        self.setColumnStretch(0, 1)
        self.mends: list[Mend] = []

    def show_mends(self, mends: Sequence[Mend]) -> None:
        """These and no others."""
        for mend in self.mends:
            for button in (mend.button, mend.beside):
                self.removeWidget(button)
                button.hide()
                button.deleteLater()
        self.mends = [*mends]
        self._arrange(below=False)

    @property
    def width_of_line(self) -> int:
        """Pixels that the widest takes in one line."""
        return max((mend.width_of_line for mend in self.mends), default=0)

    def fit(self, width: int) -> None:
        """Be no wider: buttons break their texts."""
        below = any(mend.button.least_width + mend.beside_width > width for mend in self.mends)
        for mend in self.mends:
            mend.button.fit(width if below else width - mend.beside_width)
        self._arrange(below)

    def _arrange(self, below: bool) -> None:
        for place, mend in enumerate(self.mends):
            self.addWidget(mend.button, 2 * place, 0, 1, 2 if below else 1)
            row, column = (2 * place + 1, 0) if below else (2 * place, 1)
            self.addWidget(mend.beside, row, column, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        for row in range(self.rowCount()):
            self.setRowStretch(row, 0)
        self.setRowStretch(2 * len(self.mends), 1)
