"""At every size of the window and with any number of cards: no text is cut, nothing overlaps, no card is too small."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.thinned import thinned
from tests.ui.legible import faults
from tests.ui.painted import painted
from tests.ui.real_runs import NETS, real
from ui.app import create_app
from ui.board.arrangement import Arrangement
from ui.board.card import CardPage
from ui.board.plot_area import PlotArea
from ui.plots import all_plots
from ui.plots.base import Plot
from ui.plots.through_time import ThroughTimePlot
from ui.plots.through_time_image import ThroughTimeImage
from ui.style.restyle import ThemeChoice, set_theme

PANELS = QSize(590, 128)
"""What panels, menus, transport and status line take of a window with both panels open."""
WINDOWS = [QSize(960, 600), QSize(1280, 800), QSize(1920, 1080), QSize(2560, 1440), QSize(3840, 2160)]
ALL = [plot.key for plot in all_plots()]


@pytest.fixture
def theme() -> ThemeChoice:
    """Cards have the same places in both."""
    return "light"


@pytest.fixture
def area(theme: ThemeChoice, qtbot: QtBot) -> Iterator[PlotArea]:
    set_theme(create_app(), theme)
    made = PlotArea()
    made.complete()
    qtbot.addWidget(made)
    made.show()
    yield made
    set_theme(create_app(), "light")


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


@pytest.mark.parametrize("net", thinned(list(NETS), share=2))
def test_at_its_least_size_every_plot_can_be_read(net: str, qtbot: QtBot) -> None:
    set_theme(create_app(), "light")
    found = []
    for kind in all_plots():
        page = CardPage(kind())
        qtbot.addWidget(page)
        page.resize(kind.least_width - 2, kind.least_height - 2)
        page.plot.refresh(real(net))
        page.show()
        settle()
        found += faults(page.plot) if page.plot.state is not None else []
        page.hide()
    assert not found


@pytest.mark.parametrize("width", [150, 200, 316])
@pytest.mark.parametrize("kind", [ThroughTimePlot, ThroughTimeImage])
def test_captions_over_bands_fit_beside_other_networks_too(kind: type[Plot[Any]], width: int, qtbot: QtBot) -> None:
    """In half a card a name stays, and gives up what is said behind it."""
    set_theme(create_app(), "light")
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(width, 400)
    plot.refresh(real("recurrent"))
    plot.show()
    settle()
    assert plot.state is not None
    captions = [each for each in painted(plot.canvas) if each.by == "mark"]
    texts = [each for each in captions if each.text in ("1", "2") or each.text.startswith(("GRU 1", "LSTM 2"))]
    assert len(texts) >= 2
    right = plot.canvas.panes[0].sceneBoundingRect().right()
    assert all(text.letters.right() <= right + 1 for text in texts)


@pytest.mark.parametrize(("count", "theme"), thinned([6, 12, len(ALL)], ["light", "dark"], share=2))
def test_at_every_size_of_the_window_the_board_can_be_read(area: PlotArea, count: int) -> None:
    found = []
    area.board.change(Arrangement.of(*ALL[:count]))
    for net, window in zip(itertools.cycle(["residual", "pooling", "recurrent"]), WINDOWS, strict=False):
        area.resize(window - PANELS)
        for card in area.board.cards:
            card.bring_page()
            area.plot(card.place.key).refresh(real(net))
        settle()
        found += [f"{window.width()}: {fault}" for fault in faults_of_cards(area)]
        for key in ALL[:count]:
            plot = area.plot(key)
            found += [f"{window.width()}: {fault}" for fault in (faults(plot) if plot.state is not None else [])]
    assert not found


def faults_of_cards(area: PlotArea) -> Iterator[str]:
    board = area.board
    for card in board.cards:
        wanted = card.wanted
        if card.width() < wanted.width or card.height() < wanted.height:
            yield f"{card.place.key} is {card.size()}"
        if not board.content.rect().contains(card.geometry()):
            yield f"{card.place.key} stands out of the board"
    for one, other in itertools.combinations(board.cards, 2):
        if one.geometry().intersects(other.geometry()):
            yield f"{one.place.key} and {other.place.key} overlap"
    if board.horizontalScrollBar().maximum() > 0:
        yield "the board scrolls sideways"


@pytest.mark.parametrize("window", WINDOWS, ids=lambda size: str(size.width()))
def test_six_cards_fill_every_window_that_has_room_for_them(area: PlotArea, window: QSize) -> None:
    area.resize(window - PANELS)
    settle()
    board = area.board
    assert max(card.geometry().right() for card in board.cards) > board.viewport().width() - 10
    if window.width() >= 1280:
        assert board.verticalScrollBar().maximum() == 0
        assert max(card.geometry().bottom() for card in board.cards) > board.viewport().height() - 10


@pytest.mark.parametrize("window", WINDOWS, ids=lambda size: str(size.width()))
def test_no_workspace_s_name_is_cut(area: PlotArea, window: QSize) -> None:
    area.resize(window - PANELS)
    settle()
    bar, names = area.bar, [workspace.title for workspace in area.workspaces.all]
    if bar.choice.isVisible():
        assert bar.tabs.isHidden()
        assert bar.choice.width() >= bar.choice.sizeHint().width()
        assert [bar.choice.itemText(index) for index in range(bar.choice.count())] == names
        bar.choice.activated.emit(1)
    else:
        assert bar.tabs.width() >= bar.tabs.sizeHint().width()
        assert bar.tabs.height() >= bar.tabs.sizeHint().height()
        bar.tabs.setCurrentIndex(1)
    assert area.workspaces.current == "why"
    assert bar.choice.currentIndex() == bar.tabs.currentIndex() == 1


def test_cards_are_neither_strips_nor_columns_on_a_large_screen(area: PlotArea) -> None:
    for window, count in itertools.product(WINDOWS[2:], [6, 12]):
        area.resize(window - PANELS)
        area.board.change(Arrangement.of(*ALL[:count]))
        for card in area.board.cards:
            assert 0.8 < card.width() / card.height() < 3.2, (window, count, card.place.key, card.size())
