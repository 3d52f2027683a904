"""The line above a plot's panes: what the marks mean, what they read now, and what is off the scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsSceneResizeEvent, QStyleOptionGraphicsItem, QWidget

from ui.chart.axes import plot_font
from ui.chart.hatching import Hatch, hatching
from ui.chart.level_item import LevelItem
from ui.chart.pens import SOLID, Dash, pen_of, transparent
from ui.chart.shapes import DotShape, draw_shape
from ui.style.broken_words import breakable
from ui.style.numbers import tabular
from ui.style.text_size import scaled, text_scale
from ui.style.theme import Theme

WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
BROKEN = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)
Stroke = Literal["line", "dashed", "dotted", "dash-dotted"]
Swatch = Stroke | DotShape | Literal["band", "cell", "none"]
LINES: Mapping[Swatch, Dash] = {
    "line": SOLID,
    "dashed": (3.0, 1.8),
    "dotted": (1.0, 1.4),
    "dash-dotted": (3.0, 1.2, 1.0, 1.2),
}
"""Swatches that are a stroke."""
SHAPES: Mapping[Swatch, DotShape] = {shape: shape for shape in get_args(DotShape)}


class Key(Struct, frozen=True):
    """One entry of the legend; ``colour`` is one or names the theme's, ``short`` is the text where room is short."""

    text: str
    colour: str
    swatch: Swatch = "line"
    short: str = ""
    hatch: Hatch = ""


class Note(Struct, frozen=True):
    """A count of what the marks cannot show; amber if it is a warning."""

    text: str
    warning: bool = False


class Placed(Struct, frozen=True):
    """An entry where it stands: on which line, from where, how wide, and over how many lines."""

    entry: Key | Note
    line: int
    left: float
    width: float
    lines: int = 1


class Legend(LevelItem):
    """Keys from the left, notes from the right, a remark below; in more lines where one has no room for all."""

    HEIGHT = 22.0
    LINE = 18.0
    REMARK_LINE = 14.0
    START, BETWEEN = 8.0, 14.0
    LEAST_REST = 62.0
    """Pixels that a plot keeps for its panes and axes before the legend takes another line."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.keys: tuple[Key, ...] = ()
        self.notes: tuple[Note, ...] = ()
        self.remark = ""
        self.placed: list[Placed] = []
        self._lines = 1
        """Lines of keys and notes: while a run goes on they do not become fewer, so that its panes stand still."""
        self._begun = False
        """Whether another run has begun of which nothing has been said yet."""
        self._asked: tuple[list[Placed], int, str] = [], 1, ""
        """What was asked to be painted last: where everything stands, in how many lines, and the remark."""
        self._most = 3
        self._least_height: float | None = None
        """What it has needed, where it is not to give that back."""
        self._first, self._line = float(scaled(self.HEIGHT)), float(scaled(self.LINE))
        self._fit()

    def tint(self, theme: Theme) -> None:
        """Take on a theme, and the present size of text."""
        self.theme = theme
        line, self._line = self._line, float(scaled(self.LINE))
        if line != self._line:
            self._first, self._lines = float(scaled(self.HEIGHT)), 1
            self._arrange()
        self.update()

    def say(self, keys: Sequence[Key], notes: Sequence[Note], remark: str = "") -> None:
        if self._begun or (tuple(keys), tuple(notes), remark) != (self.keys, self.notes, self.remark):
            self.keys, self.notes, self.remark, self._begun = tuple(keys), tuple(notes), remark, False
            self._arrange()

    def begin(self) -> None:
        """Another run may need fewer lines."""
        self._lines, self._least_height, self._level = 1, None, 0.0
        self._begun = True

    def keep_height(self) -> None:
        """Never become lower until a run begins: what is below stands still from picture to picture."""
        self._least_height = 0.0

    def give_room(self, height: float) -> None:
        """The whole plot has another height."""
        most = 1 + max(0, int((height - scaled(self.LEAST_REST) - self._first) // self._line))
        if most != self._most:
            self._most, self._lines = most, 1
            self._arrange()

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        super().resizeEvent(event)
        if event.newSize().width() != event.oldSize().width():
            self._lines = 1
            self._arrange()

    # -- arranging ---------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """In one line with whole texts, or else with short ones; or else in several."""
        notes, free = self._notes_placed()
        self.placed = self._in_one_line(free) or self._in_lines(free)
        self.placed += notes
        needed = max((placed.line + placed.lines for placed in self.placed), default=0)
        self._lines = max(self._lines, needed) if self.placed else needed
        self._fit()
        asked = self.placed, self._lines, self.remark
        if asked != self._asked:
            self._asked = asked
            self.update()

    @property
    def _head(self) -> float:
        """Height of the lines of keys and notes."""
        return self._first + (self._lines - 1) * self._line

    @property
    def needed_height(self) -> float:
        """What its own entries and its remark take."""
        return self._head + self._remark_height()

    def _height(self) -> float:
        height = self.needed_height
        if self._least_height is not None:
            height = self._least_height = max(height, self._least_height)
        return max(height, self._level)

    def _notes_placed(self) -> tuple[list[Placed], list[float]]:
        """Notes from the right, line by line, and where each line ends for the keys."""
        placed, rights, width = list[Placed](), [self.size().width()], self.size().width()
        for note in reversed(self.notes):
            wide = min(_width(note.text) + 12, width)
            if rights[-1] - wide < 0 and rights[-1] < width:
                rights.append(width)
            placed.append(Placed(note, len(rights) - 1, rights[-1] - wide, wide))
            rights[-1] -= wide + 6
        return placed, rights

    def _in_one_line(self, rights: Sequence[float]) -> list[Placed]:
        """All keys beside the notes, short if need be; none where they have no room."""
        for short in (False, True):
            placed, left = list[Placed](), self.START
            for key in self.keys:
                shown = replace(key, text=key.short or key.text) if short else key
                placed.append(Placed(shown, 0, left, _key_width(shown)))
                left += placed[-1].width + self.BETWEEN
            if not placed or left - self.BETWEEN <= rights[0]:
                return placed
        return []

    def _in_lines(self, rights: Sequence[float]) -> list[Placed]:
        """Keys line by line, as far as the plot has lines; whole where a line has room."""
        placed, line, left = list[Placed](), 0, self.START
        for place, key in enumerate(self.keys, 1):
            texts = [replace(key, text=text) for text in (key.text, key.short) if text]
            while line < self._most:
                right = rights[line] if line < len(rights) else self.size().width()
                fitting = next((each for each in texts if left + _key_width(each) <= right), None)
                if fitting is not None:
                    placed.append(Placed(fitting, line, left, _key_width(fitting)))
                    left += placed[-1].width + self.BETWEEN
                    break
                if left == self.START and right == self.size().width():
                    placed.append(self._broken(texts[-1], line, right - left, len(self.keys) - place))
                    line += placed[-1].lines
                    break
                line, left = line + 1, self.START
        return placed

    def _broken(self, key: Key, line: int, width: float, following: int) -> Placed:
        """A key that is wider than a line, over several if the others have one each; else it ends with dots."""
        room = width - _key_width(replace(key, text=""))
        lines = math.ceil(_wrapped(tabular(plot_font()), key.text, room).height() / self._line)
        if line + lines + following <= self._most:
            return Placed(key, line, self.START, width, lines)
        metrics = QFontMetricsF(tabular(plot_font()))
        shown = replace(key, text=metrics.elidedText(key.text, Qt.TextElideMode.ElideRight, room))
        return Placed(shown, line, self.START, _key_width(shown))

    def _remark_height(self) -> float:
        if not self.remark:
            return 0.0
        return self._remark_box(0.0).height() + scaled(4)

    def _remark_box(self, top: float) -> QRectF:
        room = QRectF(8, top, max(self.size().width() - 8, 40), 10 * scaled(self.REMARK_LINE))
        needed = QFontMetricsF(tabular(plot_font())).boundingRect(room, WRAPPED, self.remark)
        return QRectF(room.left(), top, room.width(), needed.height())

    # -- painting ----------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(tabular(plot_font()))
        for placed in self.placed:
            painter.save()
            painter.translate(0.0, placed.line * self._line)
            if isinstance(placed.entry, Note):
                self._note(painter, placed.entry, placed.left, placed.width)
            else:
                self._key(painter, placed.entry, placed)
            painter.restore()
        if self.remark:
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(self._remark_box(self._head - 2), WRAPPED, self.remark)

    def _note(self, painter: QPainter, note: Note, left: float, width: float) -> None:
        box = QRectF(left, 1, width, self._line - 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(transparent(self.theme.warning if note.warning else self.theme.muted, 0.13))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QColor(self.theme.warning if note.warning else self.theme.muted))
        text = QFontMetricsF(painter.font()).elidedText(note.text, Qt.TextElideMode.ElideRight, width - 6)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _key(self, painter: QPainter, key: Key, placed: Placed) -> None:
        left, colour = placed.left, str(getattr(self.theme, key.colour, key.colour))
        middle = QPointF(left + 7, self._line / 2 - 0.5)
        painter.setPen(pen_of(colour, 1.6, dash=LINES.get(key.swatch, SOLID), cap=Qt.PenCapStyle.FlatCap))
        if key.swatch in LINES:
            painter.drawLine(QPointF(left, middle.y()), QPointF(left + 14, middle.y()))
        elif key.swatch in ("band", "cell"):
            self._patch(painter, key, colour, middle)
        elif key.swatch in SHAPES:
            painter.setBrush(QColor(self.theme.panel if key.swatch == "hollow" else colour))
            draw_shape(painter, SHAPES[key.swatch], middle, 3.7)
        painter.setPen(QColor(self.theme.muted))
        text_left = left + _key_width(replace(key, text=""))
        box = QRectF(text_left, 0, left + placed.width - text_left, placed.lines * self._line - 1)
        if placed.lines > 1:
            painter.drawText(box, WRAPPED, _breakable(painter.font(), key.text, box.width()))
        else:
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), key.text)

    def _patch(self, painter: QPainter, key: Key, colour: str, middle: QPointF) -> None:
        """A small area; a pattern needs a larger one to be seen."""
        half = 7.0 if key.swatch == "band" or key.hatch else 4.0
        box = QRectF(middle.x() - half, middle.y() - 4, 2 * half, 8)
        painter.fillRect(box, transparent(colour, 0.25) if key.swatch == "band" else QColor(colour))
        painter.fillRect(box, hatching(key.hatch, self.theme.panel))


def _width(text: str) -> float:
    return float(QFontMetricsF(tabular(plot_font())).horizontalAdvance(text))


def _key_width(key: Key) -> float:
    return _width(key.text) + (20 if key.swatch != "none" else 0)


def _wrapped(font: QFont, text: str, width: float) -> QRectF:
    """What a text takes that is broken into lines."""
    room = QRectF(0, 0, max(width, 1), 10_000)
    return QFontMetricsF(font).boundingRect(room, WRAPPED, _breakable(font, text, width))


def _breakable(font: QFont, text: str, width: float) -> str:
    return breakable(text, width, QFontMetricsF(font).horizontalAdvance)


class PictureTitle(LevelItem):
    """The plot's title inside a picture of it, or the name of a network over its image."""

    HEIGHT = 24.0
    MOST_LINES = 3

    def __init__(self, text: str, theme: Theme) -> None:
        super().__init__()
        self.text, self.theme = text, theme
        self.tail = ""
        """Its end: by what it is divided."""
        self.note = ""
        """What stands at its right: of which moment a picture is."""
        self._shown = True
        """Whether it takes room."""
        self._measured: tuple[str, str, float, float] | None = None
        self._needed = 0.0
        """The height that was needed last, and by what."""
        self._fit()

    def show_line(self, on: bool) -> None:
        """Take as many lines as it needs, or no room at all."""
        self._shown = on
        self.setVisible(on)
        self._fit()

    def say(self, text: str, tail: str = "") -> None:
        """Another title; the tail is not cut."""
        if (text, tail) != (self.text, self.tail):
            self.text, self.tail = text, tail
            self._fit()
            self.update()

    @property
    def needed_height(self) -> float:
        """Of one line, or of several in the smallest letters."""
        measured = self.text, self.tail, self._room, text_scale()
        if measured != self._measured:
            lines = _wrapped(self._font(self._room), self._fitting, self._room).height() if self._room > 0 else 0
            self._measured, self._needed = measured, float(max(scaled(self.HEIGHT), lines + 4))
        return self._needed

    @property
    def _fitting(self) -> str:
        """What is written: all of it, but of a name that takes more than three lines not its end."""
        metrics = QFontMetricsF(self._font(self._room))
        room = self.MOST_LINES * 0.9 * self._room - metrics.horizontalAdvance(self.tail)
        return metrics.elidedText(self.text, Qt.TextElideMode.ElideRight, room) + self.tail

    @property
    def _room(self) -> float:
        return self.size().width() - 8

    def _height(self) -> float:
        return super()._height() * self._shown

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        super().resizeEvent(event)
        if event.newSize().width() != event.oldSize().width():
            self._fit()

    def tint(self, theme: Theme) -> None:
        """Take on a theme, and the present size of text."""
        self.theme = theme
        self._fit()
        self.update()

    def _font(self, width: float) -> QFont:
        """As large as lets all of it stand in this width, but not larger than usual, nor too small to be read."""
        fonts = [plot_font(14, bold=True), plot_font(12, bold=True), plot_font(11)]
        whole = self.text + self.tail
        return next((font for font in fonts if QFontMetricsF(font).horizontalAdvance(whole) <= width), fonts[-1])

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setPen(QColor(self.theme.text))
        box = QRectF(8, 0, self._room, self.size().height())
        font = self._font(self._room)
        painter.setFont(font)
        painter.drawText(box, BROKEN, _breakable(font, self._fitting, self._room))
        painter.setFont(tabular(plot_font(14)))
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.note)
