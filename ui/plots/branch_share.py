"""How much of a residual layer's signal comes from its branch."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QTransform

from simulator.layers.base import layer_kinds
from ui.chart.canvas import Pane
from ui.chart.guides import Level
from ui.chart.marks import Array, Item, pen_of, transparent
from ui.plots.base import View
from ui.plots.depth import DepthPlot, DepthState, Line
from ui.style.theme import Theme

MEASURE = "branch_share"


class _Bars(Item):
    """A bar from 0 to the value for each residual layer, with levels across it: step 0, and what is pinned."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, -1.0)
        self.values: Array = np.zeros(0)
        self.levels: list[Array] = []
        self.colour, self.tones = "#000000", ("#000000", "#000000")

    def set_values(self, values: Array, levels: list[Array]) -> None:
        """``levels`` is step 0 and what is pinned."""
        self.values, self.levels = values, levels
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        tone = transparent(self.colour, 0.3)
        for index in np.flatnonzero(np.isfinite(self.values)).tolist():
            box = there.mapRect(QRectF(index - 0.3, 0.0, 0.6, float(self.values[index])))
            if box.width() < 2:
                middle = there.map(QPointF(index, 0.0)).x()
                box = QRectF(middle - 1, box.top(), 2, box.height())
            painter.fillRect(box, tone)
        for values, colour, dashed in zip(self.levels, self.tones, (False, True), strict=False):
            painter.setPen(pen_of(colour, 1.6, dashed=dashed))
            for index in np.flatnonzero(np.isfinite(values)).tolist():
                level = float(values[index])
                painter.drawLine(there.map(QPointF(index - 0.45, level)), there.map(QPointF(index + 0.45, level)))


class BranchShare(DepthPlot):
    key = "branch_share"
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
    lines = (Line(MEASURE, "branch", "forward"),)
    axis_text = "branch's share"
    share = True
    always = (0.0, 1.0)
    with_first = True
    guide = Level(0.5, "50\N{NARROW NO-BREAK SPACE}%: branch and skip alike", "50\N{NARROW NO-BREAK SPACE}%")

    def build(self) -> None:
        super().build()
        self.bars = _Bars(self.pane)

    def capture(self, view: View) -> DepthState | None:
        state = super().capture(view)
        return state if state is not None and state.now[MEASURE].defined.any() else None

    def draw(self, state: DepthState) -> None:
        super().draw(state)
        nothing = np.full(state.depth, np.nan)
        first = nothing if state.first is None or not state.step else state.first[MEASURE].drawn
        pinned = nothing if self.ghost is None else self.ghost.now[MEASURE].drawn
        self.bars.set_values(state.now[MEASURE].drawn, [first, pinned])
        self.firsts.set_curves(())

    def draw_ghost(self, ghost: DepthState | None) -> None:
        """A level across each bar, drawn together with the state."""

    def clear(self) -> None:
        super().clear()
        self.bars.set_values(np.zeros(0), [])

    def tint(self, theme: Theme) -> None:
        super().tint(theme)
        self.bars.colour, self.bars.tones = theme.forward, (theme.faint, theme.text)
