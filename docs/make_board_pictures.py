"""Makes pictures of the window to look at: `uv run docs/make_board_pictures.py FOLDER`. Needs no screen.

Every workspace, and 6, 12 and all cards, at five sizes of the window, in both themes: each after its preset has
trained for a while.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication

from simulator.experiment.files import find
from simulator.running.session import Session
from ui.app import create_app
from ui.bench.document import Document
from ui.board.arrangement import Arrangement
from ui.plots import all_plots
from ui.style.restyle import ThemeChoice, set_theme
from ui.window.main_window import MainWindow

SIZES = ((960, 600), (1280, 800), (1920, 1080), (2560, 1440), (3840, 2160))
THEMES: tuple[ThemeChoice, ...] = ("light", "dark")
PRESETS = {
    "flow": "vanishing-sigmoid",
    "why": "tanh-large-weights",
    "time": "adding-lstm",
    "units": "convolution",
    "theory": "edge-of-chaos",
    "learning": "spiral",
}
"""Workspace → what is trained for it."""
COUNTS = (6, 12, len(all_plots()))
STEPS = 40
LONGEST_SECONDS = 30.0
SETTLE_SECONDS = 0.8


def main(folder: Path) -> None:
    """Draw every picture."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp())
    app = create_app()
    folder.mkdir(parents=True, exist_ok=True)
    for workspace, preset in PRESETS.items():
        window = _trained(app, preset)
        window.plot_area.show_workspace(workspace)
        _shoot(app, window, folder, workspace)
        _end(app, window)
    window = _trained(app, "convolution")
    for count in COUNTS:
        window.plot_area.board.change(Arrangement.of(*(plot.key for plot in all_plots()[:count])))
        _shoot(app, window, folder, f"{count}-cards")
    _end(app, window)


def _trained(app: QApplication, preset: str) -> MainWindow:
    window = MainWindow(Document(find(preset)), lambda notify: Session("thread", notify))
    window.show()
    window.bench.start()
    window.bench.play(STEPS)
    end = time.monotonic() + LONGEST_SECONDS
    while window.bench.playing and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)
    return window


def _shoot(app: QApplication, window: MainWindow, folder: Path, name: str) -> None:
    for theme in THEMES:
        set_theme(app, theme)
        for width, height in SIZES:
            window.resize(width, height)
            end = time.monotonic() + SETTLE_SECONDS
            while time.monotonic() < end:
                app.processEvents()
                time.sleep(0.005)
            path = folder / f"{name}-{width}-{theme}.png"
            if not window.grab().save(str(path)):
                raise OSError(f"{path} could not be written")
            print(path)


def _end(app: QApplication, window: MainWindow) -> None:
    window.bench.close()
    window.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
