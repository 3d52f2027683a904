"""What is said in words: the status line at the bottom, and the banner of a refusal or a failure."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPlainTextEdit,
    QWidget,
)

from ui.style.boxes import in_column, in_row
from ui.style.elided_label import ElidedLabel
from ui.style.widgets import tool_button

SENTENCE, CLAUSE = re.compile(r"[.!?](?= )"), re.compile(r"[,;:](?= )")


class StatusLine(ElidedLabel):
    """One line of text at the foot of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("statusLine")
        self.setAccessibleName("What is happening")
        self.setContentsMargins(12, 6, 12, 6)

    def say(self, text: str) -> None:
        if text != self.text():
            self.setText(text)
            self.setAccessibleDescription(text)

    def shortened(self, width: int) -> str:
        """As many whole sentences as there is room for, else clauses; the doctor has all of them."""
        text, advance = self.text(), self.fontMetrics().horizontalAdvance
        if advance(text) <= width:
            return text
        sentences = [text[: end.end()] for end in SENTENCE.finditer(text)]
        clauses = [f"{text[: end.start()]} …" for end in CLAUSE.finditer(text)]
        fitting = [part for part in (*clauses, *sentences) if advance(part) <= width]
        return fitting[-1] if fitting else super().shortened(width)


PASSING_MS = 8000
"""How long it stands there that something was done, of which nothing else is to be read."""
AGAIN = "Start again", "Start a new worker on the same experiment."


class BannerAction(Struct, frozen=True):
    """What a message offers: words and tip of its button, and what that does."""

    words: str
    tip: str
    act: Callable[[], None]


class Banner(QFrame):
    """Says above the plots what was refused or went wrong; hides nothing and waits for nobody."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAccessibleName("Message")
        self._label = QLabel(self, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details = QPlainTextEdit(self, readOnly=True)
        self._details.setMaximumHeight(180)
        self._details.setAccessibleName("Traceback")
        self._more = tool_button("Details", "Show where it happened.", parent=self, flat=True)
        self._more.setCheckable(True)
        self._more.toggled.connect(self._details.setVisible)
        self._button = tool_button(*AGAIN, self._act, self, flat=True)
        self._close = tool_button("✕", "Close this message.", self.clear, self, flat=True)
        self._close.setAccessibleName("Close message")
        self._action: BannerAction | None = None
        self._holds: Callable[[], bool] | None = None
        self.passing = QTimer(self, singleShot=True, interval=PASSING_MS)
        """Ends what passes by itself."""
        self.passing.timeout.connect(self.clear)
        self._lay_out()
        self.clear()

    def _lay_out(self) -> None:
        row = in_row((self._label, 1))
        for button in (self._button, self._more, self._close):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        in_column(row, self._details, on=self, spacing=4, margins=(12, 4, 8, 4))

    @property
    def text(self) -> str:
        return self._label.text()

    @property
    def details(self) -> str:
        return self._details.toPlainText()

    def say(
        self,
        text: str,
        details: str = "",
        action: BannerAction | None = None,
        holds: Callable[[], bool] | None = None,
        passes: bool = False,
    ) -> None:
        """Show a message; ``details`` unfold on request, ``action`` is offered as a button.

        ``holds``: whether it is still so, of what is taken back with its cause; ``passes``: it only says that something
        was done, and goes by itself.
        """
        self._label.setText(text)
        self._details.setPlainText(details)
        self._details.hide()
        self._more.setChecked(False)
        self._more.setVisible(bool(details))
        self._button.setVisible(action is not None)
        if action is not None:
            self._button.setText(action.words)
            self._button.setToolTip(action.tip)
        self._action, self._holds = action, holds
        if passes:
            self.passing.start()
        else:
            self.passing.stop()
        self.show()

    def review(self) -> None:
        """Take back what no longer holds."""
        if self._holds is not None and not self._holds():
            self.clear()

    def clear(self) -> None:
        self._action = self._holds = None
        self.passing.stop()
        self._label.clear()
        if self.isAncestorOf(self.window().focusWidget() or self.window()):
            self.window().setFocus()  # Or Qt gives it to whatever stands next, which a key would press.
        self.hide()

    def _act(self) -> None:
        action = self._action
        self.clear()
        if action is not None:
            action.act()
