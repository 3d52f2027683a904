"""One unit under the microscope: its activation over time, when it died, what comes into it, and how to revive it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue
from simulator.observations.microscope import UnitObservation
from simulator.observations.unit import COLUMNS, Unit
from simulator.record.changes import Change, last_before
from simulator.record.turns import Turn
from simulator.training.run_info import RunInfo
from ui.chart.axes import Axis, StepAxis, ValueAxis
from ui.chart.buckets import with_gaps
from ui.chart.edges import beyond_dots, beyond_notes, drawn_within, fitting, reach_of
from ui.chart.header import HeaderOption
from ui.chart.legend import Key, Note
from ui.chart.marks import Area, Curves, Mark
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange, StepsRange
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.unit.bar import UnitBar
from ui.plots.unit.parts import (
    STROKES,
    TONES,
    TURNED,
    Turns,
    cell_marks,
    cells_of,
    incoming_bars,
    incoming_image,
    incoming_tiles,
    words_of,
)
from ui.style.numbers import count, integer, number, percent
from ui.style.text_size import scaled

CELLS_HEIGHT = 22
ROOMY, ENDLESS = 270, 16_777_215
"""Pixels of the whole plot from which the weights are drawn too; and no limit to a height."""
SEEN = {"dead": "Dead", "saturated": "Saturated", "alive": "Alive again", "not finite": "Not finite"}


@dataclass(frozen=True)
class UnitState:
    """The unit that is watched, and what became of it."""

    step: int
    depth: int
    unit: Unit
    starts: Floats
    steps: Floats
    """(looks,) each: the first and the last step of what each look stands for; its mean is that of the last."""
    after_gap: NDArray[np.bool_]
    """(looks,): whether nobody looked for a while before."""
    values: Floats
    """(looks, columns of a unit's past)"""
    turns: tuple[Turn, ...]
    change: Change | None
    """The last change before the last turn."""

    @property
    def farthest(self) -> Floats:
        """(looks,): of the smallest and the largest activation the one that lies farther from 0."""
        low, high = self.column("low"), self.column("high")
        return np.where(np.abs(low) > np.abs(high), low, high)

    def column(self, name: str) -> Floats:
        return self.values[:, COLUMNS.index(name)]

    @property
    def verdict(self) -> str:
        """``Dead since a step between 112 and 120 · last change before: Change learning rate, step 100``"""
        if not self.turns:
            return ""
        turn, change = self.turns[-1], self.change
        cause = "nothing changed before" if change is None else _change_text(change)
        return f"{SEEN[turn.condition]} since {since_text(turn)} · {cause}"


def _looked_text(state: UnitState, sample: int) -> str:
    first, last = int(state.starts[sample]), int(state.steps[sample])
    return f"step {integer(last)}" if first == last else f"steps {integer(first)} … {integer(last)}"


def _unseen_text(state: UnitState, x: float) -> str:
    """Between which looks ``x`` lies, where nobody looked; empty where somebody did."""
    after = int(np.searchsorted(state.steps, x))
    inside = 0 < after < len(state.steps) and state.after_gap[after] and x < state.starts[after]
    ends = (int(state.steps[after - 1]), int(state.starts[after])) if inside else ()
    return f"nobody looked between steps {' and '.join(map(integer, ends))}" if ends else ""


def since_text(turn: Turn) -> str:
    """When a unit turned, as far as it was seen: at a step, between two, or before anybody looked."""
    if turn.after is None:
        return f"step {integer(turn.step)}" + (" or before (the first look)" if turn.step else "")
    # A unit that is revived turns between two looks at one step.
    known = turn.step - turn.after <= 1
    return f"step {integer(turn.step)}" if known else f"a step between {integer(turn.after)} and {integer(turn.step)}"


def _change_text(change: Change) -> str:
    return f"last change before: {change.description}, step {integer(change.step)}"


class UnitMicroscope(Plot[UnitState]):
    key = "unit_microscope"
    spoken_as = (
        ("mean", "mean activation"),
        ("low", "least and largest"),
        ("high", "least and largest"),
        ("active", "active share"),
        ("gradient_norm", "gradient norm"),
    )
    preset = "dying-relu"
    overlays = False
    title = "Unit microscope"
    side = "forward"
    shape = "tall"
    least_width = 316
    least_height = 400
    explain = (
        "One unit's activation over time: its mean, and the band from the smallest to the largest of the batch. Below "
        "are all units of its layer, amber and crossed where dead, grey and hatched where saturated; a click watches "
        "another. Below those are the weights that come into it. A band that shrinks to nothing is a unit that no "
        "sample reaches any more."
    )
    formula = (
        r"Dead: $\varphi'(z)=0$ on every sample of the batch; saturated: $|\varphi'(z)|<0.05\,\sup|\varphi'|$ on at "
        r"least 95 % of them; revive: $w$ drawn anew by the layer's initialiser, $b=0$"
    )
    observations = (UnitObservation(),)
    empty_text = "The next step that is shown brings the first unit."
    offers: ClassVar[tuple[HeaderOption, ...]] = (
        HeaderOption("follow", "follow", "Watch the layer last pointed at, in any plot or in the stack"),
    )

    revive_wanted = Signal(str, object)
    """Label of a layer and the units, counted from 0, to revive."""

    def build(self) -> None:
        grid = self.canvas.grid.layout
        self.value_axis, self.step_axis = ValueAxis("left", "activation"), StepAxis("bottom", "step")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.step_axis)
        self.cell_pane = self.canvas.add_pane(FIRST_ROW + 2, Axis("left"), None, invert_y=True)
        self.weight_axis, self.input_axis = ValueAxis("left", "weight"), ValueAxis("bottom", "input")
        self.weight_pane = self.canvas.add_pane(FIRST_ROW + 3, self.weight_axis, self.input_axis)
        self.canvas.axes[2].setStyle(showValues=False)
        self.canvas.axes[2].setGrid(False)
        grid.setRowFixedHeight(FIRST_ROW + 2, CELLS_HEIGHT)
        grid.setRowStretchFactor(FIRST_ROW, 4)
        grid.setRowStretchFactor(FIRST_ROW + 3, 3)
        self.x_scale, self.y_scale, self.weight_scale = StepsRange(), StepRange(), StepRange(patience=300)
        self.scales += [self.x_scale, self.y_scale, self.weight_scale]
        self.bar = UnitBar() if self.header is not None else None
        if self.bar is not None:
            self._fit_bar(self.bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for both, the past matters more than the weights."""
        super().resizeEvent(event)
        grid, roomy = self.canvas.grid.layout, self.height() >= scaled(ROOMY)
        for item in (self.weight_axis, self.input_axis, self.weight_pane):
            item.setVisible(roomy)
        for row in (FIRST_ROW + 3, FIRST_ROW + 4):
            grid.setRowMinimumHeight(row, 0)
            grid.setRowMaximumHeight(row, ENDLESS if roomy else 0)
        grid.setRowStretchFactor(FIRST_ROW + 3, 3 if roomy else 0)

    def _fit_bar(self, bar: UnitBar) -> None:
        column = self.layout()
        assert column is not None
        column.addWidget(bar)
        bar.chosen.connect(self.watch)
        bar.revive_wanted.connect(self._revive)
        self.canvas.scene().sigMouseClicked.connect(self._clicked)

    # -- choosing ----------------------------------------------------------------------------------------------------

    def begin(self, info: RunInfo) -> None:
        if self.bar is not None:
            self.bar.set_layers(info.layers)

    def watch(self, layer: str, unit: int) -> None:
        """Watch this unit, counted from 0, from now on."""
        observation = UnitObservation(layer=layer, index=unit)
        if self.observations != (observation,):
            for scale in self.scales:
                scale.reset()
            self.observe(observation)

    def layer_pointed(self, layer: int) -> None:
        """While it follows, pointing at a layer watches it; it stays."""
        info, state = self.layer(layer), self.state
        if self.options["follow"] and info is not None and state is not None and info.label != state.unit.layer:
            self.watch(info.label, state.unit.index)

    def _clicked(self, event: MouseClickEvent) -> None:
        if self.state is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.canvas.pane_at(event.scenePos()) == 1:
            place = self.cell_pane.mapSceneToView(event.scenePos())
            unit = cells_of(self.state.unit).at(place.x(), place.y())
            if unit >= 0:
                self.watch(self.state.unit.layer, unit)

    def _revive(self, every: bool) -> None:
        if self.state is not None:
            unit = self.state.unit
            units = tuple(np.flatnonzero(unit.dead).tolist()) if every else (unit.index,)
            self.revive_wanted.emit(unit.layer, units)

    # -- state -------------------------------------------------------------------------------------------------------

    def capture(self, view: View) -> UnitState | None:
        (observation,) = self.observations
        unit, past = view.frame.result(observation), view.past_with(observation)
        if unit is None or past is None:
            return None
        turns = past.turns.entries
        change = last_before(view.changes, turns[-1].step) if turns else None
        history = past.history
        return UnitState(
            view.frame.step, view.frame.info.depth, unit, history.steps, history.lasts, history.after_gap,
            history.values, turns, change,
        )  # fmt: skip

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[UnitState]) -> None:
        state = states[0]
        spans = [state.column("low"), state.column("high"), *(other.column("mean") for other in states[1:])]
        last = max(each.steps[-1] for each in states)
        self.pane.fit(self.x_scale.fit(float(last)), self.y_scale.fit(*fitting(spans, reach_of(state.farthest))))
        grid = cells_of(state.unit)
        self.cell_pane.fit((-0.5, grid.columns + 0.5), (-0.15 * grid.rows, 1.15 * grid.rows))
        self._fit_weights(state.unit)
        if self.bar is not None:
            self.bar.show_unit(state.unit)

    def _fit_weights(self, unit: Unit) -> None:
        low, high = fitting([unit.weights.ravel()])
        low, high = self.weight_scale.fit(min(low, 0.0), max(high, 0.0)) if low == low else self.weight_scale.range
        tiles = incoming_tiles(unit)
        for axis in (self.weight_axis, self.input_axis):
            axis.setStyle(showValues=tiles is None)
            axis.setGrid(False if tiles else 255)
        self.weight_pane.setAspectLocked(tiles is not None)
        if tiles is not None:
            rect = tiles.rect
            self.weight_pane.fit((rect.left() - 1, rect.right() + 1), (rect.top() - 1, rect.bottom() + 1))
        else:
            self.weight_pane.fit((-0.5, max(unit.weights.size, 1) + 0.5), (low, high))

    def marks(self, state: UnitState) -> Sequence[Mark]:
        """The past, all units of the layer, and the incoming weights, each in a pane."""
        shown = self.y_scale.range
        steps, *curves = with_gaps(state.steps, state.after_gap, *map(state.column, ("mean", "low", "high")))
        mean, low, high = (drawn_within(curve, shown)[0] for curve in curves)
        return [
            Area("range", steps, low, high, colour="forward"),
            Curves("mean", [pieces(steps, mean)], colours=["forward"], width=1.4, smooth=True, ghost="muted", z=1.0),
            beyond_dots("beyond", state.steps, state.farthest, shown, "forward"),
            Turns("turns", state.turns),
            *cell_marks(state.unit, 1),
            self._weights(state.unit),
        ]

    def _weights(self, unit: Unit) -> Mark:
        tiles, (low, high) = incoming_tiles(unit), self.weight_scale.range
        return incoming_bars(unit, 2) if tiles is None else incoming_image(unit, tiles, max(-low, high), 2)

    # -- words -------------------------------------------------------------------------------------------------------

    def _place(self, state: UnitState) -> int:
        """Index of the layer."""
        return self.labels.index(state.unit.layer) if state.unit.layer in self.labels else -1

    def _name(self, state: UnitState) -> str:
        return self.layer_text(self._place(state))

    def legend_keys(self, state: UnitState) -> Sequence[Key]:
        unit = f"unit {integer(state.unit.index + 1)}"
        name = Key(f"{unit} of {self._name(state)}", "muted", "none", short=f"{unit}, layer {state.unit.layer}")
        keys = [name, Key("mean", "forward"), Key("least … most", "forward", "band")]
        turned = dict.fromkeys(turn.condition for turn in state.turns)
        return [*keys, *(Key(TURNED[condition], TONES[condition], STROKES[condition]) for condition in turned)]

    def remark(self, state: UnitState) -> str:
        return state.verdict or words_of(state.unit)

    def notes(self, state: UnitState) -> Sequence[Note]:
        unit = state.unit
        notes = [] if unit.condition == "alive" else [Note(unit.condition, warning=True)]
        notes += beyond_notes(state.farthest, self.y_scale.range, "look")
        if incoming_tiles(unit) is not None:
            low, high = fitting([unit.weights.ravel()])
            notes += [Note(f"w {number(low)} … {number(high)}")] if low == low else []
        lost = int(np.count_nonzero(~np.isfinite(unit.weights)))
        return [*notes, Note(f"{count(lost, 'weight')} not finite", warning=True)] if lost else notes

    def probe(self, state: UnitState, pane: int, x: float, y: float) -> Probe | None:
        place, name = self._place(state), self._name(state)
        if pane == 0:
            sample = int(np.argmin(np.abs(state.steps - x)))
            unseen = _unseen_text(state, x)
            if unseen:
                return Probe(f"{name}\n{unseen}", place)
            return Probe(f"{name}\n{self._look_text(state, sample)}", place, float(state.steps[sample]))
        words = self._cell_text(state.unit, x, y) if pane == 1 else self._weight_text(state.unit, x, y)
        return Probe(f"{name}\n{words}", place)

    def _look_text(self, state: UnitState, sample: int) -> str:
        values = dict(zip(COLUMNS, state.values[sample].tolist(), strict=True))
        lines = [_looked_text(state, sample), f"mean  {number(values['mean'], fixed=True)}"]
        lines.append(f"{number(values['low'], fixed=True)} … {number(values['high'], fixed=True)}")
        known = [word for word in ("active", "saturated") if values[word] == values[word]]
        shares = [f"{word}  {percent(values[word])}" for word in known]
        return "\n".join([*lines, *shares, f"‖∂C/∂w‖  {number(values['gradient_norm'], fixed=True)}"])

    def _cell_text(self, unit: Unit, x: float, y: float) -> str:
        cell = cells_of(unit).at(x, y)
        if cell < 0:
            return f"{integer(int(unit.dead.sum()))} of {count(len(unit.means), 'unit')} dead"
        words = f"unit {integer(cell + 1)}\nmean  {number(float(unit.means[cell]), fixed=True)}"
        return f"{words}\ndead" if unit.dead[cell] else words

    def _weight_text(self, unit: Unit, x: float, y: float) -> str:
        tiles, values = incoming_tiles(unit), unit.weights.T.ravel()
        if tiles is None:
            place = int(np.floor(x))
        else:
            entry = tiles.at(x, tiles.extent[0] - y)
            place = -1 if entry is None else int(np.ravel_multi_index(entry, (entry[0] + 1, tiles.height, tiles.width)))
        if not 0 <= place < len(values):
            return f"unit {integer(unit.index + 1)}"
        return f"weight {integer(place + 1)}\n{number(float(values[place]), fixed=True)}"

    def rows(self, state: UnitState) -> Table:
        """A row per look."""
        count = len(state.steps)
        columns: dict[str, Sequence[CellValue]] = {
            "first_step": [int(step) for step in state.starts],
            "step": [int(step) for step in state.steps],
            "layer": [state.unit.layer] * count,
            "unit": [state.unit.index + 1] * count,
        }
        return Table(columns | {name: state.column(name).tolist() for name in COLUMNS})


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(UnitMicroscope)
