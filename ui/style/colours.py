"""Colour arithmetic: contrast as WCAG defines it, mixing and ramps in OKLab, viridis for depth."""

from __future__ import annotations

import functools

import numpy as np

from simulator.arrays.numeric import Floats

Rgb = tuple[float, float, float]

# Every 16th entry of the public-domain (CC0) viridis map.
_VIRIDIS = (
    "#440154", "#481a6c", "#472f7d", "#414487", "#39568c", "#31688e", "#2a788e", "#23888e", "#1f988b",
    "#22a884", "#35b779", "#54c568", "#7ad151", "#a5db36", "#d2e21b", "#fde725",
)  # fmt: skip

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def rgb(colour: str) -> Rgb:
    """``"#rrggbb"`` as three numbers from 0 to 1."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def hexadecimal(values: Floats) -> str:
    red, green, blue = (round(255 * min(max(v, 0.0), 1.0)) for v in values.tolist())
    return f"#{red:02x}{green:02x}{blue:02x}"


def _linear(values: Floats) -> Floats:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _gamma(values: Floats) -> Floats:
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def _oklab(colour: str) -> Floats:
    lab: Floats = _TO_LAB @ np.cbrt(_TO_LMS @ _linear(np.array(rgb(colour))))
    return lab


def _from_oklab(lab: Floats) -> tuple[str, ...]:
    """Colours of the columns of ``lab`` (3, colours)."""
    values = _gamma(np.linalg.solve(_TO_LMS, np.linalg.solve(_TO_LAB, lab) ** 3))
    return tuple(hexadecimal(value) for value in values.T)


@functools.lru_cache(maxsize=4096)
def mix(first: str, second: str, share: float) -> str:
    """The colour ``share`` (0 … 1) of the way from ``first`` to ``second``, evenly as the eye sees it."""
    return _from_oklab(((1 - share) * _oklab(first) + share * _oklab(second))[:, None])[0]


@functools.lru_cache(maxsize=64)
def ramp(stops: tuple[str, ...], count: int) -> tuple[str, ...]:
    """``count`` colours through evenly spaced ``stops``, interpolated in OKLab."""
    if count == 1:
        return (stops[len(stops) // 2],)
    places = np.linspace(0, len(stops) - 1, count)
    left = np.minimum(places.astype(int), len(stops) - 2)
    known = np.stack([_oklab(stop) for stop in stops], axis=1)
    share = places - left
    return _from_oklab((1 - share) * known[:, left] + share * known[:, left + 1])


@functools.lru_cache(maxsize=256)
def viridis(count: int, low: float, high: float) -> tuple[str, ...]:
    """``count`` colours between the shares ``low`` and ``high`` of the viridis map."""
    whole = ramp(_VIRIDIS, 241)
    places = np.linspace(low, high, count) if count > 1 else np.array([(low + high) / 2])
    return tuple(whole[round(240 * float(p))] for p in places)
