"""What the boxes of the computation graph say, and what the open one shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from simulator.observations.graph.nodes import Box
from simulator.observations.graph.what_if import as_matrix
from ui.plots.graph.detail import OpenedBox
from ui.plots.graph.folding import Fold, FoldedGraph, range_words
from ui.plots.graph.layout import Position, depth_of, role_of
from ui.plots.graph.marks import Bracket, Face
from ui.plots.graph.phrases import formula_of, ratio_text, ratio_words
from ui.plots.graph.state import GraphState
from ui.style.numbers import number


def label_of(box: Box, labels: Sequence[str]) -> str:
    """The label of its layer; empty for the input."""
    return labels[box.layer] if 0 <= box.layer < len(labels) else ""


def name_of(box: Box, labels: Sequence[str]) -> str:
    return f"{box.title} {label_of(box, labels)}".rstrip()


def labels_of(fold: Fold, labels: Sequence[str]) -> str:
    """``2–99``"""
    first, last = fold.rows
    return f"{labels[first]}–{labels[last]}" if last < len(labels) else ""


def fold_words(shown: FoldedGraph, box: Box, norms: Mapping[str, float], labels: Sequence[str]) -> str:
    """What stands in the box of a fold, and how it opens."""
    words = range_words([norms[key] for key in shown.hidden[box.key]])
    name = {"fold": "a", "fold_delta": "δ", "fold_gradient": "∂W"}[role_of(box.key)]
    return f"layers {labels_of(shown.folds[box.key], labels)}\n{name}: norms {words}\na click opens them"


def faces_of(
    state: GraphState,
    shown: FoldedGraph,
    pinned: Mapping[str, float],
    labels: Sequence[str],
    places: Mapping[str, Position],
    *,
    editable: bool,
) -> list[Face]:
    """A face for each box that is drawn; ``pinned`` are the norms of a ghost."""
    norms = state.norms
    return [
        _fold_face(shown, box, norms, labels, places[box.key])
        if box.key in shown.folds
        else _face(state, box, norms[box.key], pinned, labels, places, editable)
        for box in shown.graph.boxes
    ]


def _fold_face(
    shown: FoldedGraph, box: Box, norms: Mapping[str, float], labels: Sequence[str], place: Position
) -> Face:
    fold, own = shown.folds[box.key], [norms[key] for key in shown.hidden[box.key]]
    lines = (labels_of(fold, labels), range_words(own))
    lost = not all(map(math.isfinite, own))
    first, last = fold.rows
    return Face(box.key, place, box.backward, first, fold.title, str(fold.repeats), lines, lost=lost, last_layer=last)


def brackets_of(shown: FoldedGraph, labels: Sequence[str], places: Mapping[str, Position]) -> list[Bracket]:
    """A bar over what each opened fold has brought to light, the innermost lowest."""
    made = []
    for level, fold in enumerate(reversed(shown.opened)):
        columns = [places[box.key][0] for box in shown.graph.boxes if fold.holds(box.key)]
        made.append(Bracket(fold, min(columns), max(columns), level, f"{labels_of(fold, labels)}: fold {fold.title}"))
    return made


def _face(
    state: GraphState, box: Box, norm: float, pinned: Mapping[str, float], labels: Sequence[str],
    places: Mapping[str, Position], editable: bool,
) -> Face:  # fmt: skip
    lines = [number(norm, fixed=True) if math.isfinite(norm) else "∞" if norm == math.inf else "NaN"]
    outcome, ratio = state.changed, ""
    if outcome is not None and box.key in outcome.before:
        ratio = ratio_text(outcome.ratio(box.key))
    elif box.key in pinned:
        lines.append(f"was {number(pinned[box.key])}")
    return Face(
        box.key,
        places[box.key],
        box.backward,
        box.layer,
        name_of(box, labels),
        box.title if len(box.title) < 3 else label_of(box, labels),
        tuple(lines),
        ratio,
        not math.isfinite(norm),
        _units(state, box) if editable and box.role == "slope" else (),
    )


def _units(state: GraphState, box: Box) -> tuple[bool, ...]:
    """Which of its units are on."""
    return tuple((depth_of(box.key), unit) not in state.changes.off for unit in range(box.shape[0]))


def opened_of(state: GraphState, labels: Sequence[str]) -> OpenedBox | None:
    """What the open box shows; None while there is none or its matrix has not come."""
    box, matrix = next((box for box in state.graph.boxes if box.key == state.chosen), None), state.matrix
    if box is None or matrix is None or matrix.key != state.chosen:
        return None
    words = formula_of(state.chosen, state.norms, state.last)
    if state.changed is not None:
        words = (*words, f"changed: {ratio_words(state.changed.ratio(state.chosen))}")
    title = f"{name_of(box, labels)}   {matrix.shape[0]} × {matrix.shape[1]}"
    if state.outcome is not None and box.role == "weights":
        title += ", biases last"
    if matrix.part:
        title += f"   {matrix.part}"
    before = None
    if state.changed is not None and matrix.readable:
        before = as_matrix(state.changed.before, state.chosen).values
    return OpenedBox(title, matrix, words, box.backward, before)
