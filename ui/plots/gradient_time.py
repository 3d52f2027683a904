"""The weight gradient's norm of every layer over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue
from simulator.record.history import History
from simulator.training.run_info import RunInfo
from ui.chart.alike import AlikeCurves, GrowingCurves
from ui.chart.axes import StepAxis, ValueAxis
from ui.chart.buckets import Buckets, GrowingBuckets, Places, buckets_for, places_of
from ui.chart.colour_bar import ColourBar
from ui.chart.decades import extent, log10, zero_notes
from ui.chart.legend import Note
from ui.chart.lost import Since, lost_notes, since_of
from ui.chart.marks import Curves, Mark
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange, StepsRange
from ui.chart.spans import Spans
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.numbers import integer, number

COLUMN = "weight_gradient_norm"


@dataclass(frozen=True)
class LayersPast:
    """One quantity of every layer over the steps."""

    step: int
    past: Buckets
    defined: NDArray[np.bool_]
    """(layers,): a layer without weights has no gradient of them."""
    since: Since = ()
    over_seeds: bool = False
    """Whether the past goes from quartile to quartile."""
    known: Mapping[str, Floats] = field(default_factory=dict)
    """log₁₀ of its parts, as far as they were made with it."""

    @property
    def depth(self) -> int:
        return int(self.past.last.shape[1])

    def log(self, part: str) -> Floats:
        """log₁₀ of the ``low``, ``last`` or ``high`` of each place: (places, layers)."""
        return self.known[part] if part in self.known else log10(getattr(self.past, part))

    @cached_property
    def logs(self) -> tuple[Floats, Floats, Floats]:
        """Of the least, the last and the largest."""
        return self.log("low"), self.log("last"), self.log("high")

    @cached_property
    def largest(self) -> Floats:
        """log₁₀ of the largest of each place, +∞ where what is known of it is not finite: (places, layers)."""
        logs = self.log("high")
        lost = np.isnan(logs)
        return np.where(lost & self.defined & self.past.known, np.inf, logs) if lost.any() else logs


def most_places(history: History, most: int, shared: int | None = None) -> int:
    """At most how many places a past has: ``most``, or ``shared`` where steps share them."""
    return shared if shared is not None and (history.stride > 1 or history.places > most) else most


class LayersReader:
    """Reads that past from view to view; of what has been read it reads the end alone."""

    def __init__(self, *parts: str) -> None:
        """``parts``: of which log₁₀ is drawn."""
        self._parts, self._buckets = parts, GrowingBuckets()
        self._logs: dict[str, Floats] = {}

    def read(self, view: View, most: int, shared: int | None = None) -> LayersPast | None:
        """In at most ``most`` places; ``shared``: in so many where steps share them."""
        history = view.history
        if not history.is_of_layers(COLUMN) or history.end < history.start:
            return None
        past = self._buckets.reduced(history, COLUMN, most_places(history, most, shared))
        defined = view.frame.defined.get(COLUMN, np.ones(past.last.shape[1], dtype=np.bool_))
        since = since_of(history, COLUMN, past.last[-1])
        self._logs = {part: self._log(part, getattr(past, part)) for part in self._parts}
        return LayersPast(view.frame.step, past, defined, since, view.fan is not None, self._logs)

    def _log(self, part: str, values: Floats) -> Floats:
        whole = self._buckets.whole
        if not whole:
            return log10(values)
        return np.concatenate((self._logs[part][:whole], log10(values[whole:])))


def past_notes(state: LayersPast, labels: Sequence[str], floor: float) -> list[Note]:
    """What the last value of each layer has that a log scale does not show."""
    last, known = state.past.last[-1], state.defined & state.past.known[-1]
    return [*zero_notes(last, known, floor), *lost_notes(last, known, labels, state.since)]


def past_table(state: LayersPast, names: Sequence[str]) -> Table:
    """One row per bucket: its first and last step, then minimum, maximum and last value of every layer that has any."""
    past, known = state.past, state.past.known
    columns: dict[str, Sequence[CellValue]] = {
        "first_step": past.steps.astype(int).tolist(),
        "last_step": np.minimum(past.steps + past.width - 1, past.end).astype(int).tolist(),
    }
    for i, name in enumerate(names):
        for part in ("low", "high", "last"):
            values = getattr(past, part)[:, i].tolist()
            seen_at = known[:, i] & state.defined[i]
            columns[f"{name}_{part}"] = [value if seen else None for value, seen in zip(values, seen_at, strict=True)]
    return Table(columns)


MOST_LINES = 100
"""Layers that have a line each: of more, neighbours share one."""
SHARED_LINES = 50
"""Lines that there are then: what lies between the least and the largest of their layers fills the rest."""
LINE_SHARE = 0.004
"""What a line covers of the height of a plot."""
RANGE = 0.3
"""How strong what lies between least and largest is drawn."""


def shared_by(layers: int) -> int:
    """How many layers, one after the other, a line is of."""
    return 1 if layers <= MOST_LINES else -(-layers // SHARED_LINES)


Heights = tuple[Floats, Floats, Floats]
"""Least, middle and largest of each line and place, as drawn: (lines, places)."""


def _lines(layers: Heights) -> Heights:
    """Those of the lines that layers share."""
    low, middle, high = layers
    if (shared := shared_by(len(middle))) == 1:
        return layers
    low, high = _of_neighbours(low, shared, np.fmin), _of_neighbours(high, shared, np.fmax)
    return low, 0.5 * (low + high), high


def _of_neighbours(rows: Floats, shared: int, extreme: np.ufunc) -> Floats:
    """The extremes of so many rows each, of the last ones as far as they go: row upon row, which is several times
    faster than reducing groups of them.
    """
    found = rows[::shared].copy()
    for place in range(1, shared):
        others = rows[place::shared]
        extreme(found[: len(others)], others, out=found[: len(others)])
    return found


def _heights(state: LayersPast, floor: float) -> Heights:
    """Of each layer; over seeds the quartiles and the median."""
    if state.past.width == 1 and not state.over_seeds:
        return (_above(state.log("last"), floor),) * 3
    low, last, high = (_above(part, floor) for part in state.logs)
    return (low, last, high) if state.over_seeds else (low, 0.5 * (low + high), high)


def _above(logs: Floats, floor: float) -> Floats:
    """(layers, places) of (places, layers)"""
    above: Floats = np.maximum(logs.T, floor, order="C")
    above[above == np.inf] = np.nan
    return above


class GradientTime(Plot[LayersPast]):
    key = "gradient_time"
    spoken_as = (("*_last", "gradient norms"),)
    title = "Gradient norm over time"
    measured = ("weight_gradient_norm",)
    side = "backward"
    default = True
    spans_seeds = True
    recorded = True
    explain = (
        "One line per layer: the size of its weight gradient at every step, minimum and maximum kept, so "
        "that a spike of a single step is still there. Lines that fan out or plunge show which layers "
        "stop learning, and when."
    )
    formula = (
        r"$\|\partial C/\partial W^l\|$ over the step, on a log axis; where steps share a place, tinted from the "
        rf"least to the largest, with the line halfway between; of more than {MOST_LINES} layers neighbours share a "
        r"line in the same way; lines that lie upon each other are seen by dashes in "
        r"turn"
    )
    empty_text = "Every layer's gradient norm draws itself here as training goes on."

    def build(self) -> None:
        self.step_axis = StepAxis("bottom", "step")
        self.value_axis = ValueAxis("left", "‖∂C/∂W‖", log=True)
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.step_axis)
        self.bar = ColourBar("layer")
        self.canvas.add_beside(self.bar, FIRST_ROW, 2)
        self.x_scale, self.y_scale = StepsRange(), StepRange(log=True)
        self.scales += [self.x_scale, self.y_scale]
        self._reader = LayersReader("low", "last", "high")
        self._growing, self._growing_ranges = GrowingCurves[AlikeCurves](), GrowingCurves[Spans]()

    def begin(self, info: RunInfo) -> None:
        labels = self.labels
        self.bar.set_ticks([(1.0, labels[0]), (0.0, labels[-1])])
        self.bar.setVisible(len(labels) > 1)

    def capture(self, view: View) -> LayersPast | None:
        return self._reader.read(view, *self._most(view))

    def places(self, view: View) -> Places:
        return places_of(view.history, most_places(view.history, *self._most(view)))

    def _most(self, view: View) -> tuple[int, int]:
        """At most how many places there are, and where steps share them."""
        depth = view.frame.info.depth
        return buckets_for(depth), buckets_for(depth, self.networks)

    def fit(self, states: Sequence[LayersPast]) -> None:
        logs = [state.logs for state in states]
        y = self.y_scale.fit(*extent([part for low, _, high in logs for part in (low, high)]))
        self.pane.fit(self.x_scale.fit(max(state.past.end for state in states)), y)
        self.bar.set_colours(self.layer_colours)

    def marks(self, state: LayersPast) -> Sequence[Mark]:
        bottom, top = self.y_scale.range
        each, shared, x = _heights(state, bottom), shared_by(state.depth), state.past.middles
        low, middle, high = _lines(each)
        layers = range(len(middle))
        # Of the layer in the middle; the last line may have fewer.
        colours = [*self.layer_colours[shared // 2 :: shared], *self.layer_colours[-1:]]
        # What a line covers need not be drawn behind it.
        wide = np.any(high - low > LINE_SHARE * (top - bottom), axis=1)
        curves = AlikeCurves("curves", x, middle, colours=colours, layers=layers, shared=shared, each=each[1])
        ranges = Spans(
            "ranges", x, low, high, seen=wide.tolist(), colours=colours, alpha=RANGE, layers=layers, shared=shared,
            z=-0.2,
        )  # fmt: skip
        return [*self._growing_ranges.parts(ranges), *self._growing.parts(curves)]

    def ghost_marks(self, ghost: LayersPast) -> Sequence[Mark]:
        _, middle, _ = _lines(_heights(ghost, self.y_scale.range[0]))
        curves, shared = [pieces(ghost.past.middles, row) for row in middle], shared_by(ghost.depth)
        return [Curves("curves", curves, colours=["faint"], alpha=0.6, layers=range(len(curves)), shared=shared, z=-1)]

    def notes(self, state: LayersPast) -> Sequence[Note]:
        shared = shared_by(state.depth)
        said = [Note(f"each line of {shared} layers, tinted from least to largest")] if shared > 1 else []
        return [*said, *past_notes(state, self.names_of(state.depth), self.y_scale.range[0])]

    def probe(self, state: LayersPast, pane: int, x: float, y: float) -> Probe | None:
        past = state.past
        if x < -0.5 or x > past.end + max(1.0, 0.02 * self.x_scale.high):
            return None
        i = past.bucket(x)
        away = np.abs(np.maximum(log10(past.last[i]), self.y_scale.range[0]) - y)
        layer = int(np.nanargmin(away)) if np.isfinite(away).any() else -1
        when = step_text(past, i)
        if layer < 0:
            return Probe(f"{when}\nno layer is finite here", -1, float(past.middles[i]))
        words = past_text(past.low[i, layer], past.high[i, layer], past.last[i, layer])
        return Probe(f"{self.layer_text(layer)}\n{when}\n‖∂W‖  {words}", layer, float(past.middles[i]))

    def rows(self, state: LayersPast) -> Table:
        return past_table(state, self.names_of(state.depth))


def step_text(past: Buckets, bucket: int) -> str:
    first = int(past.steps[bucket])
    last = min(first + past.width - 1, past.end)
    return f"step {integer(first)}" if last <= first else f"steps {integer(first)} … {integer(last)}"


def past_text(low: float, high: float, last: float) -> str:
    """A bucket's value in words, with its extremes where they can be told apart."""
    value, least, largest = (number(each, fixed=True) for each in (last, low, high))
    return f"{value}  ({least} … {largest})" if low < high and least != largest else value


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(GradientTime)
