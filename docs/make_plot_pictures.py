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

from simulator.experiment.files import find
from ui.app import create_app
from ui.export.thumbnail import thumbnail
from ui.plots import all_plots
from ui.plots.base import Plot
from ui.plots.preview import STEPS, recorded
from ui.style.theme import THEMES
from ui.window.palette_entries import picture_file

WIDTH = 128
COLOURS = 32


def main(names: list[str]) -> None:
    """Draw the pictures of these plots anew, of all if none is named."""
    create_app()
    for kind in all_plots():
        if not names or kind.key in names:
            save(kind)


def save(kind: type[Plot[Any]]) -> None:
    """One plot in all themes, without words."""
    plot = kind()
    plot.refresh(recorded(find(kind.preset), STEPS, plot.observations))
    for theme in THEMES.values():
        image = ImageQt.fromqimage(thumbnail(plot, theme)).convert("RGB")
        size = WIDTH, round(WIDTH * image.height / image.width)
        path = picture_file(kind.key, theme)
        path.parent.mkdir(exist_ok=True)
        small = image.resize(size, Image.Resampling.LANCZOS)
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        print(path, path.stat().st_size, "empty" if plot.state is None else "")


if __name__ == "__main__":
    main(sys.argv[1:])
