"""Every plot of networks that were trained beside each other, as pictures of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.record.fan import LEAST_SEEDS, fan_of
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.system.progress import followed
from ui.export.pictures import DEFAULT, LARGEST, ExportedPlots, PictureSettings, export_plot, key_name
from ui.plots import View, all_plots
from ui.plots.base import Plot
from ui.style.theme import LIGHT

SeedRuns = Sequence[tuple[Frame, Record]]
"""The last frame and the past of one network, from each of its seeds."""


@dataclass(frozen=True)
class Drawn:
    """A network as pictures show it."""

    first: View
    """Its first seed."""
    over_seeds: View
    """Medians and quartiles of all, where there are enough."""
    seeds: int

    @classmethod
    def of(cls, seeds: SeedRuns) -> Drawn:
        first = View(*seeds[0])
        if len(seeds) < LEAST_SEEDS:
            return cls(first, first, len(seeds))
        fan = fan_of(seeds)
        return cls(first, View(fan.median, fan.record, fan=fan), len(seeds))

    def note(self, spans_seeds: bool) -> str:
        """Which of the seeds a picture is of, where there are several; of all of them its legend says so."""
        several = spans_seeds and self.over_seeds.fan is not None
        return "" if self.seeds == 1 or several else "of the first seed alone"

    def shown(self, spans_seeds: bool) -> View:
        return self.over_seeds if spans_seeds else self.first


def draw_lanes(lanes: Mapping[str, SeedRuns], folder: Path, settings: PictureSettings = DEFAULT) -> ExportedPlots:
    """Write a picture in light colours of every plot that has something to show of one of the ``lanes``.

    Curves lie upon each other, the first network's solid; images stand beside each other. Of five seeds or more, curves
    are medians with quartiles as bands; what else there is, is of the first seed. Needs a QApplication. Raises
    ``ExportError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {name: Drawn.of(seeds) for name, seeds in lanes.items()}
    written, empty = [], []
    for kind in followed(all_plots(), "Drawing plots", "plots"):
        plots = {name: _refreshed(kind(theme=LIGHT, bare=True), each) for name, each in drawn.items()}
        try:
            filled = {name: plot for name, plot in plots.items() if plot.state is not None}
            if filled:
                written.append(_drawn(filled, folder, settings))
            else:
                empty.append(kind.title)
                (folder / f"{kind.key}.png").unlink(missing_ok=True)
        finally:
            for plot in plots.values():
                plot.deleteLater()
    return ExportedPlots(tuple(written), tuple(empty), len(written) + len(empty))


def _refreshed(plot: Plot[Any], drawn: Drawn) -> Plot[Any]:
    view = drawn.shown(plot.spans_seeds)
    plot.start(view.frame.info)
    plot.refresh(view)
    if plot.picture_title is not None:
        plot.picture_title.note = drawn.note(plot.spans_seeds)
    return plot


def _drawn(plots: Mapping[str, Plot[Any]], folder: Path, settings: PictureSettings) -> Path:
    (name, first), *others = plots.items()
    if others:
        first.show_lanes(name, others)
        first.share_scales()
    most = int(LARGEST / settings.scale)
    beside = replace(settings, width=min(settings.width * len(first.side_by_side), most))
    return export_plot(first, folder / key_name(first, "png"), beside)
