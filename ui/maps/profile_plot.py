"""A row or a column of a map as a curve over its parameter, with the band of its seeds."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from simulator.arrays.numeric import Floats
from simulator.maps.summary import MapPlace
from simulator.maps.table import value_text
from ui.chart.axes import ShareAxis, ValueAxis
from ui.chart.legend import Key
from ui.chart.marks import HOLLOW, ROUND, Area, Curves, Dots, Mark
from ui.chart.polygons import pieces, polygon
from ui.chart.ranges import Range
from ui.chart.table import Table
from ui.chart.view import Probe
from ui.maps.cells import TheoryLine
from ui.maps.map_plot import PAGE, ValuesAxis, told
from ui.maps.state import MadeMap, axis_name, is_share, labels, measure_name, value_label
from ui.plots.base import FIRST_ROW, Plot
from ui.style.help import set_page

MARGIN = 0.06
"""Part of a range that is left free at its ends."""


class MeasureAxis(ShareAxis):
    """Any measure: shares in per cent, others as numbers."""

    share = False

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        plain = super().tickStrings if self.share else functools.partial(ValueAxis.tickStrings, self)
        return plain(values, scale, spacing)


class ProfilePlot(Plot[MadeMap]):
    key = "map_profile"
    title = "Profile"
    side = "forward"
    overlays = False
    explain = (
        "A row or a column of the map through the chosen cell: the median over seeds as a curve, and the least to the "
        "largest of them as a band. Where most seeds diverged there is a gap."
    )
    empty_text = "Point at a cell of the map for the profile through it."

    def build(self) -> None:
        self.x_axis, self.y_axis = ValuesAxis("bottom", " "), MeasureAxis("left", " ")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        set_page(self, PAGE)
        if self.header is not None:
            self.header.withhold(self.header.pause, self.header.pin, self.header.maximise)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[MadeMap]) -> None:
        state = states[0]
        axis = state.sweep.axes[along_of(state)]
        self.x_axis.name_layers(() if state.over else labels(axis))
        self.y_axis.set_log(state.logarithmic)
        self.x_axis.share, self.y_axis.share = is_share(state.over), is_share(state.measure)
        along = measure_name(state.over) if state.over else axis_name(state.sweep, along_of(state))
        for own, text in ((self.x_axis, along), (self.y_axis, measure_name(state.measure))):
            if own.text != text:
                own.rename(text, self.theme)
        across = around(_columns(state)[0]) if state.over else (-0.5, len(axis.values) - 0.5)
        self.pane.fit(across, self._height(state))

    @staticmethod
    def _height(state: MadeMap) -> Range:
        if is_share(state.measure):
            return (-0.02, 1.02)
        return around(_columns(state)[1:])

    def marks(self, state: MadeMap) -> Sequence[Mark]:
        x, low, middle, high = _columns(state)
        kinds = [HOLLOW if state.outcome(place) == "open" else ROUND for place in state.profile()]
        marks: list[Mark] = [
            Dots("cells", x, middle, np.array(kinds, np.int8), colours=("forward",), rows=[0] * len(x)),
        ]
        if state.over or state.sweep.axes[along_of(state)].numeric:
            marks.append(Curves("median", [pieces(x, middle)], colours=("forward",), width=1.8, smooth=True))
            seeds: Mark = Area("seeds", x, low, high, colour="forward")
        else:
            # There is nothing between two words.
            ends = [polygon(np.array([at, at]), np.array(ends)) for at, *ends in zip(x, low, high, strict=True)]
            seeds = Curves("seeds", [ends], colours=("forward",), width=5.0, alpha=0.35)
        return [*marks, *([seeds] if state.sweep.seeds > 1 else []), *self._lines(state)]

    def _lines(self, state: MadeMap) -> Sequence[Mark]:
        """Where theory's lines cross a map of one axis."""
        (_, (bottom, top)), single = self.pane.auto, len(state.sweep.axes) == 1
        return [
            TheoryLine(
                f"line {place}",
                [QPolygonF([QPointF(at, bottom), QPointF(at, top)]) for ((at, *_), *_) in line.pieces],
                line.name,
                dashed=place % 2 == 1,
            )
            for place, line in enumerate(state.lines if single else ())
        ]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: MadeMap) -> Sequence[Key]:
        keys = [Key(measure_name(state.measure), "forward", "line")]
        if state.sweep.seeds > 1:
            keys.append(Key("its seeds", "forward", "band"))
        if any(state.outcome(place) == "open" for place in state.profile()):
            keys.append(Key("target not reached", "forward", "hollow"))
        return keys

    def remark(self, state: MadeMap) -> str:
        if len(state.sweep.axes) == 1 or state.chosen is None or not state.profile():
            return ""
        other = 1 - state.along
        return f"{axis_name(state.sweep, other)} {value_label(state.profile()[0].values[other])}"

    def sentence(self) -> str:
        state = self.state
        if state is None or not state.profile():
            return self.empty_text
        return f"{measure_name(state.measure)} along {len(state.profile())} cells. {self.remark(state)}".strip()

    def probe(self, state: MadeMap, pane: int, x: float, y: float) -> Probe | None:
        places = state.profile()
        if not places:
            return None
        along = along_of(state)
        over = _columns(state)[0]
        place = places[int(np.nanargmin(np.abs(over - x)))] if np.isfinite(over).any() else places[0]
        head = f"{axis_name(state.sweep, along)} {value_label(place.values[along])}"
        return Probe("\n".join([head, *told(state, place)]), x=float(over[places.index(place)]))

    def rows(self, state: MadeMap) -> Table:
        along = along_of(state)
        places = state.profile()
        columns: dict[str, Sequence[str | float | int | None]] = {
            state.sweep.axes[along].path: [value_text(place.values[along]) for place in places],
            "median": [place.median(state.measure) for place in places],
            "least": [_of_seeds(place, state.measure)[0] for place in places],
            "largest": [_of_seeds(place, state.measure)[1] for place in places],
        }
        return Table(columns)


def around(values: Floats) -> Range:
    """A range with a margin at both ends."""
    known = values[np.isfinite(values)]
    if not known.size:
        return (0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    margin = MARGIN * (high - low) or 0.5
    return (low - margin, high + margin)


def along_of(state: MadeMap) -> int:
    """The axis of the profile."""
    return state.along if len(state.sweep.axes) > 1 else 0


def _of_seeds(place: MapPlace, measure: str) -> tuple[float, float] | tuple[None, None]:
    """The least and the largest of the seeds, where most of them have a number."""
    numbers = place.numbers(measure)
    if place.median(measure) is None or not numbers.size:
        return None, None
    return float(numbers.min()), float(numbers.max())


def _columns(state: MadeMap) -> Floats:
    """(4, places), by logarithms where they are shown."""
    columns = state.spread(state.profile(), state.measure)
    if state.logarithmic:
        with np.errstate(all="ignore"):
            columns[1:] = np.log10(columns[1:])
    return columns
