"""The findings over the foot of the board: one line each, one of them opened, and the board stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from simulator.doctor.base import Finding, Remedy, Trial
from simulator.experiment.experiment import Experiment
from simulator.running.session import Session
from ui.app import create_app
from ui.bench.document import Document
from ui.dialogs import files
from ui.doctor.panel import DoctorPanel
from ui.doctor.trials import Offer
from ui.style.help import finding_page, page_of
from ui.style.restyle import set_theme
from ui.window.main_window import MainWindow

SICK: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 8, "repeat": 8, "activation": {"kind": "sigmoid"}}],
    "batch_size": 16,
}
LONG = "It is said in a sentence that is longer than any line. " * 4
OFFERS = [Offer(Finding(rule, "severe", ("1",), 0, 3, {}, "", LONG)) for rule in ("vanishing", "dead", "stalled")]


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    set_theme(create_app(), "light")
    made = MainWindow(Document(Experiment.from_builtins(SICK)), lambda notify: Session("thread", notify))
    made.show()
    made.bench.start()
    qtbot.waitUntil(lambda: bool(made.findings.panel.shown))
    yield made
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    made.close()
    made.deleteLater()


@pytest.fixture
def panel(qtbot: QtBot) -> DoctorPanel:
    made = DoctorPanel()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    made.say(OFFERS)
    return made


def test_the_strip_opens_over_the_board_and_never_resizes_it(qtbot: QtBot, window: MainWindow) -> None:
    board, strip = window.plot_area.board, window.findings
    before = (board.geometry(), [card.geometry() for card in board.cards])
    strip.toggle.trigger()
    qtbot.waitUntil(strip.isVisible)
    assert (board.geometry(), [card.geometry() for card in board.cards]) == before
    assert strip.geometry().bottom() == window.plot_area.rect().bottom()
    assert strip.height() <= 0.6 * window.plot_area.height()
    window.resize(1000, 640)
    qtbot.waitUntil(lambda: strip.geometry().bottom() == window.plot_area.rect().bottom())
    assert strip.width() == window.plot_area.width()
    strip.toggle.trigger()
    assert strip.isHidden()


def test_the_strip_and_its_switch_say_the_same(window: MainWindow) -> None:
    strip = window.findings
    assert strip.toggle.shortcut().toString() == "F8"
    strip.show()
    assert strip.toggle.isChecked()
    QTest.keyClick(strip, Qt.Key.Key_Escape)
    assert strip.isHidden()
    assert not strip.toggle.isChecked()


def opened(panel: DoctorPanel) -> list[bool]:
    return [row.is_open for row in panel.shown]


def test_each_finding_is_one_line_and_the_most_pressing_is_opened(panel: DoctorPanel) -> None:
    assert opened(panel) == [True, False, False]
    closed = panel.shown[1]
    assert closed.height() < 2.2 * closed.fontMetrics().height()
    assert closed.summary.isVisible()
    assert closed.summary.toolTip() == OFFERS[1].finding.sentence
    assert not closed.sentence.isVisible()
    assert panel.shown[0].sentence.isVisible()
    assert not panel.shown[0].summary.isVisible()


@pytest.mark.parametrize("by", ["keyboard", "mouse"])
def test_another_is_opened_and_stays_so_while_findings_change(panel: DoctorPanel, by: str) -> None:
    row = panel.shown[2]
    if by == "keyboard":
        row.opener.setFocus()
        QTest.keyClick(row.opener, Qt.Key.Key_Space)
    else:
        QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(row.width() // 2, 8))
    assert opened(panel) == [False, False, True]
    panel.say([OFFERS[2], OFFERS[0]])
    assert opened(panel) == [True, False]
    panel.shown[0].opener.click()
    assert opened(panel) == [False, False]
    panel.say(OFFERS)
    assert opened(panel) == [False, False, False]


def test_the_panel_asks_for_as_much_height_as_it_has_to_say(qtbot: QtBot, panel: DoctorPanel) -> None:
    high = panel.sizeHint().height()
    panel.shown[0].opener.click()
    qtbot.waitUntil(lambda: panel.sizeHint().height() < high)
    panel.say([])
    qtbot.waitUntil(lambda: panel.sizeHint().height() < 60)


@pytest.mark.parametrize("width", [340, 420, 700, 1600])
def test_nothing_is_wider_than_the_panel_and_a_mend_breaks_into_lines(qtbot: QtBot, width: int) -> None:
    tried = Remedy("Batch norm before every activation", (), "start", Trial(200, 2.3, 0.41, True))
    findings = [Finding(rule, "severe", ("1", "9"), 0, 3, {"share": 0.5}, "slope", LONG) for rule in ("dead", "slow")]
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    panel.resize(width, 400)
    panel.show()
    panel.say([Offer(replace(finding, remedies=(tried,))) for finding in findings])
    qtbot.waitUntil(lambda: panel.shown[0].buttons[0].isVisible())
    assert panel.widget().width() == panel.viewport().width()
    row = panel.shown[0]
    (button,) = row.buttons
    lines = button.text().split("\n")
    assert " · ".join(lines) == "Batch norm before every activation · starts over · tried 200 steps: loss 2.30 → 0.410"
    assert len(lines) == 1 or width < 700
    assert len(lines) > 1 or width > 340
    assert row.rect().contains(QRect(button.mapTo(row, QPoint(0, 0)), button.size()))
    assert all(button.fontMetrics().horizontalAdvance(line) < button.width() for line in lines)


def test_f1_explains_the_finding_that_was_clicked_last(panel: DoctorPanel) -> None:
    for card, offer in zip(panel.shown, OFFERS, strict=True):
        card.opener.click() if not card.is_open else None
        for part in (card.opener, card.name, card.sentence, card.evidence):
            panel.clearFocus()
            QTest.mouseClick(part, Qt.MouseButton.LeftButton)
            assert page_of(panel.window().focusWidget()) == finding_page(offer.finding.rule)
