"""What each operation does to the error signal on its way back: the gain of every layer, split into its factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPolygonF

from simulator.arrays.numeric import Floats
from simulator.arrays.trace import FACTORS, Factor, Gains
from simulator.observations.base import CellValue
from simulator.observations.factors import NOT_A_NUMBER, TOTAL, FactorsObservation, gain_rows, nothing_arrives
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.hatching import Hatch
from ui.chart.legend import Key, Note
from ui.chart.lost import Since, layer_words, lost_notes, since_of
from ui.chart.marks import FLOOR, LOST, Area, Bars, Curves, Dots, LayerHighlight, Mark
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange, finite_extent, room_for
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.depth import columns_of
from ui.plots.over_layers import PlotOverLayers
from ui.style.numbers import number

COLOURS: dict[Factor, str] = {
    "weights": "backward",
    "slope": "accent",
    "normalization": "forward",
    "dropout": "faint",
    "skip": "text",
    "gate": "warning",
    "pooling": "muted",
    "time": "muted",
}
"""Fields of the theme."""
HATCHES: dict[Factor, Hatch] = {
    "weights": "",
    "slope": "rising",
    "normalization": "level",
    "dropout": "dotted",
    "skip": "upright",
    "gate": "crossed",
    "pooling": "falling",
    "time": "grid",
}
WORDS = {"normalization": "normalisation"}
WIDTH = 0.84
MOST_BARS = 30
"""Layers up to which each has bars of its own; beyond them a bar would be narrower than can be seen."""


@dataclass(frozen=True)
class WaterfallState:
    """The gains of one frame: (factors, layers), as ``gain_rows`` gives them."""

    step: int
    factors: tuple[Factor, ...]
    gains: Floats
    totals: Floats
    """(layers,) NaN for the output, unless its δ is not a number, for what has no δ and where nothing arrives."""
    since: Since = ()

    @property
    def depth(self) -> int:
        return len(self.totals)

    @cached_property
    def running(self) -> Floats:
        """log₁₀ ‖δ^l‖ / ‖δ^L‖: the sum of all totals from the output down to the layer.

        −∞ where no signal is left, NaN where it is not a number or the layer has no δ.
        """
        level = np.cumsum(np.nan_to_num(self.totals, nan=0.0, neginf=-np.inf, posinf=0.0)[::-1])[::-1]
        missing = np.isnan(self.totals) & ~nothing_arrives(self.totals)
        missing[-1] = False
        return np.where(missing | self.lost, np.nan, level)

    @cached_property
    def lost(self) -> NDArray[np.bool_]:
        """(layers,): where the signal is not a number, by this layer's gain or by one nearer to the output."""
        broken = np.logical_or.accumulate(np.isposinf(self.totals)[::-1])[::-1]
        return np.asarray(broken & ~np.isnan(self.totals))

    @cached_property
    def sums(self) -> Floats:
        """(factors, layers): each factor's gains summed from the output down to the layer; together :attr:`running`."""
        counted = np.where(np.isfinite(self.gains) & np.isfinite(self.totals), self.gains, 0.0)
        sums = np.cumsum(counted[:, ::-1], axis=1)[:, ::-1]
        return np.where(np.isfinite(self.running), sums, np.nan)


def state_of(step: int, labels: Sequence[str], gains: Sequence[Gains], since: Since = ()) -> WaterfallState:
    """Arrays by layer of what the trace has found."""
    rows = gain_rows(labels, gains)
    used = tuple(factor for factor in FACTORS if any(factor in gain.factors for gain in gains))
    return WaterfallState(step, used, rows[[FACTORS.index(factor) for factor in used]], rows[TOTAL], since)


def bars_of(state: WaterfallState) -> list[tuple[QRectF, int]]:
    """One rectangle per layer and factor, in the order in which going back meets them."""
    bars = []
    running = state.running
    for layer in range(state.depth):
        rows = [row for row in range(len(state.factors)) if np.isfinite(state.gains[row, layer])]
        if not rows or not np.isfinite(running[layer]):
            continue
        level = running[layer] - state.totals[layer]
        share = WIDTH / len(rows)
        for order, row in enumerate(rows):
            gain = state.gains[row, layer]
            left = layer + WIDTH / 2 - (order + 1) * share
            bars.append((QRectF(left, min(level, level + gain), share, abs(gain)), row))
            level += gain
    return bars


def areas_of(state: WaterfallState) -> list[tuple[Floats, Floats]]:
    """The lower and upper edge of each factor's area: what it adds is piled up from 0, what it takes away down."""
    up, down = np.maximum(state.sums, 0.0), np.minimum(state.sums, 0.0)
    tops, bottoms = np.cumsum(up, axis=0), np.cumsum(down, axis=0)
    rising = state.sums > 0
    low, high = np.where(rising, tops - up, bottoms), np.where(rising, tops, bottoms - down)
    return list(zip(low, high, strict=True))


def gain_text(log: float) -> str:
    """A log₁₀ gain in words."""
    if not math.isfinite(log):
        return "the signal is lost" if log < 0 else "NaN"
    return f"{number(log, fixed=True)} decades"


class Waterfall(PlotOverLayers[WaterfallState]):
    key = "waterfall"
    spoken_as = (("log10_total", "log₁₀ of gains"),)
    overlays = False
    title = "Gradient waterfall"
    measured = ("gain_total", *(f"gain_{factor}" for factor in FACTORS))
    side = "backward"
    explain = (
        "Going back from the output, each layer multiplies the error signal by its factors; their logarithms are "
        "stacked, so the bar that falls furthest names what loses the signal. The line is the running total: level "
        "is healthy, down is vanishing, up is exploding. Beyond 30 layers each factor is an area, its sum from the "
        "output down to the layer; what lies above 0 less what lies below is the line."
    )
    formula = (
        r"$$\log_{10}\frac{\|\delta^l\|}{\|\delta^{l+1}\|}=g_W+g_{\text{between}}+g_S$$"
        "\n\n"
        r"Weights $g_W=\log_{10}(\|W^{\top}\delta\|/\|\delta\|)$; slope $g_S=\log_{10}(\|\Sigma'u\|/\|u\|)$, $u$ "
        r"what comes to it; between them norm, dropout, skip and gate"
    )
    observations = (FactorsObservation(),)
    empty_text = "The next step that is shown fills this plot."

    def build(self) -> None:
        self.depth_axis = DepthAxis("bottom", "layer, input → output")
        self.value_axis = ValueAxis("left", "decades, ‖δ‖ against the output's")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.depth_axis)
        self.scale = StepRange(always=(-1.0, 1.0))
        self.scales.append(self.scale)

    def capture(self, view: View) -> WaterfallState | None:
        # A lone layer has nothing to compare with, which is a picture too.
        factors = view.frame.result(FactorsObservation()) or ()
        if not factors and view.frame.info.depth > 1:
            return None
        deltas = columns_of(view.frame, ["delta_rms"])["delta_rms"].values
        labels = [layer.label for layer in view.frame.info.layers]
        state = state_of(view.frame.step, labels, factors, since_of(view.history, "delta_rms", deltas))
        if not np.isfinite(deltas[-1]):
            state.totals[-1] = NOT_A_NUMBER
        return state

    def fit(self, states: Sequence[WaterfallState]) -> None:
        y = self.scale.fit(*finite_extent([*(state.running for state in states), *_edges(states[0])]))
        self.pane.fit(room_for(states[0].depth), y)

    def marks(self, state: WaterfallState) -> Sequence[Mark]:
        """Floating bars, right to left, where one factor ends, the next begins, or areas; over them their sum."""
        return [
            LayerHighlight("highlight"),
            *(self._areas(state) if state.depth > MOST_BARS else [self._bars(state)]),
            Curves("running", [self._curve(state)], width=1.4, smooth=True, ghost="muted", z=1.0),
            self._lost(state),
        ]

    def _bars(self, state: WaterfallState) -> Mark:
        boxes = bars_of(state)
        factors = [state.factors[row] for _, row in boxes]
        colours, hatches = [COLOURS[factor] for factor in factors], [HATCHES[factor] for factor in factors]
        whole = [box for box, _ in boxes]
        return Bars("factors", whole, colours, hatches=hatches, alpha=0.8, least=(0.0, 1.0), z=-1.0)

    def _areas(self, state: WaterfallState) -> list[Mark]:
        known = np.flatnonzero(np.isfinite(state.running))
        return [
            Area(
                f"factor {factor}",
                known.astype(np.float64),
                low[known],
                high[known],
                colour=COLOURS[factor],
                hatch=HATCHES[factor],
                alpha=0.6,
            )
            for factor, (low, high) in zip(state.factors, areas_of(state), strict=True)
        ]

    def _lost(self, state: WaterfallState) -> Dots:
        """Layers that no number reaches."""
        zero, places = np.isneginf(state.running), np.flatnonzero(state.lost | np.isneginf(state.running))
        kinds = np.where(zero, FLOOR, LOST).astype(np.int8)
        heights = np.full(state.depth, self.scale.range[0])
        x, rows = places.astype(np.float64), places.tolist()
        return Dots("lost", x, heights[places], kinds[places], rows=rows, colours=self.layer_colours)

    def _curve(self, state: WaterfallState) -> list[QPolygonF]:
        x = np.arange(state.depth, dtype=np.float64)
        running = state.running
        known = ~np.isnan(running)
        return pieces(x[known], np.where(np.isfinite(running[known]), running[known], np.nan))

    def legend_keys(self, state: WaterfallState) -> Sequence[Key]:
        return [
            Key(WORDS.get(factor, factor), COLOURS[factor], "cell", hatch=HATCHES[factor]) for factor in state.factors
        ]

    def notes(self, state: WaterfallState) -> Sequence[Note]:
        labels, zero = self.names_of(state.depth), np.flatnonzero(np.isneginf(state.running))
        notes = [Note(f"exactly 0 in {layer_words(labels, zero)}", warning=True)] if zero.size else []
        lost = np.where(state.lost, np.nan, 0.0)
        return [*notes, *lost_notes(lost, np.ones(state.depth, np.bool_), labels, state.since)]

    def probe(self, state: WaterfallState, pane: int, x: float, y: float) -> Probe | None:
        index = round(x)
        if not 0 <= index < state.depth:
            return None
        text = [self.layer_text(index)]
        if not np.isnan(state.totals[index]):
            text.append(f"gain  {gain_text(float(state.totals[index]))}")
        elif nothing_arrives(state.totals)[index]:
            text.append("nothing arrives: exactly 0")
        for row, factor in enumerate(state.factors):
            if not np.isnan(state.gains[row, index]):
                text.append(f"{WORDS.get(factor, factor)}  {gain_text(float(state.gains[row, index]))}")
        if state.depth > MOST_BARS and np.isfinite(state.running[index]):
            text.append("summed from the output:")
            sums = zip(state.factors, state.sums[:, index], strict=True)
            text += [f"{WORDS.get(factor, factor)}  {gain_text(float(total))}" for factor, total in sums]
        return Probe("\n".join(text), index)

    def rows(self, state: WaterfallState) -> Table:
        """A row per layer and factor; a layer without any has one row that says so."""
        cells: list[tuple[CellValue, ...]] = []
        for layer in range(state.depth):
            label = self.names_of(state.depth)[layer]
            total = _gain(float(state.totals[layer]))
            gains = [(factor, float(gain)) for factor, gain in zip(state.factors, state.gains[:, layer], strict=True)]
            known = [(factor, gain) for factor, gain in gains if not math.isnan(gain)]
            cells += [(state.step, label, factor, _gain(gain), total) for factor, gain in known]
            if not known:
                cells.append((state.step, label, None, None, None))
        names = ("step", "layer", "factor", "log10_gain", "log10_total")
        return Table({name: [row[place] for row in cells] for place, name in enumerate(names)})


def _edges(state: WaterfallState) -> list[Floats]:
    """How far bars or areas reach."""
    if state.depth > MOST_BARS:
        return [edge for area in areas_of(state) for edge in area]
    return [np.array([edge for rect, _ in bars_of(state) for edge in (rect.top(), rect.bottom())])]


def _gain(gain: float) -> float:
    return math.nan if gain == NOT_A_NUMBER else gain


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(Waterfall)
