"""How well a network answers each target of a regression, or each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.base import Observed
from simulator.observations.output_errors import OutputErrors, OutputErrorsObservation
from ui.chart.axes import DepthAxis, ValueAxis
from ui.chart.decades import extent, log10, notes_of, placed
from ui.chart.legend import Key, Note
from ui.chart.marks import HOLLOW, ROUND, Dots, Mark
from ui.chart.ranges import StepRange, room_for, with_margin
from ui.chart.table import Table, cells
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import CostlyPlot
from ui.style.numbers import number

SIDE = 0.12
"""How far the two dots of a target stand from its middle."""


@dataclass(frozen=True)
class ErrorState:
    step: int
    errors: OutputErrors
    seconds: float
    depth: int = 0

    @property
    def heights(self) -> tuple[Floats, Floats]:
        """log₁₀ of the batch's and of the held-out samples' loss."""
        return log10(self.errors.batch), log10(self.errors.validation)


class OutputErrorsPlot(CostlyPlot[ErrorState]):
    key = "output_errors"
    spoken_as = (("half_squared_error", "half squared errors"), ("validation_half_squared_error", "on data held out"))
    preset = "plane"
    title = "Error of each output"
    side = "training"
    least_height = 200
    explain = (
        "How far the answers are from the targets of a regression, one by one, or from each class, on the batch and on "
        "the held-out samples. With standard scaling a constant guess costs a target ½: one that stays there is not "
        "learnt, however far the sum has fallen."
    )
    observations = (OutputErrorsObservation(),)
    formula = (
        r"Mean of $\tfrac12(a-y)^2$ by output, $y$ as the network sees it, scaled; RMS error in the data's own units"
    )
    empty_text = "The errors are worked out while training goes on, at their own pace."

    def build(self) -> None:
        self.target_axis, self.value_axis = DepthAxis("bottom", "output"), ValueAxis("left", "½ (a − y)²", log=True)
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.target_axis)
        self.scale = StepRange(log=True, always=(-1.0, 0.0))
        self.scales.append(self.scale)

    def understand(self, result: OutputErrors, observed: Observed[OutputErrors], view: View) -> ErrorState:
        return ErrorState(observed.step, result, observed.seconds)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[ErrorState]) -> None:
        names = states[0].errors.names
        self.target_axis.name_layers(names)
        y = self.scale.fit(*extent(heights for state in states for heights in state.heights))
        self.pane.fit(room_for(len(names)), with_margin(y))

    def marks(self, state: ErrorState) -> Sequence[Mark]:
        floor, x = self.scale.range[0], np.arange(len(state.errors.names), dtype=np.float64)
        batch, held_out = state.heights
        heights, kinds = placed(held_out, floor)
        kinds[kinds == ROUND] = HOLLOW
        known = ~np.isnan(state.errors.validation)
        return [
            Dots("batch", x - SIDE, *placed(batch, floor), colours=["accent"], ghost="faint"),
            Dots("held out", (x + SIDE)[known], heights[known], kinds[known], z=3.0),
        ]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: ErrorState) -> Sequence[Key]:
        keys = [Key("batch", "accent", "dot")]
        return [*keys, Key("held out", "text", "hollow")] if not np.isnan(state.errors.validation).all() else keys

    def notes(self, state: ErrorState) -> Sequence[Note]:
        counted = notes_of(state.errors.batch, self.scale.range[0], "output")
        return [*counted, *self.age(state.step, state.seconds)]

    def probe(self, state: ErrorState, pane: int, x: float, y: float) -> Probe | None:
        place, errors = round(x), state.errors
        if not 0 <= place < len(errors.names):
            return None
        both = (("batch", errors.batch, errors.batch_rms), ("held out", errors.validation, errors.validation_rms))
        text = [
            f"{name}  {number(float(loss[place]))}, RMS error {number(float(rms[place]))}" for name, loss, rms in both
        ]
        return Probe("\n".join([errors.names[place], *text]), x=float(place))

    def rows(self, state: ErrorState) -> Table:
        errors = state.errors
        known = np.full(len(errors.names), not np.isnan(errors.validation).all())
        return Table(
            {
                "step": [state.step] * len(errors.names),
                "output": [*errors.names],
                "half_squared_error": errors.batch.tolist(),
                "validation_half_squared_error": cells(errors.validation, known),
                "rms_error": errors.batch_rms.tolist(),
                "validation_rms_error": cells(errors.validation_rms, known),
            }
        )


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(OutputErrorsPlot)
