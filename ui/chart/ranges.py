"""Axis ranges that move in steps: widened at once when exceeded, narrowed only after long disuse."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from simulator.arrays.numeric import Floats

_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

MOST = 8e307
"""The largest magnitude on a linear axis: the span of larger ones is no float64."""

_LEAST_SHARE = 4e-3
"""The least span of a linear axis, as a share of its values: what differs less is shown as alike."""

Range = tuple[float, float]


def finite_extent(parts: Iterable[Floats]) -> Range:
    """Smallest and largest finite value of all; NaN, NaN if there is none."""
    ends = [_ends(part) for part in parts if part.size]
    known = [each for each in ends if each is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else (math.nan, math.nan)


def _ends(values: Floats) -> Range | None:
    """Smallest and largest finite value; None if there is none."""
    low, high = float(values.min()), float(values.max())
    if math.isfinite(low) and math.isfinite(high):  # So all are: the quick way, as of most that is shown.
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def with_margin(shown: Range, share: float = 0.025) -> Range:
    """A little more at both ends, so that what is marked at the very end of an axis is whole."""
    margin = share * (shown[1] - shown[0])
    return shown[0] - margin, shown[1] + margin


def room_for(columns: int) -> Range:
    """An axis with a column at each of 0, 1, …"""
    return -0.6, columns - 0.4


def nice_ceiling(value: float) -> float:
    """The next of 1, 1.2, 1.5, 2 … 8 × 10^k at or above ``value`` > 0."""
    scale = 10.0 ** math.floor(math.log10(value))
    return next(scale * step for step in _NICE if scale * step >= value * (1 - 1e-12))


def nice_step(span: float, parts: float) -> float:
    """A step of 1, 2 or 5 × 10^k that cuts ``span`` into at most about ``parts`` parts."""
    raw = max(span / max(parts, 1.0), 1e-300)
    scale = 10.0 ** math.floor(math.log10(raw))
    return next((scale * step for step in (1.0, 2.0, 5.0) if scale * step >= raw * (1 - 1e-9)), 10.0 * scale)


def _linear(low: float, high: float) -> Range:
    if high <= low:
        pad = abs(low) * 0.5 or 1.0
        low, high = low - pad, high + pad
    lacking = _LEAST_SHARE * max(abs(low), abs(high)) - (high - low)
    if lacking > 0:
        low, high = low - 0.5 * lacking, high + 0.5 * lacking
    step = nice_step(high - low, 5)
    if not math.isfinite(step):
        return low, high
    bottom, top = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return max(bottom * step, -MOST), min(max(top, bottom + 1) * step, MOST)


def _decades(low: float, high: float) -> Range:
    bottom, top = math.floor(low - 1e-9), math.ceil(high + 1e-9)
    return (float(bottom), float(top)) if top - bottom >= 2 else (float(bottom - 1), float(top))


class HeldRange:
    """What an axis is fitted to; plots of one kind can have it alike."""

    def __init__(self) -> None:
        self._held = False

    def reset(self) -> None:
        """Forget what was seen."""
        self._held = False

    def hold(self) -> None:
        """Stay as it is, whatever is to be seen, until it is reset."""
        self._held = True

    def copy(self, other: HeldRange) -> None:
        """Be as another one of the same kind is, its history included."""
        vars(self).update(vars(other))


class StepRange(HeldRange):
    """A range for values that change all the time.

    ``fit(low, high)`` takes what has to be seen (log₁₀ values if ``log``) and gives the range to show: round
    numbers, the union with what was shown before; half the range must lie idle for ``patience`` calls before
    it narrows. ``always`` is seen in any case.
    """

    def __init__(self, *, log: bool = False, always: Range | None = None, patience: int = 150) -> None:
        super().__init__()
        self.log = log
        self.always = always
        self.patience = patience
        self.shown: Range | None = None
        self._idle = 0

    def reset(self) -> None:
        super().reset()
        self.shown = None
        self._idle = 0

    def renew(self) -> None:
        """Forget how wide it was, unless it is held."""
        if not self._held:
            self.reset()

    @property
    def range(self) -> Range:
        if self.shown is not None:
            return self.shown
        if self.always is None:
            return (-3.0, 0.0) if self.log else (0.0, 1.0)
        # One value alone is no extent.
        low, high = self.always
        return self.always if low < high else _decades(low, high) if self.log else _linear(low, high)

    def fit(self, low: float, high: float) -> Range:
        """The range to show so that ``low`` … ``high`` is seen; NaN asks for nothing."""
        if self._held or not (math.isfinite(low) and math.isfinite(high)):
            return self.range
        if self.always:
            low, high = min(low, self.always[0]), max(high, self.always[1])
        if not self.log:
            low, high = max(low, -MOST), min(high, MOST)
        wanted = _decades(low, high) if self.log else _linear(low, high)
        self.shown = wanted if self.shown is None else self._stepped(self.shown, wanted, low, high)
        return self.shown

    def _stepped(self, shown: Range, wanted: Range, low: float, high: float) -> Range:
        if low < shown[0] or high > shown[1]:
            self._idle = 0
            return min(wanted[0], shown[0]), max(wanted[1], shown[1])
        idle = wanted[1] - wanted[0] <= 0.5 * (shown[1] - shown[0])
        self._idle = self._idle + 1 if idle else 0
        if self._idle < self.patience:
            return shown
        self._idle = 0
        return wanted


class StepsRange(HeldRange):
    """0 … a round number of training steps, growing by a quarter or so at a time; step 0 clear of the axis."""

    MARGIN, LEAST = 0.02, 10.0

    def __init__(self) -> None:
        super().__init__()
        self.high = self.LEAST

    def reset(self) -> None:
        super().reset()
        self.high = self.LEAST

    def fit(self, step: float) -> Range:
        if step > self.high and not self._held:
            self.high = nice_ceiling(step * 1.05)
        return self.range

    @property
    def range(self) -> Range:
        return -self.MARGIN * self.high, self.high
