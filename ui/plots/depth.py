"""Plots of measures over depth: a curve with one marker per layer, input on the left, output on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue
from simulator.observations.prediction import PredictionObservation
from simulator.record.frame import Frame
from simulator.theory.predicted import Prediction
from ui.chart.axes import Axis, DepthAxis, ShareAxis, ValueAxis
from ui.chart.decades import SPAN, extent, log10, placed, written, zero_notes
from ui.chart.edges import SharedRange, beyond_notes, drawn_within
from ui.chart.guides import Guide, Level
from ui.chart.legend import Key, Note, Swatch
from ui.chart.lost import Since, lost_notes, since_of
from ui.chart.marks import HOLLOW, ROUND, Area, Curves, Dots, LayerHighlight, Mark
from ui.chart.polygons import pieces
from ui.chart.ranges import Range, StepRange, room_for, with_margin
from ui.chart.table import Table, cells
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.over_layers import PlotOverLayers
from ui.plots.quartiles import by_part
from ui.plots.theory import Envelope, envelope_marks
from ui.style.numbers import integer, number, percent


class MeasureLine(Struct, frozen=True):
    """One measure drawn as a curve; ``spread`` names the measure drawn as a band ± around it."""

    measure: str
    label: str
    colour: str
    spread: str = ""
    hollow: bool = False


class MeasureColumn(Struct, frozen=True):
    """One measure over depth: NaN is a value, undefined is not."""

    values: Floats
    defined: NDArray[np.bool_]

    @property
    def drawn(self) -> Floats:
        return np.where(self.defined, self.values, np.nan)


@dataclass(frozen=True)
class DepthState:
    """The measures of one frame, and those of step 0 where the plot shows them."""

    step: int
    now: Mapping[str, MeasureColumn]
    first: Mapping[str, MeasureColumn] | None
    theory: Prediction | None = None
    since: Since = ()
    """When the layers that are not finite now were lost, by the first line's measure."""
    quartiles: ColumnQuartiles | None = None
    """Where ``now`` is the median of several seeds: the first and the third."""

    @property
    def depth(self) -> int:
        return len(next(iter(self.now.values())).values)


def columns_of(frame: Frame, names: Sequence[str]) -> dict[str, MeasureColumn]:
    depth = frame.info.depth
    nothing = MeasureColumn(np.full(depth, np.nan), np.zeros(depth, dtype=np.bool_))
    columns = {}
    for name in names:
        values = frame.measures.get(name)
        if values is None:
            columns[name] = nothing
        else:
            columns[name] = MeasureColumn(values, frame.defined.get(name, np.ones(depth, dtype=np.bool_)))
    return columns


ColumnQuartiles = tuple[Mapping[str, MeasureColumn], Mapping[str, MeasureColumn]]
"""The first and the third of several seeds."""


def _quartiles(view: View, names: Sequence[str]) -> ColumnQuartiles | None:
    views = view.quartiles
    return None if views is None else (columns_of(views[0].frame, names), columns_of(views[1].frame, names))


def columns_apart(states: tuple[DepthState, DepthState] | None) -> ColumnQuartiles | None:
    """What two states have now."""
    return None if states is None else (states[0].now, states[1].now)


class DepthPlot(PlotOverLayers[DepthState]):
    """A subclass names its lines and its axis; the rest is here."""

    lines: ClassVar[tuple[MeasureLine, ...]] = ()
    axis_text: ClassVar[str] = ""
    spans_seeds = True
    log: ClassVar[bool] = False
    decades: ClassVar[float] = SPAN
    """How many a log axis shows at most."""
    share: ClassVar[bool] = False
    always: ClassVar[Range | None] = None
    """What the axis shows in any case (log₁₀ values on a log axis)."""
    with_first: ClassVar[bool] = False
    """Draw step 0 of this run as a ghost."""
    guide: ClassVar[Level | None] = None
    """What to compare with."""
    _first: tuple[Frame, Mapping[str, MeasureColumn]] | None = None
    """The frame of step 0 of which the columns were read last."""
    _first_marked: tuple[Mapping[str, MeasureColumn], Range, Mark] | None = None
    """What of them was drawn last, on which range."""

    def build(self) -> None:
        self.depth_axis = DepthAxis("bottom", "layer, input → output")
        self.value_axis = self._value_axis()
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.depth_axis)
        self.scale = StepRange(log=True, always=self.always) if self.log else SharedRange(always=self.always)
        self.scales.append(self.scale)

    def _value_axis(self) -> Axis:
        if self.share:
            return ShareAxis("left", self.axis_text)
        return ValueAxis("left", self.axis_text, log=self.log)

    @classmethod
    def measures(cls) -> list[str]:
        return [name for line in cls.lines for name in (line.measure, line.spread) if name]

    def capture(self, view: View) -> DepthState | None:
        names = self.measures()
        first = None
        if self.with_first and view.first is not None and view.first.info.depth == view.frame.info.depth:
            if self._first is None or self._first[0] is not view.first:
                self._first = view.first, columns_of(view.first, names)
            first = self._first[1]
        now = columns_of(view.frame, names)
        since = since_of(view.history, names[0], now[names[0]].values)
        prediction, quartiles = view.frame.result(PredictionObservation()), _quartiles(view, names)
        return DepthState(view.frame.step, now, first, prediction, since, quartiles)

    # -- theory ------------------------------------------------------------------------------------------------------

    def predicted(self, prediction: Prediction) -> Mapping[str, Envelope]:
        """The predicted curves by name, as drawn."""
        return {}

    def option_changed(self) -> None:
        extra = (PredictionObservation(),) if self.options.get("theory") else ()
        self.observations = (*type(self).observations, *extra)

    def _theory(self, state: DepthState) -> Mapping[str, Envelope]:
        """What is to be drawn of theory."""
        on = self.options.get("theory") and state.theory is not None and not state.theory.reason
        fits = on and state.theory is not None and len(state.theory.delta_rms) == state.depth
        return self.predicted(state.theory) if fits and state.theory is not None else {}

    def remark(self, state: DepthState) -> str:
        """Why theory says nothing, where it is asked and does not."""
        reason = state.theory.reason if self.options.get("theory") and state.theory is not None else ""
        return f"No prediction: {reason}." if reason else ""

    def _theory_marks(self, state: DepthState) -> Sequence[Mark]:
        bands = self._theory(state).values()
        within = [Envelope(*(drawn_within(curve, self.scale.range)[0] for curve in band)) for band in bands]
        return envelope_marks(within, at_start=state.step == 0)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _height(self, column: MeasureColumn) -> Floats:
        return log10(column.drawn) if self.log else column.drawn

    def fit(self, states: Sequence[DepthState]) -> None:
        """Bring the range in line with everything that is drawn."""
        state = states[0]
        drawn = [[each.now, *(each.quartiles or ())] for each in states]
        drawn[0] += [state.first] if state.first else []
        shown = [[part for columns in of_one for part in self._parts(columns)] for of_one in drawn]
        shown[0] += [part for band in self._theory(state).values() for part in (band.low, band.high)]
        if isinstance(self.scale, SharedRange):
            y = self.scale.fit_networks(
                [(_farthest(self._parts(each.now)), parts) for each, parts in zip(states, shown, strict=True)]
            )
        else:
            y = self.scale.fit(*extent([part for parts in shown for part in parts], self.decades))
        self.pane.fit(room_for(state.depth), with_margin(y))

    def _parts(self, columns: Mapping[str, MeasureColumn]) -> list[Floats]:
        """All that is drawn of these measures."""
        return [part for line in self.lines for part in self._extremes(columns, line)]

    def _extremes(self, columns: Mapping[str, MeasureColumn], line: MeasureLine) -> list[Floats]:
        middle = self._height(columns[line.measure])
        if not line.spread:
            return [middle]
        return [middle, *_band(middle, columns[line.spread].drawn)]

    def marks(self, state: DepthState) -> Sequence[Mark]:
        colours = [line.colour for line in self.lines]
        drawn = [self._drawn(state.now[line.measure], hollow=line.hollow) for line in self.lines]
        now = [pieces(rows, heights) for rows, heights, _ in drawn]
        return [
            LayerHighlight("highlight"),
            *([Guide("guide", self.guide)] if self.guide else []),
            *(self._band_mark(state.now, line) for line in self.lines if line.spread),
            *self._quartile_marks(state),
            *(self._dots(place, *dots) for place, dots in enumerate(drawn)),
            *self._first_marks(state.first),
            Curves("now", now, colours=colours, width=1.6, smooth=True, rough=True, lone=False, ghost="muted"),
            *self._theory_marks(state),
        ]

    def _drawn(self, column: MeasureColumn, *, hollow: bool = False) -> tuple[Floats, Floats, NDArray[np.int8]]:
        """Where the values of the layers that have one stand, and how they are marked."""
        heights, kinds = self._placed(column, self.scale.range, hollow=hollow)
        known = column.defined
        return np.flatnonzero(known).astype(np.float64), heights[known], kinds[known]

    def _dots(self, place: int, layers: Floats, heights: Floats, kinds: NDArray[np.int8]) -> Dots:
        line, z = self.lines[place], 1.0 + place / len(self.lines)
        rows, colours = layers.astype(np.intp).tolist(), [line.colour] if line.hollow else self.layer_colours
        return Dots(f"dots {line.measure}", layers, heights, kinds, colours=colours, rows=rows, z=z)

    def _band_mark(self, columns: Mapping[str, MeasureColumn], line: MeasureLine) -> Area:
        low, high = self._band_within(columns, line, self.scale.range)
        x = np.arange(len(low), dtype=np.float64)
        return Area(f"band {line.measure}", x, low, high, colour=line.colour, ghost="muted")

    def _quartile_marks(self, state: DepthState) -> Sequence[Mark]:
        """From quartile to quartile of the seeds, of each line."""
        if state.quartiles is None:
            return ()
        edges = [[self._drawn(columns[line.measure])[:2] for columns in state.quartiles] for line in self.lines]
        return [
            Area(f"quartiles {line.measure}", low[0], low[1], high[1], colour=line.colour, alpha=0.3)
            for line, (low, high) in zip(self.lines, edges, strict=True)
        ]

    def _first_marks(self, columns: Mapping[str, MeasureColumn] | None) -> Sequence[Mark]:
        """What was at step 0."""
        if columns is None:
            return ()
        known, shown = self._first_marked, self.scale.range
        if known is None or known[0] is not columns or known[1] != shown:
            drawn = (self._drawn(columns[line.measure]) for line in self.lines)
            curves = [pieces(rows, heights) for rows, heights, _ in drawn]
            mark = Curves("first", curves, colours=["faint"], width=1.2, smooth=True, rough=True, alpha=0.9, z=-0.6)
            known = self._first_marked = columns, shown, mark
        return [known[2]]

    def _band_within(self, columns: Mapping[str, MeasureColumn], line: MeasureLine, shown: Range) -> list[Floats]:
        return [drawn_within(edge, shown)[0] for edge in _band(columns[line.measure].drawn, columns[line.spread].drawn)]

    def _placed(self, column: MeasureColumn, shown: Range, *, hollow: bool) -> tuple[Floats, NDArray[np.int8]]:
        if self.log:
            heights, kinds = placed(self._height(column), shown[0])
        else:
            heights, kinds = drawn_within(column.drawn, shown)
        if hollow:
            kinds[kinds == ROUND] = HOLLOW
        return heights, kinds

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: DepthState) -> Sequence[Key]:
        keys = [self._key(line) for line in self.lines] if len(self.lines) > 1 or self.lines[0].spread else []
        if state.first is not None and state.step > 0:
            keys.append(Key("at step 0", "faint"))
        if self._theory(state):
            keys.append(Key("theory" if state.step == 0 else "theory of step 0", "muted", "band"))
        return keys

    def _key(self, line: MeasureLine) -> Key:
        swatch: Swatch = "band" if line.spread else "hollow" if line.hollow else "dot"
        return Key(line.label, line.colour, swatch)

    def notes(self, state: DepthState) -> Sequence[Note]:
        column, labels = state.now[self.lines[0].measure], self.names_of(state.depth)
        notes = lost_notes(column.values, column.defined, labels, state.since)
        if self.log:
            return [*zero_notes(column.values, column.defined, self.scale.range[0]), *notes]
        for line in self.lines[1:]:
            # What the first line has said already is not said again.
            other, said_already = state.now[line.measure], column.defined & ~np.isfinite(column.values)
            notes += lost_notes(other.values, other.defined & ~said_already, labels)
        return [*notes, *beyond_notes(_farthest(self._parts(state.now)), self.scale.range, "layer")]

    def _write_value(self, value: float) -> str:
        return percent(value) if self.share else number(value, fixed=True)

    def _value_text(self, columns: Mapping[str, MeasureColumn], line: MeasureLine, index: int) -> str:
        column = columns[line.measure]
        if not column.defined[index]:
            return "not defined"
        text = self._write_value(float(column.values[index]))
        if line.spread and columns[line.spread].defined[index]:
            text += f" ± {self._write_value(float(columns[line.spread].values[index]))}"
        return text

    def probe(self, state: DepthState, pane: int, x: float, y: float) -> Probe | None:
        index = round(x)
        if not 0 <= index < state.depth:
            return None
        text = [self.layer_text(index)]
        text += [f"{line.label}  {self._value_text(state.now, line, index)}" for line in self.lines]
        for name, other in self._others(state):
            text += [f"{name}  {self._value_text(other, line, index)}" for line in self.lines[:1]]
        text += [f"{name}  {self._read_theory(band, index)}" for name, band in self._theory(state).items()]
        return Probe("\n".join(text), index)

    def _read_theory(self, band: Envelope, index: int) -> str:
        low, middle, high = (float(curve[index]) for curve in (band.low, band.middle, band.high))
        if middle != middle:
            return "not defined"
        least, usual, most = (written(v) if self.log else self._write_value(v) for v in (low, middle, high))
        return f"{usual}  ({least} … {most})"

    def _others(self, state: DepthState) -> list[tuple[str, Mapping[str, MeasureColumn]]]:
        others = [("at step 0", state.first)] if state.first is not None else []
        if self.ghost is not None and self.ghost.depth == state.depth:
            others.append((f"pinned, step {integer(self.ghost.step)}", self.ghost.now))
        return [(name, columns) for name, columns in others if columns is not None]

    def rows(self, state: DepthState) -> Table:
        depth = state.depth
        columns: dict[str, Sequence[CellValue]] = {
            "step": [state.step] * depth,
            "layer": self.names_of(depth),
        }
        for name in self.measures():
            columns[name] = cells(state.now[name].values, state.now[name].defined)
        for part, quartile in by_part(state.quartiles):
            for name in self.measures():
                columns[f"{name}_{part}"] = cells(quartile[name].values, quartile[name].defined)
        for name in self.measures() if state.first is not None else ():
            assert state.first is not None
            columns[f"{name}_step_0"] = cells(state.first[name].values, state.first[name].defined)
        for name, band in self._theory(state).items():
            curves = {"low": band.low, "middle": band.middle, "high": band.high}
            for part, curve in curves.items():
                with np.errstate(over="ignore"):
                    values = 10.0**curve if self.log else curve
                columns[f"{name.replace(' ', '_')}_{part}"] = cells(values, curve == curve)
        return Table(columns)


def _farthest(parts: Sequence[Floats]) -> Floats:
    """Of each layer the value that lies farthest from 0; 0 where none is finite."""
    drawn = np.array(parts)
    drawn[~np.isfinite(drawn)] = 0.0
    return np.asarray(drawn[np.abs(drawn).argmax(axis=0), np.arange(drawn.shape[1])])


def _band(middle: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """``middle`` ± ``spread``, no farther than a float64 reaches where both are finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = middle - spread, middle + spread
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high
    largest, known = np.finfo(np.float64).max, np.isfinite(middle) & np.isfinite(spread)
    low, high = np.clip(low, -largest, largest), np.clip(high, -largest, largest)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
