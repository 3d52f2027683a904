"""Makes the pictures of the presets on the start page: `uv run docs/make_thumbnails.py [PRESET …]`. Needs no screen.

Each is the plot that makes the preset's point, without words, drawn by the program after the preset has trained for a
while; both themes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

from PIL import Image, ImageQt
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication

from simulator.experiment.files import Preset, presets
from simulator.running.session import Session
from ui.app import create_app
from ui.bench.document import Document
from ui.board.arrangement import Arrangement
from ui.export.thumbnail import thumbnail
from ui.start.pictures import preset_picture
from ui.style.theme import THEMES
from ui.window.main_window import MainWindow

LONGEST_SECONDS = 300.0
SETTLE_SECONDS = 1.5
COLOURS = 64


def main(names: list[str]) -> None:
    """Draw the pictures of these presets anew, of all if none is named."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp())
    app = create_app()
    for preset in presets():
        if not names or preset.id in names:
            _draw(app, preset)


def _draw(app: QApplication, preset: Preset) -> None:
    window = MainWindow(Document(preset.load()), lambda notify: Session("thread", notify))
    window.plot_area.board.change(Arrangement.of(preset.plot))
    window.show()
    window.bench.start()
    if preset.steps:
        window.bench.play(preset.steps)
    end = time.monotonic() + LONGEST_SECONDS
    while _step(window) < preset.steps and time.monotonic() < end:
        _turn(app, 0.01)
    _turn(app, SETTLE_SECONDS)
    for theme in THEMES.values():
        path = preset_picture(preset.id, theme)
        path.parent.mkdir(exist_ok=True)
        image = ImageQt.fromqimage(thumbnail(window.plot_area.plot(preset.plot), theme)).convert("RGB")
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        print(path, path.stat().st_size)
    window.bench.close()
    window.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _step(window: MainWindow) -> int:
    return -1 if window.bench.view is None else window.bench.view.frame.step


def _turn(app: QApplication, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1:])
