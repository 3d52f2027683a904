"""How much of a residual layer's signal comes from its branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from simulator.arrays.numeric import Floats
from simulator.layers.base import layer_kinds
from ui.chart.guides import Level
from ui.chart.marks import Bars, Mark, Surface
from ui.chart.pens import DASHED, SOLID, Dash, pen_of
from ui.plots.base import View
from ui.plots.depth import DepthPlot, DepthState, MeasureColumn, MeasureLine

MEASURE = "branch_share"


@dataclass(frozen=True, eq=False)
class Levels(Mark):
    """A short line across each bar."""

    values: Floats
    """By layer; NaN where there is none."""
    _: KW_ONLY
    colour: str
    dash: Dash = SOLID
    z: float = -1.0

    def draw(self, surface: Surface) -> None:
        surface.painter.setPen(pen_of(surface.colour(self.colour), 1.6, dash=self.dash))
        for index in np.flatnonzero(np.isfinite(self.values)).tolist():
            ends = (QPointF(index + side, float(self.values[index])) for side in (-0.45, 0.45))
            surface.painter.drawLine(*map(surface.to_pixels.map, ends))


class BranchSharePlot(DepthPlot):
    key = "branch_share"
    spoken_as = (("branch_share", "shares of the branch"),)
    preset = "deep-residual"
    overlays = False
    title = "Branch of residual layers"
    side = "forward"
    kinds = layer_kinds(lambda layer: layer.branched)
    explain = (
        "How much of what a residual layer sends on comes from its branch, by variance; the rest is its input, "
        "carried along. Near 0 the layer hardly changes anything and the gradient passes freely; near "
        "1 the branch drowns the skip and the stack behaves like a plain one."
    )
    formula = (
        r"$$\frac{\operatorname{var}(sF)}{\operatorname{var}(sF)+\operatorname{var}(\text{skip})}$$"
        "\n\n"
        r"Variances over all units and samples"
    )
    empty_text = "Add a residual layer to see how much of its signal comes from its branch."
    lines = (MeasureLine(MEASURE, "branch", "forward"),)
    axis_text = "branch's share"
    share = True
    always = (0.0, 1.0)
    with_first = True
    guide = Level(0.5, "50\N{NARROW NO-BREAK SPACE}%: branch and skip alike", "50\N{NARROW NO-BREAK SPACE}%")

    def capture(self, view: View) -> DepthState | None:
        state = super().capture(view)
        return state if state is not None and state.now[MEASURE].defined.any() else None

    def marks(self, state: DepthState) -> Sequence[Mark]:
        """Bars from 0, across them what they were at step 0."""
        values, first = state.now[MEASURE].drawn, state.first if state.step else None
        known = np.flatnonzero(np.isfinite(values)).tolist()
        boxes = [QRectF(index - 0.3, 0.0, 0.6, float(values[index])) for index in known]
        bars = Bars("bars", boxes, ["forward"] * len(boxes), alpha=0.3, least=(2.0, 0.0), z=-1.0)
        levels = [Levels("first", first[MEASURE].drawn, colour="faint")] if first is not None else []
        return [*super().marks(state), bars, *levels]

    def _first_marks(self, columns: Mapping[str, MeasureColumn] | None) -> Sequence[Mark]:
        """Levels across the bars instead."""
        return ()

    def ghost_marks(self, ghost: DepthState) -> Sequence[Mark]:
        return [Levels("level", ghost.now[MEASURE].drawn, colour="text", dash=DASHED)]


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(BranchSharePlot)
