"""From the microscope to the worker: units that are to be revived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea

if TYPE_CHECKING:  # The first window does not wait for it.
    from ui.plots.unit_microscope import UnitMicroscope


def let_revive(plots: PlotArea, bench: Bench) -> None:
    """The bench revives what the microscope tells it to."""

    def connect(plot: UnitMicroscope) -> None:
        plot.revive_wanted.connect(bench.revive_units)

    plots.when_made("unit_microscope", connect)
