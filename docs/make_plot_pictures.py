"""Makes the small pictures of the plots that the palette shows: `uv run docs/make_plot_pictures.py [PLOT …]`.

Each plot is drawn after the preset that makes its point has trained for a while; both themes. Needs no screen.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

from PIL import Image, ImageQt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from simulator.experiment.files import find
from ui.app import create_app
from ui.plots import all_plots
from ui.plots.base import Plot
from ui.plots.preview import STEPS, recorded
from ui.style.theme import THEMES, Theme
from ui.window.palette_entries import picture_file

LAID_OUT = 300, 188
SIZE = 128, 80
COLOURS = 32


def main(names: list[str]) -> None:
    """Draw the pictures of these plots anew, of all if none is named."""
    create_app()
    for kind in all_plots():
        if not names or kind.key in names:
            for theme in THEMES.values():
                save(kind, theme)


def save(kind: type[Plot[Any]], theme: Theme) -> None:
    """One plot in one theme."""
    plot = kind(theme=theme)
    plot.refresh(recorded(find(kind.preset), STEPS, plot.observations))
    plot.canvas.lay_out(*LAID_OUT)
    image = QImage(2 * LAID_OUT[0], 2 * LAID_OUT[1], QImage.Format.Format_RGB32)
    image.fill(QColor(theme.panel))
    painter = QPainter(image)
    plot.canvas.paint_on(painter, QRectF(image.rect()))
    painter.end()
    path = picture_file(kind.key, theme)
    path.parent.mkdir(exist_ok=True)
    small = ImageQt.fromqimage(image).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, path.stat().st_size, "empty" if plot.state is None else "")


if __name__ == "__main__":
    main(sys.argv[1:])
