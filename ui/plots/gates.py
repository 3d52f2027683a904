"""How far the gates of highway layers, GRUs and LSTMs stand open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QPolygonF

from simulator.layers.base import layer_kinds
from simulator.observations.gates import Gates, GatesObservation
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.beside import RowText, RowWords
from ui.chart.legend import Note
from ui.chart.marks import LayerHighlight, Mark
from ui.chart.ridges import (
    HistogramState,
    Ridges,
    bin_text,
    heights_of,
    histogram_table,
    overlap_of,
    ridge_polygons,
    tail_notes,
    tail_text,
)
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.numbers import percent


@dataclass(frozen=True)
class GateState:
    """The gates of one frame; ``layers`` is the index of each row's layer."""

    step: int
    depth: int
    gates: Gates
    layers: tuple[int, ...]

    @property
    def rows(self) -> int:
        return len(self.layers)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{layer} {name}" for layer, name in zip(self.gates.layers, self.gates.names, strict=True))


class GatePlot(Plot[GateState]):
    key = "gates"
    spoken_as = (("low", "values of gates"), ("high", "values of gates"))
    preset = "highway-3"
    title = "Gates"
    side = "forward"
    least_width = 316
    least_height = 190
    kinds = layer_kinds(lambda layer: bool(layer.gates))
    comes_along = True
    explain = (
        "Where the gates of each layer stand, from shut at the left to open at the right. A carry or forget "
        "gate near 1 lets signal and gradient pass; a gate at either end is saturated: it no longer learns."
    )
    formula = (
        r"$\sigma(z)$ of each gate over units, samples and time steps; saturated: $\sigma(1-\sigma)<5\,\%$ of "
        r"$\tfrac14$"
    )
    observations = (GatesObservation(),)
    empty_text = "Add a highway layer, a GRU or an LSTM to see where its gates stand."

    def build(self) -> None:
        self.row_axis = DepthAxis("left", "layer and gate")
        self.value_axis = ValueAxis("bottom", "gate, 0 shut … 1 open")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.row_axis, self.value_axis, invert_y=True)
        self.row_axis.setGrid(False)
        self.words = RowWords(self.pane, lift=6.0)
        self.canvas.add_beside(self.words, FIRST_ROW, 2)

    def capture(self, view: View) -> GateState | None:
        gates = view.frame.result(GatesObservation())
        if gates is None or not gates.layers:
            return None
        places = {layer.label: index for index, layer in enumerate(view.frame.info.layers)}
        return GateState(view.frame.step, view.frame.info.depth, gates, tuple(places[name] for name in gates.layers))

    # -- drawing -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _outlines(state: GateState) -> list[QPolygonF]:
        histograms = state.gates.histograms
        return ridge_polygons(histograms.edges, heights_of(histograms.counts), GatePlot._rise(state.rows))

    @staticmethod
    def _rise(rows: int) -> float:
        return overlap_of(rows) if rows > 14 else 0.9

    def fit(self, states: Sequence[GateState]) -> None:
        state = states[0]
        self.row_axis.name_layers(state.names)
        self.pane.fit((-0.02, 1.02), (-self._rise(state.rows) - 0.15, state.rows - 1 + 0.35))
        self.words.set_words([self._words(state, row) for row in range(state.rows)])

    def marks(self, state: GateState) -> Sequence[Mark]:
        """Each row has its layer's colour."""
        colours = [self.layer_colour(layer) for layer in state.layers]
        highlight = LayerHighlight("highlight", along="y", layers=state.layers)
        return [highlight, Ridges("ridges", self._outlines(state), colours)]

    @staticmethod
    def _words(state: GateState, row: int) -> RowText:
        lost, share = tail_text(state.gates.histograms, row), percent(float(state.gates.saturated[row]))
        said = "   ".join(filter(None, (lost, f"saturated {share}")))
        return RowText(said, bool(lost), lost.partition(" ")[0] or share)

    # -- words -------------------------------------------------------------------------------------------------------

    def notes(self, state: GateState) -> Sequence[Note]:
        flat = int((state.gates.saturated >= 0.5).sum())
        notes = [Note(f"{flat} of {state.rows} gates mostly saturated")] if flat else []
        return [*notes, *(note for note in tail_notes(state.gates.histograms, state.names, "gate") if note.warning)]

    def probe(self, state: GateState, pane: int, x: float, y: float) -> Probe | None:
        row = int(np.clip(round(y + 0.3), 0, state.rows - 1))
        words = (
            self.layer_text(state.layers[row]),
            f"{state.gates.names[row]} gate  {self._words(state, row).text}",
            bin_text(state.gates.histograms, row, x),
        )
        return Probe("\n".join(words), state.layers[row], x)

    def rows(self, state: GateState) -> Table:
        histograms = state.gates.histograms
        table = histogram_table(HistogramState(state.step, histograms), state.gates.layers)
        bins = histograms.counts.shape[1]
        columns = dict(table.columns)
        return Table(
            {
                "step": columns.pop("step"),
                "layer": columns.pop("layer"),
                "gate": [name for name in state.gates.names for _ in range(bins)],
                **columns,
                "saturated": np.repeat(state.gates.saturated, bins).tolist(),
            }
        )


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(GatePlot)
