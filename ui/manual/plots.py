"""A page for each plot: what it shows and its formula as the plot says them, then how to read it."""

from __future__ import annotations

from typing import Any

from ui.landscape.descent import DescentPlot
from ui.landscape.plot import LandscapePlot
from ui.manual.page import Chapter, Page, written
from ui.plots import Plot, all_plots


def plot_pages() -> Chapter:
    """In the order on screen; then those of the landscape."""
    return Chapter("Plots", tuple(_page(plot) for plot in (*all_plots(), LandscapePlot, DescentPlot)))


def _page(plot: type[Plot[Any]]) -> Page:
    path = f"plots/{plot.key}"
    parts = [plot.explain, f"## Formula\n\n{plot.formula}", _switches(plot), written(path)]
    return Page(path, plot.title, "\n\n".join(filter(None, parts)))


def _switches(plot: type[Plot[Any]]) -> str:
    if not plot.offers:
        return ""
    return "## Switches\n\n" + "\n".join(f"- *{option.label}*: {option.help}." for option in plot.offers)
