"""The page that is open: set in the present theme and font, with its way back and forward."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QColor, QFontInfo, QTextCursor, QTextDocument, QTextOption
from PySide6.QtWidgets import QTextBrowser, QTextEdit, QWidget

from ui.manual.book import pages
from ui.manual.guide import KEYBOARD, keyboard_page
from ui.manual.page import Page
from ui.style.formulas import Lettering
from ui.style.help import address, path_of
from ui.style.markdown import sheet, to_html
from ui.style.theme import current_theme, theme_changed

MARGIN = 24
Resource = QTextDocument.ResourceType


class Browser(QTextBrowser):
    """Shows pages of the book by their addresses."""

    page_opened = Signal(str)
    """The path of the page that is shown now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Page of the manual")
        self.document().setDocumentMargin(MARGIN)
        self.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self._marked: tuple[str, ...] = ()
        theme_changed.connect(self._set_anew)

    @property
    def page(self) -> Page | None:
        """The page that is shown."""
        return self._page(path_of(self.source()))

    def _page(self, path: str) -> Page | None:
        return keyboard_page(self.window().parentWidget()) if path == KEYBOARD else pages().get(path)

    def open_page(self, path: str) -> None:
        self.setSource(address(path))

    def doSetSource(self, url: QUrl | str, type: Resource = Resource.HtmlResource) -> None:
        """Every page comes as HTML, whatever its suffix says."""
        if path_of(url) not in pages():
            return
        self._style()
        super().doSetSource(url, Resource.HtmlResource)
        self._mark()
        self.page_opened.emit(path_of(url))

    def loadResource(self, type: int, name: QUrl | str) -> object:
        page = self._page(path_of(name)) if type == Resource.HtmlResource.value else None
        if page is None:
            return super().loadResource(type, name)
        return to_html(page.markdown, Lettering(self.font(), current_theme().text, self.devicePixelRatioF() + 1))

    def mark(self, words: tuple[str, ...]) -> None:
        """Mark these words wherever they stand on a page."""
        self._marked = words
        self._mark()

    def _mark(self) -> None:
        self.setExtraSelections([self._marking(place) for word in self._marked for place in self._places(word)])

    def _places(self, word: str) -> list[QTextCursor]:
        places, place = [], self.document().find(word)
        while not place.isNull():
            places.append(place)
            place = self.document().find(word, place)
        return places

    def _marking(self, place: QTextCursor) -> QTextEdit.ExtraSelection:
        marking = QTextEdit.ExtraSelection()
        marking.cursor = place
        marking.format.setBackground(QColor(current_theme().accent))
        marking.format.setForeground(QColor(current_theme().on_accent))
        return marking

    def _style(self) -> None:
        self.document().setDefaultFont(self.font())
        self.document().setDefaultStyleSheet(sheet(current_theme(), QFontInfo(self.font()).pixelSize()))

    def _set_anew(self) -> None:
        """The same page at the same place in other colours."""
        if self.page is None:
            return
        height = self.verticalScrollBar().value()
        self._style()
        self.reload()
        self._mark()
        self.verticalScrollBar().setValue(height)
