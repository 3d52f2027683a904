"""What a plot says it draws is drawn by the base: several states at once, ghosts, highlights and themes alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsItem
from pytestqt.qtbot import QtBot

from tests.thinned import thinned
from tests.ui.plot_data import view
from ui.chart.drawing import MarkItem
from ui.chart.marks import GHOST, LIVE, Area, Bars, Curves, Dots, LayerHighlight, Style
from ui.chart.pens import DASH_DOTTED, DASHED, DOTTED
from ui.chart.polygons import pieces
from ui.plots import Plot, all_plots
from ui.style.theme import DARK, LIGHT

LANES = (LIVE, Style(DASHED), Style(DOTTED), Style(DASH_DOTTED))
STEPS = (40, 30, 20, 10)


def plots(first: int) -> pytest.MarkDecorator:
    """A third of them in each run of the tests, and another for each test."""
    return pytest.mark.parametrize("kind", thinned(all_plots(), first=first, name=lambda kind: kind.key))


def shown(kind: type[Plot[Any]], qtbot: QtBot, step: int = 40) -> Plot[Any]:
    plot = kind(theme=LIGHT)
    qtbot.addWidget(plot)
    plot.resize(460, 300)
    plot.refresh(view(6, step))
    plot.canvas.grab()
    return plot


def states(kind: type[Plot[Any]], qtbot: QtBot) -> list[Any]:
    """Of four runs."""
    return [shown(kind, qtbot, step).state for step in STEPS]


def picture(plot: Plot[Any]) -> QImage:
    """Of the panes: a legend may say more than they show."""
    whole = plot.canvas.grab().toImage()
    top = int(plot.canvas.panes[0].sceneBoundingRect().top()) + 1
    return whole.copy(0, top, whole.width(), whole.height() - top)


def items(plot: Plot[Any]) -> list[QGraphicsItem]:
    return [item for item in plot.canvas.scene().items() if isinstance(item, MarkItem)]


@plots(0)
def test_four_states_are_drawn_at_once_each_with_all_its_marks(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot, lanes = shown(kind, qtbot), states(kind, qtbot)
    plot.paint(list(zip(lanes, LANES, strict=True)))
    for mark in plot.marks(lanes[0]):
        others = [plot.drawing.mark(mark.key, place) for place in range(1, 4)]
        assert all(type(other) is type(mark) for other in others)
        if isinstance(mark, Curves | Dots | Bars):
            # Lanes differ by their dashes: a colour stays that of its layer.
            assert all(list(other.colours) == list(mark.colours) for other in others if isinstance(other, type(mark)))
    plot.canvas.grab()


@plots(1)
def test_an_item_goes_on_to_show_the_newest_mark(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot, lanes = shown(kind, qtbot), states(kind, qtbot)
    plot.paint(list(zip(lanes, LANES, strict=True)))
    before = set(map(id, items(plot)))
    plot.paint(list(zip(lanes[::-1], LANES, strict=True)))
    assert set(map(id, items(plot))) == before


@plots(2)
def test_what_is_not_drawn_any_more_leaves_nothing_behind(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot = shown(kind, qtbot)
    alone = picture(plot)
    plot.paint([])
    assert not list(plot.drawing.marks())
    empty = picture(plot)
    plot.redraw()
    assert picture(plot) == alone != empty


@plots(3)
def test_a_ghost_is_there_to_compare_with_and_goes(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot, (_, other, *_) = shown(kind, qtbot), states(kind, qtbot)
    live = list(plot.marks(plot.state))
    plot.set_ghost(other)
    ghosts = [mark for mark in plot.ghost_marks(other) if mark.visible]
    told = plot.key == "computation_graph"
    assert ghosts or told, "a pinned state is drawn, or told in what is drawn of the live one"
    assert not any(isinstance(mark, Dots) and len(mark.colours) > 1 for mark in ghosts), (
        "colours of layers are the live state's"
    )
    plot.set_ghost(None)
    assert not [mark for mark in live if plot.drawing.mark(mark.key, 1)]


@plots(4)
def test_a_highlighted_layer_stands_out_and_falls_back(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot = shown(kind, qtbot)
    before, by_layer = picture(plot), bool(plot.drawing.marks_of(LayerHighlight))
    plot.highlight(2)
    assert not by_layer or plot.key == "gates" or picture(plot) != before
    plot.highlight(-1)
    assert not by_layer or picture(plot) == before


@plots(5)
def test_another_theme_colours_what_is_drawn_already(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot = shown(kind, qtbot)
    plot.pin()
    twin = plot.twin(DARK)
    qtbot.addWidget(twin)
    twin.canvas.lay_out(460, 276)
    assert {mark.key for mark in twin.drawing.marks()} == {mark.key for mark in plot.drawing.marks()}
    assert twin.drawing.palette.theme is DARK


def test_only_marks_with_a_colour_for_it_are_in_a_ghost(qtbot: QtBot) -> None:
    (kind,) = [each for each in all_plots() if each.key == "weights"]
    plot, (state, other, *_) = shown(kind, qtbot), states(kind, qtbot)
    plot.paint([(state, LIVE), (other, GHOST)])
    (ghost,) = [mark for mark in plot.drawing.marks() if plot.drawing.mark(mark.key, 1) is mark]
    assert isinstance(ghost, Curves)
    assert (list(ghost.colours), ghost.dash, ghost.z < 0) == (["muted"], DASHED, True)


def test_marks_look_alike_where_all_they_are_made_of_is_equal() -> None:
    x, y = np.arange(4.0), np.array([1.0, np.nan, 3.0, np.inf])
    kinds = np.zeros(4, np.int8)
    makers = (
        lambda heights: Dots("dots", x.copy(), heights, kinds),
        lambda heights: Area("area", x.copy(), np.zeros(4), heights),
        lambda heights: Curves("curves", [pieces(x, heights)]),
    )
    for made in makers:
        assert made(y).looks_like(made(y.copy()))
        assert not made(y).looks_like(made(y + 1.0))
    assert not makers[0](y).looks_like(makers[1](y))
    assert not makers[0](y).looks_like(replace(makers[0](y), colours=("accent",)))
