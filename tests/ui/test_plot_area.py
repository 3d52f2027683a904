"""The board of plots: what it shows, what it waits for, how hands arrange it, what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.plot_data import run_info, view
from ui.board.arrangement import Arrangement
from ui.board.card import Card
from ui.board.plot_area import PLAIN, PlotArea
from ui.board.workspaces import BUILT_IN
from ui.plots import all_plots, first_plots

FIRST = [plot.key for plot in first_plots()]
ALL = [plot.key for plot in all_plots()]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def area(qtbot: QtBot) -> Iterator[PlotArea]:
    made = PlotArea()
    qtbot.addWidget(made)
    made.resize(700, 700)
    made.show()
    made.activateWindow()
    yield made
    made.complete()


def again(qtbot: QtBot, like: PlotArea) -> PlotArea:
    """Another one, as after a restart."""
    made = PlotArea()
    qtbot.addWidget(made)
    made.resize(like.size())
    made.show()
    return made


def places(area: PlotArea) -> dict[str, QRect]:
    return {card.place.key: card.geometry() for card in area.board.cards}


def card_of(area: PlotArea, key: str) -> Card:
    return next(card for card in area.board.cards if key in card.place.keys)


def inside(area: PlotArea, key: str) -> Callable[[], bool]:
    """Whether a plot's card is in sight, wholly."""
    return lambda: not card_of(area, key).visibleRegion().isEmpty() and key in area.board.seen


def test_the_first_plots_are_those_of_the_first_workspace() -> None:
    assert list(BUILT_IN[0].arrangement.keys) == FIRST
    assert [plot.key for plot in all_plots() if plot.default] == FIRST


def test_every_plot_of_any_layers_has_a_workspace() -> None:
    placed = {key for workspace in BUILT_IN for key in workspace.arrangement.keys}
    assert placed <= set(ALL)
    assert {plot.key for plot in all_plots() if not plot.kinds} <= placed


def test_no_plot_comes_along_with_plain_layers() -> None:
    assert not [plot.key for plot in all_plots() if plot.comes_along and plot.kinds & PLAIN]


def test_the_other_plots_come_by_themselves_and_move_nothing(qtbot: QtBot, area: PlotArea) -> None:
    before = places(area)
    qtbot.waitUntil(lambda: [plot.key for plot in area.known] == ALL)
    assert places(area) == before
    assert list(before) == FIRST


def test_a_plot_that_is_shown_stands_at_the_end_in_a_place_like_the_others(area: PlotArea) -> None:
    area.resize(700, 1100)
    area.toggle_plot("saturation")
    assert area.board.arrangement.keys == (*FIRST, "saturation")
    shown = places(area)
    assert shown["saturation"].y() >= max(shown[key].y() for key in FIRST)
    assert shown["saturation"].height() == pytest.approx(shown["gradient_time"].height(), abs=5)


def test_what_is_arranged_is_remembered_at_once_and_waits_for_no_other_plot(qtbot: QtBot, area: PlotArea) -> None:
    area.toggle_plot("loss")
    area.board.change(area.board.arrangement.moved("gradient_image", 0).joined("gradient_time", "gradient_depth"))
    other = again(qtbot, area)
    assert other.board.arrangement == area.board.arrangement
    assert [plot.key for plot in other.known] == FIRST
    qtbot.waitUntil(lambda: places(other) == places(area))


def test_an_arrangement_with_another_plot_has_it_at_once(qtbot: QtBot, area: PlotArea) -> None:
    area.toggle_plot("saturation")
    other = again(qtbot, area)
    other.board.current.bring_into_view("saturation")
    qtbot.waitUntil(lambda: "saturation" in other.board.seen)
    assert other.plot("saturation").isVisible()


def test_a_run_of_other_layers_has_its_plots_at_once(area: PlotArea) -> None:
    plain = run_info(3)
    area.start(replace(plain, layers=(replace(plain.layers[0], kind="lstm"), *plain.layers[1:])))
    assert [plot.key for plot in area.known] == ALL
    assert "gates" in area.board.arrangement.keys


def test_however_many_plots_are_shown_none_is_smaller_than_it_can_be_read(qtbot: QtBot, area: PlotArea) -> None:
    bar = area.board.verticalScrollBar()
    assert not bar.maximum()
    for key in ALL:
        if key not in FIRST:
            area.show_plot(key)
    assert bar.maximum() > 0
    for key in ALL:
        card, plot = card_of(area, key), area.plot(key)
        assert card.width() >= plot.least_width, key
        assert card.height() >= plot.least_height, key
        assert plot.least_height >= plot.minimumSizeHint().height(), key
    for key in ALL:
        if key not in FIRST:
            area.hide_plot(key)
    assert not bar.maximum()


def test_a_plot_that_is_opened_below_the_others_is_brought_into_view(qtbot: QtBot, area: PlotArea) -> None:
    for key in ALL[6:12]:
        area.toggle_plot(key)
        qtbot.waitUntil(inside(area, key))


# -- what is out of sight ----------------------------------------------------------------------------------------


@pytest.fixture
def full(qtbot: QtBot, area: PlotArea) -> PlotArea:
    """All plots, most of them scrolled out or behind a tab."""
    for key in ALL[6:]:
        area.show_plot(key)
    area.board.change(area.board.arrangement.joined("activation_profile", "gradient_depth"))
    area.board.current.bring_into_view(FIRST[0])
    qtbot.waitUntil(inside(area, FIRST[0]))
    return area


def test_what_is_scrolled_out_or_behind_a_tab_asks_for_nothing(full: PlotArea) -> None:
    seen = set(full.board.seen)
    assert FIRST[0] in seen
    assert "gradient_depth" not in seen
    assert len(seen) < len(ALL) / 2
    asked = [each for key in full.board.seen for each in full.plot(key).observations]
    assert set(full.feed.observations()) == set(asked)


def test_what_is_scrolled_out_costs_nothing_and_catches_up_when_it_is_scrolled_in(
    qtbot: QtBot, full: PlotArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed: list[str] = []
    for key in ALL:
        monkeypatch.setattr(full.plot(key), "refresh", lambda _view, key=key: refreshed.append(key))
    for spread in (False, True):
        refreshed.clear()
        full.feed.refresh(view(3), spread=spread)
        qtbot.waitUntil(lambda: not full.feed.refreshing)
        assert set(refreshed) == set(full.board.seen)
    before = set(full.board.seen)
    refreshed.clear()
    full.board.verticalScrollBar().setValue(full.board.verticalScrollBar().maximum())
    came = set(full.board.seen) - before
    assert came
    assert set(refreshed) == came


def test_of_many_plots_in_sight_ten_are_brought_to_each_view_and_none_is_passed_over(
    qtbot: QtBot, area: PlotArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    area.resize(3000, 1800)
    area.board.change(Arrangement.of(*ALL[:24]))
    qtbot.waitUntil(lambda: len(area.board.seen) == 24)
    refreshed: list[str] = []
    for key in ALL[:24]:
        monkeypatch.setattr(area.plot(key), "refresh", lambda _view, key=key: refreshed.append(key))
    still = view(3)
    for _ in range(5):
        before = len(refreshed)
        area.feed.refresh(still, spread=True)
        qtbot.waitUntil(lambda: not area.feed.refreshing)
        brought = refreshed[before:]
        assert len(brought) == len({*brought}) <= 10 + 1  # and what reads the toolbar's numbers with the toolbar
    assert {refreshed.count(key) for key in ALL[:24] if key != "loss"} == {2, 3}
    refreshed.clear()
    area.feed.refresh(still)
    assert sorted(refreshed) == sorted(ALL[:24])


def test_a_plot_is_made_when_it_is_first_seen(qtbot: QtBot, area: PlotArea) -> None:
    area.resize(360, 300)
    other = again(qtbot, area)
    made: list[str] = []
    for key in FIRST:
        other.when_made(key, lambda plot: made.append(plot.key))
    assert made == list(other.board.seen)
    assert len(made) < len(FIRST)
    other.board.verticalScrollBar().setValue(other.board.verticalScrollBar().maximum())
    assert set(made) >= set(other.board.seen)


# -- by mouse ----------------------------------------------------------------------------------------------------


def drag(area: PlotArea, key: str, to: QPoint, *, let_go: bool = True) -> None:
    """Take a card by its head to a point of the board's content."""
    header = area.plot(key).header
    assert header is not None
    start = QPoint(40, 10)
    QTest.mousePress(header, LEFT, pos=start)
    end = header.mapFromGlobal(area.board.content.mapToGlobal(to))
    QTest.mouseMove(header, start + QPoint(30, 0))
    QTest.mouseMove(header, end)
    if let_go:
        QTest.mouseRelease(header, LEFT, pos=end)


def point(area: PlotArea, key: str, across: float) -> QPoint:
    place = card_of(area, key).geometry()
    return QPoint(place.left() + round(across * place.width()), place.center().y())


@pytest.mark.parametrize(("across", "wanted"), [(0.1, ["gradient_time", "loss"]), (0.9, ["loss", "gradient_time"])])
def test_a_card_is_dragged_before_or_after_another(area: PlotArea, across: float, wanted: list[str]) -> None:
    drag(area, "gradient_time", point(area, "loss", across))
    keys = area.board.arrangement.keys
    at = keys.index(wanted[0])
    assert list(keys[at : at + 2]) == wanted
    assert len(keys) == 6


def test_a_card_dropped_on_another_shares_its_place_as_a_tab_and_is_taken_out_again(area: PlotArea) -> None:
    drag(area, "gradient_time", point(area, "loss", 0.5))
    card = card_of(area, "loss")
    assert card.place.keys == ("loss", "gradient_time")
    assert area.plot("gradient_time").isVisible()
    assert not area.plot("loss").isVisible()
    card.tabs.setCurrentIndex(0)
    assert area.plot("loss").isVisible()
    drag(area, "loss", point(area, "activation_ridges", 0.1))
    assert area.board.arrangement.keys[0] == "loss"
    assert all(len(place.keys) == 1 for place in area.board.arrangement.places)


def test_while_a_card_is_dragged_a_target_shows_where_it_will_be_and_escape_leaves_all_as_it_was(
    area: PlotArea,
) -> None:
    before = area.board.arrangement
    drag(area, "gradient_time", point(area, "loss", 0.5), let_go=False)
    target = area.drop_target
    assert target.isVisible()
    assert target.geometry() == card_of(area, "loss").geometry()
    QTest.mouseMove(area.plot("gradient_time").header, QPoint(0, 0))
    QTest.keyClick(area, Qt.Key.Key_Escape)
    assert not target.isVisible()
    QTest.mouseRelease(area.plot("gradient_time").header, LEFT)
    assert area.board.arrangement == before
    assert QApplication.overrideCursor() is None


def test_the_edge_of_a_card_is_dragged_to_span_columns(area: PlotArea) -> None:
    edge = card_of(area, "activation_ridges").edge
    QTest.mousePress(edge, LEFT)
    QTest.mouseMove(edge, edge.mapFromGlobal(area.board.content.mapToGlobal(QPoint(690, 50))))
    QTest.mouseRelease(edge, LEFT)
    assert area.board.arrangement.places[0].columns == 2
    assert card_of(area, "activation_ridges").width() > 600


def turn_wheel(area: PlotArea, key: str, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """One click towards the hand, over the middle of a plot."""
    window = area.plot(key).canvas.viewport()
    at = QPointF(window.rect().center())
    event = QWheelEvent(
        at, QPointF(window.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window, event)


def test_the_wheel_scrolls_the_board_and_zooms_a_plot_that_has_the_focus_or_with_ctrl(
    qtbot: QtBot, full: PlotArea
) -> None:
    bar, pane = full.board.verticalScrollBar(), full.plot(FIRST[0]).canvas.panes[0]
    full.feed.refresh(view(3))
    full.setFocus()
    turn_wheel(full, FIRST[0])
    assert bar.value() > 0
    assert not pane.manual
    bar.setValue(0)
    turn_wheel(full, FIRST[0], Qt.KeyboardModifier.ControlModifier)
    assert bar.value() == 0
    assert pane.manual
    pane.give_back()
    full.board.current.focus(FIRST[0])
    qtbot.waitUntil(full.plot(FIRST[0]).hasFocus)
    turn_wheel(full, FIRST[0])
    assert bar.value() == 0
    assert pane.manual


def test_every_card_has_a_menu_of_its_own_and_a_way_to_close_it(area: PlotArea) -> None:
    for card in area.board.cards:
        assert card.page is not None
        assert card.page.menu_button.isVisible()
        assert card.page.close_button.isVisible()
    QTest.mouseClick(card_of(area, "loss").page.close_button, LEFT)
    assert "loss" not in area.board.arrangement.keys
    assert not area.plot("loss").isVisible()


# -- by keyboard -------------------------------------------------------------------------------------------------


def act(area: PlotArea, text: str) -> None:
    next(action for action in area.actions() if action.text() == text).trigger()


def test_the_keyboard_moves_spans_joins_maximises_and_closes_the_card_with_the_focus(
    qtbot: QtBot, area: PlotArea
) -> None:
    area.board.current.focus("gradient_depth")
    qtbot.waitUntil(lambda: card_of(area, "gradient_depth").has_focus)
    assert card_of(area, "gradient_depth").property("current") is True
    act(area, "Next card")
    assert card_of(area, "activation_profile").has_focus
    assert not card_of(area, "gradient_depth").property("current")
    act(area, "Previous card")
    act(area, "Move card back")
    assert area.board.arrangement.keys[:2] == ("gradient_depth", "activation_ridges")
    act(area, "Move card forward")
    assert list(area.board.arrangement.keys) == FIRST
    act(area, "Span one more column")
    assert area.board.arrangement.places[1].columns == 2
    act(area, "Span one column less")
    act(area, "Join the next card as a tab")
    assert area.board.arrangement.places[1].keys == ("gradient_depth", "activation_profile")
    act(area, "Next tab of the card")
    assert area.board.current.key == "activation_profile"
    act(area, "Take the tab out to a card of its own")
    assert list(area.board.arrangement.keys) == FIRST
    act(area, "Maximise card, or put it back")
    assert list(area.board.seen) == ["activation_profile"]
    act(area, "Maximise card, or put it back")
    act(area, "Close card")
    assert "activation_profile" not in area.board.arrangement.keys
    assert area.board.current.card is not None
    assert area.board.current.card.has_focus


def test_no_two_actions_of_the_window_have_the_same_keys(area: PlotArea) -> None:
    keys = [keys.toString() for action in area.actions() for keys in action.shortcuts()]
    assert len(set(keys)) == len(keys)
    assert all(action.shortcuts() for action in area.actions())


def test_the_size_of_cards_is_changed_by_keys_and_remembered(qtbot: QtBot, area: PlotArea) -> None:
    area.complete()
    for key in ALL[6:]:
        area.show_plot(key)
    wide = card_of(area, "loss").width()
    for _ in range(3):
        act(area, "Larger cards")
    assert card_of(area, "loss").width() > 1.5 * wide
    assert again(qtbot, area).board.size_factor == area.board.size_factor > 1
    act(area, "Usual size of cards")
    assert card_of(area, "loss").width() == wide


# -- workspaces --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, len(BUILT_IN) + 1))
def test_a_workspace_is_one_key_away_and_remembered(qtbot: QtBot, area: PlotArea, number: int) -> None:
    act(area, f"Workspace {number}")
    workspace = BUILT_IN[number - 1]
    assert area.workspaces.present == workspace
    assert area.board.arrangement == workspace.arrangement
    assert area.bar.tabs.tabText(area.bar.tabs.currentIndex()) == workspace.title
    assert again(qtbot, area).workspaces.current == workspace.id


def test_a_persons_own_workspace_is_saved_renamed_deleted(qtbot: QtBot, area: PlotArea) -> None:
    area.hide_plot("loss")
    area.workspaces.save_as("Mine & yours")
    area.hide_plot("gradient_time")
    act(area, "Workspace 1")
    assert "gradient_time" in area.board.arrangement.keys
    act(area, "Workspace 7")
    assert "gradient_time" not in area.board.arrangement.keys
    area.workspaces.rename("Ours")
    other = again(qtbot, area)
    assert [workspace.title for workspace in other.workspaces.all][6:] == ["Ours"]
    assert other.board.arrangement == area.board.arrangement
    other.workspaces.delete()
    assert other.workspaces.all[-1].id == BUILT_IN[-1].id
    assert len(again(qtbot, area).workspaces.all) == len(BUILT_IN)


def test_a_workspace_of_the_program_is_put_back_but_neither_renamed_nor_deleted(area: PlotArea) -> None:
    area.hide_plot("loss")
    area.workspaces.rename("Mine")
    area.workspaces.delete()
    assert area.workspaces.present.title == BUILT_IN[0].title
    area.reset_arrangement()
    assert list(area.board.arrangement.keys) == FIRST


@pytest.mark.parametrize("stored", ["", "{", "3", "[]", '{"arrangements": {"flow": [{"plots": []}]}, "own": 3}',
    '{"own": {"own-x": "a", "own-1": 3}, "current": "nowhere", "size": 1e9}'])  # fmt: skip
def test_what_was_stored_and_cannot_be_read_counts_as_not_stored(qtbot: QtBot, area: PlotArea, stored: str) -> None:
    from ui.settings.settings import Settings

    Settings().set("board/workspaces", stored)
    other = again(qtbot, area)
    assert other.workspaces.all == BUILT_IN
    assert list(other.board.arrangement.keys) == FIRST
    assert other.board.size_factor == 1.0


def test_plots_that_there_are_no_longer_are_left_out(qtbot: QtBot, area: PlotArea) -> None:
    area.workspaces.keep(area.board.arrangement.shown("of another version"))
    other = again(qtbot, area)
    assert list(other.board.arrangement.keys) == FIRST
