"""What of the drawn graph lies under the pointer."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF

from simulator.observations.graph.nodes import Box
from ui.chart.pane import Pane
from ui.plots.graph.faces import LaidOutGraph, brackets_of
from ui.plots.graph.folding import Fold
from ui.plots.graph.layout import BoxPosition
from ui.plots.graph.marks import box_rect, dot_place

DOT = 7
"""Pixels around the middle of a unit's dot within which a click is at it."""


def hit(graph: LaidOutGraph, point: QPointF) -> Box | Fold | None:
    """The opened repeats whose bar, else the box that is at a ``point`` of the graph."""
    for bracket in brackets_of(graph):
        if bracket.rect.contains(point):
            return bracket.fold
    boxes = (box for box in graph.shown.graph.boxes if box_rect(graph.places[box.key], box.key).contains(point))
    return next(boxes, None)


def unit_hit(box: Box, place: BoxPosition, pane: Pane, at: QPointF) -> int | None:
    """The unit of a box of slopes whose dot is ``at`` this place of the scene."""
    for unit in range(box.shape[0]):
        apart = pane.mapViewToScene(dot_place(place, unit, box.shape[0])) - at
        if math.hypot(apart.x(), apart.y()) <= DOT:
            return unit
    return None
