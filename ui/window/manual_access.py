"""The ways into the manual: F1, the Help menu, and links anywhere in the program."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from ui.style.help import help_asked, page_of


class ManualAccess(QObject):
    """Opens the manual of one window, which imports it only then."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        help_asked.connect(self.open_page)

    def open(self) -> None:
        """At the page about what has the focus, else where it was left."""
        self.open_page(page_of(QApplication.focusWidget()))

    def open_page(self, path: str) -> None:
        """At a page; where it was left if ``path`` is empty."""
        # With its pages and formulas half a second: a start does not wait for it.
        from ui.manual import open_manual

        open_manual(self._window, path)
