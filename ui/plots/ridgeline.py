"""Histograms of all layers, on one axis or each over its own range; as a ridgeline one filled curve each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.histograms import Quantity
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.beside import RowWords
from ui.chart.edges import beyond_notes
from ui.chart.header import HeaderOption
from ui.chart.legend import Note
from ui.chart.marks import LayerHighlight, Mark
from ui.chart.pane import Pane
from ui.chart.ranges import Range, StepRange
from ui.chart.ridges import (
    HistogramState,
    Ridges,
    bin_text,
    edges_of,
    heights_of,
    histogram_state,
    histogram_table,
    reach,
    ridge_polygons,
    ridge_rows,
    rise_of,
    row_words,
    stride_of,
    tail_notes,
    tail_text,
    thinned_note,
)
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.over_layers import PlotOverLayers

FAR = 1e6
"""A network that reaches so many times as far as another, and as 1, does not stretch the axis of all."""
SHARED_HELP = "Draw all layers on one axis; off: each layer fills the width with its own range"


class LayerHistograms(PlotOverLayers[HistogramState]):
    """A row for each layer over a shared axis, or over the layer's own range, with words at its right."""

    quantity: ClassVar[Quantity]
    axis_text: ClassVar[str] = ""
    lift: ClassVar[float] = 0.0
    """Pixels that words stand above the middle of their row."""
    offers = (HeaderOption("shared", "shared", SHARED_HELP, on=True),)

    def build(self) -> None:
        self.depth_axis = DepthAxis("left", "layer, output ← input")
        self.value_axis = ValueAxis("bottom", self.axis_text)
        self.value_axis.spacing = 60.0
        self.pane = self.make_pane()
        self.scale = StepRange(patience=300)
        self.scales.append(self.scale)
        self.words = RowWords(self.pane, self.lift)
        self.canvas.add_beside(self.words, FIRST_ROW, 2)
        self.option_changed()

    def make_pane(self) -> Pane:
        """The pane, between these axes."""
        raise NotImplementedError

    @property
    def shared(self) -> bool:
        return self.options["shared"]

    def option_changed(self) -> None:
        self.words.reset()
        self.value_axis.rename(self.axis_text if self.shared else f"{self.axis_text} / range of the layer", self.theme)

    def capture(self, view: View) -> HistogramState | None:
        return histogram_state(view.frame, self.quantity, self.state)

    def drawn_edges(self, state: HistogramState) -> Floats:
        """(layers, bins + 1): those of the bins, as shares of the layer's range where layers share no axis."""
        edges = edges_of(state.histograms)
        return edges if self.shared else edges / reach(edges)[:, None]

    def say_rows(self, state: HistogramState) -> None:
        """Write at the right of each row what is lost of it, or its own range."""
        edges = None if self.shared else reach(edges_of(state.histograms))
        self.words.set_words(row_words(state.histograms, edges))

    def notes(self, state: HistogramState) -> Sequence[Note]:
        return tail_notes(state.histograms, self.names_of(state.depth))

    def row_probe(self, state: HistogramState, row: int, x: float) -> Probe:
        """What is read of a row at ``x``, as drawn."""
        scale = 1.0 if self.shared else float(reach(edges_of(state.histograms))[row])
        words = (self.layer_text(row), bin_text(state.histograms, row, x * scale), tail_text(state.histograms, row))
        return Probe("\n".join(filter(None, words)), row, x)

    def rows(self, state: HistogramState) -> Table:
        return histogram_table(state, self.names_of(state.depth))


class RidgePlot(LayerHistograms):
    """One filled histogram per layer, each over the ones before."""

    lift = 6.0

    def make_pane(self) -> Pane:
        pane = self.canvas.add_pane(FIRST_ROW, self.depth_axis, self.value_axis, invert_y=True)
        self.depth_axis.setGrid(False)
        return pane

    def build(self) -> None:
        super().build()
        self._far = False
        """Whether a network leaves the axis of the others."""

    def fit(self, states: Sequence[HistogramState]) -> None:
        rise = max(rise_of(state.depth) for state in states)
        top, bottom = -rise - 0.1, states[0].depth - 1 + 0.35
        self.pane.fit(self._fit_shared(states) if self.shared else (-1.02, 1.02), (top, bottom))
        self.say_rows(states[0])

    def _fit_shared(self, states: Sequence[HistogramState]) -> Range:
        """All networks but those that would make a line of each other one."""
        edges = [edges_of(state.histograms) for state in states]
        reaches = [float(reach(each).max()) for each in edges]
        limit = FAR * max(min(reaches), 1.0)
        near = [each for each, far in zip(edges, reaches, strict=True) if far <= limit]
        before, self._far = self._far, len(near) < len(edges)
        if self._far and not before:
            self.scale.renew()
        return self.scale.fit(min(float(e[:, 0].min()) for e in near), max(float(e[:, -1].max()) for e in near))

    def marks(self, state: HistogramState) -> Sequence[Mark]:
        heights, edges = heights_of(state.histograms.counts), self.drawn_edges(state)
        if self.shared:
            edges = np.clip(edges, *self.scale.range)
        outlines = ridge_polygons(edges, heights, rise_of(state.depth))
        rows = ridge_rows(state.depth, self.drawing.palette.highlighted)
        colours = [self.layer_colour(row) for row in rows]
        ridges = Ridges("ridges", [outlines[row] for row in rows], colours, layers=rows, rows=rows)
        return [LayerHighlight("highlight", along="y"), ridges]

    def notes(self, state: HistogramState) -> Sequence[Note]:
        return [*thinned_note(state.depth), *super().notes(state), *self._beyond(state)]

    def _beyond(self, state: HistogramState) -> Sequence[Note]:
        """How much of a network leaves the axis, and how far."""
        if not self.shared:
            return ()
        ends = edges_of(state.histograms)[:, [0, -1]]
        farthest = np.take_along_axis(ends, np.abs(ends).argmax(axis=1)[:, None], axis=1).ravel()
        return beyond_notes(farthest, self.scale.range, "layer")

    def layer_pointed(self, layer: int) -> None:
        """A layer without a ridge has one while it is pointed at."""
        if self.state is not None and stride_of(self.state.depth) > 1:
            self.paint(self.drawn_states)

    def probe(self, state: HistogramState, pane: int, x: float, y: float) -> Probe | None:
        return self.row_probe(state, int(np.clip(round(y + 0.3), 0, state.depth - 1)), x)
