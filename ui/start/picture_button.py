"""One experiment of the start page: its picture, a line in bold and one below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QEvent, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFont,
    QFontMetrics,
    QImageReader,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from simulator.system.regular_file import read_regular
from ui.style.icons import app_icon
from ui.style.theme import Theme, current_theme

RATIO = 140 / 240
"""Height of a picture for each pixel of its width."""
PADDING, CORNER = 8, 6
MOST_BYTES, MOST_PIXELS = 2**22, 2**22
"""Of a picture."""
WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)


class PictureButton(QAbstractButton):
    """Pressed, it opens what it shows. The picture is read once the words are painted."""

    def __init__(self, title: str, below: str, tip: str, picture: Callable[[Theme], Path], parent: QWidget) -> None:
        super().__init__(parent)
        self.title, self._below, self._picture = title, below, picture
        self._read: tuple[str, QPixmap] = ("", QPixmap())
        self._reading = QTimer(self, singleShot=True, interval=0)
        self._reading.timeout.connect(self._read_picture)
        self.setAccessibleName(f"{title} {below}")
        self.setAccessibleDescription(tip)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def bold_metrics(self) -> QFontMetrics:
        """Of the title's letters."""
        return QFontMetrics(self._bold)

    @property
    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def heightForWidth(self, width: int) -> int:
        """Room for the picture, the whole title and all that stands below."""
        room = QRect(0, 0, width - 2 * PADDING, 1000)
        title = self.bold_metrics.boundingRect(room, WRAPPED, self.title).height()
        return round(width * RATIO) + title + self._height_below(room.width()) + 2 * PADDING + 2

    def _height_below(self, width: int) -> int:
        """Of what stands below the title, in as many lines as it needs."""
        room, metrics = QRect(0, 0, width, 1000), self.fontMetrics()
        return max(metrics.lineSpacing(), metrics.boundingRect(room, WRAPPED, self._below).height())

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            outline = QPainterPath()
            outline.addRoundedRect(frame, CORNER, CORNER)
            painter.fillPath(outline, QColor(theme.hover if self.underMouse() or self.isDown() else theme.panel))
            painter.setClipPath(outline)
            self._paint_picture(painter, theme, QRect(0, 0, self.width(), round(self.width() * RATIO)))
            painter.setClipping(False)
            self._paint_words(painter, theme)
            strong = self.hasFocus()
            painter.setPen(
                QPen(QColor(theme.accent if strong or self.underMouse() else theme.border), 2 if strong else 1)
            )
            painter.drawPath(outline)

    def _paint_picture(self, painter: QPainter, theme: Theme, room: QRect) -> None:
        painter.fillRect(room, QColor(theme.panel))
        name, pixmap = self._read
        if name != theme.name:
            self._reading.start()
        if name and pixmap.isNull():
            size = room.height() // 3
            at = room.center()
            app_icon().paint(painter, QRect(at.x() - size // 2, at.y() - size // 2, size, size))
        elif name:
            painter.drawPixmap(room, pixmap)
        painter.setPen(QColor(theme.grid))
        painter.drawLine(room.bottomLeft(), room.bottomRight())

    def _read_picture(self) -> None:
        theme = current_theme()
        self._read = (theme.name, pixmap_in(self._picture(theme)))
        self.update()

    @property
    def title_room(self) -> QRect:
        """Where the title is written."""
        top = round(self.width() * RATIO) + PADDING - 2
        return QRect(PADDING, top, self.width() - 2 * PADDING, self._foot.top() - 2 - top)

    @property
    def _foot(self) -> QRect:
        width = self.width() - 2 * PADDING
        high = self._height_below(width)
        return QRect(PADDING, self.height() - PADDING - high, width, high)

    def _paint_words(self, painter: QPainter, theme: Theme) -> None:
        words = self.title_room
        painter.setFont(self._bold)
        painter.setPen(QColor(theme.text))
        painter.drawText(words, WRAPPED, self.title)
        painter.setFont(self.font())
        painter.setPen(QColor(theme.muted))
        painter.drawText(self._foot, WRAPPED, self._below)


def pixmap_in(path: Path) -> QPixmap:
    """The picture in a file; an empty one where there is none, or more than any of ours."""
    try:
        content = read_regular(path, MOST_BYTES)
    except OSError:
        return QPixmap()
    device = QBuffer()
    device.setData(content)
    reader = QImageReader(device, b"png")
    size = reader.size()
    small = size.isValid() and size.width() * size.height() <= MOST_PIXELS
    return QPixmap.fromImage(reader.read()) if small else QPixmap()
