"""A row of the stack as it is painted: as many lines as its title and its badges need in the width of the list."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from msgspec import Struct
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QLinearGradient, QPainter, QPalette, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.builder.entries import StackEntry
from ui.style.tables import ModelIndex
from ui.style.text_size import scaled
from ui.style.theme import current_theme, layer_colour

ROW_HEIGHT, SHORT_HEIGHT = 42, 30
"""Pixels of a row with a line of badges, and of one without."""
TITLE, SECOND, BADGE, FURTHER = 22, 21, 16, 17
"""Pixels of a title, from it to the badges, of a badge, and of each further line."""
LEFT, MARGINS, NUMBER, NUMBER_GAP, TIMES_GAP = 14, 20, 38, 8, 6
PADDING, APART = 8, 4
INDENT = 14
ENTRY = int(Qt.ItemDataRole.UserRole)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
AT_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class EntryLines(Struct, frozen=True):
    """What a row says, line by line."""

    title: tuple[str, ...]
    badges: tuple[tuple[str, ...], ...]

    @property
    def further(self) -> int:
        """How many more there are than usual."""
        return len(self.title) - 1 + max(len(self.badges) - 1, 0)


def two_lines(entry: StackEntry) -> bool:
    """Whether a row has something to say below its title."""
    return bool(entry.badges or (entry.shape and entry.repeat > 1))


def _times(entry: StackEntry) -> str:
    """What stands at the right of the title."""
    if not two_lines(entry):
        return entry.shape
    return f"×{entry.repeat}" if entry.repeat > 1 else ""


def _small(font: QFont) -> QFont:
    """The font of what stands beside or below a title in this one."""
    small = QFont(font)
    small.setPixelSize(max(QFontInfo(font).pixelSize() - 2, 9))
    return small


def lines_of(entry: StackEntry, width: float, font: QFont) -> EntryLines:
    """The lines of a row in so many pixels."""
    shape = entry.shape if two_lines(entry) else ""
    return _lines(entry.number, entry.title, _times(entry), entry.badges, shape, width, font.toString())


@functools.lru_cache(1024)
def _lines(
    number: str, title: str, times: str, badges: tuple[str, ...], shape: str, width: float, described: str
) -> EntryLines:
    font = QFont()
    font.fromString(described)
    wide, small = QFontMetricsF(font).horizontalAdvance, QFontMetricsF(_small(font)).horizontalAdvance
    room = width - _start(wide(number)) - (wide(times) + TIMES_GAP if times else 0)
    words = _filled(title.split(" "), lambda _line: room, wide, wide(" "))
    beside = small(shape) + 2 if shape else 0.0
    rows = _filled(badges, lambda row: width - (0 if row else beside), lambda text: small(text) + PADDING, APART)
    return EntryLines(tuple(" ".join(line) for line in words), tuple(rows))


def _start(number: float) -> float:
    """Where a title begins, by the width of its number."""
    return max(scaled(NUMBER), number + NUMBER_GAP)


def _filled(
    texts: Iterable[str], room: Callable[[int], float], width: Callable[[str], float], gap: float
) -> list[tuple[str, ...]]:
    """One text after the other, each in the first line that has room behind those before it; one at least in a line."""
    lines: list[tuple[str, ...]] = []
    used = 0.0
    for text in texts:
        if lines and used + gap + width(text) <= room(len(lines) - 1):
            lines[-1] += (text,)
            used += gap + width(text)
            continue
        if not lines and room(0) < width(text) <= room(1):
            lines.append(())
        lines.append((text,))
        used = width(text)
    return lines


class EntryPainter(QStyledItemDelegate):
    """Paints a row: colour by depth, number, title, repeat, badges."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self.lit = -1

    def sizeHint(self, option: QStyleOptionViewItem, index: ModelIndex) -> QSize:
        entry: StackEntry | None = index.data(ENTRY)
        if entry is None:
            return QSize(120, scaled(ROW_HEIGHT))
        usual = ROW_HEIGHT if two_lines(entry) else SHORT_HEIGHT
        view = self.parent()
        assert isinstance(view, QAbstractItemView)
        room = _line(QRectF(view.viewport().rect()), entry).width()
        return QSize(120, scaled(usual) + lines_of(entry, room, option.font).further * scaled(FURTHER))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        entry: StackEntry = index.data(ENTRY)
        area = _area(QRectF(option.rect), entry)
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, area, palette, state, entry)
        self._chip(painter, area, entry)
        self._words(painter, _line(QRectF(option.rect), entry), palette, option.font, entry)
        painter.restore()

    def _ground(
        self, painter: QPainter, area: QRectF, palette: QPalette, state: QStyle.StateFlag, entry: StackEntry
    ) -> None:
        accent = palette.color(QPalette.ColorRole.Highlight)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        lit = self.lit in entry.own
        fill = QColor(accent)
        fill.setAlphaF(0.22 if selected else 0.10 if lit or state & QStyle.StateFlag.State_MouseOver else 0.0)
        focus = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setBrush(fill)
        painter.setPen(QPen(accent, 1.2) if focus or lit else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(area, 4, 4)

    def _chip(self, painter: QPainter, area: QRectF, entry: StackEntry) -> None:
        if entry.first < 0:
            return
        bar = QRectF(area.left() + 4, area.top() + 4, 5, area.height() - 8)
        ramp = QLinearGradient(bar.topLeft(), bar.bottomLeft())
        for end, layer in enumerate((entry.first, entry.last)):
            ramp.setColorAt(end, QColor(layer_colour(layer, entry.depth, current_theme())))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ramp)
        painter.drawRoundedRect(bar, 2, 2)

    def _words(self, painter: QPainter, line: QRectF, palette: QPalette, font: QFont, entry: StackEntry) -> None:
        text, muted = palette.color(QPalette.ColorRole.Text), QColor(current_theme().muted)
        lines = lines_of(entry, line.width(), font)
        first = QRectF(line)
        if two_lines(entry) or lines.further:
            first.setHeight(scaled(TITLE))
        painter.setFont(font)
        painter.setPen(QColor(current_theme().warning) if entry.wrong else muted)
        painter.drawText(first, AT_LEFT, entry.number)
        start = _start(QFontMetricsF(font).horizontalAdvance(entry.number))
        if not two_lines(entry):
            painter.setFont(_small(font))
        else:
            painter.setPen(text)
        painter.drawText(first, RIGHT, _times(entry))
        painter.setFont(font)
        painter.setPen(text)
        for each in lines.title:
            painter.drawText(first.adjusted(start, 0, 0, 0), AT_LEFT, each)
            first.translate(0, scaled(FURTHER))
        if two_lines(entry):
            second = QRectF(line.left(), first.top() - scaled(FURTHER) + scaled(SECOND), line.width(), scaled(BADGE))
            self._badges(painter, second, muted, font, entry, lines)

    @staticmethod
    def _badges(
        painter: QPainter, line: QRectF, ink: QColor, font: QFont, entry: StackEntry, lines: EntryLines
    ) -> None:
        painter.setFont(_small(font))
        painter.setPen(QPen(ink, 0.7))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawText(line, RIGHT, entry.shape)
        width = QFontMetricsF(painter.font()).horizontalAdvance
        for row in lines.badges:
            left = line.left()
            for badge in row:
                box = QRectF(left, line.top(), width(badge) + PADDING, line.height())
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge)
                left = box.right() + APART
            line.translate(0, scaled(FURTHER))


def _area(row: QRectF, entry: StackEntry) -> QRectF:
    """Where a row is painted."""
    return row.adjusted(1 + entry.level * INDENT, 1, -1, -1)


def _line(row: QRectF, entry: StackEntry) -> QRectF:
    """What its words have of that."""
    area = _area(row, entry)
    return QRectF(area.left() + LEFT, area.top(), area.width() - MARGINS, area.height())
