"""How alike the layers make two samples, beside what theory says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue, Observed
from simulator.observations.correlation import Correlation, CorrelationObservation, correlations
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.guides import Guide, Level
from ui.chart.legend import Key, Note
from ui.chart.lost import lost_notes
from ui.chart.marks import LOST, ROUND, Area, Curves, Dots, LayerHighlight, Mark
from ui.chart.pens import DASHED
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange, finite_extent, room_for, with_margin
from ui.chart.table import Table, cells
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import CostlyPlot
from ui.plots.over_layers import PlotOverLayers
from ui.plots.quartiles import by_part, with_quartiles
from ui.style.numbers import amount, count, number


@dataclass(frozen=True)
class CorrelationState:
    step: int
    correlation: Correlation
    seconds: float
    quartiles: tuple[CorrelationState, CorrelationState] | None = None
    """The first and the third, where it is the median of several seeds."""

    @property
    def depth(self) -> int:
        return len(self.correlation.products)

    @cached_property
    def measured(self) -> Floats:
        """(pairs, layers)"""
        return self._of_pairs(correlations(self.correlation.products))

    @cached_property
    def predicted(self) -> Floats:
        return self._of_pairs(correlations(self.correlation.predicted))

    @cached_property
    def defined(self) -> NDArray[np.bool_]:
        """(pairs, layers): a signal of nothing but 0 has no direction."""
        return self._of_pairs(self.correlation.defined).astype(np.bool_)

    def _of_pairs(self, values: NDArray[Any]) -> Floats:
        first, second = zip(*self.correlation.pairs, strict=True)
        return values[:, first, second].T


class CorrelationPlot(PlotOverLayers[CorrelationState], CostlyPlot[CorrelationState]):
    key = "correlation"
    spoken_as = (("correlation", "correlations"),)
    preset = "edge-of-chaos"
    title = "Correlation over depth"
    spans_seeds = True
    side = "forward"
    least_width = 316
    least_height = 240
    explain = (
        "How alike each layer makes two samples: 1 if their signals point the same way, 0 if they have nothing in "
        "common. In order all samples come out alike, in chaos even similar ones part; either way nothing of them is "
        "left to learn from after a few ξ_c. Dashed: mean-field theory of the same samples in a fresh network."
    )
    observations = (CorrelationObservation(),)
    formula = (
        r"$$c_{ab}=\frac{q_{ab}}{\sqrt{q_{aa}\,q_{bb}}}$$"
        "\n\n"
        r"$q_{ab}$ = mean of $z_az_b$ over units. Theory: $|c-c^*|\sim e^{-l/\xi_c}$, $\xi_c=-1/\ln\chi_c$, "
        r"$\chi_c=\sigma_w^2\,\mathbb{E}\,\varphi'(z_a)\varphi'(z_b)$ at $c^*$"
    )
    empty_text = "The correlations are worked out while training goes on, at their own pace."

    def build(self) -> None:
        self.depth_axis, self.value_axis = DepthAxis("bottom", "layer, input → output"), ValueAxis("left", "c_ab")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.depth_axis)
        self.scale = StepRange(always=(0.0, 1.0))
        self.scales.append(self.scale)

    def understand(self, result: Correlation, observed: Observed[Correlation], view: View) -> CorrelationState:
        return CorrelationState(observed.step, result, observed.seconds, self.quartiles_of(view))

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[CorrelationState]) -> None:
        shown = [*(state.measured for state in with_quartiles(states)), states[0].predicted]
        self.pane.fit(room_for(states[0].depth), with_margin(self.scale.fit(*finite_extent(shown))))

    def marks(self, state: CorrelationState) -> Sequence[Mark]:
        x, settled = np.arange(state.depth, dtype=np.float64), state.correlation.settled
        level = Level(settled, f"c* {number(settled)}: where theory settles", f"c* {number(settled)}")
        theory, measured = ([pieces(x, row) for row in rows] for rows in (state.predicted, state.measured))
        return [
            LayerHighlight("highlight"),
            Guide("settled", level if math.isfinite(settled) else None),
            Curves("theory", theory, colours=["muted"], dash=DASHED, smooth=True, z=-0.8),
            Curves(
                "measured",
                measured,
                colours=["forward"],
                width=1.4,
                smooth=True,
                rough=True,
                lone=False,
                alpha=0.7,
                ghost="faint",
            ),
            self._dots(state, x),
            *_bands(state, x),
        ]

    @staticmethod
    def _dots(state: CorrelationState, x: Floats) -> Dots:
        values, known = state.measured.ravel(), state.defined.ravel()
        kinds = np.where(np.isfinite(values), ROUND, LOST).astype(np.int8)
        places = np.tile(x, len(state.measured))
        return Dots("dots", places[known], values[known], kinds[known], colours=["forward"], radius=2.8)

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: CorrelationState) -> Sequence[Key]:
        keys = [Key(count(len(state.correlation.pairs), "pair") + " of samples", "forward")]
        if not state.correlation.reason:
            keys.append(Key("theory" if state.step == 0 else "theory of a fresh network", "muted", "dashed"))
        return keys

    def remark(self, state: CorrelationState) -> str:
        correlation = state.correlation
        if not math.isfinite(correlation.settled):
            return f"No prediction: {correlation.reason}." if correlation.reason else correlation.scale_reason
        theory = "without end" if math.isinf(correlation.depth) else amount(correlation.depth, "layer")
        own = f", measured {number(correlation.measured_depth)}" if math.isfinite(correlation.measured_depth) else ""
        return f"ξ_c: theory {theory}{own}" + (f"; {correlation.scale_reason}" if correlation.scale_reason else "")

    def notes(self, state: CorrelationState) -> Sequence[Note]:
        # A product by 0 keeps NaN, makes one of Inf, and cannot overflow as a sum can.
        with np.errstate(invalid="ignore"):
            worst = (0.0 * state.correlation.products).sum(axis=(1, 2))
        lost = lost_notes(worst, np.ones(state.depth, np.bool_), self.names_of(state.depth))
        return [*lost, *self.age(state.step, state.seconds)]

    def probe(self, state: CorrelationState, pane: int, x: float, y: float) -> Probe | None:
        layer = round(x)
        if not 0 <= layer < state.depth:
            return None
        text, samples = [self.layer_text(layer)], state.correlation.samples
        for (a, b), own, theory in zip(state.correlation.pairs, state.measured, state.predicted, strict=True):
            said = f", theory {number(float(theory[layer]))}" if math.isfinite(theory[layer]) else ""
            value = number(float(own[layer])) if state.correlation.defined[layer, a, b] else "not defined"
            text.append(f"samples {samples[a]} and {samples[b]}  {value}{said}")
        return Probe("\n".join(text), layer)

    def rows(self, state: CorrelationState) -> Table:
        depth, correlation, known = state.depth, state.correlation, np.isfinite(state.predicted)
        labels: list[CellValue] = [*self.names_of(depth)]
        columns: dict[str, list[CellValue]] = {"step": [state.step] * (depth * len(correlation.pairs))}
        columns["sample"] = [int(correlation.samples[a]) for a, _ in correlation.pairs for _ in range(depth)]
        columns["other_sample"] = [int(correlation.samples[b]) for _, b in correlation.pairs for _ in range(depth)]
        columns["layer"] = labels * len(correlation.pairs)
        columns["correlation"] = [*cells(state.measured.ravel(), state.defined.ravel())]
        columns["predicted_correlation"] = [*cells(state.predicted.ravel(), known.ravel())]
        for part, each in by_part(state.quartiles):
            columns[f"correlation_{part}"] = [*cells(each.measured.ravel(), each.defined.ravel())]
        return Table(columns)


def _bands(state: CorrelationState, x: Floats) -> list[Mark]:
    """From quartile to quartile of the seeds, of each pair of samples."""
    if state.quartiles is None:
        return []
    pairs = enumerate(zip(*(each.measured for each in state.quartiles), strict=True))
    return [Area(f"quartiles {place}", x, *edges, colour="forward", alpha=0.12) for place, edges in pairs]


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(CorrelationPlot)
