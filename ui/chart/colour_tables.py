"""Colours of images by a table of 256 places, and how values become places in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from simulator.arrays.numeric import Floats
from ui.style.colours import mix, ramp
from ui.style.theme import Theme

NOTHING, ZERO, LOST, FIRST, LAST = 0, 1, 2, 3, 255
"""Places in the colour table: no data, exactly 0, not finite, and the ramp between the last two."""


@lru_cache(16)
def colour_table(theme: Theme, colour: str) -> list[int]:
    """RGBA of all 256 places, kept and not to be changed.

    A ramp from the panel to ``colour`` and beyond it, neutral for 0, amber for NaN and ∞.
    """
    end = "#101218" if not theme.dark else "#ffffff"
    stops = ramp((theme.panel, colour, end), 9)
    shades = ramp(stops[1:8], LAST - FIRST + 1)
    fixed = [
        QColor(0, 0, 0, 0).rgba(),
        QColor(theme.border).rgba(),
        QColor(theme.lost).rgba(),
    ]
    return [*fixed, *(QColor(shade).rgba() for shade in shades)]


def forward_table(theme: Theme) -> list[int]:
    return colour_table(theme, theme.forward)


def backward_table(theme: Theme) -> list[int]:
    return colour_table(theme, theme.backward)


@lru_cache(16)
def diverging_table(theme: Theme) -> list[int]:
    """All 256 places: blue below 0, the panel at 0, green above; grey for −∞, amber for what is not a number."""
    end = "#101218" if not theme.dark else "#ffffff"
    low, high = mix(theme.accent, end, 0.35), mix(theme.forward, end, 0.35)
    shades = ramp((low, theme.accent, theme.panel, theme.forward, high), 253)
    fixed = [QColor(0, 0, 0, 0).rgba(), QColor(theme.muted).rgba(), QColor(theme.lost).rgba()]
    return [*fixed, *(QColor(shade).rgba() for shade in shades)]


MIDDLE = (FIRST + LAST) // 2
"""Place of 0 in a table whose ramp goes from below 0 to above."""


def is_signed(table: Callable[[Theme], Sequence[int]]) -> bool:
    """Whether the lower half of the ramp is for what is below 0."""
    return table is diverging_table


def indexed(values: Floats, low: float, high: float) -> NDArray[np.uint8]:
    """Places in the colour table for ``values`` between ``low`` and ``high``.

    −∞ means "exactly 0" (a log), NaN "no data", +∞ "not finite"; what lies outside takes the nearest colour.
    """
    span = max(high - low, 1e-300)
    with np.errstate(over="ignore"):
        scaled = (values / span - low / span) * (LAST - FIRST) + FIRST
    places = np.fmin(np.fmax(scaled, FIRST), LAST).astype(np.uint8)
    if not np.isfinite(values).all():
        places[np.isnan(values)] = NOTHING
        places[np.isneginf(values)] = ZERO
        places[np.isposinf(values)] = LOST
    return places
