"""Plots with an axis over the layers."""

from __future__ import annotations

from simulator.training.run_info import RunInfo
from ui.chart.axes import DepthAxis
from ui.chart.view import S
from ui.plots.base import Plot


class PlotOverLayers(Plot[S]):
    """Its axis, which a subclass makes, has the names of the run's layers."""

    depth_axis: DepthAxis

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)
