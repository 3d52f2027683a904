"""What a plot has of further networks: how they lie on its axes, what is said of them, and which is which."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Any, ClassVar

from msgspec import Struct
from PySide6.QtCore import QPointF
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGridLayout

from simulator.record.alignment import RowPairs
from ui.chart.canvas import Canvas
from ui.chart.drawing import DrawnState, PlacedPart
from ui.chart.legend import LINES, Key, Legend, Note, PictureTitle, Swatch
from ui.chart.level_item import level
from ui.chart.marks import LANES, Style
from ui.chart.ranges import HeldRange
from ui.chart.view import Comparing, S
from ui.plots.definition import PlotDefinition
from ui.style.theme import Theme

ROOMY = 140
"""Pixels of width from which there is room for an image and its axes."""


class LanePlot(Struct, frozen=True):
    """A further network: its name, a plot of it that is not shown, and how it is told from the others."""

    name: str
    plot: Any
    style: Style
    partners: RowPairs = ()
    """Rows of the run and of it that show the same layer; none: they are held against each other by relative depth."""


class SeveralNetworks(PlotDefinition[S]):
    """The part of a plot that shows networks beside the one that it is of."""

    lanes: tuple[LanePlot, ...]
    """Networks that are drawn over this one, or stand beside it."""
    lane_name: str
    """What this one is called beside them."""
    image_name: PictureTitle | None
    """That over its image, once one has stood beside it; None in a picture."""
    picture_title: PictureTitle | None
    theme: Theme
    scales: list[HeldRange]
    legend: Legend
    comparing: Comparing
    """How networks are held against each other."""
    _row: QGridLayout
    canvas: Canvas
    fitted: ClassVar[tuple[str, ...]] = ()
    """What is fitted to all networks besides the scales."""

    def redraw(self) -> None:
        raise NotImplementedError

    def drawn_lane(self, lane: LanePlot) -> DrawnState:
        """A further network on these axes."""
        state = lane.plot.state
        assert state is not None
        for mine, its in zip(self.scales, lane.plot.scales, strict=True):
            its.copy(mine)
        lane.plot.take_options(self.options)
        for name in self.fitted:
            setattr(lane.plot, name, getattr(self, name))
        return DrawnState(lane.plot.marks(state), lane.style, stretch=self.stretch(lane))

    def lane_states(self) -> Iterator[tuple[LanePlot, S]]:
        """Each network that is drawn over this one."""
        for lane in self.lanes if self.overlays else ():
            if lane.plot.state is not None:
                yield lane, lane.plot.state

    def lane_notes(self) -> Iterator[Note]:
        """What marks cannot show of these, where something is wrong there."""
        for lane, state in self.lane_states():
            wrong = (note for note in lane.plot.notes(state) if note.warning)
            yield from (Note(f"{lane.name}: {note.text}", warning=True) for note in wrong)

    def take_options(self, options: Mapping[str, bool]) -> None:
        """Be drawn as another plot of this kind is."""
        if options != self.options:
            self.options = dict(options)
            self.option_changed()

    def stretch(self, lane: LanePlot) -> dict[int, Sequence[PlacedPart]]:
        """By pane over depth: what brings a network's layers to where this one has those that they are held against."""
        anchors, panes = self._anchors(lane), self.canvas.panes
        if len(anchors) < 2 or all(own == its for own, its in anchors):
            return {}
        across = {panes.index(pane): pieces_of(anchors, across=True) for pane in self.canvas.depth_panes}
        return across | {panes.index(pane): pieces_of(anchors, across=False) for pane in self.canvas.row_panes}

    def _anchors(self, lane: LanePlot) -> Sequence[tuple[float, float]]:
        """Places along depth of this network and of the other that lie upon each other, ascending."""
        own = self.state.depth if self.state is not None else 0
        depth = lane.plot.state.depth if lane.plot.state is not None else 0
        if min(own, depth) < 2:
            return ()
        if lane.partners and lane.partners[-1] == (own - 1, depth - 1):
            return [(-0.5, -0.5), *lane.partners, (own - 0.5, depth - 0.5)]
        return [(0.0, 0.0), (own - 1.0, depth - 1.0)]

    def partner_rows(self, lane: LanePlot) -> Mapping[int, int]:
        """Row of the other network → that of this one which it is held against."""
        own = self.state.depth if self.state is not None else 0
        depth = lane.plot.state.depth if lane.plot.state is not None else 0
        if lane.partners:
            return {its: mine for mine, its in lane.partners}
        return {row: round(row * (own - 1) / max(depth - 1, 1)) for row in range(depth)}

    def place_in(self, lane: LanePlot, pane: int, x: float, y: float) -> tuple[float, float]:
        """Where a place of a pane lies for a further network."""
        pieces = self.stretch(lane).get(pane, ())
        at = QPointF(x, y)
        for piece in pieces:
            along = x if piece.across else y
            if piece.ends is None or piece.ends[0] <= along <= piece.ends[1]:
                at = piece.transform.inverted()[0].map(at)
                break
        return at.x(), at.y()

    def show_lanes(
        self, name: str, others: Sequence[tuple[str, Any]], partners: Mapping[str, RowPairs] = MappingProxyType({}),
        *, named: bool = False,
    ) -> None:  # fmt: skip
        """Draw further networks over this one, which is called ``name``; ``partners``: rows of the same layer.

        ``named`` says its name where there are no others too.
        """
        self.lane_name = name if others or named else ""
        self.lanes = tuple(
            LanePlot(each, plot, LANES[place % len(LANES)], partners.get(each, ()))
            for place, (each, plot) in enumerate(others, 1)
        )
        self.legend.begin()
        if not self.overlays:
            self._stand_beside(others)
        if self.state is not None:
            self.adapt(self.state)
        self.redraw()

    def _stand_beside(self, others: Sequence[tuple[str, Any]]) -> None:
        """Show them at the right of this one, each under its name."""
        self._name_image(self.lane_name if self.beside or not others else "")
        for name, plot in others:
            if plot.picture_title is not None:
                plot.picture_title.say(name)
        self.arrange_beside(self._row.geometry().width())
        for _, plot in others:
            plot.setVisible(plot.state is not None)

    def _name_image(self, name: str) -> None:
        """Write a network's name over its image as over those beside it; a picture has its title there already."""
        if self.picture_title is not None:
            return
        if self.image_name is None:
            self.image_name = PictureTitle(name, self.theme)
            self.canvas.add_title(self.image_name)
        self.image_name.say(name)
        self.image_name.show_line(bool(name))

    @property
    def beside(self) -> list[LanePlot]:
        """Networks whose images stand beside this one's: those that have something to show."""
        return [lane for lane in self.lanes if not self.overlays and lane.plot.state is not None]

    def stand_level(self) -> None:
        """Let the images of networks beside each other begin at one height, whatever their legends say."""
        plots = [self, *(lane.plot for lane in self.beside)]
        for each in plots:
            each.canvas.grid.layout.activate()
        level([title for each in plots if (title := each.image_name or each.picture_title) is not None])
        level([each.legend for each in plots])

    def arrange_beside(self, width: int) -> None:
        """In one row, or in rows of two where more have no room beside each other."""
        plots = [lane.plot for lane in self.beside]
        columns = 2 if len(plots) > 1 and width < (len(plots) + 1) * ROOMY else len(plots) + 1
        self._row.addWidget(self.canvas, 0, 0)
        for place, plot in enumerate(plots, 1):
            self._row.addWidget(plot, place // columns, place % columns)
        for place in range(max(self._row.columnCount(), columns)):
            self._row.setColumnStretch(place, int(place < columns))
        for row in range(self._row.rowCount()):
            self._row.setRowStretch(row, int(row * columns <= len(plots)))

    def lane_keys(self) -> list[Key]:
        """What the legend says of which network is which."""
        if not self.overlays:
            named = self.lane_name and self.image_name is None
            return [Key(self.lane_name, "text", "none")] if named else []
        names = [self.lane_name, *(lane.name for lane in self.lanes)] if self.lane_name else []
        strokes: Sequence[Swatch] = tuple(LINES)
        return [Key(name, "text", strokes[place % len(strokes)]) for place, name in enumerate(names)]

    def spoken_lanes(self) -> Iterator[str]:
        """The same of the other networks."""
        for lane in self.lanes:
            state, nothing = lane.plot.state, "nothing yet" if lane.plot.applies else "no such layer"
            yield f"{lane.name}: {nothing if state is None else lane.plot.spoken(state) or 'no values'}"


def pieces_of(anchors: Sequence[tuple[float, float]], *, across: bool) -> Sequence[PlacedPart]:
    """What brings the second of each pair to the first, evenly between two pairs; stretches alike are one piece."""
    scalings = [_scaling_between(*pair) for pair in pairwise(anchors)]
    runs = [[*group] for _, group in groupby(range(len(scalings)), key=lambda place: scalings[place])]
    pieces = []
    for place, run in enumerate(runs):
        factor, offset = scalings[run[0]]
        low = -math.inf if place == 0 else anchors[run[0]][0]
        high = math.inf if place == len(runs) - 1 else anchors[run[-1] + 1][0]
        transform = QTransform(factor, 0, 0, 1, offset, 0) if across else QTransform(1, 0, 0, factor, 0, offset)
        pieces.append(PlacedPart(transform, across, None if len(runs) == 1 else (low, high)))
    return pieces


def _scaling_between(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Factor and offset."""
    factor = (end[0] - start[0]) / (end[1] - start[1])
    return round(factor, 9), round(start[0] - factor * start[1], 9)
