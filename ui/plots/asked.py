"""Which numbers a lesson can ask for that a plot shows."""

from __future__ import annotations

from typing import Any

from simulator.measures import RECORDED_NAMES
from simulator.observations.registry import analyses
from ui.plots.definition import PlotDefinition
from ui.plots.depth import DepthPlot


def quantities_of(plot: PlotDefinition[Any] | type[PlotDefinition[Any]]) -> tuple[str, ...]:
    """Names of quantities, and of analyses, whose every column it may be."""
    kind = plot if isinstance(plot, type) else type(plot)
    drawn = [name for line in kind.lines for name in (line.measure, line.spread)] if issubclass(kind, DepthPlot) else []
    lines = [name for name in drawn if name in RECORDED_NAMES]
    shown = {type(each) for each in plot.observations}
    analysed = [name for name, analysis in analyses().items() if type(analysis) in shown]
    return tuple(dict.fromkeys((*plot.measured, *lines, *analysed)))
