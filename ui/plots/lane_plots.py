"""The networks beside the run in one plot: curves over its own, images beside its own."""

from __future__ import annotations

import functools
from typing import Any

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.record.alignment import RowPairs, common_rows
from ui.chart.view import View
from ui.plots.drawn import DrawnPlot


class LanePlots:
    """A bare plot of the same kind for each of them.

    It holds no widget that holds it: what goes in a circle goes in an order that Qt does not expect.
    """

    def __init__(self) -> None:
        self._others: dict[str, Any] = {}
        self._partners: dict[str, RowPairs] = {}
        self._shown: dict[str, bool] = {}
        """Which of them have something to show."""
        self.in_place = ""
        """The one that is shown in the run's place, where the run has nothing that the plot is about."""

    def show(self, plot: DrawnPlot[Any], view: View) -> None:
        """Bring them to the networks of a view; they are drawn with the plot, which is drawn next."""
        views = view.lanes
        if not views and not self._others and view.name == self.in_place:
            return
        before = self.in_place, self._shown, self._partners
        for name in [name for name in self._others if name not in views]:
            self._drop(self._others.pop(name))
        self._others = {name: self._others.get(name) or self._made(plot, name) for name in views}
        for name, lane in views.items():
            self._bring(plot, self._others[name], lane)
        self._partners = partners_of(view)
        self._shown = {name: other.state is not None for name, other in self._others.items()}
        self.in_place = view.name
        if before != (self.in_place, self._shown, self._partners):
            plot.show_lanes(view.name or OWN_NAME, list(self._others.items()), self._partners, named=bool(view.name))

    def let_go(self, plot: DrawnPlot[Any]) -> None:
        """Of all of them: nothing is shown any more."""
        if self._others or self.in_place:
            for other in self._others.values():
                self._drop(other)
            self._others, self._partners, self._shown, self.in_place = {}, {}, {}, ""
            plot.show_lanes(OWN_NAME, [])

    @staticmethod
    def _drop(other: Any) -> None:
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
            other.drawn_by_another = True
            other.canvas.keep_still_parts()
        return other

    def _bring(self, plot: DrawnPlot[Any], other: Any, view: View) -> None:
        other.networks = plot.networks
        other.take_options(plot.options)
        if not plot.overlays:
            other.refresh(view)
            # Where it has nothing to show, the plot itself says what would fill it.
            other.setVisible(other.state is not None)
            return
        if other.info is None or not other.info.has_layers_of(view.frame.info):
            other.start(view.frame.info)
        state = other.capture(view)
        if state is not None:
            other.state = state


def partners_of(view: View) -> dict[str, RowPairs]:
    """Rows of the run and of each network that show the same layer, where networks are held against each other so."""
    return {name: _partners(view, lane) for name, lane in view.lanes.items()} if view.comparing.common_layers else {}


def _partners(view: View, lane: View) -> RowPairs:
    own, its = (each.frame.experiment or each.record.experiment_at(each.frame.step) for each in (view, lane))
    if own is None or its is None:
        return ()
    return _rows(own, view.frame.info.labels, its, lane.frame.info.labels)


@functools.lru_cache(64)
def _rows(own: Experiment, labels: tuple[str, ...], its: Experiment, its_labels: tuple[str, ...]) -> RowPairs:
    return common_rows(own, labels, its, its_labels)
