"""A collapsible section: a head that can be clicked, and what it hides."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from ui.style.boxes import in_column, in_row
from ui.style.elided_label import ElidedLabel
from ui.style.text_size import embolden, scaled, with_text

HEAD_HEIGHT = 26


class Section(QWidget):
    """``title`` with an arrow; the summary stands beside it while the body is folded away."""

    toggled = Signal(bool)

    def __init__(self, title: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = body
        self._open = True
        self.head = QToolButton()
        self.head.setText(title)
        self.head.setAutoRaise(True)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setArrowType(Qt.ArrowType.DownArrow)
        self.head.setIconSize(QSize(8, 8))
        with_text(self.head, lambda head: head.setFixedHeight(scaled(HEAD_HEIGHT - 2)))
        self.head.setAccessibleName(f"{title} section")
        self.head.setToolTip(f"Fold or unfold {title.lower()}.")
        embolden(self.head)
        self.summary = ElidedLabel()
        self.summary.setObjectName("sectionSummary")
        self.summary.setProperty("role", "muted")
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.summary.hide()
        self._arrange()
        self.head.clicked.connect(lambda: self.set_open(not self._open))

    def _arrange(self) -> None:
        line = in_row(self.head, (self.summary, 1), margins=(0, 0, 4, 0))
        line.addStretch(0)
        in_column(line, self.body, on=self, spacing=0, margins=(0, 0, 0, 4))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def is_open(self) -> bool:
        return self._open

    def set_open(self, is_open: bool) -> None:
        if is_open != self._open:
            self._open = is_open
            self._show_body(is_open)

    def set_summary(self, text: str) -> None:
        """What the folded section says in a few words."""
        self.summary.setText(text)

    def _show_body(self, is_open: bool) -> None:
        self.body.setVisible(is_open)
        self.summary.setVisible(not is_open)
        self.head.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.toggled.emit(is_open)
