"""Which numbers a lesson can ask for that a plot shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from simulator.lessons.measurable import of_networks
from simulator.lessons.reading import RunReading
from simulator.measures import RECORDED_NAMES
from simulator.observations.registry import analyses
from ui.plots.definition import PlotDefinition
from ui.plots.depth import DepthPlot

CHOICES = ("lane", "layer", "step")
"""Fields of a reading that say of what it is, not what."""


def quantities_of(plot: PlotDefinition[Any] | type[PlotDefinition[Any]]) -> tuple[str, ...]:
    """Names of quantities, and of analyses, whose every column it may be."""
    kind = plot if isinstance(plot, type) else type(plot)
    drawn = [name for line in kind.lines for name in (line.measure, line.spread)] if issubclass(kind, DepthPlot) else []
    lines = [name for name in drawn if name in RECORDED_NAMES]
    shown = {type(each) for each in plot.observations}
    analysed = [name for name, analysis in analyses().items() if type(analysis) in shown]
    return tuple(dict.fromkeys((*plot.measured, *lines, *analysed)))


def shows(plot: PlotDefinition[Any] | type[PlotDefinition[Any]], readings: Iterable[RunReading]) -> bool:
    """Whether a plot shows one of what a lesson reads, of whichever network, layer and step."""
    names = {name for reading in readings for name in _names_of(reading)}
    return bool(names & {*quantities_of(plot)})


def _names_of(reading: RunReading) -> set[str]:
    """What plots call it: its quantity, or its analysis."""
    plain = {name: value for name, value in msgspec.to_builtins(reading).items() if name not in CHOICES}
    same = [each for each in of_networks() if each.reading == {name: plain.get(name) for name in each.reading}]
    return {name for each in same for name in (each.name.removesuffix("_curve"), each.name, each.analysis) if name}
