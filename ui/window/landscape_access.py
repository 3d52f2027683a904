"""The way to the landscape, and from its plots into files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.window.status import Banner

# A start does not wait for it.
if TYPE_CHECKING:
    from ui.landscape.window import LandscapeWindow


class LandscapeAccess(QObject):
    """Opens the landscape beside one window."""

    def __init__(self, bench: Bench, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._banner, self._window = bench, banner, window
        self.window: LandscapeWindow | None = None
        """Once it has been opened."""
        bench.closed.connect(self._close)

    def open(self) -> None:
        """Bring it to the front."""
        if self.window is None:
            from ui.landscape.window import LandscapeWindow

            self.window = LandscapeWindow(self._window, self._bench)
            self.window.view.export_requested.connect(self._export)
        self.window.show()
        self.window.activateWindow()

    def _close(self) -> None:
        if self.window is not None:
            self.window.close()

    def show_landscape(self, subject: object) -> None:
        """Bring this landscape to the front; the one that stood there comes back with undo."""
        from simulator.landscape.landscape import Landscape
        from simulator.schema.parameter import builtins_of

        if isinstance(subject, Landscape):
            self.open()
            assert self.window is not None
            self.window.view.model.propose(builtins_of(subject), "")

    def _export(self, key: str) -> None:
        """Ask how and where, as for every other plot."""
        from ui.dialogs.export import ExportDialog

        assert self.window is not None
        plots = self.window.view.plots
        dialog = ExportDialog(plots, key, list(plots), self.window)
        dialog.exported.connect(self._banner.say)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
