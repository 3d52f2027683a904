"""Makes the pictures of the README: `uv run docs/make_pictures.py`. Needs no screen.

Each picture is the real window after a preset has trained for a while.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

FOLDER = ROOT / "docs" / "pictures"
SHOTS = (
    ("vanishing-sigmoid", "light", 600, "vanishing"),
    ("spiral", "light", 3000, "spiral"),
)
"""Preset, theme, steps, name of the picture."""


def main() -> None:
    """Draw every picture anew."""
    from PySide6.QtCore import QSettings

    # The pictures show what a newcomer sees, whatever this person has arranged.
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp())
    from ui.app import create_app

    app = create_app()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for preset, theme, steps, name in SHOTS:
        _shoot(app, preset, theme, steps, FOLDER / f"{name}.png")


def _shoot(app: object, preset: str, theme: str, steps: int, path: Path) -> None:
    from PySide6.QtWidgets import QApplication

    from simulator.experiment.files import find
    from simulator.running.session import Session
    from ui.app import preset_of
    from ui.bench.document import Document
    from ui.style.restyle import set_theme
    from ui.window.main_window import MainWindow

    assert isinstance(app, QApplication)
    set_theme(app, theme)  # type: ignore[arg-type]
    window = MainWindow(Document(find(preset)), lambda notify: Session("thread", notify))
    window.resize(1280, 800)
    window.show()
    if (opened := preset_of(preset)) is not None:
        window.plot_area.show_workspace(opened.workspace)
    window.bench.start()
    window.bench.play(steps)
    reached, end = 0, time.monotonic() + 120
    while reached < steps and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)
        view = window.bench.view
        reached = view.frame.step if view is not None else 0
    for _ in range(200):
        app.processEvents()
        time.sleep(0.005)
    if not window.grab().save(str(path)):
        raise OSError(f"{path} could not be written")
    window.bench.close()
    window.deleteLater()
    app.processEvents()
    print(path)


if __name__ == "__main__":
    main()
