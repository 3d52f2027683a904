"""A lesson's texts: Markdown with formulas, as high as they are, in the present theme and font."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFontInfo, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from ui.style.formulas import Lettering
from ui.style.markdown import plain, sheet, stands_in_text, to_html
from ui.style.text_size import with_text
from ui.style.theme import current_theme, theme_changed

LEAST_WIDTH = 200


class Prose(QTextBrowser):
    """One text; what is around it scrolls."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("prose")
        self.setStyleSheet("#prose { background: transparent; border: 0; padding: 0; }")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._stay)
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        self.document().setDocumentMargin(2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Words to read, not a stop of the Tab key; links can be reached all the same.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._text = ""
        theme_changed.connect(self._set_anew)
        with_text(self, Prose._set_anew)

    def say(self, text: str) -> None:
        """Show this; nothing where it is empty."""
        # Without a parent it would be a window of its own, for a moment.
        if not text or self.parentWidget() is not None:
            self.setVisible(bool(text))
        if text != self._text:
            self._text = text
            self.setAccessibleDescription(plain(text)[:2000] if text else "")
            self._set_anew()

    def _set_anew(self) -> None:
        if not self._text:
            return
        font, theme = self.font(), current_theme()
        self.document().setDefaultFont(font)
        self.document().setDefaultStyleSheet(sheet(theme, QFontInfo(font).pixelSize()))
        self.setHtml(to_html(self._text, Lettering(font, theme.text, self.devicePixelRatioF() + 1)))
        self._fit()

    def loadResource(self, type: int, name: QUrl | str) -> object:
        """Formulas stand in the text itself; a lesson's file reads nothing else, here or elsewhere."""
        return super().loadResource(type, name) if stands_in_text(name) else None

    def _follow(self, link: QUrl) -> None:
        """To a page of the web, and nowhere else."""
        if link.scheme() in ("http", "https"):
            QDesktopServices.openUrl(link)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _stay(self) -> None:
        """Its height follows its text a moment later: a line that scrolls away until then would be lost."""
        self.verticalScrollBar().setValue(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.document().setTextWidth(max(self.viewport().width(), LEAST_WIDTH))
        height = round(self.document().size().height()) + 2
        if height != self.height() or height != self.minimumHeight():
            self.setFixedHeight(height)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH, 0)
