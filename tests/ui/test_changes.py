"""The list of changes by hand in the window: it tells what was changed, is edited, kept, and made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.running.headless.run import run
from simulator.training.ledger import Ledger
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Transplant
from tests.ui.windows import OpenOn
from ui.dialogs.changes import SAME, SEED, ChangesDialog
from ui.dialogs.changes_table import SETTING, STEP, VALUE, WORDS
from ui.window.changes_access import ChangesAccess
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60, "noise": 0.2},
    "layers": [{"kind": "dense", "units": 6, "repeat": 2}],
    "optimizer": {"kind": "adam", "learning_rate": 0.01},
    "batch_size": 16,
}
EXPERIMENT = Experiment.from_builtins(PLAIN)
LANES = Experiment.from_builtins({**PLAIN, "lanes": [{"name": "wide", "set": {"layers.0.units": 9}}]})


def train(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    qtbot.waitUntil(lambda: window.bench.view is not None)
    wanted = step_of(window) + steps
    window.bench.play(steps)
    stands_at(qtbot, window, wanted)


def step_of(window: MainWindow) -> int:
    return -1 if window.bench.view is None else window.bench.view.frame.step


def stands_at(qtbot: QtBot, window: MainWindow, step: int) -> None:
    qtbot.waitUntil(lambda: step_of(window) == step and not window.bench.playing)


def another_run(qtbot: QtBot, window: MainWindow, begin: Callable[[], object], step: int = 12) -> None:
    """Begin another run, and wait for it to come to a step."""
    assert window.bench.info is not None
    before = window.bench.info.run
    begin()
    qtbot.waitUntil(lambda: window.bench.info is not None and window.bench.info.run != before)
    stands_at(qtbot, window, step)


def set_rate(qtbot: QtBot, window: MainWindow, rate: float) -> None:
    document = window.document
    known = len(window.bench.record.live_changes.entries)
    plain = document.experiment.with_values([("optimizer.learning_rate", rate)]).to_builtins()
    assert document.propose(plain, "Change learning rate") is None
    qtbot.waitUntil(lambda: len(window.bench.record.live_changes.entries) > known)


def changed_run(qtbot: QtBot, window: MainWindow) -> list[float]:
    """Rates set at steps 5 and 8, trained to 12; the losses."""
    train(qtbot, window, 5)
    set_rate(qtbot, window, 0.05)
    train(qtbot, window, 3)
    set_rate(qtbot, window, 0.002)
    train(qtbot, window, 4)
    return losses(window)


def losses(window: MainWindow) -> list[float]:
    return [float(loss) for loss in window.bench.record.history.series("loss").last[:12]]


def opened(window: MainWindow) -> ChangesDialog:
    access = window.findChild(ChangesAccess)
    assert access is not None
    access.open()
    assert access.dialog is not None
    return access.dialog


def texts(dialog: ChangesDialog) -> list[list[str]]:
    table = dialog.table
    cells = ((table.item(row, place) for place in (STEP, SETTING, VALUE, WORDS)) for row in range(table.rowCount()))
    return [[item.text() for item in row if item is not None] for row in cells]


RUN = [
    ["5", "optimizer.learning_rate", "0.05", "optimiser, learning rate: 0.01 → 0.05"],
    ["8", "optimizer.learning_rate", "0.002", "optimiser, learning rate: 0.05 → 0.002"],
]


def test_each_change_is_a_line_and_replayed_the_run_is_the_same(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    before = changed_run(qtbot, window)
    dialog = opened(window)
    assert texts(dialog) == RUN
    assert dialog.summary.text().startswith("2 changes by hand in this run")
    another_run(qtbot, window, dialog.make_again)
    assert losses(window) == before
    assert window.bench.record.live_changes.entries[-1].step == 8
    # What is described is what is trained, and undo brings the run of before back.
    assert window.document.experiment.optimizer.learning_rate == 0.002
    assert [change.step for change in window.bench.record.changes.entries if change.step] == [5, 8]
    assert window.document.undo_stack.undoText() == "Replay changes"
    another_run(qtbot, window, window.document.undo_stack.undo)
    assert losses(window) == before
    qtbot.waitUntil(lambda: texts(dialog) == RUN)


def test_edited_it_acts_as_it_was_edited_and_its_edits_can_be_taken_back(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    changed_run(qtbot, window)
    dialog = opened(window)
    dialog.table.item(0, STEP).setText("3")
    dialog.table.item(0, VALUE).setText("0.03")
    dialog.table.selectRow(1)
    dialog.remove_changes()
    dialog.add_change()
    assert [row[:3] for row in texts(dialog)] == [
        ["3", "optimizer.learning_rate", "0.03"], ["12", "optimizer.learning_rate", "0.002"],
    ]  # fmt: skip
    assert dialog.summary.text() == "An edited list of 2 changes. The run has 2 changes."
    another_run(qtbot, window, dialog.make_again)
    rates = window.bench.record.history.series("learning_rate").last
    assert list(rates[:12]) == [0.01] * 3 + [0.03] * 9
    for _ in range(4):
        dialog.undo()
    assert texts(dialog) == RUN


def test_on_another_seed(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(LANES)
    changed_run(qtbot, window)
    dialog = opened(window)
    assert [dialog.on.itemText(place) for place in range(dialog.on.count())] == [SAME, SEED, "wide"]
    dialog.on.setCurrentText(SEED)
    another_run(qtbot, window, dialog.make_again)
    assert window.document.experiment.lanes == LANES.lanes
    assert window.document.experiment.seed == 1
    result = run(EXPERIMENT.with_values([("seed", 1)]), steps=12, changes=dialog.ledger)
    assert losses(window) == [float(loss) for loss in result.history.series("loss").last[:12]]
    another_run(qtbot, window, window.document.undo_stack.undo)


def test_in_another_lane_whose_own_list_is_shown_and_edited_too(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(LANES)
    before = changed_run(qtbot, window)
    info, wide = window.bench.info, EXPERIMENT.with_values([("layers.0.units", 9)])
    dialog = opened(window)
    dialog.table.selectRow(1)
    dialog.remove_changes()
    dialog.on.setCurrentText("wide")
    dialog.make_again()

    def lane() -> list[float]:
        return [float(loss) for loss in window.bench.lanes.record("wide").history.series("loss").last[:12]]

    def made(ledger: Ledger) -> list[float]:
        return [float(loss) for loss in run(wide, steps=12, changes=ledger).history.series("loss").last[:12]]

    once = made(dialog.ledger)
    qtbot.waitUntil(lambda: lane() == once)
    assert losses(window) == before
    assert window.bench.info is info, "the run itself goes on"
    dialog.of.setCurrentText("wide")
    assert [row[:3] for row in texts(dialog)] == [RUN[0][:3]]
    assert [dialog.on.itemText(place) for place in range(dialog.on.count())] == [SAME, SEED, "A"]
    dialog.table.item(0, VALUE).setText("0.03")
    edited = made(dialog.ledger)
    dialog.make_again()
    qtbot.waitUntil(lambda: lane() == edited)
    assert window.document.undo_stack.undoText() == "Replay changes (wide)"
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: lane() == once)


@pytest.mark.parametrize("what", ["make_again", "make_schedule"])
def test_networks_that_came_on_the_way_stay_beside_a_run_that_is_made_again(
    what: str, qtbot: QtBot, open_on: OpenOn
) -> None:
    window = open_on(EXPERIMENT)
    before = changed_run(qtbot, window)
    window.chosen.add_twin(EXPERIMENT.with_values([("layers.0.units", 9)]), "wide")
    window.chosen.choose("A")
    another_run(qtbot, window, getattr(opened(window), what))
    assert losses(window) == before
    assert window.chosen.names == ["A", "wide"]
    assert window.document.experiment.lanes == window.bench.record.experiment_at(12).lanes
    qtbot.waitUntil(lambda: "wide" in window.bench.view.lanes)


def set_beside(qtbot: QtBot, window: MainWindow) -> list[float]:
    """What was changed in a network beside the run alone at step 4, and the run at step 8; its losses."""
    train(qtbot, window, 4)
    window.chosen.choose("wide")
    changed = window.chosen.experiment.with_values([("optimizer.learning_rate", 0.05)])
    assert window.chosen.propose(changed.to_builtins(), "Rate") is None
    window.chosen.choose(OWN_NAME)
    train(qtbot, window, 4)
    set_rate(qtbot, window, 0.002)
    train(qtbot, window, 4)
    return losses_of(qtbot, window, "wide")


def losses_of(qtbot: QtBot, window: MainWindow, name: str) -> list[float]:
    qtbot.waitUntil(lambda: window.bench.lanes.record(name).steps >= 12)
    return [float(loss) for loss in window.bench.lanes.record(name).history.series("loss").last[:12]]


def test_what_was_changed_in_another_network_alone_is_made_again_beside_the_same_run(
    qtbot: QtBot, open_on: OpenOn
) -> None:
    window = open_on(LANES)
    beside, before = set_beside(qtbot, window), losses(window)
    another_run(qtbot, window, opened(window).make_again)
    assert losses(window) == before
    assert losses_of(qtbot, window, "wide") == beside
    assert not window.banner.text.startswith("What was changed")
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: step_of(window) == 12)
    assert losses_of(qtbot, window, "wide") == beside


def test_where_what_was_changed_in_another_network_alone_is_not_made_again_it_is_said(
    qtbot: QtBot, open_on: OpenOn
) -> None:
    window = open_on(LANES)
    set_beside(qtbot, window)
    dialog = opened(window)
    dialog.table.selectRow(0)
    dialog.remove_changes()
    dialog.add_change()
    begun = window.bench.info.run if window.bench.info is not None else 0
    dialog.make_again()
    assert window.banner.text.startswith("What was changed in wide alone or in the run before it came, is not in")
    qtbot.waitUntil(lambda: window.bench.info is not None and window.bench.info.run != begun)


@pytest.mark.parametrize("what", ["make_again", "make_schedule"])
def test_a_network_that_has_only_followed_the_run_follows_the_one_that_is_made_again(
    what: str, qtbot: QtBot, open_on: OpenOn
) -> None:
    window = open_on(LANES)
    before = changed_run(qtbot, window)
    beside = losses_of(qtbot, window, "wide")
    another_run(qtbot, window, getattr(opened(window), what))
    assert (losses(window), losses_of(qtbot, window, "wide")) == (before, beside)
    (lane,) = window.document.experiment.lanes or ()
    assert not lane.origin
    assert not window.banner.text.startswith("What was changed")


def test_rates_that_were_set_by_hand_become_a_schedule_of_the_same_numbers(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    before = changed_run(qtbot, window)
    dialog = opened(window)
    assert dialog.schedule.isEnabled()
    another_run(qtbot, window, dialog.make_schedule)
    assert losses(window) == before
    experiment = window.document.experiment
    assert experiment.schedule.kind == "piecewise"
    assert (experiment.schedule.rate(0.01, 7), experiment.schedule.rate(0.01, 8)) == (0.05, 0.002)
    assert window.bench.record.live_changes.entries == ()
    dialog.keep_up()
    assert texts(dialog) == []
    assert not dialog.schedule.isEnabled()
    assert not dialog.replay.isEnabled()


def test_a_list_goes_into_a_file_and_comes_from_one(qtbot: QtBot, open_on: OpenOn, tmp_path: Path) -> None:
    window = open_on(EXPERIMENT)
    before = changed_run(qtbot, window)
    dialog = opened(window)
    dialog.export_to(tmp_path / "changes.json")
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.ActivationChange))  # As when the file's dialog is closed.
    assert dialog.summary.text() == "2 changes written to changes.json."
    result = run(EXPERIMENT, steps=12, changes=tmp_path / "changes.json")
    assert [float(loss) for loss in result.history.series("loss").last[:12]] == before
    dialog.table.selectAll()
    dialog.remove_changes()
    assert texts(dialog) == []
    dialog.import_from(tmp_path / "changes.json")
    assert texts(dialog) == RUN
    (tmp_path / "spoilt.json").write_text("[]")
    dialog.import_from(tmp_path / "spoilt.json")
    assert dialog.refusal.text() == "Not imported: spoilt.json: expected an object with a list of changes"
    dialog.export_to(tmp_path / "nosuch" / "changes.json")
    assert "cannot be written" in dialog.refusal.text()


def test_what_cannot_act_is_told_and_not_replayed(qtbot: QtBot) -> None:
    after = EXPERIMENT.with_values([("optimizer.learning_rate", 0.5)])
    live = LiveChanges(EXPERIMENT, 1, (LiveChange(3, after), LiveChange(4, layer="2", units=(0, 2))))
    dialog = ChangesDialog(lambda _name: live, lambda: after, lambda: 7, Path())
    qtbot.addWidget(dialog)
    assert texts(dialog)[1][1:3] == ["units of layer 2", "1, 3 drawn anew"]
    dialog.table.item(0, STEP).setText("soon")
    assert dialog.refusal.text() == "A step is a whole number from 0 on, not “soon”."
    assert texts(dialog)[0][0] == "3"
    dialog.table.item(0, SETTING).setText("layers.0.units")
    dialog.table.item(0, VALUE).setText("3")
    assert "cannot change in a network that is trained" in dialog.refusal.text()
    assert not dialog.replay.isEnabled()
    assert texts(dialog)[0][1:3] == ["layers.0.units", "3"]
    dialog.undo()
    dialog.undo()
    assert dialog.ledger == Ledger.of(live)
    assert dialog.replay.isEnabled()


def test_a_run_whose_beginning_is_not_known_says_so(qtbot: QtBot) -> None:
    dialog = ChangesDialog(lambda _name: LiveChanges(), lambda: EXPERIMENT, lambda: 7, Path())
    qtbot.addWidget(dialog)
    assert "is not known" in dialog.summary.text()
    assert not dialog.replay.isEnabled()
    fresh = ChangesDialog(lambda _name: LiveChanges(EXPERIMENT, 1), lambda: EXPERIMENT, lambda: 7, Path())
    qtbot.addWidget(fresh)
    assert fresh.summary.text().startswith("Nothing was changed by hand")


def test_a_hand_that_changes_something_ends_what_was_to_come(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    changed_run(qtbot, window)
    dialog = opened(window)
    coming = dialog.ledger.on(EXPERIMENT)
    access = window.findChild(ChangesAccess)
    assert access is not None
    another_run(qtbot, window, lambda: access.replay(coming, "Replay changes", 6), 6)
    assert window.document.experiment.optimizer.learning_rate == 0.05
    set_rate(qtbot, window, 0.7)
    qtbot.waitUntil(lambda: not window.bench.planned.coming)
    train(qtbot, window, 6)
    assert window.document.experiment.optimizer.learning_rate == 0.7
    assert [change.step for change in window.bench.record.live_changes.entries] == [5, 6]


def test_while_a_list_is_made_again_it_is_said_what_is_still_to_come(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    changed_run(qtbot, window)
    coming = opened(window).ledger.on(EXPERIMENT)
    access = window.findChild(ChangesAccess)
    assert access is not None
    another_run(qtbot, window, lambda: access.replay(coming, "Replay changes", 3), 3)
    dialog = opened(window)
    nothing = "Nothing has been changed by hand in this run yet. 2 changes are to come, the next at step 5."
    assert dialog.summary.text() == nothing
    train(qtbot, window, 3)
    one = "1 change by hand in this run. Each acts in its step. 1 change is to come, at step 8."
    qtbot.waitUntil(lambda: dialog.summary.text() == one)
    train(qtbot, window, 3)
    qtbot.waitUntil(lambda: dialog.summary.text() == "2 changes by hand in this run. Each acts in its step.")


def test_a_layer_that_was_put_in_by_hand_is_put_in_again(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    train(qtbot, window, 5)
    deeper = Experiment.from_builtins({**PLAIN, "layers": [*PLAIN["layers"], {"kind": "dense", "units": 4}]})
    operation = Transplant()
    another_run(
        qtbot, window, lambda: window.document.propose(deeper.to_builtins(), "Add layer", surgery=operation), step=5
    )
    train(qtbot, window, 3)
    set_rate(qtbot, window, 0.05)
    train(qtbot, window, 4)
    before, end = window.bench.record.history.series("loss").last[:-1], window.bench.record.live_changes
    dialog = opened(window)
    assert [row[:3] for row in texts(dialog)] == [
        ["5", "stack", "keep 0, dense"], ["8", "optimizer.learning_rate", "0.05"]
    ]  # fmt: skip
    another_run(qtbot, window, dialog.make_again)
    assert list(window.bench.record.history.series("loss").last[:-1]) == list(before)
    assert window.bench.record.live_changes == end
    assert window.bench.info is not None
    assert window.bench.info.depth == 4
    assert window.document.experiment.layers == deeper.layers
    assert [change.step for change in window.bench.record.changes.entries if change.step] == [5, 8]
    window.document.undo_stack.undo()
    stands_at(qtbot, window, 12)
    assert list(window.bench.record.history.series("loss").last[:-1]) == list(before)
