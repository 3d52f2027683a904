"""Formulas in TeX as pictures that stand on the line of the text around them."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

LARGER = 1.25
"""The pictures' font has small letters; so many times the text's size they are as high."""
TALLEST = 8.0
"""Letters above each other, beyond which something went wrong: brackets around a sum with limits do."""


@dataclass(frozen=True)
class Lettering:
    """The text that formulas stand in."""

    font: QFont
    colour: str
    ratio: float = 2.0
    """Pixels of the picture per pixel of the text, so that it is sharp on any screen."""

    @property
    def pixels(self) -> float:
        """The size at which a formula is set."""
        return LARGER * QFontMetricsF(self.font).xHeight() / 0.52

    @property
    def lift(self) -> float:
        """How much more of a picture lies above the line than below it, where Qt centres it on small letters."""
        return QFontMetricsF(self.font).xHeight()


def picture(formula: str, lettering: Lettering, *, display: bool = False) -> str:
    """An ``img`` with the formula; ValueError with the reason where it cannot be set."""
    drawing, above, below = _drawing(formula, lettering, display)
    padding = lettering.lift - above + below
    top, bottom = (0.0, 0.0) if display else (max(padding, 0.0), max(-padding, 0.0))
    width, height = math.ceil(drawing.defaultSize().width()), math.ceil(top + above + below + bottom)
    image = _painted(drawing, QRectF(0.0, top, drawing.viewBoxF().width(), above + below), width, height, lettering)
    return (
        f'<img src="data:image/png;base64,{_png(image)}" width="{width}" height="{height}" '
        'style="vertical-align: middle">'
    )


def _drawing(formula: str, lettering: Lettering, display: bool) -> tuple[QSvgRenderer, float, float]:
    """The formula as a drawing, with its heights above and below the line."""
    # A fifth of a second and a megabyte: only who reads formulas waits for it.
    from ziamath.config import config
    from ziamath.zmath import Latex

    config.svg2 = False  # as outlines: Qt leaves symbols that are used by reference blank
    try:
        made = Latex(formula, size=lettering.pixels, color=lettering.colour, inline=not display)
        drawing = QSvgRenderer(QByteArray(made.svg().encode()))
    except Exception as error:  # whatever its parsers stumble over, RecursionError included
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if "\\" in made.mathmlstr():
        raise ValueError("a command is unknown")
    if not drawing.isValid():
        raise ValueError("the drawing is not valid")
    _, height = made.getsize()
    if height > TALLEST * lettering.pixels:
        raise ValueError("its brackets have grown out of all bounds")
    below = -float(made.getyofst())
    return drawing, float(height) - below, below


def _painted(drawing: QSvgRenderer, place: QRectF, width: int, height: int, lettering: Lettering) -> QImage:
    image = QImage(round(width * lettering.ratio), round(height * lettering.ratio), QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(lettering.ratio, lettering.ratio)
        drawing.render(painter, place)
    return image


def _png(image: QImage) -> str:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return base64.b64encode(data.data()).decode()
