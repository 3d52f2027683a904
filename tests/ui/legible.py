"""What is wrong with a plot as it is laid out: texts that are cut, parts that overlap or have no room."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QGraphicsWidget

from tests.ui.painted import painted, wanted_numbers, written_numbers
from ui.chart.axes import Axis, plot_font
from ui.plots.base import Plot
from ui.style.elided_label import ElidedLabel

LEAST_PANE = 40
"""Pixels of height below which a pane shows nothing."""
ROUNDING = 1.0
"""Pixels by which layouts round."""


def faults(plot: Plot[Any]) -> list[str]:
    """In words, each with the plot's key."""
    found = [*_of_the_header(plot), *_of_the_legend(plot), *_of_the_axes(plot), *_of_the_places(plot)]
    found += _of_the_words(plot)
    return [f"{plot.key}: {each}" for each in found]


def _of_the_words(plot: Plot[Any]) -> Iterator[str]:
    """Everything that is written on the plot: within its room and within the plot, whole, and on no other text."""
    whole = QRectF(plot.canvas.rect()).adjusted(-ROUNDING, -ROUNDING, ROUNDING, ROUNDING)
    texts = painted(plot.canvas)
    texts += [text for axis in plot.canvas.axes if axis.isVisible() for text in written_numbers(axis)]
    for axis in plot.canvas.axes:
        wanted, shown = wanted_numbers(axis), len(written_numbers(axis))
        if axis.isVisible() and shown < wanted:
            yield f"of the {wanted} numbers of the axis “{axis.text}” {shown} are written"
    for text in texts:
        letters = text.letters
        if text.text.endswith("…"):
            yield f"“{text.text}” is cut"
        if not (whole.contains(letters) and text.room.adjusted(-1, -1, 1, 1).contains(letters)):
            yield f"“{text.text}” at {text.box.getRect()} stands out of its room, {text.room.getRect()}"
    for one, other in itertools.combinations(texts, 2):
        common = one.letters.intersected(other.letters)
        if common.width() > 0 and common.height() > 0:
            yield f"“{one.text}” and “{other.text}” stand upon each other at {common.getRect()}"


def _of_the_header(plot: Plot[Any]) -> Iterator[str]:
    header = plot.header
    assert header is not None
    for label in header.findChildren(ElidedLabel):
        if label.fontMetrics().horizontalAdvance(label.text()) > label.width():
            yield f"its title is cut at {label.width()} pixels"
    parts = [each for each in header.children() if getattr(each, "isVisibleTo", lambda _p: False)(header)]
    for one, other in itertools.combinations(parts, 2):
        if one.geometry().intersects(other.geometry()):
            yield f"{one} and {other} overlap in its header"


def _of_the_legend(plot: Plot[Any]) -> Iterator[str]:
    legend = plot.legend
    shown = [placed.entry.text for placed in legend.placed]
    for entry in (*legend.keys, *legend.notes):
        if entry.text not in shown and getattr(entry, "short", entry.text) not in shown:
            yield f"“{entry.text}” is cut or left out of its legend, which shows {shown}"
    for placed in legend.placed:
        if placed.left + placed.width > legend.size().width() + ROUNDING:
            yield f"“{placed.entry.text}” reaches out of its legend"


def _of_the_axes(plot: Plot[Any]) -> Iterator[str]:
    metrics = QFontMetricsF(plot_font())
    for axis in plot.canvas.axes:
        if axis.text and axis.isVisible() and axis.label is not None and not axis.label.isVisible():
            yield f"the name “{axis.text}” of an axis is left out"
        if axis.text and axis.label is not None and axis.label.isVisible():
            room = axis.size().height() + 12 if axis.orientation == "left" else axis.size().width() + 24
            if metrics.horizontalAdvance(axis.labelText) > room:
                yield f"the name “{axis.labelText}” of an axis is cut"


def _of_the_places(plot: Plot[Any]) -> Iterator[str]:
    canvas = plot.canvas
    whole = QRectF(canvas.rect()).adjusted(-ROUNDING, -ROUNDING, ROUNDING, ROUNDING)
    items = [item for item in canvas.grid.items if isinstance(item, QGraphicsWidget) and item.isVisible()]
    places = [(item, item.sceneBoundingRect() if not isinstance(item, Axis) else _strip(item)) for item in items]
    for item, place in places:
        if not place.isEmpty() and not whole.contains(place):
            yield f"{type(item).__name__} at {place} stands out of the plot of {canvas.size()}"
    for (one, first), (other, second) in itertools.combinations(places, 2):
        common = first.intersected(second)
        if common.width() > ROUNDING and common.height() > ROUNDING:
            yield f"{type(one).__name__} and {type(other).__name__} overlap by {common}"
    for pane in canvas.panes:
        row = canvas.grid.items[pane][0][0]
        if pane.isVisible() and pane.size().height() < min(LEAST_PANE, canvas.grid.layout.rowMaximumHeight(row)):
            yield f"a pane is {pane.size().height():.0f} pixels high"


def _strip(axis: Axis) -> QRectF:
    """An axis without the grid that it draws into its pane."""
    return axis.mapRectToScene(QRectF(0, 0, axis.size().width(), axis.size().height()))
