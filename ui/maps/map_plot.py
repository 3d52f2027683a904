"""A map of two parameters as a picture: each cell in the colour of what came of it, theory's lines over them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from simulator.maps.summary import STEP, MapPlace
from simulator.maps.table import value_text
from ui.chart.axes import Axis, DepthAxis, Ticks, share_texts
from ui.chart.colour_bar import ColourBar
from ui.chart.colour_tables import FIRST, LAST, forward_table, indexed
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark
from ui.chart.polygons import polygon
from ui.chart.table import Table
from ui.chart.view import Probe
from ui.maps.cells import CellBoxes, ChosenCell, TheoryLine
from ui.maps.state import MadeMap, axis_name, labels, measure_name, measure_text, size_of, value_label
from ui.plots.base import FIRST_ROW, Plot
from ui.style.help import set_page
from ui.style.numbers import count, integer, number, power_of_ten

PAGE = "how-to/maps"
MOST_FINDINGS = 1


class ValuesAxis(DepthAxis):
    """The values of an axis of a map, one cell apart; without labels an axis like any other, perhaps of shares."""

    share = False

    def tickValues(self, low: float, high: float, size: float) -> Ticks:
        return super().tickValues(low, high, size) if self.labels else Axis.tickValues(self, low, high, size)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.share and not self.labels:
            return share_texts([value * self.scale for value in values], spacing * self.scale)
        plain = super().tickStrings if self.labels else functools.partial(Axis.tickStrings, self)
        return plain(values, scale, spacing)


class MapPlot(Plot[MadeMap]):
    key = "map"
    title = "Map"
    side = "forward"
    shape = "square"
    overlays = False
    explain = (
        "What comes of training over a range of one or two parameters, each cell a run of its own: the median over its "
        "seeds. Cells that are not made are hatched, those that diverged have a colour of their own; nothing is drawn "
        "between cells. Click one to open its run, and lines say what theory expects."
    )
    empty_text = "Start the map, and its cells fill in as they are made."

    cell_chosen = Signal(object)
    """A place that was pointed at by a click or Enter."""
    cell_opened = Signal(object)
    """A place whose run is wanted."""

    def build(self) -> None:
        self.x_axis, self.y_axis = ValuesAxis("bottom", " "), ValuesAxis("left", " ")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        for axis in (self.x_axis, self.y_axis):
            axis.setGrid(False)
        self.pane.setMouseEnabled(False, False)
        self.bar = ColourBar(" ", forward_table)
        self.canvas.add_beside(self.bar, FIRST_ROW, 3)
        self.canvas.viewport().installEventFilter(self)
        set_page(self, PAGE)
        if self.header is not None:
            self.header.withhold(self.header.pause, self.header.pin, self.header.maximise)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[MadeMap]) -> None:
        state = states[0]
        first, second = state.sweep.axes[0], state.sweep.axes[-1]
        self.pane.fit((-0.5, len(first.values) - 0.5), (-0.5, len(second.values) - 0.5))
        for axis, place in ((self.x_axis, 0), (self.y_axis, len(state.sweep.axes) - 1)):
            axis.name_layers(labels(state.sweep.axes[place]))
            if axis.text != axis_name(state.sweep, place):
                axis.rename(axis_name(state.sweep, place), self.theme)
        self.bar.dress(measure_name(state.measure), forward_table, self.theme)
        self.bar.set_ticks(bar_ticks(state))

    def marks(self, state: MadeMap) -> Sequence[Mark]:
        marks: list[Mark] = [_pending(state), _made(state)]
        for place, line in enumerate(state.lines):
            pieces = [polygon(*np.array(piece).T) for piece in line.pieces if len(piece[0]) == 2]
            marks.append(TheoryLine(f"line {place}", pieces, line.name, dashed=place % 2 == 1))
        if state.chosen is not None:
            marks.append(ChosenCell("chosen", box_at(state.chosen)))
        return marks

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: MadeMap) -> Sequence[Key]:
        return [Key(measure_name(state.measure), "forward", "cell")]

    def notes(self, state: MadeMap) -> Sequence[Note]:
        notes = [Note(f"median of {integer(state.sweep.seeds)} seeds")] if state.sweep.seeds > 1 else []
        failed = sum(bool(each.error) for each in state.made)
        return [*notes, Note(f"{count(failed, 'cell')} failed", warning=True)] if failed else notes

    def sentence(self) -> str:
        state = self.state
        if state is None:
            return self.empty_text
        known = [value for place in state.places if (value := place.median(state.measure)) is not None]
        least, most = (measure_text(state.measure, end) for end in (min(known, default=None), max(known, default=None)))
        names = [axis_name(state.sweep, place) for place in range(len(state.sweep.axes))]
        said = f"{measure_name(state.measure)} over {' and '.join(names)}"
        span = f", from {least} to {most}" if known else ""
        pointed = self.pointing.read_out
        read = f"{pointed.text().replace(chr(10), ', ')}. " if pointed.isVisible() else ""
        return f"{read}{said}: {state.counted}{span}."

    def probe(self, state: MadeMap, pane: int, x: float, y: float) -> Probe | None:
        place = state.near((x, y))
        values = state.grid_values((x, y)) if place is None else place.values
        if values is None:
            return None
        heads = [f"{axis_name(state.sweep, axis)} {value_label(value)}" for axis, value in enumerate(values)]
        lines = ["pending"] if place is None else list(told(state, place))
        return Probe("\n".join([*heads, *lines]))

    def rows(self, state: MadeMap) -> Table:
        """Every cell that is made, with all of its measures."""
        made = sorted(state.made, key=lambda each: (repr(each.values), each.seed))
        columns: dict[str, Sequence[str | float | int | None]] = {
            axis.path: [value_text(each.values[place]) for each in made] for place, axis in enumerate(state.sweep.axes)
        }
        columns |= {"seed": [each.seed for each in made], STEP: [each.steps for each in made]}
        columns |= {name: [each.measure(name) for each in made] for name in state.sweep.measures}
        return Table(columns)

    # -- pointing ------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click chooses a cell and opens its run."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton and self.header is not None:
            if event.type() == QEvent.Type.MouseButtonRelease:
                self.press(self.canvas.mapToScene(event.position().toPoint()))
                return True
            if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
                return True
        return super().eventFilter(watched, event)

    def press(self, at: QPointF) -> None:
        state = self.state
        point = self.pane.scene_to_data(at)
        if state is None or not self.pane.sceneBoundingRect().contains(at):
            return
        place = state.near((point.x(), point.y()))
        if place is not None:
            self.cell_chosen.emit(place)
            self.cell_opened.emit(place)


def told(state: MadeMap, place: MapPlace) -> Sequence[str]:
    """What a read-out says of a place."""
    outcome = state.outcome(place)
    name, texts = measure_name(state.measure), []
    median = place.median(state.measure)
    if outcome in ("made", "open"):
        several = f"median of {count(len(place.made), 'seed')}" if len(place.made) > 1 else ""
        more = "more than " if outcome == "open" else ""
        texts.append(f"{name} {more}{measure_text(state.measure, median)}" + (f", {several}" if several else ""))
    else:
        texts.append({"diverged": "diverged", "failed": "failed", "undefined": f"{name} is not defined"}[outcome])
    lost = sum(each.diverged for each in place.made)
    if lost and len(place.made) > 1:
        texts.append(f"{integer(lost)} of {count(len(place.made), 'seed')} diverged")
    texts += [each.error for each in place.made if each.error][:1]
    said = [str(finding["sentence"]) for each in place.made[:1] for finding in each.findings[:MOST_FINDINGS]]
    return [*texts, *said]


def bar_ticks(state: MadeMap) -> Sequence[tuple[float, str]]:
    """Numbers beside the colour bar."""
    low, high = state.range
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    if not state.logarithmic:
        return apart([low + share * (high - low) for share in shares], state.measure)
    decades = list(range(int(np.ceil(low)), int(np.floor(high)) + 1))
    if len(decades) < 2:
        return apart([10.0 ** (low + share * (high - low)) for share in shares], state.measure)
    return [((decade - low) / (high - low), power_of_ten(decade)) for decade in decades]


def apart(values: Sequence[float], measure: str) -> Sequence[tuple[float, str]]:
    """Evenly spaced ticks, with as many digits as tell them from each other."""
    texts = [measure_text(measure, value) for value in values]
    for digits in range(2, 8):
        if len({*texts}) == len(texts):
            break
        texts = [number(value, digits) for value in values]
    return [(place / (len(values) - 1), text) for place, text in enumerate(texts)]


def box_at(at: Sequence[float]) -> QRectF:
    """The box of the cell at a place."""
    width, height = map(size_of, at)
    return QRectF(at[0] - width / 2, at[1] - height / 2, width, height)


def _made(state: MadeMap) -> CellBoxes:
    places = state.places
    low, high = state.range
    shown = [state.shown(place) for place in places]
    colours = indexed(np.array([low if value is None else value for value in shown], float), low, high)
    return CellBoxes(
        "made", [box_at(place.at) for place in places], np.clip(colours, FIRST, LAST),
        [state.outcome(place) for place in places], forward_table,
    )  # fmt: skip


def _pending(state: MadeMap) -> CellBoxes:
    """The cells of the grid of which no seed is made yet."""
    shape = state.summary.shape
    known = state.summary.places.keys()
    open_places = [at for at in np.ndindex(shape) if tuple(map(float, at)) not in known]
    shares = _shares(state)
    return CellBoxes(
        "pending", [box_at(at) for at in open_places], np.zeros(len(open_places), np.uint8),
        ["pending"] * len(open_places), forward_table, shares=[shares.get(at, 0.0) for at in open_places], z=-3.0,
    )  # fmt: skip


def _shares(state: MadeMap) -> dict[tuple[int, ...], float]:
    """Place of the grid → how far the cell is that is being made there."""
    shares = {}
    for at, cell in zip(np.ndindex(state.summary.shape), state.sweep.cells_of_seed(0), strict=True):
        if cell.key in state.under_way:
            shares[tuple(at)] = state.under_way[cell.key]
    return shares
