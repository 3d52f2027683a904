"""Every plot of networks that were trained beside each other, as pictures of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.system.progress import followed
from ui.chart.axes import plot_font
from ui.export.pictures import Exported, ExportError, export_plot, key_name, picture, write_picture
from ui.plots import View, all_plots
from ui.plots.base import Plot
from ui.style.theme import LIGHT

CAPTION = 22
"""Pixels over each of several pictures, for the network's name."""


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
    path = folder / key_name(first, "png")
    if first.overlays and others:
        first.show_lanes(name, others)
    if first.overlays or not others:
        return export_plot(first, path, width=width, height=height)
    for plot in plots.values():
        # One scale for all, so that a colour means the same in each.
        plot.fit([plot.state, *(other.state for other in plots.values() if other is not plot)])
        plot.fit([plot.state])
    write_picture(first, path, _beside(plots, width, height))
    return path


def _beside(plots: Mapping[str, Plot[Any]], width: int, height: int) -> QImage:
    """Each network's picture under its name."""
    image = QImage(width * len(plots), height + CAPTION, QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError("there is not enough memory for a picture of all networks")
    image.fill(QColor(LIGHT.panel))
    with QPainter(image) as painter:
        painter.setFont(plot_font(13, bold=True))
        painter.setPen(QColor(LIGHT.text))
        for place, (name, plot) in enumerate(plots.items()):
            painter.drawText(QPointF(8 + place * width, CAPTION - 6), name)
            painter.drawImage(QRectF(place * width, CAPTION, width, height), picture(plot, width, height))
    return image
