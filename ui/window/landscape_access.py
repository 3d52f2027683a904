"""The way to the landscape, and from its plots into files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.bench.hold import Hold
from ui.window.status import Banner

# A start does not wait for it.
if TYPE_CHECKING:
    from simulator.landscape.landscape import Landscape
    from ui.landscape.window import LandscapeWindow


def nothing_against(_landscape: Landscape) -> str:
    """Any landscape will do."""
    return ""


class LandscapeAccess(QObject):
    """Opens the landscape beside one window."""

    def __init__(self, bench: Bench, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._banner, self._window = bench, banner, window
        self.hold = Hold(self, lambda text: banner.say(text, holds=lambda: self.hold.reason == text))
        """Why no landscape may be raced on for now."""
        self.hold.changed.connect(self._put_away)
        self.hold.changed.connect(lambda _reason: banner.review())
        self.window: LandscapeWindow | None = None
        """Once it has been opened."""
        bench.closed.connect(self._close)

    def open(self) -> None:
        """Bring it to the front."""
        if self.hold.stops():
            return
        if self.window is None:
            from ui.landscape.window import LandscapeWindow

            self.window = LandscapeWindow(self._window, self._bench)
            self.window.view.export_requested.connect(self._export)
        self.window.show()
        self.window.activateWindow()

    def _close(self) -> None:
        if self.window is not None:
            self.window.close()

    def _put_away(self, reason: str) -> None:
        if reason and self.window is not None:
            self.window.view.model.hold()
            self.window.hide()

    def show_landscape(self, subject: object, refusal: Callable[[Landscape], str]) -> None:
        """Bring this landscape to the front; the one that stood there comes back with undo.

        Until it is set :meth:`free` what ``refusal`` gives a reason against is not taken.
        """
        from simulator.landscape.landscape import Landscape
        from simulator.schema.parameter import builtins_of

        self.free()
        self.open()
        if isinstance(subject, Landscape) and self.window is not None:
            self.window.view.model.propose(builtins_of(subject), "")
            self.window.view.model.refusal = refusal

    def free(self) -> None:
        """Let any landscape be described."""
        if self.window is not None:
            self.window.view.model.refusal = nothing_against

    def _export(self, key: str) -> None:
        """Ask how and where, as for every other plot."""
        from ui.dialogs.export import ExportDialog

        assert self.window is not None
        plots = self.window.view.plots
        dialog = ExportDialog(plots, key, list(plots), self.window)
        dialog.exported.connect(self._banner.say)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
