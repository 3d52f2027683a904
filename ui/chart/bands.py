"""Several layers one below the other in one pane: bands of height 1, an axis that names each, and their captions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor

from simulator.arrays.numeric import Floats
from ui.chart.axes import TEXT_PIXELS, Axis, Ticks, plot_font
from ui.chart.marks import Mark, Surface
from ui.chart.pens import SOLID, Dash, pen_of, transparent
from ui.chart.ranges import Range, nice_step
from ui.style.numbers import integer, power_of_ten
from ui.style.text_size import scaled

LINE = 16.0
"""Height of a caption in pixels."""
BESIDE = 18
"""Pixels of the stroke before it."""
USUAL_HEIGHT = 280.0
"""Pixels that a pane is usually high."""


def gap_of(bands: int, lines: int = 1, height: float = USUAL_HEIGHT) -> float:
    """Room above each band for so many captions, as a share of the band's height, in a pane of so many pixels."""
    room = scaled(LINE) * lines
    return float(min(room / max(height / bands - room, room), 1.0))


@dataclass(frozen=True)
class Bands:
    """``count`` bands of height 1 with a gap above each; all show the same range of values."""

    count: int
    low: float = 0.0
    high: float = 1.0
    gap: float = 0.1
    upward: bool = True
    """Whether the axis points up; the first band is the topmost in either case."""

    @property
    def pitch(self) -> float:
        return 1.0 + self.gap

    def base(self, band: int) -> float:
        """Where a band's ``low`` lies."""
        return (self.count - 1 - band) * self.pitch if self.upward else band * self.pitch + self.gap

    def above(self, band: int) -> float:
        """Where the room above a band begins."""
        return self.base(band) + self.pitch if self.upward else self.base(band) - self.gap

    @property
    def extent(self) -> Range:
        return 0.0, self.count * self.pitch

    def place(self, band: int, values: Floats) -> Floats:
        return self.base(band) + (values - self.low) / (self.high - self.low)

    def value(self, band: int, y: float) -> float:
        return self.low + (y - self.base(band)) * (self.high - self.low)

    def at(self, y: float) -> int:
        """The band that ``y`` belongs to, the room above it included."""
        nearest = min(max(math.floor(y / self.pitch), 0), self.count - 1)
        return self.count - 1 - nearest if self.upward else nearest


class BandAxis(Axis):
    """The values of each band: decades, or time steps from the first to the last."""

    def __init__(self, text: str, *, decades: bool) -> None:
        super().__init__("left", text)
        self.decades = decades
        self.spacing = 26.0
        self.bands = Bands(1)

    def set_bands(self, bands: Bands) -> None:
        if bands != self.bands:
            self.bands = bands
            self.picture = None
            self.update()

    def _values(self, room: float) -> list[float]:
        """Values to be named where a band is ``room`` pixels high."""
        low, high = self.bands.low, self.bands.high
        step = max(1.0, nice_step(high - low, room / self.between))
        first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
        inner = [i * step for i in range(first, last + 1)]
        if self.decades:
            return inner
        ends = [math.ceil(low), math.floor(high)]
        if room * (self.bands.gap + 1 / (high - low)) < 1.2 * scaled(TEXT_PIXELS) and self.bands.count > 1:
            # The last of one band would stand upon the first of the next.
            return [float(ends[0])] if room * self.bands.pitch >= 1.2 * scaled(TEXT_PIXELS) else []
        return sorted({*ends, *(v for v in inner if min(abs(v - end) for end in ends) >= 0.6 * step)})

    def tickValues(self, low: float, high: float, size: float) -> Ticks:
        low, high = sorted((low, high))
        if not (high > low and size > 0):
            return []
        values = self._values(size / (high - low))
        span = self.bands.high - self.bands.low
        places = [
            self.bands.base(band) + (value - self.bands.low) / span
            for band in range(self.bands.count)
            for value in values
        ]
        return [
            (
                1.0,
                _apart([place for place in places if low <= place <= high], (high - low) * scaled(TEXT_PIXELS) / size),
            )
        ]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        named = [round(self.bands.value(self.bands.at(y), y)) for y in values]
        return [power_of_ten(value) if self.decades else integer(value) for value in named]


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Without those that stand nearer than ``least`` before another."""
    kept: list[float] = []
    for place in sorted(places, reverse=True):
        if not kept or kept[-1] - place >= least:
            kept.append(place)
    return kept[::-1]


@dataclass(frozen=True)
class Caption:
    """A line of text above a band, the ``row``-th from above, with its layer's colour."""

    band: int
    row: int
    text: str
    colour: str
    dash: Dash = SOLID
    """Of the stroke before it."""
    layer: int = -1
    """Bold while this layer is pointed at; -1 never."""
    shorter: Sequence[str] = ()
    """What is said instead where the pane has no room for that, the longest first."""


@dataclass(frozen=True, eq=False)
class Captions(Mark):
    """What each band is, in words that stay readable where a curve passes behind them; of the first network alone."""

    captions: Sequence[Caption]
    bands: Bands
    _: KW_ONLY
    colour: str = "text"
    z: float = 4.0

    def draw(self, surface: Surface) -> None:
        if surface.palette.wordless or surface.style.lane:
            return
        ends = (QPointF(end, 0.0) for end in surface.pane.shown[0])
        left, right = (surface.to_pixels.map(end).x() for end in ends)
        surface.smooth(True)
        for caption in self.captions:
            top = surface.to_pixels.map(QPointF(0.0, self.bands.above(caption.band))).y()
            self._write(surface, caption, QPointF(left + 4, top + caption.row * scaled(LINE)), right)

    def _write(self, surface: Surface, caption: Caption, at: QPointF, right: float) -> None:
        painter = surface.painter
        painter.setFont(plot_font(bold=0 <= caption.layer == surface.palette.highlighted))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        line = scaled(LINE)
        box = QRectF(at.x() + BESIDE, at.y(), 600, line - 1)
        words = (caption.text, *caption.shorter)
        width = painter.fontMetrics().horizontalAdvance
        fitting = (each for each in words if width(each) <= right - box.left() - 2)
        said = next(fitting, words[-1])
        text = painter.boundingRect(box, flags, said)
        ground = transparent(surface.colour("panel"), 0.82)
        painter.fillRect(QRectF(at.x(), at.y(), text.right() - at.x() + 4, line - 2), ground)
        middle = at.y() + line / 2 - 0.5
        painter.setPen(pen_of(caption.colour, 2.0, dash=caption.dash))
        painter.drawLine(QPointF(at.x() + 2, middle), QPointF(at.x() + 14, middle))
        painter.setPen(QColor(surface.colour(self.colour)))
        painter.drawText(box, flags, said)


@dataclass(frozen=True, eq=False)
class BandFrames(Mark):
    """A frame around each band of the layer that is pointed at."""

    layers: Sequence[int]
    """Of each band."""
    bands: Bands
    _: KW_ONLY
    z: float = 3.0

    def draw(self, surface: Surface) -> None:
        (left, right), _ = surface.pane.shown
        surface.painter.setPen(pen_of(surface.colour("accent"), 1.5))
        surface.painter.setBrush(Qt.BrushStyle.NoBrush)
        for band, layer in enumerate(self.layers):
            if 0 <= layer == surface.palette.highlighted:
                box = QRectF(left, self.bands.base(band), right - left, 1.0)
                surface.painter.drawRect(surface.to_pixels.mapRect(box).adjusted(1, 0, -1, 0))
