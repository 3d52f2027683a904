"""Activation histograms of all layers as a layer × bin image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF

from simulator.training.run_info import RunInfo
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.beside import RowWords
from ui.chart.header import Option
from ui.chart.heat import LOST, ColourBar, Heat, colour_table, indexed
from ui.chart.legend import Key, Note
from ui.chart.lost import cell_keys
from ui.chart.marks import LayerHighlight
from ui.chart.ranges import StepRange
from ui.chart.ridges import (
    HistogramState,
    Ridges,
    bin_text,
    edges_of,
    heights_of,
    histogram_state,
    histogram_table,
    overlap_of,
    reach,
    resampled,
    ridge_polygons,
    row_words,
    tail_notes,
    tail_text,
)
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.ridgeline import SHARED_HELP
from ui.style.numbers import number
from ui.style.theme import Theme

BINS = 128


class ActivationImage(Plot[HistogramState]):
    key = "activation_image"
    title = "Activations, layer × bin"
    side = "forward"
    explain = (
        "Each row is a layer's histogram of activations, stronger where more values lie. Read down the "
        "image: a column that narrows is a fading signal, two strong edges are saturation."
    )
    formula = r"Count per bin / highest count of the layer, on a square-root colour scale"
    wants = frozenset({"activation"})
    empty_text = "The histogram of every layer's activations appears here with the first frame."
    offers = (Option("shared", "shared", SHARED_HELP, on=True),)

    def build(self) -> None:
        self.depth_axis = DepthAxis("left", "layer, output ← input")
        self.value_axis = ValueAxis("bottom", "activation")
        self.value_axis.spacing = 60.0
        self.pane = self.canvas.add_pane(FIRST_ROW, self.depth_axis, self.value_axis, invert_y=True)
        self.depth_axis.setGrid(False)
        self.bar = ColourBar("share of highest bin")
        self.canvas.add_beside(self.bar, FIRST_ROW, 3)
        self.bar.set_ticks([(share**0.5, number(share)) for share in (0.0, 0.05, 0.25, 0.5, 1.0)])
        self.scale = StepRange(patience=300)
        self.scales.append(self.scale)
        self.heat = Heat(self.pane)
        self.ghosts = Ridges(self.pane, z=3.0)
        self.words = RowWords(self.pane)
        self.canvas.add_beside(self.words, FIRST_ROW, 2)
        self.beam = LayerHighlight(self.pane, along="y", z=2.0)

    def option_changed(self) -> None:
        self.words.reset()
        self.value_axis.rename(
            "activation" if self.options["shared"] else "activation / range of the layer", self.theme
        )

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)
        self.words.reset()

    def capture(self, view: View) -> HistogramState | None:
        return histogram_state(view.frame, "activation")

    def draw(self, state: HistogramState) -> None:
        low, high = self._fit(state)
        histograms, edges = state.histograms, edges_of(state.histograms)
        own = None if self.options["shared"] else reach(edges)
        shares = resampled(edges if own is None else edges / own[:, None], histograms.counts, low, high, BINS)
        places = indexed(np.where(shares > 0, np.sqrt(shares), np.nan), 0.0, 1.0)
        places[histograms.counts.sum(axis=1) == 0] = LOST
        self.heat.set_places(places, QRectF(low, -0.5, high - low, float(state.depth)))
        self.words.set_words(row_words(histograms, own))

    def _fit(self, state: HistogramState) -> tuple[float, float]:
        rows = (-0.5, state.depth - 0.5)
        if not self.options["shared"]:
            self.pane.fit((-1.0, 1.0), rows)
            return -1.0, 1.0
        edges = edges_of(state.histograms)
        x = self.scale.fit(float(edges[:, 0].min()), float(edges[:, -1].max()))
        self.pane.fit(x, rows)
        return x

    def draw_ghost(self, ghost: HistogramState | None) -> None:
        if ghost is None:
            self.ghosts.set_ghosts(())
            return
        edges = edges_of(ghost.histograms)
        x = edges if self.options["shared"] else edges / reach(edges)[:, None]
        self.ghosts.set_ghosts(
            ridge_polygons(x, heights_of(ghost.histograms.counts), min(overlap_of(ghost.depth), 0.9))
        )

    def clear(self) -> None:
        self.heat.clear()
        self.words.set_words(())
        self.ghosts.set_ghosts(())

    def mark(self, layer: int) -> None:
        self.beam.point_at(layer)

    def tint(self, theme: Theme) -> None:
        table = colour_table(theme, theme.forward)
        self.heat.set_table(table)
        self.bar.tint(theme, table)
        self.beam.colour = theme.accent
        self.words.tint(theme)
        self.ghosts.ghost_colour = theme.text

    def legend(self, state: HistogramState) -> Sequence[Key]:
        return cell_keys(self.heat.places)

    def notes(self, state: HistogramState) -> Sequence[Note]:
        return tail_notes(state.histograms, self.names_of(state.depth))

    def probe(self, state: HistogramState, pane: int, x: float, y: float) -> Probe | None:
        row = round(y)
        if not 0 <= row < state.depth:
            return None
        scale = 1.0 if self.options["shared"] else float(reach(edges_of(state.histograms))[row])
        words = (self.layer_text(row), bin_text(state.histograms, row, x * scale), tail_text(state.histograms, row))
        return Probe("\n".join(filter(None, words)), row, x)

    def rows(self, state: HistogramState) -> Table:
        return histogram_table(state, self.labels)
