"""Repeats of a deep network as one box: which layers are folded, and what stands for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from msgspec import structs

from simulator.layers.info import LayerInfo
from simulator.observations.graph.nodes import Box, BoxRole, Graph
from ui.plots.graph.layout import depth_of, role_of
from ui.style.numbers import number

FOLDED_BEYOND = 20
"""Layers of a network up to which each is drawn."""
LEAST_REPEATS = 3
OPENED_AT_ONCE = 10
"""Layers, or folds of layers, that an opened fold shows."""
STANDS_FOR: Mapping[str, BoxRole] = {"fold": "layer", "fold_delta": "delta", "fold_gradient": "weight_gradient"}
"""The three boxes of a fold, each in the row of what it stands for."""

Depths = tuple[int, int]
"""The first depth of a range, and the one behind its last."""
OpenFolds = tuple[Depths, ...]
"""Repeats that are open, from the outermost inwards."""


@dataclass(frozen=True)
class Fold:
    """Equal layers that are drawn as one, or that have been opened."""

    depths: Depths
    rows: Depths
    """The rows of its first and of its last layer in the run's ``layers``."""

    @property
    def repeats(self) -> int:
        return self.depths[1] - self.depths[0]

    @property
    def title(self) -> str:
        return f"×{self.repeats}"

    def holds(self, key: str) -> bool:
        return self.depths[0] <= depth_of(key) < self.depths[1]


@dataclass(frozen=True)
class FoldedGraph:
    """What of a graph is drawn."""

    graph: Graph
    folds: Mapping[str, Fold]
    """By the keys of the boxes that stand for them."""
    opened: tuple[Fold, ...]
    """From the outermost inwards."""
    hidden: Mapping[str, Sequence[str]]
    """The key of a box that stands for a fold → those of the boxes, one of each layer, that it stands for."""

    def all_norms(self, norms: Mapping[str, float]) -> dict[str, float]:
        """Those of all boxes, with what comes out of each fold."""
        return {**norms, **{key: norms[hidden[-1]] for key, hidden in self.hidden.items()}}


def folded(graph: Graph, described: Sequence[LayerInfo], opened: OpenFolds = ()) -> FoldedGraph:
    """The graph with its repeats folded, but for the ``opened`` ones."""
    layers = _layers_of(graph)
    folds: dict[int, Fold] = {}
    way: list[Fold] = []
    if len(layers) > FOLDED_BEYOND:
        for run in _runs(layers, described):
            way += _fold(run, opened, layers, folds)
    boxes, standing = list[Box](), dict[str, Fold]()
    for depth, own in [(-1, [box for box in graph.boxes if depth_of(box.key) < 0]), *layers.items()]:
        fold = folds.get(depth)
        if fold is None:
            boxes += own
        elif depth == fold.depths[1] - 1:
            made = _stand_ins(own, fold)
            boxes += made
            standing |= dict.fromkeys((box.key for box in made), fold)
    hidden = {key: _hidden(layers, key, fold) for key, fold in standing.items()}
    return FoldedGraph(Graph(tuple(boxes)), standing, tuple(way), hidden)


def opening(fold: Fold, opened: Sequence[Fold]) -> OpenFolds:
    """What is open once a fold is: it, and what it lies in."""
    return (*(outer.depths for outer in opened if _within(fold.depths, outer.depths)), fold.depths)


def folding_again(fold: Fold, opened: Sequence[Fold]) -> OpenFolds:
    """What stays open when an opened fold is folded again."""
    return tuple(outer.depths for outer in opened[: opened.index(fold)])


def _within(inner: Depths, outer: Depths) -> bool:
    return outer[0] <= inner[0] < inner[1] <= outer[1]


def range_words(norms: Sequence[float]) -> str:
    """The least and the largest norm of a fold's layers, one where they read alike; before them what is no number."""
    finite = [norm for norm in norms if math.isfinite(norm)]
    lost = [word for word, some in (("NaN", any(map(math.isnan, norms))), ("∞", math.inf in norms)) if some]
    ends = dict.fromkeys(number(end, 2) for end in (min(finite), max(finite))) if finite else ()
    return ", ".join([*lost, *([" … ".join(ends)] if ends else [])])


def _layers_of(graph: Graph) -> dict[int, list[Box]]:
    boxes = [box for box in graph.boxes if depth_of(box.key) >= 0]
    return {depth: list(own) for depth, own in groupby(boxes, key=lambda box: depth_of(box.key))}


def _runs(layers: Mapping[int, Sequence[Box]], described: Sequence[LayerInfo]) -> Iterator[Depths]:
    """Ranges of neighbouring layers that are alike."""
    for _, run in groupby(layers, key=lambda depth: [_look_of(box, described) for box in layers[depth]]):
        depths = list(run)
        if len(depths) >= LEAST_REPEATS:
            yield depths[0], depths[-1] + 1


def _look_of(box: Box, described: Sequence[LayerInfo]) -> tuple[object, ...]:
    layer = described[box.layer] if box.layer < len(described) else None
    return box.role, box.title, box.shape, layer and (layer.kind, layer.units, layer.activation)


def _fold(run: Depths, opened: OpenFolds, layers: Mapping[int, Sequence[Box]], folds: dict[int, Fold]) -> list[Fold]:
    """Fold a range as a whole, or what of it is not opened; returns what is, from the outermost inwards."""
    first, end = run
    fold = Fold(run, (layers[first][0].layer, layers[end - 1][0].layer))
    inner = tuple(depths for depths in opened if _within(depths, run))
    if not inner:
        if fold.repeats >= LEAST_REPEATS:
            folds |= dict.fromkeys(range(first, end), fold)
        return []
    if inner[0] != run:
        return [way for part in _around(run, inner[0]) for way in _fold(part, inner, layers, folds)]
    parts = _around(run, inner[1]) if inner[1:] else _tenths(run)
    return [fold, *(way for part in parts for way in _fold(part, inner[1:], layers, folds))]


def _around(run: Depths, part: Depths) -> list[Depths]:
    """A part of a range, with what lies before and behind it."""
    return [each for each in ((run[0], part[0]), part, (part[1], run[1])) if each[0] < each[1]]


def _tenths(run: Depths) -> list[Depths]:
    """Tens, hundreds … of layers; single ones where there are no more than ten."""
    first, end = run
    size = 1
    while size * OPENED_AT_ONCE < end - first:
        size *= OPENED_AT_ONCE
    return [(start, min(start + size, end)) for start in range(first, end, size)]


def _stand_ins(last: Sequence[Box], fold: Fold) -> list[Box]:
    """Boxes for the way forward, for δ and for the gradients, with what comes out of the fold's ``last`` layer."""
    forward = [box for box in last if not box.backward]
    own = {box.role: box for box in last}
    kept = {"fold": forward[-1], "fold_delta": own.get("delta"), "fold_gradient": own.get("weight_gradient")}
    return [
        structs.replace(box, key=f"{key}:{fold.depths[1] - 1}", role=STANDS_FOR[key], title=fold.title)
        for key, box in kept.items()
        if box is not None
    ]


def _hidden(layers: Mapping[int, Sequence[Box]], key: str, fold: Fold) -> list[str]:
    """What leaves each layer of a fold, its δ, or the gradient of its weights."""
    forward = role_of(key) == "fold"
    alike = [
        [box.key for box in layers[depth] if (not box.backward if forward else box.role == STANDS_FOR[role_of(key)])]
        for depth in range(*fold.depths)
    ]
    return [own[-1] for own in alike]
