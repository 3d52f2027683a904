"""What undo takes back leaves no mark on the time line and no message; what has acted until then stays."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.lane import OWN_NAME
from simulator.record.changes import Change, ChangeLog
from simulator.training.surgery import ScaleWeights, Transplant
from tests.ui.test_branches import trained
from tests.ui.test_bringing_back import EXPERIMENT, STEPS, redo, settle, take_steps, undo
from tests.ui.windows import OpenOn
from ui.timeline.marks import BY_HAND
from ui.window.main_window import MainWindow


@pytest.fixture
def window(open_on: OpenOn, qtbot: QtBot) -> MainWindow:
    """Stands at step 6."""
    made = open_on(EXPERIMENT, "thread")
    settle(qtbot, made, 0)
    take_steps(qtbot, made, STEPS)
    return made


def set_rate(window: MainWindow, rate: float) -> None:
    window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), rate, True)


def marks(window: MainWindow) -> list[tuple[int, str]]:
    return [(mark.step, mark.text) for mark in window.timeline.track.marks if mark.kind in BY_HAND]


def shows(qtbot: QtBot, window: MainWindow, *starts: tuple[int, str]) -> None:
    """Wait for marks by hand at these steps, whose words begin so."""

    def as_wanted() -> bool:
        found: Sequence[tuple[int, str]] = marks(window)
        return [step for step, _ in found] == [step for step, _ in starts] and all(
            text.startswith(start) for (_, text), (_, start) in zip(found, starts, strict=True)
        )

    window.bench.link.wake()
    qtbot.waitUntil(as_wanted)


def test_a_change_that_is_undone_before_a_step_was_made_leaves_no_mark(window: MainWindow, qtbot: QtBot) -> None:
    set_rate(window, 0.2)
    shows(qtbot, window, (STEPS, "Change learning rate, optimiser, learning rate: 0.001 → 0.2"))
    undo(window)
    shows(qtbot, window)
    redo(window)
    shows(qtbot, window, (STEPS, "Change learning rate"))
    undo(window)
    set_rate(window, 0.3)
    shows(qtbot, window, (STEPS, "Change learning rate, optimiser, learning rate: 0.001 → 0.3"))
    assert len(marks(window)) == 1


def test_an_undo_after_steps_were_made_is_a_change_at_its_own_step(window: MainWindow, qtbot: QtBot) -> None:
    set_rate(window, 0.2)
    take_steps(qtbot, window, 3)
    undo(window)
    both = (STEPS, "Change learning rate"), (STEPS + 3, "Undo: Change learning rate")
    shows(qtbot, window, *both)
    redo(window)
    shows(qtbot, window, both[0])
    undo(window)
    take_steps(qtbot, window, 1)
    shows(qtbot, window, *both)
    assert [step for step, _ in marks(window)] == [STEPS, STEPS + 3]


def test_a_lane_that_undo_takes_back_has_no_mark_and_redo_puts_it_where_it_stood(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.chosen.add_twin()
    trained(qtbot, window, "B")
    take_steps(qtbot, window, 2)
    rate = ("optimizer.learning_rate", 0.02)
    window.chosen.operate(window.chosen.experiment.to_builtins(), "Scale weights", ScaleWeights(("1",), 2.0))
    trained(qtbot, window, "B")
    take_steps(qtbot, window, 2)
    added, scaled = (STEPS, "Add lane B"), (STEPS + 2, "Scale weights (B)")
    shows(qtbot, window, added, scaled)
    undo(window)
    shows(qtbot, window, added)
    redo(window)
    shows(qtbot, window, added, scaled)
    undo(window)
    undo(window)
    shows(qtbot, window)
    redo(window)
    trained(qtbot, window, "B")
    assert window.chosen.name == OWN_NAME
    window.chosen.choose("B")
    assert window.chosen.propose(window.chosen.experiment.with_values([rate]).to_builtins(), "Change rate") is None
    take_steps(qtbot, window, 1)
    undo(window)
    there = STEPS + 4
    shows(qtbot, window, added, (there, "Change rate (B)"), (there + 1, "Undo: Change rate (B)"))


def test_what_is_told_of_a_run_goes_with_it_when_its_change_is_undone(window: MainWindow, qtbot: QtBot) -> None:
    assert window.bench.info is not None
    first = window.bench.info.run
    sgd = {**EXPERIMENT.to_builtins(), "optimizer": {"kind": "adagrad"}}
    window.chosen.operate(sgd, "Change optimiser", Transplant())
    qtbot.waitUntil(lambda: "begins with empty state" in window.banner.text)
    second = window.bench.info.run
    assert first != second
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert "begins with empty state" in window.banner.text
    undo(window)
    qtbot.waitUntil(lambda: window.bench.info is not None and window.bench.info.run != second)
    qtbot.waitUntil(lambda: not window.banner.text)
    shows(qtbot, window)


def test_of_what_says_the_same_at_one_step_each_is_taken_back_by_itself() -> None:
    log = ChangeLog()
    log.add(3, "Change rate", edit=1)
    log.add(3, "Change rate", edit=2)
    assert log.take_back(2, 3)
    assert log.entries == (Change(3, "Change rate"),)
    assert log.take_back(1, 3)
    assert log.entries == ()
    assert not log.take_back(1)
    log.add(5, "Another", edit=3)
    assert log.bring_back(1)
    assert log.entries == (Change(3, "Change rate"), Change(5, "Another"))
    assert not log.take_back(3, 4)
