"""A view that a hand has chosen stays; one that has lost all that is drawn comes back, or says how."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.ui.plot_data import view
from tests.ui.real_runs import real
from ui.plots import all_plots, plot_class
from ui.plots.base import Plot
from ui.plots.drawn import NOTHING_IN_VIEW


def shown(qtbot: QtBot, key: str, net: str = "residual") -> Plot[object]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(500, 360)
    plot.show()
    plot.refresh(real(net))
    return plot


def take(plot: Plot[object], x: tuple[float, float], y: tuple[float, float]) -> None:
    """As a hand does."""
    pane = plot.canvas.panes[0]
    pane.setRange(xRange=[end / pane.units[0] for end in x], yRange=[end / pane.units[1] for end in y], padding=0)
    pane.sigRangeChangedManually.emit([True, True])


def says(plot: Plot[object]) -> bool:
    return any(note.text == NOTHING_IN_VIEW for note in plot.legend.notes)


def test_a_view_chosen_by_hand_stays_while_something_is_in_it(qtbot: QtBot) -> None:
    plot = shown(qtbot, "gradient_time")
    pane = plot.canvas.panes[0]
    (x0, x1), (y0, y1) = pane.auto
    take(plot, (x0, 0.5 * (x0 + x1)), (y0, y1))
    chosen = pane.shown
    plot.refresh(view(3, steps=4000))
    assert pane.manual
    assert pane.shown == chosen
    assert not says(plot)


def test_a_view_that_loses_all_that_is_drawn_comes_back_by_itself(qtbot: QtBot) -> None:
    plot = shown(qtbot, "gradient_time")
    pane = plot.canvas.panes[0]
    (x0, x1), y = pane.auto
    take(plot, (x0, x1), (y[1] + 0.1, y[1] + 0.2))
    pane.fit((x0, x1), (y[0] - 30, y[0] - 20))
    assert not pane.manual
    assert pane.shown[1] == pytest.approx((y[0] - 30, y[0] - 20))


@pytest.mark.parametrize("key", [plot.key for plot in all_plots()])
def test_a_view_that_a_hand_has_moved_away_says_how_it_comes_back(qtbot: QtBot, key: str) -> None:
    plot = shown(qtbot, key)
    if plot.state is None:
        return
    (x0, x1), y = plot.canvas.panes[0].auto
    take(plot, (x1 + 2 * (x1 - x0), x1 + 3 * (x1 - x0)), y)
    assert says(plot)
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_A)
    assert not says(plot)
    assert not plot.canvas.panes[0].astray
