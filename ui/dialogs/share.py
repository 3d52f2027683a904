"""Asking what goes along with an experiment, and how large that is, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QWidget,
)

from ui.dialogs import answers
from ui.style.boxes import in_dialog
from ui.style.numbers import size_text

TEXT_WIDTH = 420
INTRODUCTION = (
    "One file that opens elsewhere as it is here: dropped on the window, opened, or named on the command line."
)


@dataclass(frozen=True)
class SharePart:
    """One thing that can go along."""

    key: str
    label: str
    detail: str
    """What it is, or why it cannot go along."""
    size: int = 0
    """Bytes."""
    about: bool = False
    """Whether the size is an estimate."""
    possible: bool = True
    chosen: bool = True
    """As long as nobody says otherwise."""
    needed: bool = False
    """Whether it always goes along."""

    @property
    def size_text(self) -> str:
        if not self.possible:
            return ""
        return f"about {size_text(self.size)}" if self.about else size_text(self.size)


class ShareDialog(QDialog):
    """A row for each part, and what they come to together."""

    def __init__(self, parts: Sequence[SharePart], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Share")
        self._parts = tuple(parts)
        self.boxes: dict[str, QCheckBox] = {}
        self.total = QLabel(self)
        self.total.setAccessibleName("Size of the file")
        self.buttons = answers(self, QDialogButtonBox.StandardButton.Save, "Share…")
        self._lay_out()
        self._tell()

    def _lay_out(self) -> None:
        introduction = QLabel(INTRODUCTION, self, wordWrap=True)
        introduction.setMinimumWidth(TEXT_WIDTH)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for place, part in enumerate(self._parts):
            self._add(part, grid, 2 * place)
        grid.addWidget(QLabel("Together", self), 2 * len(self._parts), 0)
        grid.addWidget(self.total, 2 * len(self._parts), 1, Qt.AlignmentFlag.AlignRight)
        in_dialog(self, introduction, grid, self.buttons)

    def _add(self, part: SharePart, grid: QGridLayout, row: int) -> None:
        box = self.boxes[part.key] = QCheckBox(part.label, self)
        box.setChecked(part.possible and part.chosen)
        box.setEnabled(part.possible and not part.needed)
        box.setAccessibleDescription(f"{part.detail} {part.size_text}".strip())
        box.toggled.connect(lambda _on: self._tell())
        detail = QLabel(part.detail, self)
        detail.setProperty("role", "muted")
        detail.setWordWrap(True)
        detail.setContentsMargins(22, 0, 0, 8)
        grid.addWidget(box, row, 0)
        grid.addWidget(QLabel(part.size_text, self), row, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(detail, row + 1, 0, 1, 2)

    @property
    def chosen(self) -> frozenset[str]:
        """Keys of the parts that go along."""
        return frozenset(key for key, box in self.boxes.items() if box.isChecked())

    def _tell(self) -> None:
        going = [part for part in self._parts if part.key in self.chosen]
        size = size_text(sum(part.size for part in going))
        self.total.setText(f"about {size}" if any(part.about for part in going) else size)
