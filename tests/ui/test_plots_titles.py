"""The names of plots are read whole, also where there is little room."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from ui.app import create_app
from ui.plots import Plot, all_plots, plot_class
from ui.style.restyle import set_theme

ROOM = 340
"""Width of a plot in a window of 1280 pixels with both panels open."""


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_the_name_of_a_plot_is_whole_in_a_window_of_1280_pixels(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    set_theme(create_app(), "light")  # names are bold
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(ROOM, 180)
    plot.show()
    assert plot.header is not None
    title = plot.header.findChild(QLabel, "plotTitle")
    assert isinstance(title, QLabel)
    assert title.fontMetrics().horizontalAdvance(title.text()) <= title.width()
    plot.hide()


@pytest.mark.parametrize("plot", all_plots(), ids=lambda p: p.key)
def test_a_header_gives_way_without_covering_or_cutting_a_button(plot: type[Plot[Any]], qtbot: QtBot) -> None:
    made = plot()
    qtbot.addWidget(made)
    made.show()
    assert made.header is not None
    for width in (made.minimumSizeHint().width(), 150, 180, 250, 420):
        made.resize(width, 200)
        QApplication.processEvents()
        parts = sorted((part for part in made.header.children() if isinstance(part, QWidget)), key=lambda p: p.x())
        shown = [part for part in parts if part.isVisible()]
        assert made.header.maximise in shown
        assert all(left.geometry().right() < right.x() for left, right in pairwise(shown))
        assert shown[-1].geometry().right() < made.header.width()
    assert made.minimumSizeHint().width() <= 230
    assert {made.header.pause, made.header.pin, made.header.export, made.header.info} <= set(shown)


def test_a_plot_that_is_held_can_be_let_go_however_narrow_it_is(qtbot: QtBot) -> None:
    made = plot_class("gradient_depth")()
    qtbot.addWidget(made)
    made.show()
    assert made.header is not None
    made.set_paused(True)
    made.resize(150, 200)
    QApplication.processEvents()
    assert made.header.pause.isVisible()
    assert not made.header.export.isVisible()
