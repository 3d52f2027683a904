"""Why something asked of the stack was refused, and buttons for what would help."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from ui.builder.repairs import RepairOffer
from ui.forms.row import WarningLabel
from ui.forms.typed import STARTS_OVER
from ui.style.boxes import in_column
from ui.style.broken_words import broken


class RepairButton(QPushButton):
    """Says what a repair does, in several lines where there is no room for one."""

    def __init__(self, title: str) -> None:
        super().__init__(f"↺ {title}")
        self._words = self.text().split()
        self.setMinimumWidth(1)
        self.setToolTip(f"Makes the layers fit together.\n{STARTS_OVER}")
        self.setAccessibleName(title)
        self.setAccessibleDescription(self.toolTip())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        metrics = self.fontMetrics()
        beside = self.sizeHint().width() - max(map(metrics.horizontalAdvance, self.text().split("\n")))
        room = self.width() - beside
        self.setText("\n".join(broken(self._words, " ", lambda line: metrics.horizontalAdvance(line) <= room)))


class RefusalBox(QWidget):
    """One amber sentence with the repairs that are offered; takes no room while there is nothing to say."""

    repaired = Signal(object)
    """The chosen :class:`RepairOffer`."""

    def __init__(self) -> None:
        super().__init__()
        self.warning = WarningLabel()
        self.buttons: list[RepairButton] = []
        self.column = in_column(self.warning, on=self, spacing=4, margins=(0, 0, 0, 0))
        self.hide()

    def event(self, event: QEvent) -> bool:
        # A splitter knows least heights only, not that of words in the width that there is.
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self.setMinimumHeight(max(self.column.heightForWidth(self.width()), 0))
        return super().event(event)

    def text(self) -> str:
        return self.warning.text()

    def say(self, sentence: str, offers: Sequence[RepairOffer] = ()) -> None:
        """Show ``sentence`` and a button for each offer; an empty one takes everything back."""
        for button in self.buttons:
            self.column.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = [self._button(offer) for offer in offers]
        self.warning.say(sentence)
        self.setVisible(bool(sentence))

    def _button(self, offer: RepairOffer) -> RepairButton:
        button = RepairButton(offer.title)
        button.clicked.connect(lambda: self.repaired.emit(offer))
        self.column.addWidget(button)
        return button
