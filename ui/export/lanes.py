"""Every plot of networks that were trained beside each other, as pictures of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.system.progress import followed
from ui.export.pictures import Exported, export_plot, key_name
from ui.plots import View, all_plots
from ui.plots.base import Plot
from ui.style.theme import LIGHT


def draw_lanes(
    lanes: Mapping[str, tuple[Frame, Record]], folder: Path, *, width: int = 800, height: int = 500
) -> Exported:
    """Write a picture in light colours of every plot that has something to show of one of the ``lanes``.

    Curves lie upon each other, the first network's solid; images stand beside each other. Needs a QApplication. Raises
    ``ExportError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, empty = [], []
    for kind in followed(all_plots(), "Drawing plots", "plots"):
        plots = {name: _refreshed(kind(theme=LIGHT, bare=True), *shown) for name, shown in lanes.items()}
        try:
            filled = {name: plot for name, plot in plots.items() if plot.state is not None}
            if filled:
                written.append(_drawn(filled, folder, width, height))
            else:
                empty.append(kind.title)
        finally:
            for plot in plots.values():
                plot.deleteLater()
    return Exported(tuple(written), tuple(empty), len(written) + len(empty))


def _refreshed(plot: Plot[Any], frame: Frame, record: Record) -> Plot[Any]:
    plot.start(frame.info)
    plot.refresh(View(frame, record))
    return plot


def _drawn(plots: Mapping[str, Plot[Any]], folder: Path, width: int, height: int) -> Path:
    (name, first), *others = plots.items()
    if others:
        first.show_lanes(name, others)
        first.share_scales()
    return export_plot(first, folder / key_name(first, "png"), width=width * len(first.side_by_side), height=height)
