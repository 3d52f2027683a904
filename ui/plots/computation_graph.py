"""The network as boxes and arrows with live norms; boxes open, and a small network can be changed by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from simulator.observations.base import CellValue, Observed
from simulator.observations.graph.matrix import OpenBox
from simulator.observations.graph.nodes import Box, Graph, GraphObservation
from simulator.observations.graph.what_if import Changes, WhatIf, WhatIfOutcome, as_matrix
from simulator.record.frame import Frame
from simulator.training.run_info import RunInfo
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark
from ui.chart.pane import Pane
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.graph.controls import Controls
from ui.plots.graph.detail import Detail, cell_at, cell_rect
from ui.plots.graph.editor import WeightEditor
from ui.plots.graph.faces import LaidOutGraph, brackets_of, faces_of, fold_words, label_of, name_of, opened_of
from ui.plots.graph.folding import Fold, FoldedGraph, OpenFolds, folded, folding_again, opening
from ui.plots.graph.hits import hit, unit_hit
from ui.plots.graph.layout import BoxPosition, Edge, depth_of, edges, is_editable, layout, role_of
from ui.plots.graph.marks import BRACKET, Boxes
from ui.plots.graph.phrases import ratio_words
from ui.plots.graph.state import UNCHANGED, GraphState, changed_columns
from ui.style.numbers import integer, number

NOWHERE = QPointF(-1e6, -1e6)
STILL = 5.0
"""Pixels within which a press and its release are a click."""


class ComputationGraph(Plot[GraphState]):
    key = "computation_graph"
    spoken_as = (("norm", "norms in the boxes"), ("norm_changed", "norms as changed by hand"))
    preset = "hand-net"
    overlays = False
    title = "Computation graph"
    side = "training"
    shape = "square"
    least_width = 316
    least_height = 280
    explain = (
        "Every factor of the network as a box with its norm: what flows forward in green, what flows back in purple, "
        "what is kept for the way back dashed; an edge is a pixel thinner for each decade less. Click a box to open "
        "it. Plain nets up to 10 wide can be changed by hand: a click at a dot switches a unit off, a double "
        "click edits a weight, and every box says by what it is multiplied. Beyond 20 layers, equal ones are one box, "
        "×20, with the least and the largest of their norms; a click opens it, and one at the bar above folds it again."
    )
    formula = (
        r"Forward: $a=\varphi(Wa+b)$. Backward: $\delta=S\odot W^{\top}\delta$, $\partial W=\delta a^{\top}/N$, "
        r"$\partial b=\operatorname{mean}\,\delta$"
        "\n\n"
        r"Norms of signals: $\sqrt{\operatorname{mean}\,\|\cdot\|^2}$ over the samples; of $W$, $\partial W$, "
        r"$\partial b$: Frobenius"
    )
    observations = (GraphObservation(),)
    empty_text = "The boxes of the network, once there is one."

    def build(self) -> None:
        self.pane, self.detail_pane = Pane(), Pane()
        for row, pane in enumerate((self.pane, self.detail_pane)):
            self.canvas.grid.addItem(pane, FIRST_ROW + row, 1)
            self.canvas.panes.append(pane)
        self.detail_pane.setMouseEnabled(False, False)
        self._edges: list[Edge] = []
        self._laid_out: tuple[object, ...] = ()
        """Keys of the boxes that have been given places, and which repeats were open."""
        self._graph = LaidOutGraph(FoldedGraph(Graph(()), {}, (), {}), {}, ())
        self._refused = ""
        self._pressed = QPointF()
        self.controls: Controls | None = None
        self._editor = WeightEditor(self.canvas)
        self._give_room(0.0)
        if self.header is not None:
            self._take_hand()

    def _take_hand(self) -> None:
        self.controls = Controls()
        self.controls.hide()
        self.controls.moved.connect(self._moved)
        self.controls.reset.connect(lambda: self._change(UNCHANGED))
        self._editor.typed.connect(lambda at, value: self.set_weight(at[0], at[1], at[2], value))
        column = self.layout()
        assert column is not None
        column.addWidget(self.controls)
        self.canvas.viewport().installEventFilter(self)

    def _give_room(self, share: float) -> None:
        """To the open box, of the height of both."""
        self.detail_pane.setVisible(share > 0)
        self.detail_pane.setMaximumHeight(16777215 if share > 0 else 0)
        self.canvas.grid.layout.setRowStretchFactor(FIRST_ROW, round(100 * (1 - share)))
        self.canvas.grid.layout.setRowStretchFactor(FIRST_ROW + 1, round(100 * share))

    def begin(self, info: RunInfo) -> None:
        self._refused = ""
        self._laid_out = ()
        self._ask()

    def capture(self, view: View) -> GraphState | None:
        observed = view.frame.observed(GraphObservation())
        if observed is None or observed.result is None:
            return None
        graph = observed.result
        made = GraphState(observed.step, view.frame.step, view.frame.info.depth, graph)
        old = self.state or self._before
        if old is None or [(b.key, b.shape) for b in old.graph.boxes] != [(b.key, b.shape) for b in graph.boxes]:
            return made
        kept = replace(
            made, chosen=old.chosen, matrix=old.matrix, changes=old.changes, outcome=old.outcome, unfolded=old.unfolded
        )
        return self._with_answer(kept, view.frame)

    _before: GraphState | None = None
    """The last state of the run before: what was open stays open."""

    def start(self, info: RunInfo) -> None:
        self._before = self.state or self._before
        super().start(info)

    # -- what is inside -----------------------------------------------------------------------------------------------

    @property
    def editable(self) -> bool:
        return self.state is not None and not self._refused and is_editable(self.state.graph)

    def refresh(self, view: View) -> None:
        super().refresh(view)
        if not self.paused:
            self._ask()

    def _inside(self, state: GraphState) -> WhatIf | OpenBox | None:
        """What there is to observe of what is open and changed."""
        if not self._refused and is_editable(state.graph) and (state.chosen or state.changes != UNCHANGED):
            return WhatIf(changes=state.changes)
        return OpenBox(key=state.chosen) if state.chosen else None

    def _ask(self) -> None:
        inside = None if self.header is None or self.state is None else self._inside(self.state)
        self.observe(GraphObservation(), *(() if inside is None else (inside,)))

    def _with_answer(self, state: GraphState, frame: Frame) -> GraphState:
        """The state with what the run has found inside."""
        inside = self._inside(state)
        observed: Observed[Any] | None = None if inside is None else frame.observed(inside)
        if observed is None:
            return state
        if observed.refusal:
            self._refused = observed.refusal
            return replace(state, changes=UNCHANGED, outcome=None)
        result = observed.result
        return _with_outcome(state, result) if isinstance(result, WhatIfOutcome) else replace(state, matrix=result)

    # -- the hand ------------------------------------------------------------------------------------------------------

    def choose(self, key: str) -> None:
        """Open a box; the open one, or ``""``, closes."""
        if self.state is None:
            return
        before = self.state
        state = replace(before, chosen="" if key == before.chosen else key, matrix=None)
        if self._inside(state) == self._inside(before) and state.outcome is not None:
            state = _with_outcome(state, state.outcome)
        self.show_state(state)
        self._ask()

    def unfold(self, opened: OpenFolds) -> None:
        """Open these repeats and no others. The open box closes where it is no longer drawn."""
        if self.state is None:
            return
        self.show_state(replace(self.state, unfolded=opened))
        if self.state.chosen and self.state.chosen not in self._graph.places:
            self.choose("")

    def switch_unit(self, layer: int, unit: int) -> None:
        """Switch a hidden unit off, or on again."""
        if self.state is not None:
            self._change(replace(self.state.changes, off=self.state.changes.off ^ {(layer, unit)}))

    def set_weight(self, layer: int, to: int, origin: int, value: float) -> None:
        """Give one weight, or behind the last one the bias, another value."""
        if self.state is not None:
            edits = {**self.state.changes.edits, (layer, to, origin): value}
            self._change(replace(self.state.changes, edits=edits))

    def _moved(self, name: str, value: Any) -> None:
        state = self.state
        if state is None:
            return
        changes = state.changes
        if name == "weights":
            scales = {**changes.weight_scales, weights_layer(state.chosen): float(value)}
            kept = {layer: scale for layer, scale in scales.items() if scale != 1}
            self._change(replace(changes, weight_scales=kept))
        else:
            self._change(replace(changes, **{name: value}))

    def _change(self, changes: Changes) -> None:
        if self.state is not None:
            self.show_state(replace(self.state, changes=changes))
            self._ask()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click opens a box or switches a unit, a double click edits a weight; all else goes its way."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            at = self.canvas.mapToScene(event.position().toPoint())
            match event.type():
                case QEvent.Type.MouseButtonPress:
                    self._pressed = event.position()
                case QEvent.Type.MouseButtonDblClick:
                    self._pressed = NOWHERE
                    return self._edit(at) or isinstance(self._hit(at), Box)
                case QEvent.Type.MouseButtonRelease:
                    if (event.position() - self._pressed).manhattanLength() < STILL:
                        self._click(at)
        return super().eventFilter(watched, event)

    def press(self, at: QPointF) -> None:
        if not self._edit(at):
            self._click(at)

    def _hit(self, at: QPointF) -> Box | Fold | None:
        if self.state is None or self.canvas.pane_at(at) != 0:
            return None
        return hit(self._graph, self.pane.mapSceneToView(at))

    def _click(self, at: QPointF) -> None:
        match self._hit(at):
            case Fold() as opened:
                self.unfold(folding_again(opened, self._graph.shown.opened))
            case Box() as box if box.key in self._graph.shown.folds:
                self.unfold(opening(self._graph.shown.folds[box.key], self._graph.shown.opened))
            case Box() as box if not self.paused:
                switched = box.role == "slope" and self.editable
                unit = unit_hit(box, self._graph.places[box.key], self.pane, at) if switched else None
                self.choose(box.key) if unit is None else self.switch_unit(depth_of(box.key), unit)

    def _edit(self, at: QPointF) -> bool:
        """Put an editor over the weight at this place, if there is one."""
        state = self.state
        if state is None or state.matrix is None or not self.editable or role_of(state.chosen) != "weights":
            return False
        matrix = state.matrix
        cell = cell_at(self.detail_pane, matrix, at) if self.canvas.pane_at(at) == 1 else None
        if cell is None:
            return False
        layer = depth_of(state.chosen)
        scale = state.changes.weight_scales.get(layer, 1.0) if cell[1] < matrix.shape[1] - 1 else 1.0
        value = matrix.values[cell] / scale if scale else 0.0
        self._editor.edit((layer, *cell), cell_rect(self.detail_pane, matrix, *cell).toRect(), value)
        return True

    # -- drawing -------------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[GraphState]) -> None:
        state = states[0]
        self._lay_out(state)
        columns = max(place[0] for place in self._graph.places.values())
        self.pane.fit((-0.6, columns + 0.6), (-0.55, 2.55 + BRACKET * len(self._graph.shown.opened)))
        self._give_room(0.42 if state.chosen else 0.0)
        if self.controls is not None:
            self.controls.setVisible(self.editable)
            self.controls.show_changes(state.changes, weights_layer(state.chosen))

    def marks(self, state: GraphState) -> Sequence[Mark]:
        """What is pinned stands in the boxes."""
        pinned = self.ghost.norms if self.ghost is not None else {}
        editable = is_editable(state.graph) and not self._refused
        faces = faces_of(self._graph, state, pinned, editable=editable)
        opened = opened_of(state, self.labels)
        norms, brackets = self._graph.shown.all_norms(state.norms), brackets_of(self._graph)
        boxes = Boxes("boxes", faces, self._edges, norms, state.chosen, brackets)
        return [boxes, *([] if opened is None else [Detail("detail", opened, pane=1)])]

    def ghost_marks(self, ghost: GraphState) -> Sequence[Mark]:
        return ()

    def _lay_out(self, state: GraphState) -> None:
        layers = self.info.layers if self.info is not None else ()
        drawn = (*(box.key for box in state.graph.boxes), state.unfolded)
        if drawn != self._laid_out:
            shown = folded(state.graph, layers, state.unfolded)
            self._laid_out, self._graph = drawn, LaidOutGraph(shown, layout(shown.graph), self.labels)
            self._edges = edges(shown.graph, self._graph.places)

    # -- words ---------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: GraphState) -> Sequence[Key]:
        keys = (
            Key("forward", "forward", "right"),
            Key("backward", "backward", "left"),
            Key("kept", "forward", "dashed"),
        )
        explained = Key("× every entry, ~ the norm", "accent", "none")
        return (*keys, explained) if state.changed is not None else keys

    def notes(self, state: GraphState) -> Sequence[Note]:
        lost = sum(not math.isfinite(norm) for norm in state.norms.values())
        notes = [Note(f"{lost} not finite", warning=True)] if lost else []
        if state.changes != UNCHANGED:
            notes.append(Note("changed by hand"))
        if state.step < state.now:
            notes.append(Note(f"as of step {integer(state.step)}"))
        return notes

    def probe(self, state: GraphState, pane: int, x: float, y: float) -> Probe | None:
        if pane != 0:
            return None
        box = min(self._graph.shown.graph.boxes, key=lambda box: _distance(self._graph.places[box.key], x, y))
        if box.key in self._graph.shown.folds:
            return Probe(fold_words(self._graph, box, state.norms), -1)
        lines = [self.layer_text(box.layer) if box.layer >= 0 else "the batch"]
        lines.append(
            f"{name_of(box, self.labels)}: {box.shape[0]} × {box.shape[1]}, norm {number(state.norms[box.key])}"
        )
        if state.changed is not None and box.key in state.changed.before:
            lines.append(ratio_words(state.changed.ratio(box.key)))
        return Probe("\n".join(lines), box.layer)

    def rows(self, state: GraphState) -> Table:
        boxes = state.graph.boxes
        columns: dict[str, Sequence[CellValue]] = {
            "step": [state.step] * len(boxes),
            "layer": [label_of(box, self.labels) for box in boxes],
            "box": [box.role for box in boxes],
            "rows": [box.shape[0] for box in boxes],
            "columns": [box.shape[1] for box in boxes],
            "norm": [box.norm for box in boxes],
        }
        return Table({**columns, **(changed_columns(state.changed, boxes) if state.changed is not None else {})})


def _with_outcome(state: GraphState, outcome: WhatIfOutcome) -> GraphState:
    """The state with what its changes do, and the open box as they leave it."""
    matrix = as_matrix(outcome.after, state.chosen) if state.chosen in outcome.after else None
    return replace(state, outcome=outcome, matrix=matrix)


def weights_layer(chosen: str) -> int:
    """The layer whose weights the hand scales: that of the open box."""
    return max(depth_of(chosen), 0) if chosen else 0


def _distance(place: BoxPosition, x: float, y: float) -> float:
    return math.hypot(place[0] - x, 2 * (place[1] - y))


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ComputationGraph)
