"""From a value to its place on a slider's track and back: linear, logarithmic, and logarithmic down to an exact 0."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

from simulator.schema.parameter import Parameter

NOTCH = 0.05
"""Share of a logarithmic track that leads from 0 to the smallest value drawn logarithmically."""
DECADES = 6
"""How far below its top a logarithmic track that starts at 0 stays logarithmic."""


class TrackScale(Struct, frozen=True):
    """What a track sweeps: ``low`` … ``high``.

    With ``log`` and ``low`` = 0 the first :data:`NOTCH` of the track is linear from exactly 0 to ``floor``.
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False
    floor: float = 0.0
    """Smallest value on the logarithmic part."""

    @property
    def notch(self) -> float:
        return NOTCH if self.log and self.low <= 0 else 0.0

    @property
    def span(self) -> float:
        return self.high - self.low

    def position(self, value: float) -> float:
        """Place of ``value`` on the track, 0 … 1."""
        if math.isnan(value) or self.span <= 0:
            return 0.0
        value = min(max(value, self.low), self.high)
        if not self.log:
            return (value - self.low) / self.span
        if value < self.floor:
            return self.notch * value / self.floor
        return self.notch + (1 - self.notch) * math.log(value / self.floor) / self._decades()

    def value(self, position: float) -> float:
        """The (rounded) value at ``position``; the ends give ``low`` and ``high`` exactly."""
        position = min(max(position, 0.0), 1.0)
        if position in (0.0, 1.0):
            return self.high if position else self.low
        if not self.log:
            return self.snapped(self.low + position * self.span)
        if position < self.notch:
            return self.snapped(self.floor * position / self.notch)
        share = (position - self.notch) / (1 - self.notch)
        return self.snapped(self.floor * math.exp(share * self._decades()))

    def snapped(self, value: float) -> float:
        """``value`` rounded to what a hand can mean: whole, three digits, or a 200th of the sweep."""
        if self.integer:
            value = float(round(value))
        elif self.log:
            value = float(f"{value:.3g}")
        else:
            value = round(value, -math.floor(math.log10(self.span / 200)) if self.span > 0 else 6)
        return min(max(value, self.low), self.high)

    def nudged(self, value: float, steps: int) -> float:
        """``value`` moved by ``steps`` hundredths of the track, by at least 1 where it is an integer."""
        if self.notch and (value <= self.floor and steps < 0):
            return self.low
        if self.notch and value < self.floor and steps > 0:
            return self.snapped(self.floor)
        moved = self.value(self.position(value) + steps / 100)
        if self.integer and abs(moved - value) < abs(steps) / 10 + 0.5:
            moved = value + math.copysign(max(1, abs(steps) // 10), steps)
        return min(max(moved, self.low), self.high)

    def widened(self, value: float) -> TrackScale:
        """The scale itself, or one whose track reaches as far as ``value``."""
        if not math.isfinite(value) or self.low <= value <= self.high:
            return self
        if value < 0:
            return replace(self, low=value, log=False)
        if self.log and 0 < value < self.low:
            return replace(self, low=value, floor=value)
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def _decades(self) -> float:
        return math.log(self.high / self.floor)


def scale_of(parameter: Parameter) -> TrackScale | None:
    """What the field's track sweeps; None where no range says how wide it should be."""
    ends = parameter.knob.slider
    if ends is None and parameter.low is not None and parameter.high is not None:
        ends = (parameter.low, parameter.high)
    if ends is None:
        return None
    low, high = _inside(parameter, float(ends[0]), float(ends[1]))
    integer = parameter.type == "integer"
    log = parameter.knob.log and low >= 0 and high > low
    return TrackScale(low, high, log, integer, _floor(parameter, low, high, integer))


def _inside(parameter: Parameter, low: float, high: float) -> tuple[float, float]:
    """The ends drawn in by a thousandth where the valid range leaves an end out."""
    inset = 1.0 if parameter.type == "integer" else (high - low) / 1000
    if parameter.low_open and parameter.low is not None and low <= parameter.low:
        low = parameter.low + inset
    if parameter.high_open and parameter.high is not None and high >= parameter.high:
        high = parameter.high - inset
    return low, high


def _floor(parameter: Parameter, low: float, high: float, integer: bool) -> float:
    if low > 0:
        return low
    if integer:
        return 1.0
    default = parameter.default if isinstance(parameter.default, (int, float)) else 0
    return min(high * 10.0**-DECADES, default / 10) if default > 0 else high * 10.0**-DECADES
