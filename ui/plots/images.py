"""What plots have in common that show values as an image with a colour bar beside it; what is pinned stands below."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from simulator.arrays.numeric import Floats
from ui.chart.axes import Axis, DepthAxis, StepAxis
from ui.chart.colour_bar import ColourBar
from ui.chart.colour_tables import diverging_table, indexed
from ui.chart.heat import Heat
from ui.chart.legend import Key
from ui.chart.marks import LayerHighlight, Mark
from ui.chart.ranges import Range, StepRange, StepsRange, nice_step
from ui.chart.ratio import largest_magnitude, log_ratio, ratio_image
from ui.chart.view import Probe, S
from ui.plots.base import FIRST_ROW, Plot
from ui.plots.over_layers import PlotOverLayers
from ui.style.numbers import number, power_of_ten
from ui.style.theme import Theme

COLUMNS = 384
"""Columns of an image at most."""


class ImagePlot(Plot[S]):
    """An image whose rows go down."""

    overlays = False

    bar_name: ClassVar[str] = ""

    ratios: Mapping[str, Heat] | None = None
    """What is shown in place of images of these keys: log₁₀ of their ratio to another network's."""
    ratio_name = ""
    ratio_reach = 0.0

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

    # -- beside another network --------------------------------------------------------------------------------------

    def compare(self) -> None:
        lanes = [lane for lane in self.lanes if lane.plot.state is not None]
        if not self.comparing.ratio and all(lane.plot.ratios is None for lane in lanes):
            return
        own = {} if self.state is None else images_of(self.marks(self.state))
        ratios: dict[str, dict[str, Floats]] = {}
        for lane in lanes if self.comparing.ratio else ():
            images, rows = images_of(lane.plot.marks(lane.plot.state)), self.partner_rows(lane)
            ratios[lane.name] = {key: log_ratio(each, own[key], rows) for key, each in images.items() if key in own}
        reach = largest_magnitude(ratio for each in ratios.values() for ratio in each.values())
        for lane in lanes:
            shown, tail = ratios.get(lane.name, {}), f" / {self.lane_name}"
            lane.plot.show_ratios(shown, reach, f"log₁₀ {lane.name}{tail}" if shown else "")
            if lane.plot.picture_title is not None:
                lane.plot.picture_title.say(lane.name, tail if shown else "")

    def show_ratios(self, ratios: Mapping[str, Floats], reach: float, name: str) -> None:
        """Show these in place of the images of their keys; where there are none, the images themselves."""
        images = {} if self.state is None else images_of(self.marks(self.state))
        shown = {key: ratio_image(images[key], ratio, reach) for key, ratio in ratios.items() if key in images}
        self.take_ratios(shown or None, name, reach)

    def take_ratios(self, ratios: Mapping[str, Heat] | None, name: str, reach: float) -> None:
        """Show these images, whose colours span from −reach to +reach; None: its own."""
        before, self.ratios, self.ratio_name, self.ratio_reach = self.ratios, ratios, name, reach
        if (ratios is None) != (before is None):
            self.legend.begin()
        if ratios is not None:
            self.bar.dress(name, diverging_table, self.theme)
            self.bar.set_ticks([(share, number((2 * share - 1) * reach, 2)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)])
        elif before is not None:
            self.bar.dress(self.bar_name, self.colour_table, self.theme)
            self.give_back_ticks()

    def give_back_ticks(self) -> None:
        """Numbers of the colour bar as they are without ratios: fitting writes them."""
        if self.state is not None:
            self.fit_scales([self.state])

    def lane_keys(self) -> list[Key]:
        """Of a ratio what its colours span: its colour bar may have no room."""
        span = f"log₁₀ ±{number(self.ratio_reach, 2)}"
        return super().lane_keys() if self.ratios is None else [Key(span, "text", "none")]

    def colour_spans(self) -> Sequence[tuple[str, str]]:
        """Those of a ratio stand in the legend in any case."""
        return super().colour_spans() if self.ratios is None else ()

    def seen_marks(self, state: S) -> Sequence[Mark]:
        """With the ratios in place of images; what else stands there is of this network."""
        ratios = self.ratios or {}
        return [ratios.get(mark.key, mark) for mark in self.marks(state)]

    def read(self, pane: int, x: float, y: float) -> Probe | None:
        """With the ratio, where that is shown."""
        probe = super().read(pane, x, y)
        values = [value for each in (self.ratios or {}).values() if (value := each.value_at(x, y)) is not None]
        if probe is None or not values:
            return probe
        return replace(probe, text=f"{probe.text}\n{self.ratio_name}  {number(values[0])}")

    def twin(self, theme: Theme, *, lanes: bool = True) -> Plot[S]:
        other = super().twin(theme, lanes=lanes)
        assert isinstance(other, ImagePlot)
        if self.ratios is not None:
            other.take_ratios(self.ratios, self.ratio_name, self.ratio_reach)
            other.redraw()
        return other

    # -- colours -----------------------------------------------------------------------------------------------------

    def tick_decades(self, low: float, high: float) -> None:
        """Name powers of ten on the colour bar."""
        step = max(1, round(nice_step(high - low, 5)))
        first = int(-(-low // step)) * step
        self.bar.set_ticks([((d - low) / (high - low), power_of_ten(d)) for d in range(first, int(high) + 1, step)])


def images_of(marks: Sequence[Mark]) -> dict[str, Heat]:
    """Those whose cells have values, by their keys."""
    return {mark.key: mark for mark in marks if isinstance(mark, Heat) and mark.logs is not None}


@dataclass(frozen=True)
class LayersGrid:
    """What a layer × time image shows of a state."""

    values: Floats
    """(columns, layers): −∞ and +∞ are cells of their own colours, NaN is none."""
    first: float
    """Step of the first column."""
    width: int
    """Steps of each column."""
    end: int
    """The last step."""


class LayersImage(PlotOverLayers[S], ImagePlot[S]):
    """A row for each layer, a column for each moment."""

    zero: ClassVar[Key | None] = None
    """What the legend says of cells of −∞."""

    def build(self) -> None:
        self.depth_axis, self.step_axis = DepthAxis("left", "layer, output ← input"), StepAxis("bottom", "step")
        self.build_image(self.depth_axis, self.step_axis)
        self.x_scale, self.colour_scale = StepsRange(), self.make_colour_scale()
        self.scales += [self.x_scale, self.colour_scale]

    def make_colour_scale(self) -> StepRange:
        return StepRange(log=True)

    @abstractmethod
    def grid(self, state: S) -> LayersGrid:
        """The image of a state."""

    @abstractmethod
    def colour_extent(self, values: Sequence[Floats]) -> Range:
        """What the colours have to span."""

    @abstractmethod
    def tick(self, low: float, high: float) -> None:
        """Give the colour bar its numbers."""

    def fit(self, states: Sequence[S]) -> None:
        self.fit_scales(states)
        self.pane.fit(self.x_scale.range, (-0.5, states[0].depth - 0.5 + self.shift(len(states) - 1).y()))

    def fit_scales(self, states: Sequence[S]) -> None:
        grids = [self.grid(state) for state in states]
        self.tick(*self.colour_scale.fit(*self.colour_extent([grid.values for grid in grids])))
        self.x_scale.fit(max(grid.end for grid in grids))

    def marks(self, state: S) -> Sequence[Mark]:
        return [LayerHighlight("highlight", along="y", z=1.0), self._image(state)]

    def ghost_marks(self, ghost: S) -> Sequence[Mark]:
        return [self._image(ghost)]

    def _image(self, state: S) -> Heat:
        grid = self.grid(state)
        rect = QRectF(grid.first - 0.5, -0.5, float(grid.width * len(grid.values)), float(state.depth))
        places = np.ascontiguousarray(indexed(grid.values, *self.colour_scale.range).T)
        return Heat("image", places, rect, self.colour_table, zero=self.zero, logs=grid.values.T, of_layers=True)

    def shift(self, place: int) -> QPointF:
        """One below the other."""
        return QPointF(0.0, place * (self.state.depth + 0.5)) if self.state is not None else QPointF()

    def row_at(self, state: S, y: float) -> tuple[S, int] | None:
        """The state and the row that stand at a height of the pane."""
        below = self.ghost is not None and y > state.depth
        shown, row = (self.ghost, round(y - self.shift(1).y())) if below else (state, round(y))
        return (shown, row) if shown is not None and 0 <= row < shown.depth else None
