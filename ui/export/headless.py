"""Every plot of a finished run as a picture, without a window."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from simulator.record.frame import Frame
from simulator.record.gains_past import GainsPast
from simulator.record.history import History
from simulator.record.profiles import Profiles
from simulator.running.messages import Answer
from simulator.training.run_info import RunInfo
from ui.export.pictures import export_all
from ui.plots import View, all_plots
from ui.style.theme import LIGHT


def draw_all(
    frame: Frame, history: History, first: Frame | None, info: RunInfo, folder: Path | str,
    *, profiles: Profiles | None = None, gains: GainsPast | None = None, answers: Mapping[str, Answer] | None = None,
    width: int = 800, height: int = 500, scale: float = 1.0,
) -> list[Path]:  # fmt: skip
    """Write ``<key>.png`` in light colours for every plot that has something to show; the files written.

    Needs a QApplication (the offscreen platform will do). Raises ``ExportError``.
    """
    plots = [plot(theme=LIGHT, bare=True) for plot in all_plots()]
    try:
        for plot in plots:
            plot.start(info)
            plot.refresh(View(frame, history, first, profiles, gains, answers or {}))
        return export_all(plots, folder, "png", width=width, height=height, scale=scale)
    finally:
        for plot in plots:
            plot.deleteLater()
