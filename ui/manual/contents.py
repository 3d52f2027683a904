"""The list of chapters and pages, which a search thins out."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from ui.manual.book import chapters

PATH = Qt.ItemDataRole.UserRole


class Contents(QTreeWidget):
    """One row per page below one per chapter; the chosen page is told by its path."""

    page_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setAccessibleName("Pages of the manual")
        self._chapters: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self._rows: dict[str, QTreeWidgetItem] = {}
        for chapter in chapters():
            parent_row = QTreeWidgetItem(self, [chapter.title])
            parent_row.setFlags(parent_row.flags() & ~Qt.ItemFlag.ItemIsSelectable)
            rows = {page.path: QTreeWidgetItem(parent_row, [page.title]) for page in chapter.pages}
            for path, row in rows.items():
                row.setData(0, PATH, path)
            self._chapters.append((parent_row, list(rows.values())))
            self._rows |= rows
        self.currentItemChanged.connect(self._choose)

    def show_only(self, paths: Collection[str] | None) -> None:
        """Hide all other pages, and chapters without any; None shows all, with the chapter of the chosen one open."""
        for chapter, rows in self._chapters:
            for row in rows:
                row.setHidden(paths is not None and row.data(0, PATH) not in paths)
            chapter.setHidden(all(row.isHidden() for row in rows))
            chapter.setExpanded(paths is not None or self.currentItem() in rows)

    def choose(self, path: str) -> None:
        """Bring the row of a page into sight, without opening the page."""
        row = self._rows.get(path)
        if row is None or row is self.currentItem():
            return
        with QSignalBlocker(self):
            self.setCurrentItem(row)
        self.scrollToItem(row)

    def shown(self) -> list[str]:
        """The paths of the pages that are not hidden."""
        return [path for path, row in self._rows.items() if not row.isHidden()]

    def _choose(self, row: QTreeWidgetItem | None) -> None:
        if row is not None and row.data(0, PATH):
            self.page_chosen.emit(row.data(0, PATH))
