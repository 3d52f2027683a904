"""The names of plots are read whole, also where there is little room."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ui.app import create_app
from ui.plots import Plot, all_plots
from ui.style.theme import set_theme

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
