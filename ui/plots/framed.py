"""A plot in a frame that shows where the focus is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from ui.plots.base import Plot
from ui.style.boxes import in_column
from ui.style.widgets import set_style_property


class FramedPlot(QFrame):
    """Looks as a card of the board does."""

    def __init__(self, plot: Plot[Any], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("plotCard")
        self._plot = plot
        in_column(plot, on=self, margins=(1, 1, 1, 1))
        plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._mark)

    def _mark(self, _before: QWidget | None, now: QWidget | None) -> None:
        current = now is not None and (now is self._plot or self._plot.isAncestorOf(now))
        set_style_property(self, "current", current)
