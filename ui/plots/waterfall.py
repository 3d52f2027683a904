"""What each operation does to the error signal on its way back: the gain of every layer, split into its factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPolygonF, QTransform

from simulator.arrays.trace import FACTORS, Factor, Gains
from simulator.observations.factors import NOT_A_NUMBER, TOTAL, gain_rows, nothing_arrives
from simulator.training.run_info import RunInfo
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.canvas import Pane
from ui.chart.legend import Key, Note
from ui.chart.lost import Since, layer_words, lost_notes, since_of
from ui.chart.marks import FLOOR, LOST, Array, Curves, Dots, Item, LayerHighlight, pieces, transparent
from ui.chart.ranges import StepRange
from ui.chart.table import Cell, Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.depth import columns_of, finite_extent
from ui.style.numbers import number
from ui.style.theme import Theme

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
WORDS = {"normalization": "normalisation"}
WIDTH = 0.84


@dataclass(frozen=True)
class WaterfallState:
    """The gains of one frame: (factors, layers), as ``gain_rows`` gives them."""

    step: int
    factors: tuple[Factor, ...]
    gains: Array
    totals: Array
    """(layers,) NaN for the output, unless its δ is not a number, for what has no δ and where nothing arrives."""
    since: Since = ()

    @property
    def depth(self) -> int:
        return len(self.totals)

    @property
    def running(self) -> Array:
        """log₁₀ ‖δ^l‖ / ‖δ^L‖: the sum of all totals from the output down to the layer.

        −∞ where no signal is left, NaN where it is not a number or the layer has no δ.
        """
        level = np.cumsum(np.nan_to_num(self.totals, nan=0.0, neginf=-np.inf, posinf=0.0)[::-1])[::-1]
        missing = np.isnan(self.totals) & ~nothing_arrives(self.totals)
        missing[-1] = False
        return np.where(missing | self.lost, np.nan, level)

    @property
    def lost(self) -> NDArray[np.bool_]:
        """(layers,): where the signal is not a number, by this layer's gain or by one nearer to the output."""
        broken = np.logical_or.accumulate(np.isposinf(self.totals)[::-1])[::-1]
        return np.asarray(broken & ~np.isnan(self.totals))


def state_of(step: int, labels: Sequence[str], found: Sequence[Gains], since: Since = ()) -> WaterfallState:
    """Arrays by layer of what the trace has found."""
    rows = gain_rows(labels, found)
    used = tuple(factor for factor in FACTORS if any(factor in gain.factors for gain in found))
    return WaterfallState(step, used, rows[[FACTORS.index(factor) for factor in used]], rows[TOTAL], since)


class _Steps(Item):
    """Floating bars, right to left: where one factor ends, the next begins."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, -1.0)
        self.bars: list[tuple[QRectF, int]] = []
        self.colours: list[str] = []

    def set_bars(self, bars: list[tuple[QRectF, int]]) -> None:
        self.bars = bars
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        for rect, factor in self.bars:
            box = there.mapRect(rect)
            box.setHeight(max(box.height(), 1.0))
            painter.fillRect(box, transparent(self.colours[factor], 0.8))


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


def gain_text(log: float) -> str:
    """A log₁₀ gain in words."""
    if math.isinf(log):
        return "the signal is lost" if log < 0 else "NaN"
    return f"{number(log, fixed=True)} decades"


class Waterfall(Plot[WaterfallState]):
    key = "waterfall"
    title = "Gradient waterfall"
    side = "backward"
    explain = (
        "Going back from the output, each layer multiplies the error signal by its factors; their logarithms are "
        "stacked, so the bar that falls furthest names what loses the signal. The line is the running total: level "
        "is healthy, down is vanishing, up is exploding."
    )
    formula = (
        r"$$\log_{10}\frac{\|\delta^l\|}{\|\delta^{l+1}\|}=g_W+g_{\text{between}}+g_S$$"
        "\n\n"
        r"Weights $g_W=\log_{10}(\|W^{\top}\delta\|/\|\delta\|)$; slope $g_S=\log_{10}(\|\Sigma'u\|/\|u\|)$, $u$ "
        r"what comes to it; between them norm, dropout, skip and gate"
    )
    wants = frozenset({"factors"})
    empty_text = "The next step that is shown fills this plot."

    def build(self) -> None:
        self.depth_axis = DepthAxis("bottom", "layer, input → output")
        self.value_axis = ValueAxis("left", "‖δ‖ against the output's, decades")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.depth_axis)
        self.scale = StepRange(always=(-1.0, 1.0))
        self.scales.append(self.scale)
        self.beam = LayerHighlight(self.pane, along="x")
        self.steps = _Steps(self.pane)
        self.ghosts = Curves(self.pane, -0.5, dashed=True, smooth=True)
        self.line = Curves(self.pane, 1.0, width=1.4, smooth=True)
        self.dots = Dots(self.pane)

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)

    def capture(self, view: View) -> WaterfallState | None:
        # A lone layer has nothing to compare with, which is a picture too.
        if not view.frame.factors and view.frame.info.depth > 1:
            return None
        deltas = columns_of(view.frame, ["delta_rms"])["delta_rms"].values
        labels = [layer.label for layer in view.frame.info.layers]
        state = state_of(view.frame.step, labels, view.frame.factors, since_of(view.history, "delta_rms", deltas))
        if not np.isfinite(deltas[-1]):
            state.totals[-1] = NOT_A_NUMBER
        return state

    def draw(self, state: WaterfallState) -> None:
        self._fit(state)
        self.steps.colours = [self._tones[COLOURS[factor]] for factor in state.factors]
        self.steps.set_bars(bars_of(state))
        self.line.set_curves([self._curve(state)])
        self._mark_lost(state)

    def _mark_lost(self, state: WaterfallState) -> None:
        """Layers that no number reaches."""
        zero, places = np.isneginf(state.running), np.flatnonzero(state.lost | np.isneginf(state.running))
        kinds = np.where(zero, FLOOR, LOST).astype(np.int8)
        heights = np.full(state.depth, self.scale.range[0])
        self.dots.set_dots(places.astype(np.float64), heights[places], kinds[places], places.tolist())

    def _curve(self, state: WaterfallState) -> list[QPolygonF]:
        x = np.arange(state.depth, dtype=np.float64)
        running = state.running
        known = ~np.isnan(running)
        return pieces(x[known], np.where(np.isfinite(running[known]), running[known], np.nan))

    def _fit(self, state: WaterfallState) -> None:
        shown = [state.running, *([self.ghost.running] if self.ghost else [])]
        edges = [edge for rect, _ in bars_of(state) for edge in (rect.top(), rect.bottom())]
        y = self.scale.fit(*finite_extent([*shown, np.array(edges)]))
        self.pane.fit((-0.6, state.depth - 0.4), y)

    def draw_ghost(self, ghost: WaterfallState | None) -> None:
        self.ghosts.set_curves([self._curve(ghost)] if ghost is not None else ())

    def clear(self) -> None:
        self.steps.set_bars([])
        for curves in (self.line, self.ghosts):
            curves.set_curves(())
        self.dots.set_dots(np.zeros(0), np.zeros(0), np.zeros(0, np.int8))

    def mark(self, layer: int) -> None:
        self.beam.point_at(layer)

    def tint(self, theme: Theme) -> None:
        self._tones = {name: str(getattr(theme, name)) for name in COLOURS.values()}
        if self.state is not None:
            self.steps.colours = [self._tones[COLOURS[factor]] for factor in self.state.factors]
        self.line.set_colours([theme.text])
        self.dots.set_colours(self.layer_colours or [theme.text], theme.panel, theme.warning)
        self.ghosts.set_colours([theme.muted])
        self.beam.colour = theme.accent

    # -- words -------------------------------------------------------------------------------------------------------

    def legend(self, state: WaterfallState) -> Sequence[Key]:
        return [Key(WORDS.get(factor, factor), COLOURS[factor], "band") for factor in state.factors]

    def notes(self, state: WaterfallState) -> Sequence[Note]:
        labels, zero = self.names_of(state.depth), np.flatnonzero(np.isneginf(state.running))
        found = [Note(f"exactly 0 in {layer_words(labels, zero)}", warning=True)] if zero.size else []
        lost = np.where(state.lost, np.nan, 0.0)
        return [*found, *lost_notes(lost, np.ones(state.depth, np.bool_), labels, state.since)]

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
        return Probe("\n".join(text), index)

    def rows(self, state: WaterfallState) -> Table:
        """A row per layer and factor; a layer without any has one row that says so."""
        found: list[tuple[Cell, ...]] = []
        for layer in range(state.depth):
            label = self.names_of(state.depth)[layer]
            total = _told(float(state.totals[layer]))
            gains = [(factor, float(gain)) for factor, gain in zip(state.factors, state.gains[:, layer], strict=True)]
            known = [(factor, gain) for factor, gain in gains if not math.isnan(gain)]
            found += [(state.step, label, factor, _told(gain), total) for factor, gain in known]
            if not known:
                found.append((state.step, label, None, None, None))
        names = ("step", "layer", "factor", "log10_gain", "log10_total")
        return Table({name: [row[place] for row in found] for place, name in enumerate(names)})


def _told(gain: float) -> float:
    return math.nan if gain == NOT_A_NUMBER else gain
