"""The networks beside the run in one plot: curves over its own, images beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.experiment.lane import OWN_NAME
from ui.chart.view import View
from ui.plots.drawn import DrawnPlot


class LanePlots:
    """A bare plot of the same kind for each of them.

    It holds no widget that holds it: what goes in a circle goes in an order that Qt does not expect.
    """

    def __init__(self) -> None:
        self._others: dict[str, Any] = {}

    def show(self, plot: DrawnPlot[Any], views: Mapping[str, View]) -> None:
        """Bring them to these views; they are drawn with the plot, which is drawn next."""
        if not views and not self._others:
            return
        names = list(self._others)
        for name in [name for name in names if name not in views]:
            self._let_go(self._others.pop(name))
        self._others = {name: self._others.get(name) or self._made(plot, name) for name in views}
        for name, view in views.items():
            self._bring(plot, self._others[name], view)
        if names != list(self._others):
            plot.show_lanes(OWN_NAME, list(self._others.items()))

    @staticmethod
    def _let_go(other: Any) -> None:
        other.hide()
        # The box with what is read stands in the window.
        other.pointing.read_out.deleteLater()
        other.deleteLater()

    def _made(self, plot: DrawnPlot[Any], name: str) -> Any:
        kind: Any = type(plot)
        other = kind(plot, bare=True)
        other.setAccessibleName(f"{plot.accessibleName()}, {name}")
        other.setVisible(False)
        if not plot.overlays:
            plot.let_point(other)
        return other

    def _bring(self, plot: DrawnPlot[Any], other: Any, view: View) -> None:
        if other.options != plot.options:
            other.options = dict(plot.options)
            other.option_changed()
        if not plot.overlays:
            other.refresh(view)
            # Where it has nothing to show, the plot itself says what would fill it.
            other.setVisible(other.state is not None)
            return
        if other.info is None or other.info.run != view.frame.run:
            other.start(view.frame.info)
        state = other.capture(view)
        if state is not None:
            other.state = state
