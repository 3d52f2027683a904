"""One layer's activation function and its slope, with the pre-activations that lie under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Floats
from simulator.observations.base import Observed
from simulator.observations.preactivation import Preactivation, PreactivationObservation
from simulator.parts.activations import Activation
from ui.chart.axes import ValueAxis
from ui.chart.edges import SharedRange, beyond_note
from ui.chart.guides import Guide, Level
from ui.chart.legend import Key, Note
from ui.chart.marks import Area, Curves, Mark
from ui.chart.pens import DASH_DOTTED, DASHED, SOLID
from ui.chart.polygons import pieces
from ui.chart.ranges import Range, StepRange, finite_extent
from ui.chart.ridges import bin_text, edges_of, heights_of, tail_notes
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import PointedLayerPlot
from ui.style.numbers import number, percent

POINTS = 400
STROKES = (SOLID, DASH_DOTTED)
"""Of the function and of its slope."""
LEAST = 4.0
"""How far z is shown to either side at least."""


@dataclass(frozen=True)
class FunctionState:
    step: int
    depth: int
    preactivation: Preactivation
    seconds: float


class ActivationFunction(PointedLayerPlot[FunctionState]):
    key = "activation_function"
    spoken_as = (("low", "pre-activations"), ("high", "pre-activations"), ("slope", "slopes"))
    preset = "dying-relu"
    title = "Activation function"
    measured = ("preactivation_std", "activation_saturated")
    side = "forward"
    least_height = 200
    explain = (
        "The function of one layer, its slope, and filled the pre-activations of the present batch: where they lie "
        "under a flat stretch, the unit is saturated and its gradient is lost. Point at another layer, in any plot "
        "or in the stack, to see its function."
    )
    observations = (PreactivationObservation(),)
    formula = (
        r"$a=\varphi(z)$, $\varphi'(z)$; dashed: $\sup|\varphi'|$; saturated: $|\varphi'(z)|<0.05\,\sup|\varphi'|$"
    )
    empty_text = "The pre-activations are counted while training goes on, at their own pace."

    def build(self) -> None:
        self.z_axis, self.value_axis = ValueAxis("bottom", "pre-activation z"), ValueAxis("left", "φ(z), φ′(z)")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.z_axis)
        self.reach, self.scale = SharedRange(always=(-LEAST, LEAST)), StepRange(always=(0.0, 1.0))
        self.scales += [self.reach, self.scale]

    def understand(self, result: Preactivation, observed: Observed[Preactivation], view: View) -> FunctionState:
        return FunctionState(observed.step, view.frame.info.depth, result, observed.seconds)

    def observation_of(self, layer: int) -> PreactivationObservation:
        return PreactivationObservation(layer=layer)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[FunctionState]) -> None:
        before = self.reach.range
        ends = [edges_of(state.preactivation.values)[0][[0, -1]] for state in states]
        reach = self.reach.fit_networks([(each, [each]) for each in ends])
        if reach[1] - reach[0] < before[1] - before[0]:
            self.scale.renew()
        values = list[Floats]()
        for activation in (state.preactivation.activation for state in states):
            values += [*sampled(activation, *reach)[1:], np.array([activation.sup_slope])]
        y = self.scale.fit(*finite_extent(values))
        self.pane.fit(reach, (y[0], y[1] + 0.03 * (y[1] - y[0])))

    def marks(self, state: FunctionState) -> Sequence[Mark]:
        z, value, slope = sampled(state.preactivation.activation, *self.reach.range)
        sup, (low, high) = state.preactivation.activation.sup_slope, self.scale.range
        x, heights = _outline(state.preactivation.values, self.reach.range)
        top, curves = low + heights * 0.6 * (high - low), [pieces(z, value), pieces(z, slope)]
        return [
            Guide("supremum", Level(sup, f"sup |φ′| {number(sup)}", f"sup {number(sup)}"), colour="backward"),
            Area("values", x, np.full(len(x), low), top, colour="muted", alpha=0.25),
            Curves("functions", curves, colours=("forward", "backward"), dashes=STROKES, width=1.8, smooth=True),
        ]

    def ghost_marks(self, ghost: FunctionState) -> Sequence[Mark]:
        """Where the pre-activations lay."""
        x, heights = _outline(ghost.preactivation.values, self.reach.range)
        low, high = self.scale.range
        outline = pieces(x, low + heights * 0.6 * (high - low))
        return [Curves("outline", [outline], dash=DASHED, z=-0.5)]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: FunctionState) -> Sequence[Key]:
        preactivation = state.preactivation
        return [
            Key("φ", "forward"),
            Key("φ′", "backward", "dash-dotted"),
            Key(f"saturated {percent(preactivation.saturated)}", "muted", "band"),
        ]

    def notes(self, state: FunctionState) -> Sequence[Note]:
        return [
            *tail_notes(state.preactivation.values, [self.names_of(state.depth)[state.preactivation.layer]]),
            *_beyond(state.preactivation.values, self.reach.range),
            *self.age(state.step, state.seconds),
        ]

    def probe(self, state: FunctionState, pane: int, x: float, y: float) -> Probe | None:
        preactivation = state.preactivation
        _, value, slope = sampled(preactivation.activation, x, x)
        text = [
            self.layer_text(preactivation.layer),
            f"φ({number(x)})  {number(float(value[0]))}",
            f"φ′({number(x)})  {number(float(slope[0]))}",
            bin_text(preactivation.values, 0, x),
        ]
        return Probe("\n".join(text), preactivation.layer, x)

    def rows(self, state: FunctionState) -> Table:
        preactivation = state.preactivation
        edges, bins = edges_of(preactivation.values)[0], preactivation.values.counts.shape[1]
        middles = 0.5 * edges[:-1] + 0.5 * edges[1:]
        value, slope = preactivation.activation.evaluated(middles)
        return Table(
            {
                "step": [state.step] * bins,
                "layer": [preactivation.layer + 1] * bins,
                "low": edges[:-1].tolist(),
                "high": edges[1:].tolist(),
                "count": preactivation.values.counts[0].tolist(),
                "value": value.tolist(),
                "slope": slope.tolist(),
            }
        )


def sampled(activation: Activation, low: float, high: float) -> tuple[Floats, Floats, Floats]:
    """(z, φ(z), φ'(z)) at even distances."""
    z = np.linspace(low, high, POINTS)
    return z, *activation.evaluated(z)


def _outline(values: Histograms, shown: Range) -> tuple[Floats, Floats]:
    """The histogram as steps, its highest bin 1; what lies beyond ``shown`` ends at the edge."""
    heights = heights_of(values.counts)[0]
    return np.repeat(np.clip(edges_of(values)[0], *shown), 2), np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])


def _beyond(values: Histograms, shown: Range) -> list[Note]:
    """How many pre-activations lie in bins beyond ``shown``."""
    edges = edges_of(values)[0]
    outside = int(values.counts[0][(edges[1:] < shown[0]) | (edges[:-1] > shown[1])].sum())
    return [beyond_note(outside, "pre-activation", float(max(edges[0], edges[-1], key=abs)))] if outside else []


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ActivationFunction)
