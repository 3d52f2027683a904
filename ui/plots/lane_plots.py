"""The networks beside the run in one plot: curves over its own, images beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.experiment.lane import OWN_NAME
from ui.chart.view import View
from ui.plots.drawn import DrawnPlot
from ui.style.theme import Theme, theme_changed


class LanePlots:
    """A bare plot of the same kind for each of them."""

    def __init__(self, plot: DrawnPlot[Any]) -> None:
        self._plot = plot
        self._others: dict[str, Any] = {}

    def show(self, views: Mapping[str, View]) -> None:
        """Bring them to these views; they are drawn with the plot, which is drawn next."""
        if not views and not self._others:
            return
        names = list(self._others)
        for name in [name for name in names if name not in views]:
            self._others.pop(name).deleteLater()
        self._others = {name: self._others.get(name) or self._made(name) for name in views}
        for name, view in views.items():
            self._bring(self._others[name], view)
        if names != list(self._others):
            self._plot.show_lanes(OWN_NAME, list(self._others.items()))

    def share_scales(self) -> None:
        """Let a colour mean the same beside each other."""
        others = [other for other in self._others.values() if other.state is not None]
        state = self._plot.state
        if self._plot.overlays or state is None or not others:
            return
        self._plot.fit([state, *(other.state for other in others)])
        self._plot.fit([state])
        for other in others:
            for mine, its in zip(self._plot.scales, other.scales, strict=True):
                vars(its).update(vars(mine))
            other.redraw()
        self._plot.redraw()

    def _made(self, name: str) -> Any:
        kind: Any = type(self._plot)
        other = kind(self._plot, bare=True)
        other.setAccessibleName(f"{self._plot.accessibleName()}, {name}")
        other.setVisible(False)
        theme_changed.connect(other.restyle)
        return other

    def _bring(self, other: Any, view: View) -> None:
        if other.options != self._plot.options:
            other.options = dict(self._plot.options)
            other.option_changed()
        if not self._plot.overlays:
            other.refresh(view)
            return
        if other.info is None or other.info.run != view.frame.run:
            other.start(view.frame.info)
        state = other.capture(view)
        if state is not None:
            other.state = state

    def copy_to(self, twin: DrawnPlot[Any], theme: Theme) -> None:
        """Let a picture's plot draw them too."""
        if self._others:
            copies = [(name, other.twin(theme)) for name, other in self._others.items()]
            for _, copy in copies:
                copy.setParent(twin)
            twin.show_lanes(self._plot.lane_name, copies)
