"""The weight gradient's norm as a layer × time image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF

from simulator.training.run_info import RunInfo
from ui.chart.axes import DepthAxis, StepAxis
from ui.chart.decades import extent, log10
from ui.chart.heat import ColourBar, Heat, colour_table, indexed
from ui.chart.legend import Key, Note
from ui.chart.lost import cell_keys
from ui.chart.marks import LayerHighlight
from ui.chart.ranges import Range, StepRange, StepsRange, nice_step
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.gradient_time import LayersPast, layers_past, past_notes, past_table, past_text, step_text
from ui.style.numbers import power_of_ten
from ui.style.theme import Theme

COLUMNS = 384


class GradientImage(Plot[LayersPast]):
    key = "gradient_image"
    title = "Gradient, layer × time"
    side = "backward"
    default = True
    explain = (
        "Each row is a layer, each column a moment; the colour is the size of the weight gradient, on a "
        "log scale. A pale top is a gradient that never reaches the input; a sudden column is a spike."
    )
    formula = (
        r"$\log_{10}\|\partial C/\partial W^l\|$, the largest value of each column's steps; neutral: exactly 0, "
        r"amber: not finite"
    )
    empty_text = "Every layer's gradient over time paints itself here as training goes on."

    def build(self) -> None:
        self.depth_axis, self.step_axis = DepthAxis("left", "layer, output ← input"), StepAxis("bottom", "step")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.depth_axis, self.step_axis, invert_y=True)
        self.depth_axis.setGrid(False)
        self.bar = ColourBar("‖∂C/∂W‖")
        self.canvas.add_beside(self.bar, FIRST_ROW, 2)
        self.x_scale, self.colour_scale = StepsRange(), StepRange(log=True)
        self.scales += [self.x_scale, self.colour_scale]
        self.heat = Heat(self.pane)
        self.ghost_heat = Heat(self.pane, z=-2.5)
        self.beam = LayerHighlight(self.pane, along="y", z=1.0)

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)

    def capture(self, view: View) -> LayersPast | None:
        return layers_past(view, COLUMNS)

    def draw(self, state: LayersPast) -> None:
        ghost = self.ghost
        shown = [state] if ghost is None else [state, ghost]
        logs = [log10(each.past.high) for each in shown]
        colours = self.colour_scale.fit(*extent(logs))
        self._tick(colours)
        depth = state.depth
        below = 0.0 if ghost is None else depth + 0.5
        self.pane.fit(self.x_scale.fit(max(each.past.end for each in shown)), (-0.5, depth - 0.5 + below))
        self._paint(self.heat, state, logs[0], colours, 0.0)
        if ghost is not None:
            self._paint(self.ghost_heat, ghost, logs[1], colours, below)

    @staticmethod
    def _paint(heat: Heat, state: LayersPast, logs: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
               colours: Range, top: float) -> None:  # fmt: skip
        values = np.where(np.isnan(logs) & state.defined, np.inf, logs)
        width = float(state.past.width)
        rect = QRectF(state.past.steps[0] - 0.5, top - 0.5, width * len(state.past.steps), float(state.depth))
        heat.set_places(np.ascontiguousarray(indexed(values, *colours).T), rect)

    def _tick(self, colours: Range) -> None:
        low, high = colours
        step = max(1, round(nice_step(high - low, 5)))
        first = int(-(-low // step)) * step
        self.bar.set_ticks([((d - low) / (high - low), power_of_ten(d)) for d in range(first, int(high) + 1, step)])

    def draw_ghost(self, ghost: LayersPast | None) -> None:
        if ghost is None:
            self.ghost_heat.clear()

    def clear(self) -> None:
        self.heat.clear()
        self.ghost_heat.clear()

    def mark(self, layer: int) -> None:
        self.beam.point_at(layer)

    def tint(self, theme: Theme) -> None:
        table = colour_table(theme, theme.backward)
        self.heat.set_table(table)
        self.ghost_heat.set_table(table)
        self.bar.tint(theme, table)
        self.beam.colour = theme.accent

    def legend(self, state: LayersPast) -> Sequence[Key]:
        return cell_keys(self.heat.places)

    def notes(self, state: LayersPast) -> Sequence[Note]:
        found = past_notes(state, self.names_of(state.depth), self.colour_scale.range[0])
        return [Note("pinned one below"), *found] if self.ghost is not None else found

    def probe(self, state: LayersPast, pane: int, x: float, y: float) -> Probe | None:
        row, source = round(y), state
        if self.ghost is not None and y > state.depth:
            row, source = round(y - state.depth - 0.5), self.ghost
        past = source.past
        if not 0 <= row < source.depth or not -0.5 <= x <= past.end + past.width:
            return None
        i = past.bucket(x)
        words = past_text(past.low[i, row], past.high[i, row], past.last[i, row])
        reading = f"‖∂W‖  {words}" if source.defined[row] else "no weights of its own"
        return Probe(f"{self.layer_text(row)}\n{step_text(past, i)}\n{reading}", row, float(past.middles[i]))

    def rows(self, state: LayersPast) -> Table:
        return past_table(state, self.labels)
