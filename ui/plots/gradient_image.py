"""The weight gradient's norm as a layer × time image."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.arrays.numeric import Floats
from ui.chart.buckets import Places, places_of
from ui.chart.colour_tables import backward_table
from ui.chart.decades import extent
from ui.chart.heat import EXACTLY_ZERO
from ui.chart.legend import Note
from ui.chart.ranges import Range
from ui.chart.table import Table
from ui.plots.base import Probe, View
from ui.plots.gradient_time import LayersPast, LayersReader, past_notes, past_table, past_text, step_text
from ui.plots.images import COLUMNS, LayersGrid, LayersImage


class GradientImage(LayersImage[LayersPast]):
    key = "gradient_image"
    spoken_as = (("*_last", "gradient norms"),)
    title = "Gradient, layer × time"
    measured = ("weight_gradient_norm",)
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
    recorded = True
    bar_name = "‖∂C/∂W‖"
    colour_table = staticmethod(backward_table)
    zero = EXACTLY_ZERO
    empty_text = "Every layer's gradient over time paints itself here as training goes on."

    def build(self) -> None:
        super().build()
        self._reader = LayersReader("high")

    def capture(self, view: View) -> LayersPast | None:
        return self._reader.read(view, COLUMNS)

    def places(self, view: View) -> Places:
        return places_of(view.history, COLUMNS)

    def grid(self, state: LayersPast) -> LayersGrid:
        past = state.past
        return LayersGrid(state.largest, float(past.steps[0]), past.width, past.end)

    def colour_extent(self, values: Sequence[Floats]) -> Range:
        return extent(values)

    def tick(self, low: float, high: float) -> None:
        self.tick_decades(low, high)

    def notes(self, state: LayersPast) -> Sequence[Note]:
        notes = past_notes(state, self.names_of(state.depth), self.colour_scale.range[0])
        return [Note("pinned one below"), *notes] if self.ghost is not None else notes

    def probe(self, state: LayersPast, pane: int, x: float, y: float) -> Probe | None:
        shown = self.row_at(state, y)
        if shown is None or not -0.5 <= x <= shown[0].past.end + shown[0].past.width:
            return None
        (source, row), past = shown, shown[0].past
        i = past.bucket(x)
        words = past_text(past.low[i, row], past.high[i, row], past.last[i, row])
        reading = f"‖∂W‖  {words}" if past.known[i, row] else "the layer was not there yet"
        reading = reading if source.defined[row] else "no weights of its own"
        return Probe(f"{self.layer_text(row)}\n{step_text(past, i)}\n{reading}", row, float(past.middles[i]))

    def rows(self, state: LayersPast) -> Table:
        return past_table(state, self.names_of(state.depth))


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(GradientImage)
