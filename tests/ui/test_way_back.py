"""Back to the last good step: beside each finding that began in the course of the run."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from simulator.doctor.base import Finding
from simulator.running.transport import Mode
from tests.ui.test_mending import Open, at, losses, open_window, ruined, shows
from ui.bench.link import WorkerLink
from ui.doctor.panel import DoctorPanel
from ui.doctor.trials import Offer
from ui.doctor.way_back import WORDS

__all__ = ["open_window"]
FINDING = Finding("diverging", "severe", ("1",), 480, 600, {}, "", "The loss rises.")


def said(*offers: Offer) -> DoctorPanel:
    panel = DoctorPanel()
    panel.say(offers)
    return panel


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_the_run_goes_on_from_before_the_trouble_and_undo_brings_the_spoilt_one_back(
    qtbot: QtBot, open_window: Open, mode: Mode
) -> None:
    window = ruined(qtbot, open_window, mode)
    spoilt, past = window.document.experiment, losses(window)
    panel = window.findings.panel
    qtbot.waitUntil(lambda: bool(panel.shown) and panel.shown[0].way_back.isEnabled())
    row = panel.shown[0]
    assert row.offer is not None
    began, step = row.offer.since[0], row.offer.back_to
    assert step is not None
    assert step == max(each for each in window.bench.memory.good_steps if each < began)
    assert f"Goes back to step {step}," in row.way_back.toolTip()
    then = window.bench.record.live_changes.experiment_before(step)
    QTest.mouseClick(row.way_back, Qt.MouseButton.LeftButton)
    assert window.document.undo_stack.undoText() == f"Back to step {step}"
    qtbot.waitUntil(lambda: at(window, step))
    assert window.document.experiment == then
    assert (then == spoilt) == (step > 20)
    assert losses(window)[:step] == past[:step]
    assert window.bench.record.steps == step
    window.document.undo_stack.undo()
    assert window.document.experiment == spoilt
    qtbot.waitUntil(lambda: shows(window) and window.bench.record.steps == len(past) - 1)
    assert not math.isfinite(losses(window)[-1])


def test_a_new_finding_is_told_to_who_keeps_checkpoints_once(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(WorkerLink, "keep_before", lambda _link, run, step: told.append((run, step)))
    window = ruined(qtbot, open_window, "thread")

    def began() -> set[int]:
        return {offer.since[0] for offer in window.findings.rounds.offers if offer.since[0] > 0}

    qtbot.waitUntil(lambda: bool(began()))
    window.bench.link.wake()
    qtbot.wait(700)
    assert window.bench.info is not None
    assert {step for run, step in told if run == window.bench.info.run} >= began()
    assert len(told) == len(set(told))


def test_it_says_to_which_step_it_goes(qtbot: QtBot) -> None:
    panel = said(Offer(FINDING, since=(480, 480), back_to=470))
    button = panel.shown[0].way_back
    assert (button.text(), button.accessibleName()) == (WORDS, WORDS)
    assert not button.isHidden()
    assert button.isEnabled()
    assert button.toolTip().startswith("Goes back to step 470, the last good one that is kept from before the trouble")
    steps: list[int] = []
    panel.way_back_chosen.connect(steps.append)
    button.click()
    assert steps == [470]


def test_where_nothing_is_kept_it_is_greyed_and_says_why(qtbot: QtBot) -> None:
    panel = said(Offer(FINDING, since=(480, 487)))
    button = panel.shown[0].way_back
    assert not button.isHidden()
    assert not button.isEnabled()
    assert button.toolTip() == "No good checkpoint from before step 480 is kept: there is nothing to go back to."


def test_what_was_wrong_from_the_start_has_none(qtbot: QtBot) -> None:
    panel = said(Offer(replace(FINDING, since=0), since=(0, 0)), Offer(FINDING, since=(480, 480), back_to=470))
    assert [row.way_back.isHidden() for row in panel.shown] == [True, False]


@pytest.mark.parametrize(("width", "words"), [(360, False), (900, True)])
def test_words_stand_where_the_finding_is_opened_and_the_line_is_wide_enough(
    qtbot: QtBot, width: int, words: bool
) -> None:
    other = replace(FINDING, rule="dead")
    panel = said(Offer(FINDING, since=(480, 480), back_to=470), Offer(other, since=(500, 500), back_to=470))
    qtbot.addWidget(panel)
    panel.resize(width, 300)
    panel.show()
    qtbot.waitExposed(panel)
    qtbot.waitUntil(lambda: panel.shown[0].width() <= panel.viewport().width())
    styles = [row.way_back.toolButtonStyle() for row in panel.shown]
    with_words = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if words else Qt.ToolButtonStyle.ToolButtonIconOnly
    assert styles == [with_words, Qt.ToolButtonStyle.ToolButtonIconOnly]
    for row in panel.shown:
        assert row.manual.mapTo(panel.viewport(), row.manual.rect().topRight()).x() < panel.viewport().width()
