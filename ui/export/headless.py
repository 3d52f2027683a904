"""Every plot of a finished run as a picture, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.landscape.function import Objective
from simulator.landscape.landscape import Landscape
from simulator.landscape.race import RacedPath
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.system.progress import followed
from ui.export.pictures import DEFAULT, ExportedPlots, PictureSettings, export_all, export_plot, key_name
from ui.landscape.plot import LandscapePlot
from ui.landscape.state import state_of
from ui.plots import View, all_plots
from ui.style.theme import LIGHT


def draw_all(frame: Frame, record: Record, folder: Path | str, settings: PictureSettings = DEFAULT) -> ExportedPlots:
    """Write a picture in light colours of every plot that has something to show, named by its key.

    An earlier run's picture of any other plot goes. Needs a QApplication (the offscreen platform will do). Raises
    ``ExportError``.
    """
    plots = [plot(theme=LIGHT, bare=True) for plot in all_plots()]
    try:
        for plot in followed(plots, "Drawing plots", "plots"):
            plot.start(frame.info)
            plot.refresh(View(frame, record))
        exported = export_all(plots, folder, "png", settings, name=key_name)
        for plot in (each for each in plots if each.state is None):
            (Path(folder) / key_name(plot, "png")).unlink(missing_ok=True)
        return exported
    finally:
        for plot in plots:
            plot.deleteLater()


def draw_race(landscape: Landscape, objective: Objective, paths: Sequence[RacedPath], path: Path) -> None:
    """Write a picture in light colours of a race as of its end. As :func:`draw_all`."""
    plot = LandscapePlot(theme=LIGHT, bare=True)
    plot.show_state(state_of(landscape, objective, paths))
    export_plot(plot, path, PictureSettings(900, 700))
    plot.deleteLater()
