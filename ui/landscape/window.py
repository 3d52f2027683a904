"""The landscape's window: stays beside the bench; remembers its size, its division and what was raced."""

from __future__ import annotations

import json

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from simulator.experiment.experiment import ExperimentError, parsed
from simulator.landscape.landscape import Landscape
from ui.bench.bench import Bench
from ui.landscape.view import LandscapeView
from ui.settings.settings import Settings
from ui.style.boxes import in_column
from ui.style.screen import within_screen
from ui.style.text_size import with_text

SIZE = (1240, 780)
LEAST = (900, 540)


class LandscapeWindow(QWidget):
    """The view in a window of its own."""

    def __init__(self, parent: QWidget, bench: Bench | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("landscape")
        self.setWindowTitle("Landscape — Nablascope")
        self.view = LandscapeView(remembered(), bench, self)
        in_column(self.view, on=self, margins=(0, 0, 0, 0))
        self.view.playbar.play.setFocus()
        with_text(self, LandscapeWindow._fit_text)
        settings = Settings()
        self.resize(within_screen(self, *SIZE))
        self.restoreGeometry(settings.blob("landscape/geometry"))
        self.view.split.restoreState(settings.blob("landscape/division"))
        if (app := QApplication.instance()) is not None:
            app.aboutToQuit.connect(self._remember)

    def _fit_text(self) -> None:
        """No smaller than what it holds, in the present size of text."""
        self.setMinimumSize(QSize(*LEAST).expandedTo(self.view.minimumSizeHint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._remember()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self.isMinimized():
            self.view.model.hold()

    def _remember(self) -> None:
        self.view.model.hold()
        settings = Settings()
        settings.set("landscape/geometry", self.saveGeometry())
        settings.set("landscape/division", self.view.split.saveState())
        settings.set("landscape/race", json.dumps(self.view.model.landscape.to_builtins()))


def remembered() -> Landscape | None:
    """What was raced last; None where nothing was, or what is remembered is no landscape."""
    text = Settings().text("landscape/race")
    try:
        return Landscape.from_builtins(parsed(text)) if text else None
    except ExperimentError:
        return None
