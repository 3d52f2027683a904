"""The button beside a finding that takes the run back to before the trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from ui.style.icons import set_icon
from ui.style.numbers import integer

if TYPE_CHECKING:
    from ui.doctor.trials import Offer

WORDS = "Back to the last good step"
MOST_OF_LINE = 0.35
"""Share of a line that the words may take."""


class WayBackButton(QToolButton):
    """Shown where a finding began after step 0, greyed where nothing good is kept from before it."""

    chosen = Signal(int)
    """The step to go back to."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._step: int | None = None
        set_icon(self, "back")
        self.setText(WORDS)
        self.setAccessibleName(WORDS)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(lambda: None if self._step is None else self.chosen.emit(self._step))
        self.fit(0, opened=False)

    def fit(self, room: int, opened: bool) -> None:
        """With words in a finding that is opened, where its line is ``room`` wide and has most of it for the rest."""
        words = self.fontMetrics().horizontalAdvance(WORDS)
        style = Qt.ToolButtonStyle
        beside = opened and words <= MOST_OF_LINE * room
        self.setToolButtonStyle(style.ToolButtonTextBesideIcon if beside else style.ToolButtonIconOnly)

    def say(self, offer: Offer) -> None:
        """Take over what is offered about a finding."""
        self._step = offer.back_to
        self.setVisible(offer.since[0] > 0)
        self.setEnabled(offer.back_to is not None)
        self.setToolTip(way_back_tip(offer))
        self.setAccessibleDescription(self.toolTip())


def way_back_tip(offer: Offer) -> str:
    """To which step it goes, or why to none."""
    if offer.back_to is None:
        return f"No good checkpoint from before step {integer(offer.since[0])} is kept: there is nothing to go back to."
    return (
        f"Goes back to step {integer(offer.back_to)}, the last good one that is kept from before the trouble, with the "
        "settings of then.\nLeft as they were, they lead the same way again. Undo brings this run back."
    )
