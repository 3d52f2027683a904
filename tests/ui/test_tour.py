"""The tour: every step points at a real control, and goes on when a person does what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from simulator.doctor.base import Finding, Remedy
from simulator.running.session import Session
from simulator.schema.numbers import THIN
from simulator.system.progress import Progress
from ui.app import create_app, start_document
from ui.dialogs import files
from ui.doctor.trials import Offer
from ui.settings.settings import Settings
from ui.style.restyle import set_theme
from ui.tour.bubble import place_beside
from ui.tour.tour import Tour, part_in_sight
from ui.window.first_hour import OFFER
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
TITLES = ["See it vanish", "Play", "Turn a knob", "Pin", "Mend", "Ask why"]
SIZES = ((960, 600), (1280, 800), (2560, 1440))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    set_theme(create_app(), "light")
    window = MainWindow(start_document("vanishing-sigmoid"), lambda notify: Session("thread", notify))
    window.show()
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    yield window
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    window.close()
    window.deleteLater()


def begun(window: MainWindow) -> Tour:
    window.first_hour.begin_tour()
    tour = window.first_hour.tour
    assert tour is not None
    return tour


def at(tour: Tour, title: str) -> None:
    """Go on with Next to the step of this title."""
    while tour.bubble.title != title:
        tour.advance()


# -- where it points ---------------------------------------------------------------------------------------------


@pytest.fixture(params=[1.0, 1.5])
def letters(request: pytest.FixtureRequest) -> Iterator[None]:
    """The desktop's letters, so many times as large."""
    app = create_app()
    before = app.font()
    font = QFont(before)
    font.setPointSizeF(before.pointSizeF() * request.param)
    app.setFont(font)
    yield
    app.setFont(before)


def stands_whole(tour: Tour, target: QWidget, window: MainWindow) -> None:
    """The bubble is whole beside the control that it is about, which is in sight."""
    bubble, seen = tour.bubble, part_in_sight(target, window)
    assert not seen.isEmpty()
    assert tour.ring.isVisible()
    assert window.rect().contains(bubble.geometry())
    for label in bubble.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width()) or not label.wordWrap()
    assert bubble.next.geometry().right() <= bubble.width()
    assert bubble.leave.width() >= bubble.leave.minimumSizeHint().width()
    assert not seen.intersects(bubble.geometry())


@pytest.mark.usefixtures("letters")
def test_every_step_points_at_a_control_in_sight_and_its_bubble_is_whole(qtbot: QtBot, window: MainWindow) -> None:
    for size in SIZES:
        window.resize(*size)
        tour = begun(window)
        seen = []
        for step in tour.steps:
            seen.append(tour.bubble.title)
            qtbot.waitUntil(lambda tour=tour, step=step: stands_whole(tour, step.target(), window))
            tour.advance()
        assert seen == TITLES
        assert window.first_hour.tour is None


@pytest.mark.parametrize(
    "target",
    [
        QRect(4, 4, 30, 20),
        QRect(900, 560, 40, 30),
        QRect(400, 280, 100, 40),
        QRect(0, 0, 940, 300),
        QRect(0, 0, 300, 600),
    ],
)
def test_a_bubble_stands_beside_its_control_wherever_there_is_room(target: QRect) -> None:
    room, size = QRect(0, 0, 960, 600), QSize(320, 140)
    place = QRect(place_beside(target, size, room), size)
    assert room.contains(place)
    assert not place.intersects(target)


def test_a_bubble_stays_in_the_window_where_its_control_fills_it() -> None:
    room, size = QRect(0, 0, 960, 600), QSize(320, 140)
    assert room.contains(QRect(place_beside(room, size, room), size))


# -- going on ----------------------------------------------------------------------------------------------------


def point_at_a_layer(qtbot: QtBot, window: MainWindow) -> None:
    window.plot_area.plot("gradient_depth").layer_hovered.emit(3)


def press_play(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.transport.widgetForAction(window.transport.play), LEFT)


def turn_the_rate(qtbot: QtBot, window: MainWindow) -> None:
    row = window.training.form("optimizer").row(("optimizer", "learning_rate"))
    assert row is not None
    row.committed.emit(1.0)


def pin_the_plot(qtbot: QtBot, window: MainWindow) -> None:
    plot = window.plot_area.plot("gradient_depth")
    qtbot.waitUntil(lambda: plot.state is not None)
    assert plot.header is not None
    plot.header.pin.click()


def press_a_mend(qtbot: QtBot, window: MainWindow) -> None:
    window.findings.panel.chosen.emit(Remedy("ReLU", (("layers[0].activation", {"kind": "relu"}),), "start"), None)


def open_why(qtbot: QtBot, window: MainWindow) -> None:
    window.plot_area.show_workspace("why")


DOINGS = dict(
    zip(TITLES, (point_at_a_layer, press_play, turn_the_rate, pin_the_plot, press_a_mend, open_why), strict=True)
)


@pytest.mark.parametrize("title", TITLES)
def test_doing_a_step_goes_on(qtbot: QtBot, window: MainWindow, title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tour = begun(window)
    qtbot.waitUntil(lambda: window.bench.view is not None)
    at(tour, title)
    monkeypatch.setattr(window.findings.rounds, "apply", lambda *_: None)
    DOINGS[title](qtbot, window)
    if title == TITLES[-1]:
        qtbot.waitUntil(lambda: window.first_hour.tour is None)
    else:
        qtbot.waitUntil(lambda: tour.bubble.title == TITLES[TITLES.index(title) + 1])


def test_the_mend_step_says_how_far_trials_are_and_never_that_one_has_to_wait(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tour, rounds = begun(window), window.findings.rounds
    assert not tour.bubble.meanwhile
    at(tour, "Mend")
    qtbot.waitUntil(lambda: window.bench.view is not None)
    window.bench.close()
    rounds.forget()
    rounds.trials.forget()
    mend = Remedy("ReLU", (("layers[0].activation", {"kind": "relu"}),), "start")
    untried = Finding("vanishing", "severe", ("1",), 0, 0, {}, "", "The gradient vanishes.")
    trying = f"Trying 3 mends on copies… 25{THIN}%, about 30 s left — Next goes on without them."
    for offers, share, said in (
        ((), 0.0, "There is no mend to press so far: Next goes on."),
        ((Offer(untried, trying=3),), 0.25, trying),
        ((Offer(replace(untried, remedies=(mend,))),), 1.0, "A mend has been tried: press its button."),
    ):
        monkeypatch.setattr(rounds, "offers", offers)
        rounds.trials.progress = Progress("", share, 1.0, seconds=10.0)
        qtbot.waitUntil(lambda said=said: tour.bubble.meanwhile == said)
        assert window.rect().contains(tour.bubble.geometry())
    tour.advance()
    assert not tour.bubble.meanwhile


def test_what_is_done_already_is_passed_over(qtbot: QtBot, window: MainWindow) -> None:
    tour = begun(window)
    window.bench.play()
    tour.advance()
    assert tour.bubble.title == "Turn a knob"


def test_other_things_may_be_done_meanwhile(qtbot: QtBot, window: MainWindow) -> None:
    tour = begun(window)
    window.plot_area.hide_plot("gradient_depth")
    window.bench.play(2)
    qtbot.waitUntil(lambda: not window.bench.playing)
    assert tour.bubble.title == TITLES[0]
    qtbot.waitUntil(lambda: not tour.ring.isVisible())
    assert window.rect().contains(tour.bubble.geometry())


# -- by keyboard, once, and again --------------------------------------------------------------------------------


def test_the_keyboard_is_at_next_and_return_goes_on_until_the_end(qtbot: QtBot, window: MainWindow) -> None:
    tour = begun(window)
    for title in TITLES:
        assert tour.bubble.title == title
        assert window.focusWidget() is tour.bubble.next
        QTest.keyClick(tour.bubble.next, Qt.Key.Key_Return)
    assert window.first_hour.tour is None


def test_escape_leaves_it_and_help_begins_it_again(qtbot: QtBot, window: MainWindow) -> None:
    begun(window)
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.first_hour.tour is None)
    action = next(action for action in window.actions() if action.text() == "&Tour")
    action.trigger()
    assert window.first_hour.tour is not None


def test_leaving_is_a_button_too(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(begun(window).bubble.leave, LEFT)
    assert window.first_hour.tour is None


def test_it_is_offered_once_where_there_is_no_start_page(window: MainWindow) -> None:
    window.first_hour.begin(asked=True)
    assert window.banner.text == OFFER
    window.banner.clear()
    window.first_hour.begin(asked=True)
    assert not window.banner.text


def test_it_is_offered_once_on_the_start_page(window: MainWindow) -> None:
    window.first_hour.begin(asked=False)
    page = window.first_hour.page
    assert page is not None
    assert page.tour.isVisible()
    window.first_hour.close_page()
    assert not Settings().offers_tour()
    window.first_hour.open_page()
    assert window.first_hour.page is not None
    assert not window.first_hour.page.tour.isVisible()


def test_from_the_start_page_it_begins_over_the_bench(qtbot: QtBot, window: MainWindow) -> None:
    window.first_hour.begin(asked=False)
    page = window.first_hour.page
    assert page is not None
    qtbot.mouseClick(page.tour, LEFT)
    assert window.first_hour.page is None
    assert window.first_hour.tour is not None
    assert window.plot_area.workspaces.current == "flow"


def test_a_run_that_is_kept_keeps_the_tour_from_beginning(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "cancel")
    window.new_seed()
    window.first_hour.begin_tour()
    assert window.first_hour.tour is None


def test_closing_the_window_ends_it(qtbot: QtBot, window: MainWindow) -> None:
    tour = begun(window)
    window.close()
    assert tour.index == -1
    QApplication.processEvents()


def letter_of(text: str) -> str:
    """What is pressed together with Alt."""
    return QKeySequence.mnemonic(text).toString()


def test_no_button_of_the_window_has_the_letter_of_a_menu(window: MainWindow) -> None:
    """Alt and such a letter would open the menu."""
    menus = {letter_of(entry.text()) for entry in window.menuBar().actions()}
    window.first_hour.open_page()
    texts = {button.text() for button in window.findChildren(QPushButton)}
    tour = begun(window)
    for title in TITLES:
        at(tour, title)
        texts |= {tour.bubble.next.text(), tour.bubble.leave.text()}
    assert {"Le&ssons", "&Next", "F&inish", "Leave the &tour"} <= texts
    assert [text for text in texts if letter_of(text) and letter_of(text) in menus] == []
