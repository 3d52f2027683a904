"""What a pane clips lies over no axis of an SVG either, however far the view is zoomed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest
from PySide6.QtGui import QTransform
from pytestqt.qtbot import QtBot

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.observations.observer import Observer
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.training.training import Training
from tests.thinned import thinned
from tests.ui.real_runs import ALL, NETS
from ui.chart.clipping import clipped
from ui.export.pictures import PictureSettings, vector_drawing
from ui.plots import Plot, View, all_plots, plot_class

WIDTH, HEIGHT = 800, 500
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
OVER = 3.0
"""Pixels by which a line may stand over the picture's edge."""


@cache
def view(net: str) -> View:
    training = Training(Experiment.from_builtins(NETS[net]))
    record, observer = Record(History(training.columns)), Observer(training)
    for step in range(3):
        training.propose(trace=True)
        scalars = training.scalars(validate=True)
        row = training.row(scalars)
        frame = frame_of(training, scalars, observer.observe(ALL))
        record.add(frame, (Rows(step, training.columns, row[np.newaxis]),))
        training.apply()
    return View(frame, record)


def shown(key: str, qtbot: QtBot) -> list[Plot[Any]]:
    """The plot of each net that it shows something of."""
    plots = []
    for net in ("residual", "recurrent", "pooling"):
        plot = plot_class(key)()
        qtbot.addWidget(plot)
        plot.start(view(net).frame.info)
        plot.refresh(view(net))
        if plot.state is not None:
            plots.append(plot)
    return plots


def shapes(group: Element, way: QTransform, is_clipped: bool) -> Iterator[tuple[bool, Floats]]:
    """The points (n, 2) of each line, shape and picture in the drawing, and whether a clip path is around it."""
    for child in group:
        is_in = is_clipped or "clip-path" in child.attrib
        here = QTransform(*map(float, NUMBER.findall(child.get("transform", "matrix(1,0,0,1,0,0)")))) * way
        if child.tag == f"{SVG}g":
            yield from shapes(child, here, is_in)
        elif child.tag in (f"{SVG}polyline", f"{SVG}path"):
            numbers = NUMBER.findall(child.get("points", "") + child.get("d", ""))
            yield is_in, mapped(here, np.array(numbers, float).reshape(-1, 2))
        elif child.tag in (f"{SVG}rect", f"{SVG}image"):
            x, y, width, height = (float(child.get(name, "0")) for name in ("x", "y", "width", "height"))
            yield is_in, mapped(here, np.array([[x, y], [x + width, y + height]]))


def mapped(way: QTransform, points: Floats) -> Floats:
    """As ``QTransform.map`` has each of them, but all at once."""
    assert way.isAffine()
    return points @ np.array([[way.m11(), way.m12()], [way.m21(), way.m22()]]) + (way.dx(), way.dy())


def beyond(points: list[tuple[bool, Floats]], is_clipped: bool) -> list[list[float]]:
    """Those over the picture's edge, in or out of clip paths."""
    chosen = np.concatenate([np.empty((0, 2)), *(each for clip, each in points if clip is is_clipped)])
    is_over = ~((chosen >= -OVER) & (chosen <= np.array([WIDTH, HEIGHT]) + OVER)).all(axis=1)
    return chosen[is_over].tolist()


@pytest.mark.parametrize("key", thinned([kind.key for kind in all_plots()]))
def test_all_that_goes_beyond_its_pane_is_clipped(key: str, qtbot: QtBot) -> None:
    for plot in shown(key, qtbot):
        for pane in plot.canvas.panes:
            pane.scaleBy((0.2, 0.2))
        root = fromstring(vector_drawing(plot, PictureSettings(WIDTH, HEIGHT)))
        assert "\ue000" not in "".join(root.itertext())
        points = list(shapes(root, QTransform(), is_clipped=False))
        assert beyond(points, is_clipped=False) == []
        rooms = root.findall(f"{SVG}defs/{SVG}clipPath/{SVG}rect")
        assert rooms
        for room in rooms:
            assert 0 < float(room.get("width", "0")) < WIDTH
            assert 0 < float(room.get("height", "0")) < HEIGHT


def test_what_is_zoomed_is_drawn_whole_behind_its_clip_path(qtbot: QtBot) -> None:
    (plot, *_) = shown("gradient_histograms", qtbot)
    for pane in plot.canvas.panes:
        pane.scaleBy((0.2, 0.2))
    points = list(
        shapes(fromstring(vector_drawing(plot, PictureSettings(WIDTH, HEIGHT))), QTransform(), is_clipped=False)
    )
    assert beyond(points, is_clipped=True)


def test_marks_are_taken_for_clip_paths_and_all_else_stays_in_its_order() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs/><g><g fill="red"><path id="a"/><text>\ue0001 2 3 4</text>'
        '<path id="b"/></g><g transform="t"><path id="c"/><text>\ue000</text></g><g><path id="d"/></g></g></svg>'
    )
    root = fromstring(clipped(drawing.encode()))
    body = root.find(f"{SVG}g")
    assert body is not None
    assert [[path.get("id") for path in group.iter(f"{SVG}path")] for group in body] == [["a"], ["b", "c"], ["d"]]
    assert [group.get("clip-path") for group in body] == [None, "url(#clip-1)", None]
    assert [group.get("fill") for group in body[1]] == ["red", None]
    (room,) = root.findall(f"{SVG}defs/{SVG}clipPath/{SVG}rect")
    assert room.attrib == {"x": "1", "y": "2", "width": "3", "height": "4"}
