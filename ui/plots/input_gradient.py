"""What the loss does with each input of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue, Observed
from simulator.observations.input_gradient import InputGradient, InputGradientObservation
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.edges import SharedRange, beyond_notes, drawn_within
from ui.chart.legend import Key, Note
from ui.chart.marks import Area, Curves, Dots, Mark
from ui.chart.pens import DASHED
from ui.chart.polygons import polygon
from ui.chart.ranges import room_for, with_margin
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import CostlyPlot
from ui.style.numbers import count, number


@dataclass(frozen=True)
class InputState:
    step: int
    gradient: InputGradient
    seconds: float
    depth: int = 0


class InputGradientPlot(CostlyPlot[InputState]):
    key = "input_gradient"
    spoken_as = (("gradient", "input gradients"),)
    preset = "spiral"
    title = "Input gradient"
    side = "backward"
    least_height = 220
    explain = (
        "How the loss of a sample would change with each of its inputs. The band is the root mean square over the "
        "batch, the dots are single samples. An input that stays at 0 makes no difference to the network; where all "
        "do, nothing of the error reaches the input."
    )
    observations = (InputGradientObservation(),)
    formula = (
        r"$N\,\partial C/\partial x$, $C$ the batch's mean loss and $N$ its size; $x$ as the network sees it, scaled"
    )
    empty_text = "The gradients of the inputs are worked out while training goes on, at their own pace."

    def build(self) -> None:
        self.input_axis, self.value_axis = DepthAxis("bottom", "input"), ValueAxis("left", "N ∂C/∂x")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.input_axis)
        self.scale = SharedRange(always=(0.0, 0.0))
        self.scales.append(self.scale)

    def understand(self, result: InputGradient, observed: Observed[InputGradient], view: View) -> InputState:
        return InputState(observed.step, result, observed.seconds)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[InputState]) -> None:
        gradient = states[0].gradient
        self.input_axis.name_layers(gradient.names)
        shown = [(each.gradients.ravel(), each.rms, -each.rms) for each in (state.gradient for state in states)]
        y = self.scale.fit_networks([(np.concatenate(parts), parts) for parts in shown])
        self.pane.fit(room_for(len(gradient.names)), with_margin(y))

    def marks(self, state: InputState) -> Sequence[Mark]:
        gradient = state.gradient
        x, low, high = self._edges(gradient)
        places = np.tile(np.arange(len(gradient.names), dtype=np.float64), len(gradient.gradients))
        values = gradient.gradients.ravel()
        known = np.isfinite(values)
        dots = drawn_within(values[known], self.scale.range)
        return [
            Area("batch", x, low, high, colour="backward", alpha=0.35),
            Dots("samples", places[known], *dots, colours=["backward"], radius=2.4),
        ]

    def ghost_marks(self, ghost: InputState) -> Sequence[Mark]:
        x, low, high = self._edges(ghost.gradient)
        return [Curves("batch edges", [[polygon(x, high)], [polygon(x, low)]], colours=["muted"], dash=DASHED, z=-0.5)]

    def _edges(self, gradient: InputGradient) -> tuple[Floats, Floats, Floats]:
        """The outline of the bars, and how far down and up they are drawn."""
        x, rms = _bars(gradient.rms)
        return x, drawn_within(-rms, self.scale.range)[0], drawn_within(rms, self.scale.range)[0]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: InputState) -> Sequence[Key]:
        samples = count(len(state.gradient.gradients), "sample")
        return [Key("± RMS over the batch", "backward", "band"), Key(samples, "backward", "dot")]

    def remark(self, state: InputState) -> str:
        return norm_words(state.gradient)

    def notes(self, state: InputState) -> Sequence[Note]:
        values = np.concatenate([state.gradient.gradients.ravel(), state.gradient.rms])
        beyond = beyond_notes(values, self.scale.range, "gradient")
        return [*lost_samples(state.gradient), *beyond, *self.age(state.step, state.seconds)]

    def probe(self, state: InputState, pane: int, x: float, y: float) -> Probe | None:
        place, gradient = round(x), state.gradient
        if not 0 <= place < len(gradient.names):
            return None
        own = [
            f"sample {s}  {number(float(g[place]))}" for s, g in zip(gradient.samples, gradient.gradients, strict=False)
        ]
        return Probe(
            "\n".join([f"{gradient.names[place]}: ± {number(float(gradient.rms[place]))}", *own]), x=float(place)
        )

    def rows(self, state: InputState) -> Table:
        return table_of(state.step, state.gradient)


def norm_words(gradient: InputGradient) -> str:
    """How large the gradients of the batch's samples are."""
    norms = gradient.norms[np.isfinite(gradient.norms)]
    if not norms.size:
        return ""
    middle, low, high = float(np.median(norms)), float(norms.min()), float(norms.max())
    return f"‖∂C/∂x‖: median {number(middle)}, {number(low)} … {number(high)}"


def lost_samples(gradient: InputGradient) -> list[Note]:
    lost = int((~np.isfinite(gradient.norms)).sum())
    return [Note(f"NaN in {count(lost, 'sample')}", warning=True)] if lost else []


def table_of(step: int, gradient: InputGradient) -> Table:
    samples, inputs = gradient.gradients.shape
    columns: dict[str, Sequence[CellValue]] = {
        "step": [step] * (samples * inputs),
        "sample": [int(sample) for sample in gradient.samples[:samples] for _ in range(inputs)],
        "input": [*gradient.names] * samples,
        "gradient": gradient.gradients.ravel().tolist(),
        "batch_rms": gradient.rms.tolist() * samples,
    }
    return Table(columns)


def _bars(heights: Floats) -> tuple[Floats, Floats]:
    """The outline of bars side by side, each one wide."""
    edges = np.arange(len(heights) + 1) - 0.5
    return np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(InputGradientPlot)
