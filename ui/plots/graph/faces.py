"""What the boxes of the computation graph say, and what the open one shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.observations.graph.nodes import Box
from simulator.observations.graph.what_if import as_matrix
from ui.plots.graph.detail import OpenedBox
from ui.plots.graph.folding import Fold, FoldedGraph, range_words
from ui.plots.graph.layout import BoxPosition, depth_of, role_of
from ui.plots.graph.marks import Bracket, Face
from ui.plots.graph.phrases import formula_of, ratio_text, ratio_words
from ui.plots.graph.state import GraphState
from ui.style.numbers import number


@dataclass(frozen=True)
class LaidOutGraph:
    """What of a graph is drawn, where each box stands, and the labels of the run's layers."""

    shown: FoldedGraph
    places: Mapping[str, BoxPosition]
    labels: Sequence[str]


def label_of(box: Box, labels: Sequence[str]) -> str:
    """The label of its layer; empty for the input."""
    return labels[box.layer] if 0 <= box.layer < len(labels) else ""


def name_of(box: Box, labels: Sequence[str]) -> str:
    return f"{box.title} {label_of(box, labels)}".rstrip()


def labels_of(fold: Fold, labels: Sequence[str]) -> str:
    """``2–99``"""
    first, last = fold.rows
    return f"{labels[first]}–{labels[last]}" if last < len(labels) else ""


def fold_words(graph: LaidOutGraph, box: Box, norms: Mapping[str, float]) -> str:
    """What stands in the box of a fold, and how it opens."""
    words = range_words([norms[key] for key in graph.shown.hidden[box.key]])
    name = {"fold": "a", "fold_delta": "δ", "fold_gradient": "∂W"}[role_of(box.key)]
    return f"layers {labels_of(graph.shown.folds[box.key], graph.labels)}\n{name}: norms {words}\na click opens them"


def faces_of(graph: LaidOutGraph, state: GraphState, pinned: Mapping[str, float], *, editable: bool) -> list[Face]:
    """A face for each box that is drawn; ``pinned`` are the norms of a ghost."""
    norms = state.norms
    return [
        _fold_face(graph, box, norms)
        if box.key in graph.shown.folds
        else _face(graph, box, state, norms[box.key], pinned.get(box.key), _units(state, box) if editable else ())
        for box in graph.shown.graph.boxes
    ]


def _fold_face(graph: LaidOutGraph, box: Box, norms: Mapping[str, float]) -> Face:
    place, fold = graph.places[box.key], graph.shown.folds[box.key]
    own = [norms[key] for key in graph.shown.hidden[box.key]]
    lines = (labels_of(fold, graph.labels), range_words(own))
    lost = not all(map(math.isfinite, own))
    first, last = fold.rows
    return Face(box.key, place, box.backward, first, fold.title, str(fold.repeats), lines, lost=lost, last_layer=last)


def brackets_of(graph: LaidOutGraph) -> list[Bracket]:
    """A bar over what each opened fold has brought to light, the innermost lowest."""
    made = []
    for level, fold in enumerate(reversed(graph.shown.opened)):
        columns = [graph.places[box.key][0] for box in graph.shown.graph.boxes if fold.holds(box.key)]
        words = f"{labels_of(fold, graph.labels)}: fold {fold.title}"
        made.append(Bracket(fold, min(columns), max(columns), level, words))
    return made


def _face(
    graph: LaidOutGraph, box: Box, state: GraphState, norm: float, was: float | None, units: tuple[bool, ...]
) -> Face:
    """``was``: its norm in a ghost."""
    lines = [number(norm, fixed=True) if math.isfinite(norm) else "∞" if norm == math.inf else "NaN"]
    outcome, ratio = state.changed, ""
    if outcome is not None and box.key in outcome.before:
        ratio = ratio_text(outcome.ratio(box.key))
    elif was is not None:
        lines.append(f"was {number(was)}")
    return Face(
        box.key,
        graph.places[box.key],
        box.backward,
        box.layer,
        name_of(box, graph.labels),
        box.title if len(box.title) < 3 else label_of(box, graph.labels),
        tuple(lines),
        ratio,
        not math.isfinite(norm),
        units,
    )


def _units(state: GraphState, box: Box) -> tuple[bool, ...]:
    """Which of its units are on, of a box of slopes."""
    if box.role != "slope":
        return ()
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
