"""One factor of the waterfall as a layer × time image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QRectF

from simulator.arrays.trace import FACTORS, Factor
from simulator.observations.factors import TOTAL, FactorGains, nothing_arrives
from simulator.record.sampled_history import Grid
from simulator.training.run_info import RunInfo
from ui.chart.axes import DepthAxis, StepAxis
from ui.chart.header import Option
from ui.chart.heat import ColourBar, Heat, indexed
from ui.chart.legend import Key, Note
from ui.chart.lost import Since, cell_keys, layer_words, lost_notes, since_of
from ui.chart.marks import Array, LayerHighlight
from ui.chart.ranges import Range, StepRange, StepsRange
from ui.chart.table import Table, cells
from ui.chart.tiles import diverging_table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.depth import columns_of, finite_extent
from ui.plots.waterfall import WORDS, gain_text
from ui.style.numbers import integer, number
from ui.style.theme import Theme

COLUMNS = 384
SIGNAL_LOST = Key("the signal is lost", "muted", "cell", short="lost")
SHORT: dict[Factor, str] = {"normalization": "norm"}
"""Names for buttons."""


@dataclass(frozen=True)
class FactorsPast:
    """The past of all factors, so that another one can be chosen while the plot is held."""

    step: int
    end: int
    """The last step looked at."""
    grid: Grid
    """values: (columns, factors and total, layers), as ``gain_rows`` gives them"""
    since: Since = ()

    @property
    def depth(self) -> int:
        return int(self.grid.values.shape[2])

    def has(self, factor: Factor) -> bool:
        return not bool(np.isnan(self.grid.values[:, FACTORS.index(factor)]).all())


def _offer(factor: Factor) -> Option:
    word = WORDS.get(factor, factor)
    return Option(factor, SHORT.get(factor, factor), f"Only what {word} does to the error signal; off: the total")


class FactorImage(Plot[FactorsPast]):
    key = "factor_image"
    title = "Gain, layer × time"
    side = "backward"
    explain = (
        "Each row is a layer, each column a moment: blue is where going back makes the error signal smaller, green "
        "where it grows, the ground where it passes unchanged. The switches show one factor instead of the "
        "total, so the layer and the moment at which a slope or the weights begin to lose the signal stand out."
    )
    formula = (
        r"$$\log_{10}\frac{\|\delta^l\|}{\|\delta^{l+1}\|}$$"
        "\n\n"
        r"Or one factor of it; of each column the value farthest from 0, held until the next look; grey: the signal "
        r"is lost (gain 0), amber: NaN"
    )
    wants = frozenset({"factors"})
    empty_text = "Every layer's gain over time paints itself here while this plot is open and training goes on."
    offers: ClassVar[tuple[Option, ...]] = tuple(_offer(factor) for factor in FACTORS)

    def build(self) -> None:
        self.depth_axis, self.step_axis = DepthAxis("left", "layer, output ← input"), StepAxis("bottom", "step")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.depth_axis, self.step_axis, invert_y=True)
        self.depth_axis.setGrid(False)
        self.bar = ColourBar("log₁₀ gain")
        self.canvas.add_beside(self.bar, FIRST_ROW, 2)
        self.x_scale, self.colour_scale = StepsRange(), StepRange(always=(-0.1, 0.1))
        self.scales += [self.x_scale, self.colour_scale]
        self.heat = Heat(self.pane)
        self.ghost_heat = Heat(self.pane, z=-2.5)
        self.beam = LayerHighlight(self.pane, along="y", z=1.0)

        self._offer_factors(None)

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)

    def capture(self, view: View) -> FactorsPast | None:
        # A lone layer has nothing to compare with, which is a picture too.
        alone = Grid(np.full((1, TOTAL + 1, 1), np.nan), np.ones(1, np.bool_), view.frame.step, 1)
        past = view.past(FactorGains.name)
        grid = past.looks.grid(COLUMNS) if past is not None else None
        if grid is None and view.frame.info.depth > 1:
            return None
        end = past.looks.end if past is not None else view.frame.step
        since = since_of(view.history, "delta_rms", columns_of(view.frame, ["delta_rms"])["delta_rms"].values)
        return FactorsPast(view.frame.step, end, grid or alone, since)

    # -- choosing ----------------------------------------------------------------------------------------------------

    @property
    def factor(self) -> Factor | None:
        """The one that is shown; None: the total."""
        return next((factor for factor in FACTORS if self.options[factor]), None)

    def set_option(self, key: str, on: bool) -> None:
        """At most one factor is on."""
        for other in self.options if on else ():
            if other != key:
                super().set_option(other, False)
        super().set_option(key, on)

    def _shown(self, state: FactorsPast) -> Array:
        """(columns, layers): log₁₀ gains, −∞ where the signal is lost or has been nearer to the output."""
        row = TOTAL if self.factor is None else FACTORS.index(self.factor)
        values = state.grid.values
        return np.where(nothing_arrives(values[:, TOTAL]), -np.inf, values[:, row])

    def _offer_factors(self, state: FactorsPast | None) -> None:
        """Only the switches of factors that this network has, and one that is on; none while nothing is known."""
        if self.header is not None:
            for factor in FACTORS:
                known = state is not None and state.has(factor)
                self.header.offer(factor, known or self.options[factor])

    # -- drawing -----------------------------------------------------------------------------------------------------

    def draw(self, state: FactorsPast) -> None:
        self._offer_factors(state)
        ghost = self.ghost
        shown = [state] if ghost is None else [state, ghost]
        low, high = finite_extent([self._shown(each) for each in shown])
        reach = max(-low, high)
        colours = self.colour_scale.fit(-reach, reach)
        self._tick(colours)
        below = 0.0 if ghost is None else state.depth + 0.5
        self.pane.fit(self.x_scale.fit(max(each.end for each in shown)), (-0.5, state.depth - 0.5 + below))
        self._paint(self.heat, state, colours, 0.0)
        if ghost is not None:
            self._paint(self.ghost_heat, ghost, colours, below)

    def _paint(self, heat: Heat, state: FactorsPast, colours: Range, top: float) -> None:
        values = self._shown(state)
        rect = QRectF(state.grid.first - 0.5, top - 0.5, float(state.grid.width * len(values)), float(state.depth))
        heat.set_places(np.ascontiguousarray(indexed(values, *colours).T), rect)

    def _tick(self, colours: Range) -> None:
        low, high = colours
        ticks = (low, 0.5 * low, 0.0, 0.5 * high, high)
        self.bar.set_ticks([((value - low) / (high - low), number(value, 2)) for value in ticks])

    def draw_ghost(self, ghost: FactorsPast | None) -> None:
        if ghost is None:
            self.ghost_heat.clear()

    def clear(self) -> None:
        self.heat.clear()
        self.ghost_heat.clear()

    def mark(self, layer: int) -> None:
        self.beam.point_at(layer)

    def tint(self, theme: Theme) -> None:
        table = diverging_table(theme)
        self.heat.set_table(table)
        self.ghost_heat.set_table(table)
        self.bar.tint(theme, table)
        self.beam.colour = theme.accent

    # -- words -------------------------------------------------------------------------------------------------------

    @property
    def _word(self) -> str:
        return "total" if self.factor is None else WORDS.get(self.factor, self.factor)

    def legend(self, state: FactorsPast) -> Sequence[Key]:
        return [Key(self._word, "muted", "none"), *cell_keys(self.heat.places, SIGNAL_LOST)]

    def notes(self, state: FactorsPast) -> Sequence[Note]:
        found = [Note("pinned one below")] if self.ghost is not None else []
        values = self._shown(state)
        if self.factor is not None and not state.has(self.factor):
            found.append(Note(f"no layer has {self._word}"))
        labels, defined = self.names_of(state.depth), np.ones(state.depth, np.bool_)
        zero = np.flatnonzero(np.isneginf(values[-1]))
        if zero.size:
            found.append(Note(f"the signal is lost in {layer_words(labels, zero)}", warning=True))
        return [*found, *lost_notes(np.where(np.isposinf(values[-1]), np.nan, 0.0), defined, labels, state.since)]

    def probe(self, state: FactorsPast, pane: int, x: float, y: float) -> Probe | None:
        row, source = round(y), state
        if self.ghost is not None and y > state.depth:
            row, source = round(y - state.depth - 0.5), self.ghost
        grid, values = source.grid, self._shown(source)
        if not 0 <= row < source.depth:
            return None
        column = int(np.floor((x - grid.first + 0.5) / grid.width))
        if not 0 <= column < len(values):
            return Probe(self.layer_text(row), row)
        first = grid.first + column * grid.width
        steps = f"step {integer(first)}" + (f" … {integer(first + grid.width - 1)}" if grid.width > 1 else "")
        words = self._words(float(values[column, row]), bool(grid.looked[column]))
        return Probe(f"{self.layer_text(row)}\n{steps}\n{self._word}  {words}", row, first + 0.5 * (grid.width - 1))

    def _words(self, value: float, looked: bool) -> str:
        if not looked:
            return "nobody looked"
        if np.isnan(value):
            return "not defined"
        return gain_text(value)

    def rows(self, state: FactorsPast) -> Table:
        """A row per column of the picture and layer."""
        grid, silent = state.grid, nothing_arrives(state.grid.values[:, TOTAL])
        values = np.where(silent | np.isposinf(self._shown(state)), np.nan, self._shown(state))
        known = ~np.isnan(self._shown(state)) | silent
        columns, depth = values.shape
        labels = self.labels if len(self.labels) == depth else tuple(str(i + 1) for i in range(depth))
        gains = cells(values.ravel(), known.ravel())
        return Table(
            {
                "first_step": np.repeat(grid.first + grid.width * np.arange(columns), depth).tolist(),
                "layer": [*labels] * columns,
                "factor": [self._word] * (columns * depth),
                "log10_gain": gains,
            }
        )
