"""Activation histograms of all layers as a layer × bin image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF

from simulator.observations.histograms import HistogramsObservation
from simulator.training.run_info import RunInfo
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.beside import RowWords
from ui.chart.colour_tables import LOST, forward_table, indexed
from ui.chart.decades import log10
from ui.chart.header import Option
from ui.chart.heat import Heat
from ui.chart.legend import Note
from ui.chart.marks import LayerHighlight, Mark
from ui.chart.polygons import Array
from ui.chart.ranges import StepRange
from ui.chart.ridges import (
    HistogramState,
    Outlines,
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
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.images import ImagePlot
from ui.plots.ridgeline import SHARED_HELP
from ui.style.numbers import number

BINS = 128


class ActivationImage(ImagePlot[HistogramState]):
    key = "activation_image"
    spoken_as = (("low", "activations"), ("high", "activations"))
    title = "Activations, layer × bin"
    measured = ("activation_mean", "activation_std", "activation_saturated", "activation_dead")
    side = "forward"
    explain = (
        "Each row is a layer's histogram of activations, stronger where more values lie. Read down the "
        "image: a column that narrows is a fading signal, two strong edges are saturation."
    )
    formula = r"Count per bin / highest count of the layer, on a square-root colour scale"
    bar_name = "share of highest bin"
    colour_table = staticmethod(forward_table)
    observations = (HistogramsObservation(quantity="activation"),)
    empty_text = "The histogram of every layer's activations appears here with the first frame."
    offers = (Option("shared", "shared", SHARED_HELP, on=True),)

    def build(self) -> None:
        self.depth_axis = DepthAxis("left", "layer, output ← input")
        self.value_axis = ValueAxis("bottom", "activation")
        self.value_axis.spacing = 60.0
        self.build_image(self.depth_axis, self.value_axis)
        self._tick()
        self.scale = StepRange(patience=300)
        self.scales.append(self.scale)
        self.words = RowWords(self.pane)
        self.canvas.add_beside(self.words, FIRST_ROW, 2)

    def _tick(self) -> None:
        self.bar.set_ticks([(share**0.5, number(share)) for share in (0.0, 0.05, 0.25, 0.5, 1.0)])

    def give_back_ticks(self) -> None:
        self._tick()

    def option_changed(self) -> None:
        self.words.reset()
        self.value_axis.rename(
            "activation" if self.options["shared"] else "activation / range of the layer", self.theme
        )

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)

    def capture(self, view: View) -> HistogramState | None:
        return histogram_state(view.frame, "activation", self.state)

    def fit(self, states: Sequence[HistogramState]) -> None:
        rows, histograms = (-0.5, states[0].depth - 0.5), states[0].histograms
        edges, shared = edges_of(histograms), self.options["shared"]
        wide = self.scale.fit(float(edges[:, 0].min()), float(edges[:, -1].max())) if shared else (-1.0, 1.0)
        self.pane.fit(wide, rows)
        self.words.set_words(row_words(histograms, None if shared else reach(edges)))

    def _edges(self, state: HistogramState) -> Array:
        """As drawn."""
        edges = edges_of(state.histograms)
        return edges if self.options["shared"] else edges / reach(edges)[:, None]

    def marks(self, state: HistogramState) -> Sequence[Mark]:
        low, high = self.pane.auto[0]
        counts = state.histograms.counts
        shares = resampled(self._edges(state), counts, low, high, BINS)
        places = indexed(np.where(shares > 0, np.sqrt(shares), np.nan), 0.0, 1.0)
        empty = counts.sum(axis=1) == 0
        places[empty] = LOST
        logs = np.where(empty[:, None], np.inf, log10(shares))
        rect = QRectF(low, -0.5, high - low, float(state.depth))
        image = Heat("image", places, rect, self.colour_table, logs=logs, of_layers=True)
        return [image, LayerHighlight("highlight", along="y", z=2.0)]

    def ghost_marks(self, ghost: HistogramState) -> Sequence[Mark]:
        heights = heights_of(ghost.histograms.counts)
        return [
            Outlines("outlines", ridge_polygons(self._edges(ghost), heights, min(overlap_of(ghost.depth), 0.9)), z=3.0)
        ]

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


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ActivationImage)
