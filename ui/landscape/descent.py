"""f over the steps of a race, of each optimiser, in decades above the lowest minimum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF

from simulator.arrays.numeric import Floats
from simulator.landscape.race import RacedPath
from simulator.observations.base import CellValue
from ui.chart.axes import StepAxis, ValueAxis
from ui.chart.legend import Key
from ui.chart.marks import Curves, Mark, Surface
from ui.chart.pens import DOTTED
from ui.chart.polygons import polygon, unbroken
from ui.chart.ranges import StepRange
from ui.chart.table import Table
from ui.landscape.kept import KeptPicture
from ui.landscape.paths import PathMark
from ui.landscape.state import COLOURS, DASHES, SHAPES, LandscapeState
from ui.landscape.strokes import draw_strokes
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.numbers import integer, number

BEYOND = 3.0
"""Decades beyond the pane at which a curve is cut."""
STRETCHES = 1000
"""Of a curve that is too long to have each step drawn."""
MOST_DECADES = 16.0
"""Below the start by so much, or above it by half of that, nothing is shown."""


@dataclass(frozen=True, eq=False)
class CurvesMark(Mark):
    """All curves at once."""

    race: object
    """The same for the same race, as far as it may be."""
    paths: Sequence[RacedPath]
    lines: Sequence[Sequence[Floats]]
    chosen: int
    kept: KeptPicture

    def draw(self, surface: Surface) -> None:
        of = (self.race, tuple(path.steps for path in self.paths), self.chosen)
        self.kept.paint(surface, of, self._draw_whole)

    def _draw_whole(self, surface: Surface) -> None:
        surface.smooth(True)
        for index, curve in enumerate(self.lines):
            width = 2.4 if index == self.chosen else 1.6
            colour = surface.colour(COLOURS[index])
            draw_strokes(surface.painter, surface.to_pixels, curve, colour, width, DASHES[index])


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
        self._kept = KeptPicture()

    def capture(self, view: View) -> LandscapeState | None:
        """It shows no run."""
        return None

    @staticmethod
    def heights(state: LandscapeState, values: Floats) -> Floats:
        """log₁₀ (f − f*); NaN where f is not finite, or exactly f*."""
        with np.errstate(all="ignore"):
            heights = np.log10(np.maximum(values - state.relief.base, 0.0))
        return np.where(np.isfinite(values) & np.isfinite(heights), heights, np.nan)

    def fit(self, states: Sequence[LandscapeState]) -> None:
        state = states[0]
        heights = [self.heights(state, path.values) for path in state.paths]
        finite = np.concatenate([each[np.isfinite(each)] for each in heights]) if heights else np.zeros(0)
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 0.0)
        if state.paths and math.isfinite(first := float(heights[0][0])):
            low, high = max(low, first - MOST_DECADES), min(high, first + MOST_DECADES / 2)
        last = max(state.last, 1)
        self.y_scale.reset()
        self.pane.fit((-0.02 * last, 1.02 * last), self.y_scale.fit(low, high))

    def marks(self, state: LandscapeState) -> Sequence[Mark]:
        low, high = self.pane.auto[1]
        at = polygon(np.array([state.step, state.step], float), np.array([low, high]))
        heads = [self._head(state, index) for index in range(len(state.paths))]
        now = Curves("now", [[at]], colours=("muted",), dash=DOTTED, z=-1.0)
        counted = state.race, state.relief.base
        return [
            CurvesMark("curves", counted, state.paths, self._lines(state), state.chosen, self._kept),
            *heads,
            now,
        ]

    def _lines(self, state: LandscapeState) -> list[list[Floats]]:
        """Each curve in its pieces, (points, 2): step and height, cut far beyond the pane."""
        low, high = self.pane.auto[1]
        curves = []
        for path in state.paths:
            steps, heights = _outline(np.clip(self.heights(state, path.values), low - BEYOND, high + BEYOND))
            curves.append([np.stack([steps[a:b], heights[a:b]], axis=1) for a, b in unbroken(np.isfinite(heights))])
        return curves

    def _head(self, state: LandscapeState, index: int) -> PathMark:
        """Where it stands at the step that is shown."""
        path = state.paths[index]
        at, (low, high) = state.at(path), self.pane.auto[1]
        height = float(self.heights(state, path.values[[at]])[0])
        head = QPointF(float(at), height) if low <= height <= high else None
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
        cells: dict[str, Sequence[CellValue]] = {"step": list(range(state.last + 1))}
        for path in state.paths:
            cells[path.entry.name] = [*path.values.tolist(), *[None] * (state.last - path.steps)]
        return Table(cells)


def _outline(heights: Floats) -> tuple[Floats, Floats]:
    """Steps and heights; of a long curve the least and the greatest of each stretch, gaps left out within one."""
    count = len(heights)
    if count <= 2 * STRETCHES:
        return np.arange(count, dtype=np.float64), heights
    length = -(-count // STRETCHES)
    padded = np.append(heights, np.full(-count % length, np.nan)).reshape(-1, length)
    known = ~np.isnan(padded).all(axis=1)
    ends = np.full((len(padded), 2), np.nan)
    ends[known] = np.stack([np.nanmin(padded[known], axis=1), np.nanmax(padded[known], axis=1)], axis=1)
    steps = np.arange(len(padded)) * float(length)
    return np.repeat(steps, 2), ends.ravel()
