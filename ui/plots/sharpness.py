"""How sharply the loss curves, times the step: a gauge against what is still stable, and its past."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue, Observed
from simulator.observations.sharpness import Sharpness, SharpnessObservation
from ui.chart.axes import StepAxis, ValueAxis
from ui.chart.beside import Gauge
from ui.chart.buckets import with_gaps
from ui.chart.edges import SharedRange, beyond_dots, beyond_notes, drawn_within
from ui.chart.guides import Guide, Level
from ui.chart.legend import Key, Note
from ui.chart.marks import Area, Curves, Mark
from ui.chart.polygons import pieces
from ui.chart.ranges import Range, StepsRange, with_margin
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import CostlyPlot
from ui.plots.quartiles import by_part
from ui.style.numbers import integer, number


@dataclass(frozen=True)
class SharpnessState:
    step: int
    sharpness: Sharpness
    seconds: float
    steps: Floats
    """When it was asked since the run began, this time included."""
    values: Floats
    """λ_max at each of these steps."""
    gauges: Floats
    """η · λ_max at each of them."""
    limits: Floats
    """What a quadratic stands at each of them; NaN where that is not known."""
    after_gap: NDArray[np.bool_]
    """Whether nobody looked for a while before."""
    depth: int = 0
    quartiles: tuple[SharpnessState, SharpnessState] | None = None
    """The first and the third, where it is the median of several seeds."""

    @property
    def edges(self) -> list[Floats]:
        """η · λ_max at the quartiles."""
        return [] if self.quartiles is None else [each.gauges for each in self.quartiles]


class SharpnessPlot(CostlyPlot[SharpnessState]):
    key = "sharpness"
    spoken_as = (
        ("largest_eigenvalue", "largest eigenvalue"),
        ("rate_times_eigenvalue", "learning rate times it"),
        ("limit", "limit of stability"),
    )
    title = "Sharpness and stability"
    spans_seeds = True
    side = "training"
    least_height = 210
    explain = (
        "The bar is the largest curvature of the loss times the learning rate; the dashed line is what a quadratic "
        "of that curvature still stands. Training often climbs to the line by itself and stays there: the edge of "
        "stability. It is a fault only if the loss rises too. The products with the Hessian are exact; where their "
        "time ran out before Lanczos converged, the value is a lower bound and is marked ≥."
    )
    observations = (SharpnessObservation(),)
    formula = (
        r"$\eta\,\lambda_{max}(\nabla^2C)$ on the present batch, by Lanczos"
        "\n\n"
        r"Limit 2; with momentum $\beta$: $2+2\beta$; with Nesterov's: $2(1+\beta)/(1+2\beta)$"
    )
    empty_text = "The curvature is worked out while training goes on, at its own pace."

    def build(self) -> None:
        self.step_axis, self.value_axis = StepAxis("bottom", "step"), ValueAxis("left", "η · λ_max")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.step_axis)
        self.scale, self.steps = SharedRange(), StepsRange()
        self.scales += [self.scale, self.steps]
        self.gauge = Gauge(self.pane)
        self.canvas.add_beside(self.gauge, FIRST_ROW, 2)

    def understand(self, result: Sharpness, observed: Observed[Sharpness], view: View) -> SharpnessState:
        past = view.past_with(self.observations[0])
        assert past is not None
        values, gauges, limits = past.history.values.T
        return SharpnessState(
            observed.step, result, observed.seconds, past.history.lasts, values, gauges, limits,
            past.history.after_gap, quartiles=self.quartiles_of(view),
        )  # fmt: skip

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[SharpnessState]) -> None:
        sharpness = states[0].sharpness
        limit = np.array([0.0, 1.2 * sharpness.limit])
        shown = [(state.gauges, *state.edges) for state in states]
        y = self.scale.fit_networks([(np.concatenate(parts), (*parts, limit)) for parts in shown])
        self.pane.fit(self.steps.fit(max(state.step for state in states)), with_margin(y, 0.01))
        self.gauge.show_value(sharpness.gauge, sharpness.limit)

    def marks(self, state: SharpnessState) -> Sequence[Mark]:
        limit, shown = state.sharpness.limit, self.scale.range
        known = math.isfinite(limit) and not state.sharpness.reason
        level = Level(limit, f"limit of stability {number(limit)}", f"limit {number(limit)}")
        return [
            Guide("limit", level if known else None, colour="text"),
            Curves("gauge", [_curve(state, shown)], colours=["accent"], width=1.4, smooth=True, ghost="muted"),
            beyond_dots("beyond", state.steps, state.gauges, shown, "accent"),
            *_band(state, shown),
        ]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: SharpnessState) -> Sequence[Key]:
        sharpness = state.sharpness
        bound = "≥ " if sharpness.bound else ""
        return [
            Key(f"η · λ_max {bound}{number(sharpness.gauge)}", "accent"),
            Key(f"λ_max {bound}{number(sharpness.value)}", "muted", "none"),
        ]

    def notes(self, state: SharpnessState) -> Sequence[Note]:
        sharpness, notes = state.sharpness, list(self.age(state.step, state.seconds))
        if not math.isfinite(sharpness.value):
            notes.insert(0, Note("gradient not finite", warning=True))
        elif sharpness.gauge > sharpness.limit:
            notes.insert(0, Note("above the limit", warning=True))
        elif sharpness.reason:
            notes.insert(0, Note("no limit"))
        if sharpness.bound:
            notes.append(Note("not converged: λ_max is this or more"))
        return [*beyond_notes(state.gauges, self.scale.range, "look"), *notes]

    def probe(self, state: SharpnessState, pane: int, x: float, y: float) -> Probe | None:
        index = int(np.abs(state.steps - x).argmin())
        sharpness, limit = state.sharpness, float(state.limits[index])
        text = [
            f"step {integer(int(state.steps[index]))}",
            f"η · λ_max  {number(float(state.gauges[index]))}",
            f"λ_max  {number(float(state.values[index]))}",
            f"limit  {number(limit)}" if math.isfinite(limit) else sharpness.reason or "no limit then",
            f"now found to ± {number(sharpness.residual)} with {sharpness.products} products",
        ]
        return Probe("\n".join(text), x=float(state.steps[index]))

    def rows(self, state: SharpnessState) -> Table:
        columns: dict[str, Sequence[CellValue]] = {
            "step": [int(step) for step in state.steps],
            "largest_eigenvalue": state.values.tolist(),
            "rate_times_eigenvalue": state.gauges.tolist(),
            "limit": [None if math.isnan(limit) else limit for limit in state.limits.tolist()],
        }
        for part, each in by_part(state.quartiles):
            columns[f"largest_eigenvalue_{part}"] = each.values.tolist()
            columns[f"rate_times_eigenvalue_{part}"] = each.gauges.tolist()
        return Table(columns)


def _curve(state: SharpnessState, shown: Range) -> list[QPolygonF]:
    """Through the answers, but not over steps at which nobody asked."""
    return pieces(*with_gaps(state.steps, state.after_gap, drawn_within(state.gauges, shown)[0]))


def _band(state: SharpnessState, shown: Range) -> list[Mark]:
    """From quartile to quartile of the seeds, but not over steps at which nobody asked."""
    if state.quartiles is None:
        return []
    edges = (drawn_within(each, shown)[0] for each in state.edges)
    return [Area("quartiles", *with_gaps(state.steps, state.after_gap, *edges), colour="accent", alpha=0.22)]


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(SharpnessPlot)
