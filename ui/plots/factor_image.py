"""One factor of the waterfall as a layer × time image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.arrays.trace import FACTORS, Factor
from simulator.observations.factors import TOTAL, FactorGains, FactorsObservation, nothing_arrives
from simulator.record.sampled_history import Grid
from ui.chart.colour_tables import diverging_table
from ui.chart.header import HeaderOption
from ui.chart.legend import Key, Note
from ui.chart.lost import Since, layer_words, lost_notes, since_of
from ui.chart.ranges import Range, StepRange, finite_extent
from ui.chart.table import Table, cells
from ui.plots.base import Probe, View
from ui.plots.depth import columns_of
from ui.plots.images import COLUMNS, LayersGrid, LayersImage
from ui.plots.waterfall import WORDS, gain_text
from ui.style.numbers import integer, number

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


def _offer(factor: Factor) -> HeaderOption:
    word = WORDS.get(factor, factor)
    return HeaderOption(factor, SHORT.get(factor, factor), f"Only what {word} does to the error signal; off: the total")


class FactorImage(LayersImage[FactorsPast]):
    key = "factor_image"
    spoken_as = (("log10_gain", "log₁₀ of gains"),)
    title = "Gain, layer × time"
    measured = ("gain_total", *(f"gain_{factor}" for factor in FACTORS))
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
    observations = (FactorsObservation(),)
    bar_name = "log₁₀ gain"
    colour_table = staticmethod(diverging_table)
    zero = SIGNAL_LOST
    empty_text = "Every layer's gain over time paints itself here while this plot is open and training goes on."
    offers: ClassVar[tuple[HeaderOption, ...]] = tuple(_offer(factor) for factor in FACTORS)

    def make_colour_scale(self) -> StepRange:
        return StepRange(always=(-0.1, 0.1))

    def capture(self, view: View) -> FactorsPast | None:
        # A lone layer has nothing to compare with, which is a picture too.
        alone = Grid(np.full((1, TOTAL + 1, 1), np.nan), np.ones(1, np.bool_), view.frame.step, 1)
        past = view.past(FactorGains.name)
        grid = past.history.grid(COLUMNS) if past is not None else None
        if grid is None and view.frame.info.depth > 1:
            return None
        end = past.history.end if past is not None else view.frame.step
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

    def _shown(self, state: FactorsPast) -> Floats:
        """(columns, layers): log₁₀ gains, −∞ where the signal is lost or has been nearer to the output."""
        row = TOTAL if self.factor is None else FACTORS.index(self.factor)
        values = state.grid.values
        return np.where(nothing_arrives(values[:, TOTAL]), -np.inf, values[:, row])

    def _show_empty(self) -> None:
        super()._show_empty()
        self._offer_factors(None)

    def _offer_factors(self, state: FactorsPast | None) -> None:
        """Only the switches of factors that this network has, and one that is on; none while nothing is known."""
        if self.header is not None:
            for factor in FACTORS:
                known = state is not None and state.has(factor)
                self.header.offer(factor, known or self.options[factor])

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[FactorsPast]) -> None:
        self._offer_factors(states[0])
        super().fit(states)

    def grid(self, state: FactorsPast) -> LayersGrid:
        return LayersGrid(self._shown(state), float(state.grid.first), state.grid.width, state.end)

    def colour_extent(self, values: Sequence[Floats]) -> Range:
        low, high = finite_extent(values)
        reach = max(-low, high)
        return -reach, reach

    def tick(self, low: float, high: float) -> None:
        ticks = (low, 0.5 * low, 0.0, 0.5 * high, high)
        self.bar.set_ticks([((value - low) / (high - low), number(value, 2)) for value in ticks])

    # -- words -------------------------------------------------------------------------------------------------------

    @property
    def _word(self) -> str:
        return "total" if self.factor is None else WORDS.get(self.factor, self.factor)

    def legend_keys(self, state: FactorsPast) -> Sequence[Key]:
        return [Key(self._word, "muted", "none")]

    def notes(self, state: FactorsPast) -> Sequence[Note]:
        notes = [Note("pinned one below")] if self.ghost is not None else []
        values = self._shown(state)
        if self.factor is not None and not state.has(self.factor):
            notes.append(Note(f"no layer has {self._word}"))
        labels, defined = self.names_of(state.depth), np.ones(state.depth, np.bool_)
        zero = np.flatnonzero(np.isneginf(values[-1]))
        if zero.size:
            notes.append(Note(f"the signal is lost in {layer_words(labels, zero)}", warning=True))
        return [*notes, *lost_notes(np.where(np.isposinf(values[-1]), np.nan, 0.0), defined, labels, state.since)]

    def probe(self, state: FactorsPast, pane: int, x: float, y: float) -> Probe | None:
        shown = self.row_at(state, y)
        if shown is None:
            return None
        (source, row), values = shown, self._shown(shown[0])
        grid = source.grid
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
        gains = cells(values.ravel(), known.ravel())
        return Table(
            {
                "first_step": np.repeat(grid.first + grid.width * np.arange(columns), depth).tolist(),
                "layer": self.names_of(depth) * columns,
                "factor": [self._word] * (columns * depth),
                "log10_gain": gains,
            }
        )


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(FactorImage)
