"""Every text that a plot paints, and where: what the eye would read, not what was meant to be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPaintEngine, QPainter
from PySide6.QtWidgets import QAbstractItemView, QGraphicsItem, QGraphicsTextItem, QWidget

from ui.chart.axes import Axis
from ui.chart.canvas import Canvas

SEEN = 0.4
"""Opacity below which a text is not for reading."""


@dataclass(frozen=True)
class Painted:
    """A text, the box of its line and the one that it is allowed to fill, in the scene."""

    text: str
    box: QRectF
    room: QRectF
    by: str
    """What has painted it."""
    colour: str = ""

    @property
    def letters(self) -> QRectF:
        """Without what a line leaves free around its letters; pyqtgraph has taken most of it away from numbers."""
        free = 1.0 if self.by == "number" else 2.0
        return self.box.adjusted(free, free, -free, -free)


class Recorder:
    """Notes what :class:`QPainter` is asked to write while it is on."""

    def __init__(self) -> None:
        self.texts: list[Painted] = []

    @contextmanager
    def on(self) -> Iterator[Recorder]:
        write = QPainter.drawText

        def noted(painter: QPainter, *given: Any) -> object:
            self._note(painter, given)
            return write(painter, *given)

        with patch.object(QPainter, "drawText", noted):
            yield self

    def _note(self, painter: QPainter, given: tuple[Any, ...]) -> None:
        text = next(each for each in given if isinstance(each, str))
        if not text.strip() or painter.paintEngine().type() == QPaintEngine.Type.Picture:
            return
        to_scene = painter.combinedTransform()
        room = to_scene.mapRect(painter.clipBoundingRect()) if painter.hasClipping() else QRectF(-1e6, -1e6, 2e6, 2e6)
        if isinstance(given[0], QRectF | QRect):
            place = QRectF(given[0])
            flags = next((int(each) for each in given[1:] if isinstance(each, int | Qt.AlignmentFlag)), 0)
            box = painter.boundingRect(place, flags, text)
            room = room.intersected(to_scene.mapRect(place.adjusted(0, -3, 0, 3)))
        else:
            at = given[0] if isinstance(given[0], QPointF) else QPointF(*given[:2])
            box = QFontMetricsF(painter.font()).boundingRect(text).translated(at)
        self.texts.append(Painted(text, to_scene.mapRect(box), room, "mark", painter.pen().color().name()))


def painted(canvas: Canvas) -> list[Painted]:
    """What stands on a plot: what its items write, numbers of axes and their names."""
    recorder, items = Recorder(), list(canvas.scene().items())
    kept = [(item, item.cacheMode()) for item in items]
    for item in items:
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    with recorder.on(), QPainter(image) as painter:
        canvas.paint_on(painter, QRectF(canvas.rect()))
    for item, mode in kept:
        item.setCacheMode(mode)
    written = recorder.texts
    for item in items:
        if isinstance(item, QGraphicsTextItem) and item.isVisible() and item.effectiveOpacity() > SEEN:
            written += _named(item, canvas)
    return [each for each in written if each.text.strip()]


def ground_of(canvas: Canvas) -> QImage:
    """The plot without a word."""
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    image.fill(canvas.backgroundBrush().color())
    items = list(canvas.scene().items())
    kept = [(item, item.cacheMode()) for item in items]
    for item in items:
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    with patch.object(QPainter, "drawText", lambda *_given: QRectF()), QPainter(image) as painter:
        canvas.paint_on(painter, QRectF(canvas.rect()))
    for item, mode in kept:
        item.setCacheMode(mode)
    return image


def _named(item: QGraphicsTextItem, canvas: Canvas) -> Iterator[Painted]:
    """The name of an axis, which stands in a document of its own."""
    margin = item.document().documentMargin()
    box = item.mapRectToScene(item.boundingRect().adjusted(margin, margin, -margin, -margin))
    if item.toPlainText().strip():
        yield Painted(item.toPlainText(), box, QRectF(canvas.rect()), "name")


def written_numbers(axis: Axis) -> list[Painted]:
    """The numbers of an axis: they are drawn into a picture of their own and only then onto the scene."""
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        painter.setFont(axis.style["tickFont"])
        specs = axis.generateDrawSpecs(painter)
    everywhere = QRectF(-1e6, -1e6, 2e6, 2e6)
    texts = specs[2] if specs is not None else []
    return [Painted(text, axis.mapRectToScene(rect), everywhere, "number") for rect, _flags, text in texts if text]


def wanted_numbers(axis: Axis) -> int:
    """How many numbers an axis means to have; pyqtgraph leaves out those that have no room, without a word."""
    if not axis.style["showValues"]:
        return 0
    length = axis.size().height() if axis.orientation == "left" else axis.size().width()
    levels = axis.tickValues(*axis.range, length)
    return len([text for text in axis.tickStrings(levels[0][1], 1.0, levels[0][0]) if text]) if levels else 0


def painted_on(widget: QWidget) -> list[Painted]:
    """The texts that a widget of ours writes when it is painted, in its own pixels."""
    recorder = Recorder()
    shown = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
    with recorder.on():
        shown.grab()
    return recorder.texts
