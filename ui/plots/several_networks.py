"""What a plot has of further networks: how they lie on its axes, what is said of them, and which is which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QHBoxLayout

from ui.chart.drawing import DrawnState
from ui.chart.legend import LINES, Key, Legend, Swatch
from ui.chart.marks import LANES, Style
from ui.chart.view import S, Scale
from ui.plots.definition import PlotDefinition


@dataclass(frozen=True)
class Lane:
    """A further network: its name, a plot of it that is not shown, and how it is told from the others."""

    name: str
    plot: Any
    style: Style


class SeveralNetworks(PlotDefinition[S]):
    """The part of a plot that shows networks beside the one that it is of."""

    lanes: tuple[Lane, ...]
    """Networks that are drawn over this one, or stand beside it."""
    lane_name: str
    """What this one is called beside them."""
    scales: list[Scale]
    legend: Legend
    _row: QHBoxLayout

    def redraw(self) -> None:
        raise NotImplementedError

    def drawn_lane(self, lane: Lane) -> DrawnState:
        """A further network on these axes; its layers stand at the same relative depth."""
        state = lane.plot.state
        assert state is not None
        for mine, its in zip(self.scales, lane.plot.scales, strict=True):
            vars(its).update(vars(mine))
        return DrawnState(lane.plot.marks(state), lane.style, stretch=self.stretch(state.depth))

    def stretch(self, depth: int) -> dict[int, QTransform]:
        """By pane: what brings a network of so many layers to where this one has its own of the same relative depth."""
        own = self.state.depth if self.state is not None else 0
        if own == depth or min(own, depth) < 2:
            return {}
        factor, panes = (own - 1) / (depth - 1), self.canvas.panes
        across = {panes.index(pane): QTransform.fromScale(factor, 1.0) for pane in self.canvas.depth_panes}
        return across | {panes.index(pane): QTransform.fromScale(1.0, factor) for pane in self.canvas.row_panes}

    def place_in(self, lane: Lane, pane: int, x: float, y: float) -> tuple[float, float]:
        """Where a place of a pane lies for a further network."""
        way = self.stretch(lane.plot.state.depth).get(pane) if lane.plot.state is not None else None
        at = QPointF(x, y) if way is None else way.inverted()[0].map(QPointF(x, y))
        return at.x(), at.y()

    def show_lanes(self, name: str, others: Sequence[tuple[str, Any]]) -> None:
        """Draw further networks over this one, which is called ``name``."""
        self.lane_name = name if others else ""
        self.lanes = tuple(Lane(each, plot, LANES[place % len(LANES)]) for place, (each, plot) in enumerate(others, 1))
        self.legend.begin()
        if not self.overlays:
            self._stand_beside(others)
        self.redraw()

    def _stand_beside(self, others: Sequence[tuple[str, Any]]) -> None:
        """Show them at the right of this one, each under its name."""
        for name, plot in others:
            if plot.picture_title is not None:
                plot.picture_title.say(name)
            self._row.addWidget(plot, 1)
            plot.show()

    def lane_keys(self) -> list[Key]:
        """What the legend says of which network is which."""
        if not self.overlays:
            return [Key(self.lane_name, "text", "none")] if self.lane_name else []
        names = [self.lane_name, *(lane.name for lane in self.lanes)] if self.lanes else []
        strokes: Sequence[Swatch] = tuple(LINES)
        return [Key(name, "text", strokes[place % len(strokes)]) for place, name in enumerate(names)]

    def spoken_lanes(self) -> Iterator[str]:
        """The same of the other networks."""
        for lane in self.lanes:
            state = lane.plot.state
            yield f"{lane.name}: {'nothing yet' if state is None else lane.plot.spoken(state) or 'no values'}"
