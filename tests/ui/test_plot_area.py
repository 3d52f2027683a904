"""The plots that the first window does not wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QDockWidget
from pytestqt.qtbot import QtBot

from tests.ui.plot_data import run_info
from tests.ui.told import ticking
from ui.plots import all_plots, first_plots
from ui.window.plot_area import PLAIN, PlotArea
from ui.window.plot_scroll import PlotScroll

FIRST = [plot.key for plot in first_plots()]
ALL = [plot.key for plot in all_plots()]


@pytest.fixture
def area(qtbot: QtBot) -> Iterator[PlotArea]:
    made = PlotArea()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    yield made
    made.complete()


def places(docks: dict[str, QDockWidget]) -> dict[str, QRect]:
    return {key: dock.geometry() for key, dock in docks.items() if dock.isVisible()}


def docks_of(area: PlotArea) -> dict[str, QDockWidget]:
    """Those there are by now."""
    docks = area.findChildren(QDockWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return {dock.objectName().removeprefix("plot."): dock for dock in docks}


def seen(dock: QDockWidget) -> Callable[[], bool]:
    return lambda: not dock.visibleRegion().isEmpty()


def test_the_first_plots_are_those_that_are_shown_by_default() -> None:
    assert [plot.key for plot in all_plots() if plot.default] == FIRST


def test_no_plot_comes_along_with_plain_layers() -> None:
    assert not [plot.key for plot in all_plots() if plot.comes_along and plot.kinds & PLAIN]


def test_the_other_plots_come_by_themselves_and_move_nothing(qtbot: QtBot, area: PlotArea) -> None:
    assert docks_of(area).keys() == set(FIRST)
    before = places(docks_of(area))
    qtbot.waitUntil(lambda: docks_of(area).keys() == set(ALL))
    assert not ticking(area)
    assert places(docks_of(area)) == before
    assert set(before) == set(FIRST)


def test_a_plot_that_comes_late_stands_below_its_column(area: PlotArea) -> None:
    area.toggle_plot("saturation")
    side = {dock.geometry().left() for key, dock in area.docks.items() if key in ("loss", "saturation")}
    assert len(side) == 1
    assert area.docks["saturation"].y() > area.docks["loss"].y()


def test_a_remembered_arrangement_of_first_plots_waits_for_no_other(qtbot: QtBot, area: PlotArea) -> None:
    area.docks["loss"].hide()
    area.toggle_plot("saturation")
    area.toggle_plot("saturation")
    state, shown = area.arrangement(), area.arranged()
    area.toggle_plot("saturation")
    wanted = places(dict(area.docks))
    again = PlotArea()
    qtbot.addWidget(again)
    again.resize(area.size())
    assert again.restore_arrangement(state, shown)
    assert docks_of(again).keys() == set(FIRST)
    again.show()
    assert {key for key, dock in docks_of(again).items() if dock.isVisible()} == set(FIRST) - {"loss"}
    again.toggle_plot("saturation")
    qtbot.waitUntil(lambda: places(dict(again.docks)).keys() == wanted.keys())
    assert {key: place.x() for key, place in places(dict(again.docks)).items()} == pytest.approx(
        {key: place.x() for key, place in wanted.items()}, abs=2
    )


def test_an_arrangement_with_another_plot_has_it_at_once(qtbot: QtBot, area: PlotArea) -> None:
    area.toggle_plot("saturation")
    state, shown = area.arrangement(), area.arranged()
    again = PlotArea()
    qtbot.addWidget(again)
    assert again.restore_arrangement(state, shown)
    again.show()
    assert docks_of(again)["saturation"].isVisible()


def test_a_run_of_other_layers_has_its_plots_at_once(area: PlotArea) -> None:
    plain = run_info(3)
    area.start(replace(plain, layers=(replace(plain.layers[0], kind="lstm"), *plain.layers[1:])))
    assert docks_of(area).keys() == set(ALL)
    assert docks_of(area)["gates"].isVisible()


@pytest.fixture
def scroll(qtbot: QtBot) -> Iterator[PlotScroll]:
    plots = PlotArea()
    made = PlotScroll(plots)
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    yield made
    plots.complete()


def plots_in(scroll: PlotScroll) -> PlotArea:
    area = scroll.widget()
    assert isinstance(area, PlotArea)
    return area


def test_however_many_plots_are_shown_none_is_lower_than_it_can_be_read(qtbot: QtBot, scroll: PlotScroll) -> None:
    area = plots_in(scroll)
    assert not scroll.verticalScrollBar().maximum()
    area.complete()
    for key in set(ALL) - set(FIRST):
        area.toggle_plot(key)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() > 0)
    for key in ALL:
        plot = area.plot(key)
        assert plot.height() >= plot.minimumSizeHint().height(), key
        assert plot.canvas.height() >= plot.canvas.minimumHeight(), key
    for key in set(ALL) - set(FIRST):
        area.toggle_plot(key)
    qtbot.waitUntil(lambda: not scroll.verticalScrollBar().maximum())


def test_a_plot_that_is_opened_below_the_others_is_brought_into_view(qtbot: QtBot, scroll: PlotScroll) -> None:
    area = plots_in(scroll)
    for key in ALL[6:12]:
        area.toggle_plot(key)
        qtbot.waitUntil(seen(area.docks[key]))
