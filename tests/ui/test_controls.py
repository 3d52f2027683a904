"""Every control of the window, of each dialog and of each card: named, with a role, reached by Tab, its focus seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.files import find
from simulator.running.session import Session
from tests.ui.controls import controls, lacks, without_visible_focus
from tests.ui.real_runs import real
from tests.ui.window_parts import OF_A_RUN, PARTS, WINDOWS, bring
from ui.app import create_app
from ui.bench.document import Document
from ui.board.arrangement import Arrangement
from ui.dialogs.table import TableDialog
from ui.plots import all_plots
from ui.start.page import StartPage
from ui.style.restyle import ThemeChoice, set_theme
from ui.window.main_window import MainWindow


@pytest.fixture
def theme() -> ThemeChoice:
    """Names, roles and the order of Tab are the same in both."""
    return "light"


BOTH = pytest.mark.parametrize("theme", ["light", "dark"])
"""For what is seen."""


@pytest.fixture
def window(theme: ThemeChoice, qtbot: QtBot) -> Iterator[MainWindow]:
    set_theme(create_app(), theme)
    made = MainWindow(Document(find("adding-lstm")), lambda notify: Session("thread", notify))
    made.resize(2200, 1400)
    made.show()
    made.activateWindow()
    made.bench.start()
    qtbot.waitUntil(lambda: made.bench.view is not None)
    yield made
    made.bench.close()
    made.deleteLater()
    # Before Python collects what it knows of the window, in an order of its own.
    QApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)
    set_theme(create_app(), "light")


def test_controls_of_the_window_are_named_have_roles_and_are_reached_by_tab(window: MainWindow) -> None:
    assert len(list(controls(window))) > 60
    assert not lacks(window)


@BOTH
def test_where_the_focus_is_can_be_seen(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.isActiveWindow)
    assert not without_visible_focus(window)


def test_controls_of_every_card_are_named_have_roles_and_are_reached_by_tab(window: MainWindow) -> None:
    board = window.plot_area.board
    board.change(Arrangement.of(*(kind.key for kind in all_plots())))
    for card in board.cards:
        card.bring_page()
        assert card.page is not None
        card.page.plot.refresh(real("pooling"))
    QApplication.processEvents()
    assert not lacks(window)
    for card in board.cards:
        assert card.page is not None
        assert card.page.plot in set(controls(card))


@BOTH
def test_controls_of_every_dialog_and_page_are_named_have_roles_and_are_reached_by_tab(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.bench.play(1)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step > 0)
    faulty, unseen = [], []
    for make in (*OF_A_RUN, *PARTS, *WINDOWS):
        part = make(window, tmp_path)
        bring(part)
        if isinstance(part, TableDialog):
            pages = part.pages
            qtbot.waitUntil(lambda pages=pages: pages.currentIndex() == 1)
        part.activateWindow()
        QApplication.processEvents()
        faulty += [f"{make.__name__}: {fault}" for fault in lacks(part)]
        if part.isWindow() and part.isActiveWindow():
            unseen += [f"{make.__name__}: {fault}" for fault in without_visible_focus(part)]
        part.close()
    assert not faulty
    assert not unseen


def test_a_menu_entry_that_cannot_be_chosen_says_why(window: MainWindow) -> None:
    window.builder.menu.aboutToShow.emit()
    greyed = [entry for entry in window.builder.menu.actions() if entry.text() and not entry.isEnabled()]
    assert all(entry.toolTip() and entry.toolTip() != entry.text() for entry in greyed)


def test_what_the_stop_control_offers_is_named_and_chosen_by_keys(window: MainWindow) -> None:
    control = window.transport.stop
    for entry in control.entries.values():
        entry.trigger()
        assert not lacks(control)
        assert control.button.text()
        assert control.button.accessibleName()


def test_controls_of_the_start_page_are_named_have_roles_and_are_reached_by_tab(qtbot: QtBot) -> None:
    create_app()
    top = QWidget()
    qtbot.addWidget(top)
    page = StartPage("an experiment", top)
    page.resize(1000, 700)
    top.show()
    page.show()
    assert len(list(controls(page))) > 20
    assert not lacks(page)


def test_what_lacks_a_name_or_is_passed_over_is_found(qtbot: QtBot) -> None:
    create_app()
    top = QWidget()
    qtbot.addWidget(top)
    column = QVBoxLayout(top)
    nameless, passed_over = QLineEdit(), QToolButton()
    passed_over.setText("Passed over")
    passed_over.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    column.addWidget(nameless)
    column.addWidget(passed_over)
    top.show()
    first, second = lacks(top)
    assert "has no name" in first
    assert "'Passed over'" in second
    assert "not reached by Tab" in second


def test_no_two_commands_of_the_window_have_the_same_keys(window: MainWindow) -> None:
    actions = [action for action in window.findChildren(QAction) if action.shortcuts()]
    keys = [shortcut.toString() for action in actions for shortcut in action.shortcuts()]
    twice = {key for key in keys if keys.count(key) > 1}
    assert {key: [action.text() for action in actions if key in action.shortcut().toString()] for key in twice} == {}
