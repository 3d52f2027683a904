"""What the *i* of a plot opens: what one should see, the formula, and the way into the manual."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from ui.style.boxes import in_column
from ui.style.formulas import Lettering
from ui.style.help import address, follow
from ui.style.markdown import to_html
from ui.style.theme import current_theme

LINES = 24
"""How wide it is, in heights of a line."""
MARGIN = 16


class Explanation(QFrame):
    """A popover with what one should see and the formula."""

    def __init__(self, parent: QWidget, title: str, explain: str, formula: str, page: str) -> None:
        """``formula`` is Markdown with TeX between dollars, ``page`` the plot's page in the manual."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("plotInfo")
        self.ensurePolished()
        self.setAccessibleName(f"About {title}")
        self.link = self._label("plotManual", f'<a href="{address(page).toString()}">More in the manual</a>')
        self.link.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.link.linkActivated.connect(self._follow)
        letters = Lettering(self.font(), current_theme().muted, self.devicePixelRatioF() + 1)
        in_column(
            self._label("plotTitle", title), self._label("plotExplain", explain),
            self._label("plotFormula", to_html(formula, letters)), self.link,
            on=self, spacing=8, margins=(MARGIN, 12, MARGIN, 12),
        )  # fmt: skip
        width = LINES * self.fontMetrics().height()
        self.setFixedSize(width, self.heightForWidth(width))

    def _label(self, name: str, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setObjectName(name)
        label.ensurePolished()
        label.setWordWrap(name != "plotTitle")
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _follow(self, link: str) -> None:
        self.close()
        follow(link)
