"""Activation histograms of all layers as a layer × bin image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF

from simulator.observations.histograms import HistogramsObservation
from ui.chart.colour_tables import LOST, forward_table, indexed
from ui.chart.decades import log10
from ui.chart.heat import Heat
from ui.chart.marks import LayerHighlight, Mark
from ui.chart.pane import Pane
from ui.chart.ridges import (
    HistogramState,
    Outlines,
    edges_of,
    heights_of,
    overlap_of,
    resampled,
    ridge_polygons,
)
from ui.plots.base import Probe
from ui.plots.images import ImagePlot
from ui.plots.ridgeline import LayerHistograms
from ui.style.numbers import number

BINS = 128


class ActivationImage(LayerHistograms, ImagePlot[HistogramState]):
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
    quantity = "activation"
    axis_text = "activation"

    def build(self) -> None:
        super().build()
        self._tick()

    def make_pane(self) -> Pane:
        self.build_image(self.depth_axis, self.value_axis)
        return self.pane

    def _tick(self) -> None:
        self.bar.set_ticks([(share**0.5, number(share)) for share in (0.0, 0.05, 0.25, 0.5, 1.0)])

    def give_back_ticks(self) -> None:
        self._tick()

    def fit(self, states: Sequence[HistogramState]) -> None:
        rows, histograms = (-0.5, states[0].depth - 0.5), states[0].histograms
        edges = edges_of(histograms)
        wide = self.scale.fit(float(edges[:, 0].min()), float(edges[:, -1].max())) if self.shared else (-1.0, 1.0)
        self.pane.fit(wide, rows)
        self.say_rows(states[0])

    def marks(self, state: HistogramState) -> Sequence[Mark]:
        low, high = self.pane.auto[0]
        counts = state.histograms.counts
        shares = resampled(self.drawn_edges(state), counts, low, high, BINS)
        places = indexed(np.where(shares > 0, np.sqrt(shares), np.nan), 0.0, 1.0)
        empty = counts.sum(axis=1) == 0
        places[empty] = LOST
        logs = np.where(empty[:, None], np.inf, log10(shares))
        rect = QRectF(low, -0.5, high - low, float(state.depth))
        image = Heat("image", places, rect, self.colour_table, logs=logs, of_layers=True)
        return [image, LayerHighlight("highlight", along="y", z=2.0)]

    def ghost_marks(self, ghost: HistogramState) -> Sequence[Mark]:
        heights = heights_of(ghost.histograms.counts)
        outlines = ridge_polygons(self.drawn_edges(ghost), heights, min(overlap_of(ghost.depth), 0.9))
        return [Outlines("outlines", outlines, z=3.0)]

    def probe(self, state: HistogramState, pane: int, x: float, y: float) -> Probe | None:
        row = round(y)
        return self.row_probe(state, row, x) if 0 <= row < state.depth else None


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ActivationImage)
