"""A screen reader is told the number of a slider, and can set it; not the place of its handle."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import pytest
import shiboken6
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleValueInterface
from PySide6.QtWidgets import QSlider, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.schema.parameter import parameters
from ui.app import create_app
from ui.board.plot_area import PlotArea
from ui.forms.number_row import NumberRow
from ui.forms.scale import TrackScale
from ui.forms.track import Track
from ui.plots.graph.controls import FactorControl
from ui.style.numbers import setting

SCALES = [TrackScale(low=0.0, high=2.0), TrackScale(low=1e-6, high=10.0, log=True, floor=1e-6)]


@pytest.fixture(autouse=True)
def app() -> None:
    create_app()


def interface_of(widget: QWidget) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(widget)


def value_of(widget: QWidget) -> QAccessibleValueInterface:
    value = interface_of(widget).valueInterface()
    assert value is not None
    return value


@pytest.mark.parametrize("scale", SCALES, ids=["linear", "logarithmic"])
def test_the_value_of_a_track_is_its_number(scale: TrackScale, qtbot: QtBot) -> None:
    track = Track(scale, None)
    qtbot.addWidget(track)
    for number in (scale.low, 0.01, 0.5, scale.high):
        track.set_number(number)
        assert value_of(track).currentValue() == number
        assert interface_of(track).text(QAccessible.Text.Value) == setting(number)
    assert value_of(track).minimumValue() == scale.low
    assert value_of(track).maximumValue() == scale.high
    assert interface_of(track).role() == QAccessible.Role.Slider


def test_setting_the_value_is_an_edit(qtbot: QtBot) -> None:
    track = Track(SCALES[1], None)
    qtbot.addWidget(track)
    moved: list[float] = []
    let_go: list[bool] = []
    track.moved.connect(moved.append)
    track.let_go.connect(lambda: let_go.append(True))
    value_of(track).setCurrentValue(0.25)
    assert moved == [0.25]
    assert let_go == [True]
    assert track.number() == 0.25


def test_a_track_without_a_number_says_so(qtbot: QtBot) -> None:
    track = Track(SCALES[0], None)
    qtbot.addWidget(track)
    assert interface_of(track).text(QAccessible.Text.Value) == "off"
    assert math.isnan(value_of(track).currentValue())


@pytest.mark.parametrize("parameter", parameters(Experiment), ids=lambda parameter: parameter.name)
def test_every_slider_of_the_form_tells_the_value_of_its_row(parameter: Any, qtbot: QtBot) -> None:
    if parameter.type not in ("number", "integer"):
        return
    row = NumberRow(parameter)
    qtbot.addWidget(row)
    if row.track is not None and row.value() is not None:
        assert value_of(row.track).currentValue() == float(row.value())
        assert interface_of(row.track).text(QAccessible.Text.Name)


def test_other_sliders_tell_theirs(qtbot: QtBot) -> None:
    factor, area = FactorControl("input", "help"), PlotArea()
    qtbot.addWidget(factor)
    qtbot.addWidget(area)
    factor.show_value(4.0)
    assert value_of(factor.slider).currentValue() == 4.0
    area.bar.show_size(1.5)
    size = next(slider for slider in area.bar.findChildren(QSlider))
    assert value_of(size).currentValue() == 1.5
    assert interface_of(size).text(QAccessible.Text.Value) == "150\N{NARROW NO-BREAK SPACE}%"


def test_a_slider_that_was_told_of_is_freed() -> None:
    track = Track(SCALES[0], None)
    track.set_number(1.0)
    assert value_of(track).currentValue() == 1.0
    gone = weakref.ref(track)
    shiboken6.delete(track)
    del track
    gc.collect()
    assert gone() is None
