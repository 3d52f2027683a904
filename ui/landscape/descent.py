"""f over the steps of a race, of each optimiser, in decades above the lowest minimum."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF

from ui.chart.axes import StepAxis, ValueAxis
from ui.chart.legend import Key
from ui.chart.marks import Curves, Mark
from ui.chart.pens import DOTTED
from ui.chart.polygons import Array, pieces, polygon
from ui.chart.ranges import StepRange
from ui.chart.table import Cell, Table
from ui.landscape.paths import PathMark
from ui.landscape.state import COLOURS, DASHES, SHAPES, LandscapeState
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.numbers import integer, number

MOST_DECADES = 16.0
"""Below the start by so much, or above it by half of that, nothing is told apart."""


class DescentPlot(Plot[LandscapeState]):
    key = "descent"
    title = "f over steps"
    side = "training"
    overlays = False
    least_width = 260
    explain = (
        "How far above the lowest minimum each optimiser is after each step, on a log axis. A straight line down is a "
        "constant share that is lost in each step; one that goes up diverges. Dotted is the step that is shown."
    )
    formula = r"$f(w_k)-f^*$"
    empty_text = "The race begins."

    def build(self) -> None:
        self.y_axis, self.x_axis = ValueAxis("left", "f − f*", log=True), StepAxis("bottom", "step")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        self.y_scale = StepRange(log=True, patience=1)
        self.scales.append(self.y_scale)

    def capture(self, view: View) -> LandscapeState | None:
        """It shows no run."""
        return None

    @staticmethod
    def heights(state: LandscapeState, values: Array) -> Array:
        """log₁₀ (f − f*), cut where decades from the start are too many; NaN where f is not finite."""
        first = _log_above(state, np.asarray([values[0]]))[0]
        heights = _log_above(state, values)
        if not math.isfinite(first):
            return np.asarray(np.where(np.isneginf(heights), np.nan, heights))
        low, high = first - MOST_DECADES, first + MOST_DECADES / 2
        with np.errstate(invalid="ignore"):
            return np.where(heights > high, np.nan, np.maximum(heights, low))

    def fit(self, states: Sequence[LandscapeState]) -> None:
        state = states[0]
        heights = [self.heights(state, path.values) for path in state.paths]
        finite = np.concatenate([each[np.isfinite(each)] for each in heights]) if heights else np.zeros(0)
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 0.0)
        last = max(state.last, 1)
        self.y_scale.reset()
        self.pane.fit((-0.02 * last, 1.02 * last), self.y_scale.fit(low, high))

    def marks(self, state: LandscapeState) -> Sequence[Mark]:
        curves = [self._curve(state, index) for index in range(len(state.paths))]
        low, high = self.pane.auto[1]
        at = polygon(np.array([state.step, state.step], float), np.array([low, high]))
        heads = [self._head(state, index) for index in range(len(state.paths))]
        return [*curves, *heads, Curves("now", [[at]], colours=("muted",), dash=DOTTED, z=-1.0)]

    def _curve(self, state: LandscapeState, index: int) -> Curves:
        values = state.paths[index].values
        line = pieces(np.arange(len(values), dtype=np.float64), self.heights(state, values))
        width = 2.4 if index == state.chosen else 1.6
        return Curves(
            f"curve {index}", [line], colours=(COLOURS[index],), dash=DASHES[index], width=width, smooth=True
        )  # fmt: skip

    def _head(self, state: LandscapeState, index: int) -> PathMark:
        """Where it stands at the step that is shown."""
        path = state.paths[index]
        at = state.at(path)
        height = float(self.heights(state, path.values[[0, at]])[1])
        head = QPointF(float(at), height) if math.isfinite(height) else None
        return PathMark(f"head {index}", (), head, COLOURS[index], SHAPES[index], (), chosen=index == state.chosen)

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: LandscapeState) -> Sequence[Key]:
        read = [number(float(path.values[state.at(path)]), fixed=True) for path in state.paths]
        names = [f"{path.entry.name}  {value}" for path, value in zip(state.paths, read, strict=True)]
        return [Key(name, COLOURS[index], SHAPES[index]) for index, name in enumerate(names)]

    def spoken(self, state: LandscapeState) -> str:
        return "; ".join(f"{key.text}" for key in self.legend_keys(state))

    def probe(self, state: LandscapeState, pane: int, x: float, y: float) -> Probe | None:
        step = round(x)
        if not 0 <= step <= state.last:
            return None
        lines = [f"{path.entry.name}  {number(float(path.values[step]))}" for path in state.paths if step <= path.steps]
        return Probe("\n".join([f"step {integer(step)}", *lines]), x=float(step))

    def rows(self, state: LandscapeState) -> Table:
        """One row per step, one column per optimiser."""
        cells: dict[str, Sequence[Cell]] = {"step": list(range(state.last + 1))}
        for path in state.paths:
            cells[path.entry.name] = [*path.values.tolist(), *[None] * (state.last - path.steps)]
        return Table(cells)


def _log_above(state: LandscapeState, values: Array) -> Array:
    with np.errstate(all="ignore"):
        heights = np.log10(np.maximum(values - state.relief.base, 0.0))
    return np.where(np.isfinite(values), heights, np.nan)
