"""Axes that say what they mean: decades as 10ⁿ, layers by name, steps grouped by thousands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPaintEngine, QPainter
from PySide6.QtWidgets import (
    QGraphicsSceneMoveEvent,
    QGraphicsSceneResizeEvent,
    QGraphicsSceneWheelEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from ui.chart.ranges import nice_step
from ui.style.numbers import THIN, decimal, integer, number, power_of_ten, times_power_of_ten
from ui.style.text_size import scaled, text_scale
from ui.style.theme import Theme

LEFT_WIDTH, POWERS_WIDTH = 56, 80
FEWEST_DIGITS, MOST_DIGITS = 5e-3, 1e5
"""An axis up to here has numbers without powers of ten."""
BESIDE_LABELS = 26
"""Pixels beside the longest label for the axis' name and a little."""
BOTTOM_HEIGHT = 34
TICKS_ONLY_HEIGHT = 18
END_ROOM = 24
"""Pixels that a number may reach beyond the end of its axis: half of the longest, 100 000, and a little."""
TEXT_PIXELS = 11
VECTOR = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf)

Ticks = list[tuple[float, list[float]]]


def plot_font(pixels: int = TEXT_PIXELS, *, bold: bool = False) -> QFont:
    """The system font at a size in pixels, so that a picture of any resolution has the same proportions."""
    font = QFont()
    font.setPixelSize(scaled(pixels))
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


class Axis(pg.AxisItem):
    """An axis with a name, a faint grid and its own way of choosing and writing ticks."""

    spacing = 46.0
    """Pixels between ticks, where numbers are short, in text of the usual size."""
    text = ""
    room_changed = Signal()
    """Its numbers have become longer or shorter."""

    def __init__(self, orientation: str, text: str = "") -> None:
        self._bounds: QRectF | None = None
        super().__init__(orientation)
        self.text = text
        self.breadth = LEFT_WIDTH if orientation == "left" else BOTTOM_HEIGHT if text else TICKS_ONLY_HEIGHT
        self.setStyle(tickLength=0, autoExpandTextSpace=False, autoReduceTextSpace=False,
                      hideOverlappingLabels=False, tickAlpha=255)  # fmt: skip
        self.setZValue(-1000)
        self.setGrid(255)
        self.enableAutoSIPrefix(False)
        if orientation == "left":
            self.spacing = 30.0
        self._fit_text()

    def set_breadth(self, pixels: int) -> None:
        """What it takes across, in text of the usual size."""
        self.breadth = pixels
        self._fit_text()

    def _fit_text(self) -> None:
        """Take on the present size of text."""
        self._fitted = text_scale()
        self.setTickFont(plot_font())
        self.setStyle(tickTextOffset=scaled(5))
        (self.setWidth if self.orientation == "left" else self.setHeight)(self.room)

    def set_text(self, text: str) -> None:
        """Name the axis; the empty name takes no room."""
        self.text = text
        self.showLabel(bool(text))

    def rename(self, text: str, theme: Theme) -> None:
        self.text = text
        self.tint(theme)

    def tint(self, theme: Theme) -> None:
        """Take on a theme, and the size of text where it is another."""
        if self._fitted != text_scale():
            self._fit_text()
        self.setPen(pg.mkPen(theme.border, width=1, cosmetic=False))
        self.setTickPen(pg.mkPen(theme.grid, width=1, cosmetic=False))
        self.setTextPen(QColor(theme.muted))
        if self.text:
            self.setLabel(self.text, **{"color": theme.muted, "font-size": f"{scaled(TEXT_PIXELS)}px"})
            self.label.setFont(plot_font())
            self._fit_name()

    def resizeEvent(self, event: QGraphicsSceneResizeEvent | None = None) -> None:
        self._bounds = None
        super().resizeEvent(event)
        self._fit_name()

    def moveEvent(self, event: QGraphicsSceneMoveEvent) -> None:
        self._bounds = None
        super().moveEvent(event)

    def setGrid(self, grid: float | bool) -> None:
        self._bounds = None
        super().setGrid(grid)

    def linkedViewChanged(self, view: Any, newRange: Sequence[float] | None = None) -> None:
        self._bounds = None
        self.setScale(view.units[self.orientation == "left"])
        super().linkedViewChanged(view, newRange)
        self._make_room()

    def _make_room(self) -> None:
        """For its numbers, where they are long."""

    @property
    def room(self) -> int:
        """Pixels that its numbers and its name need across."""
        return scaled(self.breadth)

    def _fit_name(self) -> None:
        """A name longer than a short axis gives way to its first words, and these to nothing."""
        if not self.text or self.label is None:
            return
        room = self.size().height() + 12 if self.orientation == "left" else self.size().width() + 24
        width = QFontMetricsF(plot_font()).horizontalAdvance
        name = next((part for part in (self.text, self.text.split(",")[0]) if width(part) <= room), "")
        if name != self.labelText:
            self.labelText = name
            self._updateLabel()
            super().resizeEvent()
        self.label.setVisible(bool(name))

    def boundingRect(self) -> QRectF:
        # Asked for a dozen times a frame.
        if self._bounds is None:
            # A label at the very end of the axis reaches beyond it; pyqtgraph drops labels outside these bounds.
            ends, above = scaled(END_ROOM), scaled(10)
            self._bounds = super().boundingRect().adjusted(-ends, -above, ends, above)
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if painter.paintEngine().type() not in VECTOR:
            super().paint(painter, option, widget)
            return
        # A QPicture scales itself to the resolution of a PDF, on top of the painter's own scale.
        painter.save()
        painter.setFont(plot_font())
        specs = self.generateDrawSpecs(painter)
        if specs is not None:
            self.drawPicture(painter, *specs)
        painter.restore()

    def wheelEvent(self, event: QGraphicsSceneWheelEvent) -> None:
        event.ignore()

    def tickValues(self, low: float, high: float, size: float) -> Ticks:
        low, high = sorted((low, high))
        if not (high > low and size > 0 and math.isfinite(high - low)):
            return []
        ticks = self._ticks(low, high, size / self.between)
        if len(ticks[0][1]) < 2:
            # One number is no scale.
            closer = self._ticks(low, high, 2 * size / self.between)
            least = 1.5 * scaled(TEXT_PIXELS) if self.orientation == "left" else 0.8 * self.between
            if closer[0][1] and closer[0][0] * size >= least * (high - low):
                return closer
        return ticks if ticks[0][1] else self._one_tick(low, high, size / self.between)

    def _one_tick(self, low: float, high: float, parts: float) -> Ticks:
        """Where no round number of the usual distance lies within: the most nearly middle one of a smaller distance."""
        middle = 0.5 * low + 0.5 * high
        for closer in (2, 5, 10):
            ((step, values),) = self._ticks(low, high, closer * parts)
            if values:
                return [(step, [min(values, key=lambda value: abs(value - middle))])]
        return []

    @property
    def between(self) -> float:
        """Pixels between ticks, at least."""
        return scaled(self.spacing)

    def _ticks(self, low: float, high: float, parts: float) -> Ticks:
        step = self.step(high - low, parts)
        first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
        return [(step, [i * step for i in range(first, last + 1)])]

    def step(self, span: float, parts: float) -> float:
        return nice_step(span, parts)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        values, spacing = [v * self.scale for v in values], spacing * self.scale
        largest = max((abs(v) for v in values), default=0.0)
        if spacing < 1e-3 or largest >= MOST_DIGITS:
            return [number(v, max(3, 1 + math.ceil(math.log10(max(largest / spacing, 1.0))))) for v in values]
        decimals = max(0, -math.floor(math.log10(spacing) + 1e-9))
        return [decimal(v, decimals) for v in values]


_BETWEEN = (math.log10(2), math.log10(5))


PLAIN_DECADES = -3, 3
"""An axis from the first to the last has its numbers without powers of ten where there are some between decades."""


def decade_texts(values: Sequence[float]) -> list[str]:
    """``10⁻³``, ``10⁻²`` for decades; with others between them all alike: ``0.1``, ``0.2`` or ``10⁻⁶``, ``2·10⁻⁶``."""
    exponents = [math.floor(value + 1e-6) for value in values]
    whole = all(abs(value - round(value)) < 1e-6 for value in values)
    low, high = PLAIN_DECADES
    if not whole and all(low <= exponent <= high for exponent in exponents):
        return [number(10.0**value, 1) for value in values]
    return [_power_text(value, exponent) for value, exponent in zip(values, exponents, strict=True)]


def _power_text(value: float, exponent: int) -> str:
    leading = round(10.0 ** (value - exponent))
    return power_of_ten(exponent) if leading == 1 else times_power_of_ten(str(leading), exponent)


class ValueAxis(Axis):
    """A quantity, linear or as log₁₀ values written 10ⁿ."""

    powers_width = POWERS_WIDTH

    def __init__(self, orientation: str, text: str = "", *, log: bool = False) -> None:
        self.powers = False
        self.log = log
        super().__init__(orientation, text)

    def set_log(self, log: bool) -> None:
        if log != self.log:
            self.log = log
            self.picture = None
            self._make_room()
            self.update()

    def _make_room(self) -> None:
        """Numbers with a power of ten, as :meth:`tickStrings` writes small and large ones, are half as long again."""
        largest = max(map(abs, self.range)) * self.scale
        powers = not self.log and not FEWEST_DIGITS <= largest < MOST_DIGITS and largest > 0
        if powers != self.powers:
            self.powers = powers
            self.room_changed.emit()

    @property
    def room(self) -> int:
        return scaled(self.powers_width if self.powers and self.orientation == "left" else self.breadth)

    @property
    def between(self) -> float:
        usual = super().between
        return max(usual, scaled(POWERS_WIDTH)) if self.powers and self.orientation == "bottom" else usual

    def step(self, span: float, parts: float) -> float:
        return max(nice_step(span, parts), 1.0) if self.log else nice_step(span, parts)

    def tickValues(self, low: float, high: float, size: float) -> Ticks:
        low, high = sorted((low, high))
        ticks = super().tickValues(low, high, size)
        if not (self.log and ticks and high - low <= 2.01 and size / self.between >= 3 * (high - low)):
            return ticks
        between = [d + part for d in range(math.floor(low), math.ceil(high)) for part in _BETWEEN]
        return [(ticks[0][0], sorted([*ticks[0][1], *(v for v in between if low <= v <= high)]))]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.log:
            return decade_texts(values)
        return super().tickStrings(values, scale, spacing)


class BlankAxis(Axis):
    """The margin of a pane whose data needs no numbers."""

    WIDTH = 10

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.setStyle(showValues=False)
        self.setGrid(False)
        self.set_breadth(self.WIDTH)

    def tint(self, theme: Theme) -> None:
        super().tint(theme)
        self.setPen(theme.panel)

    def tickValues(self, low: float, high: float, size: float) -> Ticks:
        return []


def share_texts(values: Sequence[float], spacing: float) -> list[str]:
    """Shares in per cent, with as many decimals as tell ticks of this distance apart."""
    shares, apart = [100 * value for value in values], 100 * spacing
    decimals = -math.floor(math.log10(apart) + 1e-9) if 0 < apart < 1 else 0
    return [f"{decimal(share, decimals) if abs(share) < 1e5 else number(share)}{THIN}%" for share in shares]


class ShareAxis(ValueAxis):
    """A share of 0 … 1, written in per cent."""

    powers_width = POWERS_WIDTH + 16

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return share_texts([v * self.scale for v in values], spacing * self.scale)


class WholeAxis(Axis):
    """Whole numbers."""

    spacing = 70.0

    def step(self, span: float, parts: float) -> float:
        return max(nice_step(span, parts), 1.0 / float(self.scale))

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [integer(round(v)) if v < 1e6 else number(v) for v in (v * self.scale for v in values)]


class StepAxis(WholeAxis):
    """Training steps."""


class DepthAxis(Axis):
    """Layers by label, the first and the last always, the others as far as there is room."""

    def __init__(self, orientation: str, text: str = "") -> None:
        self.labels: tuple[str, ...] = ()
        super().__init__(orientation, text)

    def name_layers(self, labels: tuple[str, ...]) -> None:
        if labels != self.labels:
            self.labels = labels
            self.picture = None
            self.room_changed.emit()
            self.update()

    @property
    def room(self) -> int:
        if self.orientation != "left":
            return super().room
        longest = max(map(QFontMetricsF(plot_font()).horizontalAdvance, self.labels), default=0.0)
        return max(super().room, round(longest) + scaled(BESIDE_LABELS))

    def tickValues(self, low: float, high: float, size: float) -> Ticks:
        low, high = sorted((low, high))
        count = len(self.labels)
        if not count or not high > low:
            return []
        room = scaled(15.0 if self.orientation == "left" else 10.0 + 7.0 * max(map(len, self.labels)))
        stride = max(1, round(nice_step(high - low, size / room)))
        first, last = self._ends(low, high, size)
        places = {first, last, *range(stride - 1 if stride >= 5 else 0, count, stride)}
        crowded = {i for i in places if not first <= i <= last or 0 < min(i - first, last - i) < 0.7 * stride}
        shown = sorted(i for i in places - crowded if low <= i <= high)
        return [(1.0, [float(i) for i in shown])]

    def _ends(self, low: float, high: float, size: float) -> tuple[int, int]:
        """The first and the last of all layers; where long labels have no room at the end of an axis, those next."""
        ends = 0, len(self.labels) - 1
        if self.orientation == "left":
            return ends
        halves = [0.5 * QFontMetricsF(plot_font()).horizontalAdvance(label) - scaled(END_ROOM) for label in self.labels]
        apart = size / (high - low)
        fitting = [i for i, half in enumerate(halves) if (i - low) * apart >= half and (high - i) * apart >= half]
        return (fitting[0], fitting[-1]) if fitting else ends

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [self.labels[round(v)] if 0 <= round(v) < len(self.labels) else "" for v in values]
