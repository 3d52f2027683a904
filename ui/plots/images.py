"""What plots have in common that show values as an image with a colour bar beside it; what is pinned stands below."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from simulator.training.run_info import RunInfo
from ui.chart.axes import Axis, DepthAxis, StepAxis
from ui.chart.colour_bar import ColourBar
from ui.chart.colour_tables import indexed
from ui.chart.heat import Heat
from ui.chart.legend import Key
from ui.chart.marks import LayerHighlight, Mark
from ui.chart.polygons import Array
from ui.chart.ranges import Range, StepRange, StepsRange, nice_step
from ui.chart.view import S
from ui.plots.base import FIRST_ROW, Plot
from ui.style.numbers import power_of_ten
from ui.style.theme import Theme

COLUMNS = 384
"""Columns of an image at most."""


class ImagePlot(Plot[S]):
    """An image whose rows go down."""

    overlays = False

    bar_name: ClassVar[str] = ""

    @staticmethod
    @abstractmethod
    def colour_table(theme: Theme) -> Sequence[int]:
        """The colours of its cells."""

    def build_image(self, left: Axis, bottom: Axis) -> None:
        """The pane with its axes, and the colour bar at its right."""
        self.pane = self.canvas.add_pane(FIRST_ROW, left, bottom, invert_y=True)
        left.setGrid(False)
        self.bar = ColourBar(self.bar_name, self.colour_table)
        self.canvas.add_beside(self.bar, FIRST_ROW, 3)

    def tick_decades(self, low: float, high: float) -> None:
        """Name powers of ten on the colour bar."""
        step = max(1, round(nice_step(high - low, 5)))
        first = int(-(-low // step)) * step
        self.bar.set_ticks([((d - low) / (high - low), power_of_ten(d)) for d in range(first, int(high) + 1, step)])


@dataclass(frozen=True)
class LayersGrid:
    """What a layer × time image shows of a state."""

    values: Array
    """(columns, layers): −∞ and +∞ are cells of their own colours, NaN is none."""
    first: float
    """Step of the first column."""
    width: int
    """Steps of each column."""
    end: int
    """The last step."""


class LayersImage(ImagePlot[S]):
    """A row for each layer, a column for each moment."""

    zero: ClassVar[Key | None] = None
    """What the legend says of cells of −∞."""

    def build(self) -> None:
        self.depth_axis, self.step_axis = DepthAxis("left", "layer, output ← input"), StepAxis("bottom", "step")
        self.build_image(self.depth_axis, self.step_axis)
        self.x_scale, self.colour_scale = StepsRange(), self.make_colour_scale()
        self.scales += [self.x_scale, self.colour_scale]

    def begin(self, info: RunInfo) -> None:
        self.depth_axis.name_layers(self.labels)

    def make_colour_scale(self) -> StepRange:
        return StepRange(log=True)

    @abstractmethod
    def grid(self, state: S) -> LayersGrid:
        """The image of a state."""

    @abstractmethod
    def colour_extent(self, values: Sequence[Array]) -> Range:
        """What the colours have to span."""

    @abstractmethod
    def tick(self, low: float, high: float) -> None:
        """Give the colour bar its numbers."""

    def fit(self, states: Sequence[S]) -> None:
        grids = [self.grid(state) for state in states]
        self.tick(*self.colour_scale.fit(*self.colour_extent([grid.values for grid in grids])))
        bottom = states[0].depth - 0.5 + self.shift(len(states) - 1).y()
        self.pane.fit(self.x_scale.fit(max(grid.end for grid in grids)), (-0.5, bottom))

    def marks(self, state: S) -> Sequence[Mark]:
        return [LayerHighlight("highlight", along="y", z=1.0), self._image(state)]

    def ghost_marks(self, ghost: S) -> Sequence[Mark]:
        return [self._image(ghost)]

    def _image(self, state: S) -> Heat:
        grid = self.grid(state)
        rect = QRectF(grid.first - 0.5, -0.5, float(grid.width * len(grid.values)), float(state.depth))
        places = np.ascontiguousarray(indexed(grid.values, *self.colour_scale.range).T)
        return Heat("image", places, rect, self.colour_table, zero=self.zero)

    def shift(self, place: int) -> QPointF:
        """One below the other."""
        return QPointF(0.0, place * (self.state.depth + 0.5)) if self.state is not None else QPointF()

    def row_at(self, state: S, y: float) -> tuple[S, int] | None:
        """The state and the row that stand at a height of the pane."""
        below = self.ghost is not None and y > state.depth
        shown, row = (self.ghost, round(y - self.shift(1).y())) if below else (state, round(y))
        return (shown, row) if shown is not None and 0 <= row < shown.depth else None
