"""Where the boxes of the computation graph stand and what runs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulator.observations.graph.nodes import Box, Graph

FORWARD, DELTA, GRADIENT = 2.0, 1.0, 0.0
"""Heights of the three rows."""
HALF_WIDTH, HALF_HEIGHT = 0.44, 0.36
FOLD_HALF_WIDTH = HALF_WIDTH + 0.5
"""A box that stands for several layers is two columns wide: it has ranges to tell."""
EDITABLE = 10
"""Widest layer of a network that a hand can change."""
PLAIN = frozenset({"input", "weights", "slope", "activation", "delta", "weight_gradient", "bias_gradient"})

BoxPosition = tuple[float, float]
"""Column, and height of the row."""


@dataclass(frozen=True)
class Edge:
    """An arrow between two boxes; ``carries`` is the key of the box whose norm it is as thick as."""

    start: BoxPosition
    end: BoxPosition
    backward: bool
    carries: str
    cached: bool = False
    """Something kept from the way forward for the way back."""


def depth_of(key: str) -> int:
    """Depth of the layer that a box belongs to; -1 for the input."""
    return int(key.partition(":")[2])


def role_of(key: str) -> str:
    return key.partition(":")[0]


def is_fold(key: str) -> bool:
    """Whether a box stands for several layers."""
    return role_of(key).startswith("fold")


def is_editable(graph: Graph) -> bool:
    """Whether the network is small and plain enough to be changed by hand."""
    return all(
        box.role in PLAIN and (box.role != "weights" or max(box.shape) <= EDITABLE) and box.shape[0] <= EDITABLE
        for box in graph.boxes
    )


def layout(graph: Graph) -> dict[str, BoxPosition]:
    """The centre of every box: forward from left to right, below it δ, below that ∂W and ∂b."""
    places: dict[str, BoxPosition] = {}
    column = -1.0
    left = under = 0.0
    for box in graph.boxes:
        if not box.backward:
            wide = 0.5 * is_fold(box.key)
            column += 1 + wide
            places[box.key] = column, FORWARD
            if box.role in ("weights", "layer"):
                left = column
            under = under if box.role == "tail" or (box.role == "activation" and _has_slope(places, box)) else column
            column += wide
        elif box.role == "delta":
            places[box.key] = under, DELTA
        else:
            places[box.key] = left if box.role == "weight_gradient" else under, GRADIENT
    return places


def _has_slope(places: Mapping[str, BoxPosition], box: Box) -> bool:
    return f"slope:{depth_of(box.key)}" in places


def edges(graph: Graph, places: Mapping[str, BoxPosition]) -> list[Edge]:
    forward = [box for box in graph.boxes if not box.backward]
    deltas = [box for box in graph.boxes if box.role == "delta"]
    edges = [
        Edge(places[a.key], places[b.key], False, _carried(forward, i)) for i, (a, b) in enumerate(pairwise(forward))
    ]
    edges += [Edge(places[above.key], places[below.key], True, below.key) for below, above in pairwise(deltas)]
    leaving = {depth_of(box.key): box.key for box in forward}
    arriving = {depth_of(box.key): places[box.key] for box in deltas}
    for box in graph.boxes:
        edges += _gradient_edges(box, places, leaving, arriving)
    return edges


def _carried(forward: Sequence[Box], start: int) -> str:
    """The signal that leaves the ``start``-th box: its own, or the next there is."""
    signals = (box.key for box in forward[start:] if box.role not in ("weights", "slope"))
    return next(signals, forward[-1].key)


def _gradient_edges(
    box: Box, places: Mapping[str, BoxPosition], leaving: Mapping[int, str], arriving: Mapping[int, BoxPosition]
) -> list[Edge]:
    """``leaving``: the last forward box by depth; ``arriving``: where its δ stands."""
    depth = depth_of(box.key)
    here, delta = places[box.key], arriving.get(depth)
    if box.role == "slope" and delta is not None:
        return [Edge(here, delta, False, box.key, cached=True)]
    if box.role not in ("weight_gradient", "bias_gradient"):
        return []
    edges = [Edge(delta, here, True, box.key)] if delta is not None else []
    below = leaving.get(depth - 1)
    if box.role == "weight_gradient" and f"weights:{depth}" in places and below is not None:
        edges.append(Edge(places[below], here, False, below, cached=True))
    return edges
