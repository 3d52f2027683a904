"""What a picture consists of, as arrays: a loop over its pixels takes a hundred times as long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage


def pixels(image: QImage) -> NDArray[np.uint32]:
    """Its colours as QColor.rgba() gives them: (height, width)."""
    plain = image.convertToFormat(QImage.Format.Format_ARGB32)
    lines = np.frombuffer(plain.constBits(), np.uint32).reshape(plain.height(), plain.bytesPerLine() // 4)
    return lines[:, : plain.width()].copy()


def colours(image: QImage, below: int = 0, every: int = 2) -> int:
    """How many different ones every other pixel has, in the lines from ``below`` on."""
    return len(np.unique(pixels(image)[below::every, ::every]))


def alpha(image: QImage) -> NDArray[np.uint32]:
    """From 0 for nothing to 255."""
    return pixels(image) >> 24


def lightness(image: QImage) -> NDArray[np.int64]:
    """From 0 for black to 255, as QColor.lightness() gives it: (height, width)."""
    parts = np.stack([pixels(image) >> shift & 255 for shift in (0, 8, 16)]).astype(np.int64)
    return (parts.max(axis=0) + parts.min(axis=0)) // 2


def is_of(image: QImage, colour: str) -> NDArray[np.bool_]:
    """Where a picture has this colour, however transparent: (height, width)."""
    return np.asarray(pixels(image) & 0xFFFFFF == QColor(colour).rgb() & 0xFFFFFF)
