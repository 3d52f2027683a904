"""What is covered or put away until a prediction stands, since it would tell the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from ui.board.plot_area import PlotArea
from ui.plots.base import Plot
from ui.style.overlay import lay_over

WORDS = "It comes with your prediction.\nRead the lesson beside, and commit to it first."


class Curtain(QLabel):
    """Lies over a plot, whatever size that has."""

    def __init__(self, plot: Plot[Any]) -> None:
        super().__init__(WORDS)
        self.setObjectName("curtain")
        self.setAccessibleName(f"{plot.title} is covered")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAutoFillBackground(True)
        self.setProperty("role", "muted")
        lay_over(self, plot)


class Curtains:
    """While they are drawn all plots are covered, and widgets which tell of the network too are not shown."""

    def __init__(self, plots: PlotArea, put_away: Sequence[QWidget]) -> None:
        self._plots, self._put_away = plots, put_away
        self._drawn: list[Curtain] | None = None
        plots.plot_made.connect(self._cover)

    def draw(self, on: bool) -> None:
        """Cover and put away, or show it all again."""
        if on is (self._drawn is not None):
            return
        for each in self._put_away:
            each.setVisible(not on)
        for curtain in self._drawn or ():
            curtain.hide()
            curtain.deleteLater()
        self._drawn = [] if on else None
        for plot in self._plots.made.values():
            self._cover(plot)

    def _cover(self, plot: Plot[Any]) -> None:
        if self._drawn is not None:
            self._drawn.append(Curtain(plot))
