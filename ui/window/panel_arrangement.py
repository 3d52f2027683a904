"""Where the panels are and how large the window is: kept at once, and put back on request."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow

from ui.builder.builder import Builder
from ui.forms.training import TrainingPanel
from ui.settings.settings import Settings
from ui.style.panels import PanelDock
from ui.window.window_events import follow

STATE_VERSION = 2
SOON_MS = 300
"""A hand that drags an edge is waited for."""
CHANGES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.WindowStateChange)
GONE = ("window/plots", "window/shown")
"""Keys of versions whose plots were docks."""


class PanelArrangement(QObject):
    """Remembers the window's geometry, its docks, the builder's split and the folded sections."""

    def __init__(
        self, window: QMainWindow, docks: tuple[PanelDock, ...], builder: Builder, training: TrainingPanel
    ) -> None:
        super().__init__(window)
        self._window, self._docks, self._builder, self._training = window, docks, builder, training
        self._settings = Settings()
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.store)
        self._narrow()
        self._first = window.saveState(STATE_VERSION)
        self._restore()
        follow(window, CHANGES, self._store_soon)
        for dock in docks:
            dock.installEventFilter(self)
            dock.visibilityChanged.connect(lambda _on: self._soon.start())
        builder.split.splitterMoved.connect(lambda _at, _index: self._soon.start())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in CHANGES:
            self._store_soon()
        return super().eventFilter(watched, event)

    def _store_soon(self) -> None:
        if self._window.isVisible():
            self._soon.start()

    def store(self) -> None:
        """Keep all as it is now."""
        self._soon.stop()
        self._settings.set("window/geometry", self._window.saveGeometry())
        if not any(dock.given_way for dock in self._docks):
            self._settings.set("window/panels", self._window.saveState(STATE_VERSION))
        self._settings.set("window/builder", self._builder.split.saveState())
        self._settings.set("window/folded", "\n".join(self._training.folded()))

    def reset(self) -> None:
        """The panels as on the first day."""
        self._window.restoreState(self._first, STATE_VERSION)
        self._narrow()
        self._soon.start()

    def _narrow(self) -> None:
        """As narrow as they can be: plots need room."""
        self._window.resizeDocks(self._docks, [1] * len(self._docks), Qt.Orientation.Horizontal)

    def _restore(self) -> None:
        for key in GONE:
            self._settings.forget(key)
        self._window.restoreGeometry(self._settings.blob("window/geometry"))
        state = self._settings.blob("window/panels")
        if not state.isEmpty():
            self._window.restoreState(state, STATE_VERSION)
        self._builder.split.restoreState(self._settings.blob("window/builder"))
        self._training.set_folded(tuple(self._settings.text("window/folded").split("\n")))
