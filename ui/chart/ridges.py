"""Ridgelines: one filled histogram per layer, input at the top, and how histograms become rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPolygonF

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Counts, Floats
from simulator.observations.base import CellValue
from simulator.observations.histograms import HistogramsObservation, Quantity
from simulator.record.frame import Frame
from ui.chart.beside import RowText
from ui.chart.legend import Note
from ui.chart.lost import layer_words
from ui.chart.marks import Mark, Surface
from ui.chart.pens import DASHED, SOLID, pen_of, transparent
from ui.chart.polygons import polygon
from ui.chart.ranges import Range
from ui.chart.table import Table
from ui.style.colours import mix
from ui.style.numbers import count, integer, number, percent


@dataclass(frozen=True)
class HistogramState:
    """The histograms of one quantity at one step."""

    step: int
    histograms: Histograms
    seconds: float = 0.0
    """What counting them cost, which tells them from the next; 0 where that is not known."""

    @property
    def depth(self) -> int:
        return int(self.histograms.counts.shape[0])


def histogram_state(frame: Frame, quantity: Quantity, shown: HistogramState | None) -> HistogramState | None:
    """None where the frame carries no such histograms, none of any layer, or once more those that are ``shown``."""
    observed = frame.observed(HistogramsObservation(quantity=quantity))
    if observed is None or observed.result is None or not observed.result.counts.size:
        return None
    if shown is not None and observed.seconds and (shown.step, shown.seconds) == (observed.step, observed.seconds):
        return None
    return HistogramState(observed.step, observed.result, observed.seconds)


def edges_of(histograms: Histograms) -> Floats:
    """(layers, bins + 1); rows without a single finite value get −1 … 1."""
    edges = np.asarray(histograms.edges, dtype=np.float64)
    good = np.isfinite(edges).all(axis=1) & (edges[:, -1] > edges[:, 0])
    if good.all():
        return edges
    return np.where(good[:, None], edges, np.linspace(-1.0, 1.0, edges.shape[1]))


def reach(edges: Floats) -> Floats:
    """(layers,): the largest magnitude a row's histogram holds."""
    return np.asarray(np.maximum(np.abs(edges).max(axis=1), 1e-300))


def heights_of(counts: Counts) -> Floats:
    """Counts as shares of each row's highest bin."""
    return np.asarray(counts / np.maximum(counts.max(axis=1, keepdims=True), 1))


def resampled(edges: Floats, counts: Counts, low: float, high: float, bins: int) -> Floats:
    """(layers, bins): each row's counts spread over a common axis, as shares of the row's highest bin."""
    axis = np.linspace(low, high, bins + 1)
    sums = np.concatenate((np.zeros((len(edges), 1)), np.cumsum(counts, axis=1)), axis=1)
    spread = np.array([np.diff(np.interp(axis, e, s)) for e, s in zip(edges, sums, strict=True)])
    return np.asarray(spread / np.maximum(spread.max(axis=1, keepdims=True), 1e-300))


def lost_of(histograms: Histograms) -> Counts:
    """(layers,): values that are not finite."""
    return histograms.nan + histograms.plus_inf + histograms.minus_inf


def tail_text(histograms: Histograms, row: int) -> str:
    """``NaN 12  +∞ 3``: what of a row does not fit a histogram; empty if all does."""
    parts = (("NaN", histograms.nan), ("+∞", histograms.plus_inf), ("−∞", histograms.minus_inf))
    return "  ".join(f"{name} {integer(int(c[row]))}" for name, c in parts if c[row])


def zero_text(histograms: Histograms, row: int) -> str:
    """``0: 52 %``: the share of exact zeros, where there is one worth a word, and none of it is not finite."""
    total = int(histograms.counts[row].sum())
    zeros = int(histograms.zeros[row])
    if not zeros or lost_of(histograms)[row]:
        return ""
    return "exactly 0" if zeros == total else f"0: {percent(zeros / total)}" if zeros >= 0.005 * total else ""


def bin_text(histograms: Histograms, row: int, value: float) -> str:
    """The bin that holds ``value``, in words."""
    edges = edges_of(histograms)[row]
    place = int(np.searchsorted(edges, value, side="right")) - 1
    if not 0 <= place < len(edges) - 1:
        return "outside the layer's range"
    amount = count(int(histograms.counts[row, place]), "value")
    return f"{number(float(edges[place]))} … {number(float(edges[place + 1]))}: {amount}"


def tail_notes(histograms: Histograms, labels: Sequence[str], what: str = "layer") -> list[Note]:
    """Which rows are exactly 0 or have values that are not finite."""
    total = histograms.counts.sum(axis=1) + lost_of(histograms)
    zeros = int(((total > 0) & (histograms.zeros == total)).sum())
    lost = np.flatnonzero(lost_of(histograms) > 0)
    notes = [Note(f"{count(zeros, what)} exactly 0")] if zeros else []
    return [*notes, Note(f"not finite in {layer_words(labels, lost, what)}", warning=True)] if lost.size else notes


def histogram_table(state: HistogramState, names: Sequence[str]) -> Table:
    """One row per layer and bin; a layer's NaN, ±∞ and exact zeros stand beside each of its bins."""
    histograms, bins = state.histograms, state.histograms.counts.shape[1]
    columns: dict[str, Sequence[CellValue]] = {
        "step": [state.step] * (state.depth * bins),
        "layer": [name for name in names for _ in range(bins)],
        "low": histograms.edges[:, :-1].ravel().tolist(),
        "high": histograms.edges[:, 1:].ravel().tolist(),
        "count": histograms.counts.ravel().tolist(),
    }
    for name in ("nan", "plus_inf", "minus_inf", "zeros"):
        columns[name] = np.repeat(getattr(histograms, name), bins).tolist()
    return Table(columns)


def overlap_of(depth: int) -> float:
    """How many rows high a ridge is: more where rows are thin."""
    return float(np.clip(depth / 14, 1.5, 8.0))


MOST_RIDGES = 30
STRIDES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
ORDINALS = {2: "second", 5: "fifth", 10: "tenth", 20: "twentieth", 50: "fiftieth", 100: "hundredth"}


def stride_of(depth: int) -> int:
    """Of so many layers each how-many-th has a ridge, where they cannot be told apart otherwise."""
    return next((stride for stride in STRIDES if depth <= stride * MOST_RIDGES), STRIDES[-1])


def rise_of(depth: int) -> float:
    """How many rows high a ridge is where only each how-many-th row has one."""
    stride = stride_of(depth)
    return overlap_of(depth) if stride == 1 else 1.8 * stride


def ridge_rows(depth: int, besides: int = -1) -> list[int]:
    """Layers that have a ridge: the first, each fifth or so, the last, and that which is pointed at."""
    stride = stride_of(depth)
    rows = {0, depth - 1, *range(stride - 1, depth, stride), besides}
    return sorted(row for row in rows if 0 <= row < depth)


def thinned_note(depth: int) -> list[Note]:
    """``each fifth of 100 layers``, where not all of them have a ridge."""
    stride = stride_of(depth)
    return [Note(f"each {ORDINALS.get(stride, f'{stride}th')} of {count(depth, 'layer')}")] if stride > 1 else []


def ridge_polygons(x: Floats, heights: Floats, rise: float) -> list[QPolygonF]:
    """``x`` (layers, bins + 1) edges, ``heights`` (layers, bins): closed outlines on the base lines 0, 1, …"""
    depth, bins = heights.shape
    xs = np.empty((depth, bins + 2))
    xs[:, 1:-1] = 0.5 * x[:, 1:] + 0.5 * x[:, :-1]
    xs[:, 0], xs[:, -1] = x[:, 0], x[:, -1]
    ys = np.repeat(np.arange(depth, dtype=np.float64)[:, None], bins + 2, axis=1)
    ys[:, 1:-1] -= rise * heights
    filled = heights > 0
    first = np.argmax(filled, axis=1)
    last = bins + 2 - np.argmax(filled[:, ::-1], axis=1)
    last[~filled.any(axis=1)] = 0
    return [polygon(xs[i, a:b], ys[i, a:b]) for i, (a, b) in enumerate(zip(first, last, strict=True))]


THIN_ROW = 5.0
"""Pixels per row below which base lines and outlines would be all one sees."""


@dataclass(frozen=True, eq=False)
class Ridges(Mark):
    """Filled outlines from the top down, each over the one before."""

    outlines: Sequence[QPolygonF]
    colours: Sequence[str]
    """By outline."""
    _: KW_ONLY
    layers: Sequence[int] = ()
    """The layer of each, where one is to be emphasised."""
    rows: Sequence[int] = ()
    """The base line of each, where not every row has one."""
    ghost: str = "text"

    def dimmed(self) -> Outlines:
        return Outlines(self.key, self.outlines, colour=self.ghost)

    def draw(self, surface: Surface) -> None:
        gap = min((b - a for a, b in pairwise(self.rows)), default=1)
        thin = abs(surface.to_pixels.m22()) * gap < THIN_ROW
        ends = surface.pane.shown[0]
        for i, outline in enumerate(self.outlines):
            if not thin and not surface.style.lane:
                self._base_line(surface, ends, float(self.rows[i] if self.rows else i))
            self._ridge(surface, surface.to_pixels.map(outline), i, thin)

    def _ridge(self, surface: Surface, outline: QPolygonF, index: int, thin: bool) -> None:
        """Smooth lines over a plain fill: smoothing the fill, too, takes three times as long and is covered by them."""
        emphasised = surface.palette.highlighted >= 0 and self._layer(index) == surface.palette.highlighted
        line = surface.colour(self.colours[index % len(self.colours)])
        painter = surface.painter
        if not surface.style.lane:
            surface.smooth(False)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(transparent(line if emphasised else _fill(surface.colour("panel"), line), 1.0))
            painter.drawPolygon(outline)
        surface.smooth(True)
        painter.setPen(pen_of(line, 1.8 if emphasised else 0.5 if thin else 1.0, dash=surface.dash(SOLID)))
        painter.drawPolyline(outline)
        if outline.size() > 1:
            painter.drawLine(outline.at(outline.size() - 1), outline.at(0))

    def _layer(self, index: int) -> int:
        return self.layers[index] if index < len(self.layers) else -1

    @staticmethod
    def _base_line(surface: Surface, ends: Range, row: float) -> None:
        left, right = (surface.to_pixels.map(QPointF(x, row)) for x in ends)
        surface.painter.setPen(pen_of(surface.colour("border")))
        surface.painter.drawLine(left, right)


@lru_cache(1024)
def _fill(ground: str, line: str) -> str:
    return mix(ground, line, 0.5)


@dataclass(frozen=True, eq=False)
class Outlines(Mark):
    """Ridges of which only the dashed outline is drawn."""

    outlines: Sequence[QPolygonF]
    _: KW_ONLY
    colour: str = "text"
    z: float = 0.5

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        surface.painter.setPen(pen_of(surface.colour(self.colour), 1.0, dash=DASHED, alpha=0.7))
        for outline in self.outlines:
            surface.painter.drawPolyline(surface.to_pixels.map(outline))


def row_words(histograms: Histograms, own: Floats | None) -> list[RowText]:
    """What stands at the right of each row: what is lost, else exact zeros, else its own range."""
    texts = []
    for row in range(histograms.counts.shape[0]):
        lost = tail_text(histograms, row)
        parts = [lost, zero_text(histograms, row)]
        if own is not None and histograms.counts[row].sum() > histograms.zeros[row]:
            parts.append(f"±{number(own[row])}")
        said = [part for part in parts if part]
        texts.append(RowText("   ".join(said), bool(lost), lost.partition(" ")[0] or "".join(said[-1:])))
    return texts
