"""The manual's window: search and contents on the left, the page on the right; usable with keys alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QSplitter, QWidget

from ui.manual.browser import Browser
from ui.manual.contents import Contents
from ui.manual.search import search
from ui.settings.settings import Settings
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.numbers import count
from ui.style.screen import within_screen
from ui.style.text_size import scaled
from ui.style.widgets import tool_button

FIRST_PAGE = "index"
SIZE = (1040, 720)
CONTENTS = 280
"""Pixels of the list of pages across, in text of the usual size."""


class ManualWindow(QWidget):
    """Stays beside the bench; remembers its page, size and division."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("manual")
        self.setWindowTitle("Manual — Nablascope")
        self.field = QLineEdit(self)
        self.result = QLabel(self)
        self.contents = Contents(self)
        self.browser = Browser(self)
        self.back = tool_button("◀", "Back (Alt+Left)", self.browser.backward, self)
        self.forward = tool_button("▶", "Forward (Alt+Right)", self.browser.forward, self)
        for button, name in ((self.back, "Back"), (self.forward, "Forward")):
            button.setAccessibleName(name)
            button.setEnabled(False)
        self.split = self._arranged()
        self._connect()
        self._restore()
        if (app := QApplication.instance()) is not None:
            app.aboutToQuit.connect(self._remember)

    def open_page(self, path: str) -> None:
        """Show a page; an unknown one leaves what is shown."""
        self.browser.open_page(path)

    # -- building --------------------------------------------------------------------------------------------------

    def _arranged(self) -> QSplitter:
        self.field.setPlaceholderText("Search (Ctrl+F)")
        self.field.setAccessibleName("Search the manual")
        self.field.setClearButtonEnabled(True)
        self.result.setProperty("role", "muted")
        self.result.hide()
        self.field.installEventFilter(self)
        split = QSplitter(self)
        split.addWidget(self._column(self.field, self.result, self.contents))
        split.addWidget(self._column(self._row(self.back, self.forward), self.browser))
        split.setChildrenCollapsible(False)
        split.setStretchFactor(1, 1)
        split.setSizes([scaled(CONTENTS), scaled(SIZE[0] - CONTENTS)])
        in_column(split, on=self, margins=(8, 8, 8, 8))
        return split

    def _column(self, *parts: QWidget) -> QWidget:
        holder = QWidget(self)
        in_column(*parts, on=holder, spacing=6, margins=(0, 0, 0, 0))
        return holder

    def _row(self, *parts: QWidget) -> QWidget:
        holder = QWidget(self)
        in_row(*parts, STRETCH, on=holder, margins=(0, 0, 0, 0))
        return holder

    def _connect(self) -> None:
        self.field.textChanged.connect(self._search)
        self.field.returnPressed.connect(self._open_first)
        self.contents.page_chosen.connect(self.browser.open_page)
        self.browser.page_opened.connect(self._show_place)
        self.browser.backwardAvailable.connect(self.back.setEnabled)
        self.browser.forwardAvailable.connect(self.forward.setEnabled)
        for keys, act in (
            ("Ctrl+F", self._to_search), ("Alt+Left", self.browser.backward), ("Alt+Right", self.browser.forward),
        ):  # fmt: skip
            QShortcut(QKeySequence(keys), self, act)

    # -- searching -------------------------------------------------------------------------------------------------

    def _search(self, query: str) -> None:
        paths = [page.path for page in search(query)] if query.strip() else None
        self.contents.show_only(paths)
        self.browser.mark(tuple(query.split()))
        self.result.setVisible(paths is not None)
        self.result.setText(f"{count(len(paths), 'page')} found" if paths else "Nothing found")

    def _open_first(self) -> None:
        if best := search(self.field.text()):
            self.open_page(best[0].path)

    def _to_search(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _show_place(self, path: str) -> None:
        self.contents.choose(path)
        Settings().set("manual/page", path)

    # -- keys and place --------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.field:
            return self._from_search(event)
        return super().eventFilter(watched, event)

    def _from_search(self, event: QKeyEvent) -> bool:
        """Whether the key led out of the search field."""
        if event.key() != Qt.Key.Key_Down:
            return False
        self.contents.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.field.text():
            self.field.clear()
        else:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._remember()
        super().closeEvent(event)

    def _remember(self) -> None:
        settings = Settings()
        settings.set("manual/geometry", self.saveGeometry())
        settings.set("manual/division", self.split.saveState())

    def _restore(self) -> None:
        settings = Settings()
        self.resize(within_screen(self, *SIZE))
        self.restoreGeometry(settings.blob("manual/geometry"))
        self.split.restoreState(settings.blob("manual/division"))
        self.open_page(settings.text("manual/page", FIRST_PAGE))
        if self.browser.page is None:
            self.open_page(FIRST_PAGE)
        self.contents.show_only(None)
