"""The plots, scrolled where the window is too small for all of them."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from ui.window.plot_area import PlotArea


class PlotScroll(QScrollArea):
    """Filled with plots; none gets smaller than it can be read."""

    def __init__(self, plots: PlotArea) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(plots)
        plots.opened.connect(self._bring_into_view)

    def _bring_into_view(self, dock: QWidget) -> None:
        # Docks take their places in the next turn of the event loop.
        QTimer.singleShot(0, dock, lambda: self.ensureWidgetVisible(dock, 0, 0))
