"""The networks beside a run in a plot that is drawn at one step after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulator.experiment.lane import OWN_NAME
from simulator.record.alignment import RowPairs
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.record.rewound import RewoundRecord
from simulator.training.run_info import RunInfo
from ui.chart.view import Comparing, View
from ui.plots.base import Plot
from ui.plots.lane_plots import partners_of

LaneStates = Mapping[str, Any]
"""What each network shows at one step, by its name; None where that is nothing."""


class NetworksBeside:
    """A bare plot of the same kind for each of them, in the order in which they are told of."""

    def __init__(self, plot: Plot[Any], records: Mapping[str, Record], comparing: Comparing) -> None:
        self._plot, self._comparing = plot, comparing
        self._records = {name: RewoundRecord(record) for name, record in records.items()}
        self._plots: dict[str, Plot[Any]] = {}
        self._partners: Mapping[str, RowPairs] = {}

    def take(self, own: View, frames: Iterable[tuple[str, Frame]]) -> LaneStates:
        """What they show at the step of the run's view; steps come in their order."""
        views = {name: self._view(name, frame) for name, frame in frames if name in self._records}
        self._partners = partners_of(replace(own, lanes=views, comparing=self._comparing))
        return {name: self._plot_of(name, view.frame.info).capture(view) for name, view in views.items()}

    def _view(self, name: str, frame: Frame) -> View:
        whole = self._records[name].with_first(frame)
        return View(whole, self._records[name].at(whole))

    def _plot_of(self, name: str, info: RunInfo) -> Plot[Any]:
        plot = self._plots.get(name)
        if plot is None:
            plot = self._plots[name] = type(self._plot)(self._plot, theme=self._plot.theme, bare=True)
            plot.setVisible(False)
            plot.observations = self._plot.observations
            plot.options.update(self._plot.options)
            plot.option_changed()
            plot.start(info)
        return plot

    def begin(self, moments: Sequence[LaneStates]) -> None:
        """Draw those that show something at any of these moments beside or over the run."""
        seen = {name for states in moments for name, state in states.items() if state is not None}
        plots = [(name, plot) for name, plot in self._plots.items() if name in seen]
        if plots:
            self._plot.comparing = self._comparing
            self._plot.show_lanes(OWN_NAME, plots, self._partners)

    def show(self, states: LaneStates) -> None:
        """Have them drawn with the next state of the run."""
        for name, plot in self._plots.items():
            state = states.get(name)
            if self._plot.overlays or state is None:
                plot.state = state
            else:
                plot.show_state(state)

    def shown(self) -> None:
        """The run's state is drawn: bring what stands beside it to the same scale."""
        if not self._plot.overlays:
            self._plot.share_scales()
