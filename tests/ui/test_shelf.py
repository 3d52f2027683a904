"""The shelf: every run that is over is there, with what differs and how it ended, and comes back as ghost or lane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.headless.run import run
from simulator.schema.numbers import number as told
from tests.ui.test_changes import EXPERIMENT, another_run, changed_run, losses, step_of, train
from tests.ui.windows import OpenOn
from ui.bench.chosen_lane import FULL, MOST
from ui.dialogs import files
from ui.dialogs.shelf import ShelfDialog
from ui.settings.settings import Settings
from ui.window.lanes_bar import STROKES
from ui.window.main_window import MainWindow
from ui.window.shelf_access import ShelfAccess


def access(window: MainWindow) -> ShelfAccess:
    found = window.findChild(ShelfAccess)
    assert found is not None
    return found


def opened(window: MainWindow) -> ShelfDialog:
    access(window).open()
    dialog = access(window).dialog
    assert dialog is not None
    return dialog


def texts(dialog: ShelfDialog) -> list[list[str]]:
    items = ((dialog.table.item(row, place) for place in (1, 2, 3)) for row in range(dialog.table.rowCount()))
    return [[item.text() for item in row if item is not None] for row in items]


def edit(qtbot: QtBot, window: MainWindow, path: str, value: Any) -> None:
    plain = window.document.experiment.with_values([(path, value)]).to_builtins()
    another_run(qtbot, window, lambda: window.document.propose(plain, f"Set {path}"), 0)


def test_a_run_that_an_edit_has_ended_is_there_and_one_in_a_file(qtbot: QtBot, open_on: OpenOn, tmp_path: Path) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    assert texts(dialog) == []
    assert not dialog.ghost.isEnabled()
    assert not dialog.lane.isEnabled()
    train(qtbot, window, 7)
    edit(qtbot, window, "layers.0.units", 9)
    (row,) = texts(dialog)
    assert row[0] == "before ‘Set layers.0.units’\nin memory"
    assert row[1] == "units: 9 → 6 (layers 1–2)"
    assert row[2].startswith("7 steps, the last with loss ")
    assert row[2].endswith("; discarded by “Set layers.0.units”")
    other = {**EXPERIMENT.to_builtins(), "seed": 4, "optimizer": {"kind": "sgd", "learning_rate": 1e3}}
    found = run(Experiment.from_builtins(other), steps=5, save=tmp_path / "other.nabla").findings[0]
    Settings().add_recent(tmp_path / "other.nabla")
    dialog.refresh()
    assert texts(dialog)[1][0] == "other\nother.nabla"
    assert "seed: 0 → 4" in texts(dialog)[1][1]
    assert texts(dialog)[1][2].startswith("5 steps, the last with loss ")
    assert texts(dialog)[1][2].endswith(f"; saved; {found.rule} ({found.severity})")


def test_the_present_run_is_kept_as_a_file_and_the_document_stays_where_it_is(
    qtbot: QtBot, open_on: OpenOn, tmp_path: Path
) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 3)
    access(window).keep(tmp_path / "kept.nabla")
    qtbot.waitUntil(lambda: len(dialog.runs) == 1)
    assert dialog.runs[0].name == "kept"
    assert window.document.path is None


def test_a_run_that_is_kept_replaces_no_file_without_a_question(
    open_on: OpenOn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    (tmp_path / "kept.json.nabla").write_text("there")
    asked: list[Path] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "kept.json"), ""))
    monkeypatch.setattr(files, "ask_overwrite", lambda _parent, path: asked.append(path))
    dialog.keep.click()
    assert asked == [tmp_path / "kept.json.nabla"]
    assert window.bench.keeper.wait()
    assert (tmp_path / "kept.json.nabla").read_text() == "there"
    assert len([*tmp_path.iterdir()]) == 1


def test_it_becomes_a_ghost_in_every_plot(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 7)
    edit(qtbot, window, "seed", 3)
    dialog.table.selectRow(0)
    dialog.ghost.click()
    qtbot.waitUntil(lambda: "is a ghost in" in window.banner.text)
    pinned = [plot for plot in window.plot_area.made.values() if plot.pinned]
    assert len(pinned) >= 3
    assert {plot.ghost.step for plot in pinned if plot.ghost is not None} == {7}
    later = next(key for key in ("jacobian", "effective_rank") if key not in window.plot_area.made)
    plot = window.plot_area.plot(later)
    qtbot.waitUntil(lambda: plot.ghost is not None)
    for each in pinned:
        each.unpin()
    plot.unpin()
    another = window.plot_area.plot(next(key for key in ("weights", "saturation") if key not in window.plot_area.made))
    assert not access(window).draws_ghosts
    assert another.ghost is None


def test_a_ghost_of_more_layers_than_there_are_is_said_to_wait_in_plots_over_layers(
    qtbot: QtBot, open_on: OpenOn
) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 3)
    edit(qtbot, window, "layers", [*EXPERIMENT.to_builtins()["layers"], {"kind": "dense", "units": 3}])
    dialog.table.selectRow(0)
    dialog.ghost.click()
    qtbot.waitUntil(lambda: "is a ghost in" in window.banner.text)
    plots = window.plot_area.made.values()
    drawn = sum(plot.ghost is not None for plot in plots)
    waiting = sum(plot.absent_ghost is not None for plot in plots)
    assert waiting
    assert f"in {drawn} plot" in window.banner.text
    assert f"; {waiting} plot" in window.banner.text


def test_without_changes_by_hand_it_is_trained_beside_as_it_was(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 12)
    before = losses(window)
    edit(qtbot, window, "seed", 3)
    train(qtbot, window, 12)
    dialog.table.selectRow(0)
    dialog.lane.click()
    assert window.chosen.names == ["A", "before ‘Set seed’"]
    assert lane_losses(qtbot, window, 12)[:12] == before
    window.document.undo_stack.undo()
    assert window.chosen.names == ["A"]


def test_with_changes_by_hand_it_is_trained_with_them_as_it_was(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    before = changed_run(qtbot, window)
    edit(qtbot, window, "seed", 3)
    train(qtbot, window, 12)
    dialog.table.selectRow(0)
    dialog.lane.click()
    window.bench.play(2)
    qtbot.waitUntil(lambda: step_of(window) == 14)
    whole = run(EXPERIMENT, steps=14, changes=_ledger(window))
    assert [float(each) for each in whole.history.series("loss").last[:12]] == before
    np.testing.assert_array_equal(lane_losses(qtbot, window, 14), whole.history.series("loss").last)


def test_a_run_that_was_changed_on_its_way_is_not_called_identical(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 4)
    began = window.document.experiment.optimizer.learning_rate
    plain = window.document.experiment.with_values([("optimizer.learning_rate", 2 * began)]).to_builtins()
    assert window.document.propose(plain, "Faster") is None
    train(qtbot, window, 3)
    another_run(qtbot, window, window.bench.restart, 0)
    qtbot.waitUntil(lambda: len(dialog.runs) == 1)
    dialog.refresh()
    rates = f"{told(2 * began)} → {told(began)}"
    assert texts(dialog)[0][1] == f"identical now; optimiser, learning rate: {rates} until step 4"
    QApplication.processEvents()
    height = dialog.table.rowHeight(0)
    dialog.table.resizeRowsToContents()
    assert dialog.table.rowHeight(0) == height


def test_a_run_is_pinned_as_it_stands_and_taken_off_again(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 5)
    dialog.pin.click()
    qtbot.waitUntil(lambda: len(dialog.runs) == 1)
    train(qtbot, window, 3)
    (row,) = texts(dialog)
    assert row[0] == f"{window.document.name}, step 5\nin memory"
    assert row[1] == "identical"
    assert "; pinned, and went on" in row[2]
    assert dialog.runs[0].record.steps == 5
    assert window.bench.memory.use.shelved == dialog.runs
    assert window.bench.memory.use.nbytes >= dialog.runs[0].nbytes > 0
    dialog.table.selectRow(0)
    dialog.off.click()
    assert texts(dialog) == []


def test_steps_on_their_way_when_a_run_is_left_stand_in_what_is_kept_of_it(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT, "process")
    dialog, _ = opened(window), window.document.name
    for number, size in enumerate((8, 12, 8, 12), 1):
        qtbot.waitUntil(lambda: window.bench.view is not None)
        window.bench.play()
        qtbot.waitUntil(lambda: step_of(window) > 20)
        window.document.replace(EXPERIMENT.with_values([("batch_size", size)]))
        qtbot.waitUntil(lambda number=number: len(dialog.runs) == number)
    assert all(run.record.steps == run.checkpoint.step > 20 for run in dialog.runs)


def test_it_stays_for_the_session_when_another_experiment_is_opened(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog, name = opened(window), window.document.name
    train(qtbot, window, 4)
    edit(qtbot, window, "seed", 3)
    train(qtbot, window, 7)
    before = losses(window)[:7]
    window.bench.record.finding = "vanishing (severe)"
    other = EXPERIMENT.with_values([("batch_size", 8)])
    window.document.replace(other)
    qtbot.waitUntil(lambda: len(dialog.runs) == 2)
    dialog.refresh()
    ended, aside = texts(dialog)
    assert ended[0] == f"{name}\nin memory"
    assert ended[1] == "seed: 0 → 3; batch size: 8 → 16"
    assert ended[2].startswith("7 steps, the last with loss ")
    assert ended[2].endswith("; ended by another experiment; vanishing (severe)")
    assert aside[0] == f"{name}, before ‘Set seed’\nin memory"
    assert [float(loss) for loss in dialog.runs[0].record.history.series("loss").last[:7]] == before
    dialog.table.selectRow(0)
    dialog.lane.click()
    train(qtbot, window, 7)
    assert lane_losses(qtbot, window, 7)[:7] == before
    window.bench.memory.set_budget(1)
    assert window.bench.memory.use.shelved == ()
    dialog.refresh()
    assert f"7 steps until “{name}”" in dialog.lost.text()


def test_it_stays_where_another_is_opened_before_the_one_that_ends_it_has_begun(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog, name = opened(window), window.document.name
    train(qtbot, window, 4)
    for size in (8, 9):
        window.document.replace(EXPERIMENT.with_values([("batch_size", size)]))
    qtbot.waitUntil(lambda: len(dialog.runs) == 1)
    qtbot.waitUntil(lambda: window.bench.view is not None)
    dialog.refresh()
    (ended,) = texts(dialog)
    assert ended[0] == f"{name}\nin memory"
    assert ended[2].startswith("4 steps, the last with loss ")


def _ledger(window: MainWindow) -> Any:
    from simulator.training.ledger import Ledger

    return Ledger.of(next(access(window).runs()).changes)


def lane_losses(qtbot: QtBot, window: MainWindow, step: int) -> list[float]:
    def there() -> bool:
        view = window.bench.view
        return view is not None and any(lane.frame.step == step for lane in view.lanes.values())

    qtbot.waitUntil(there)
    assert window.bench.view is not None
    (lane,) = window.bench.view.lanes.values()
    return [float(loss) for loss in lane.history.series("loss").last]


def test_what_is_no_longer_kept_for_want_of_memory_is_said(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    dialog = opened(window)
    train(qtbot, window, 7)
    edit(qtbot, window, "seed", 3)
    assert dialog.lost.isHidden()
    window.bench.memory.set_budget(1)
    dialog.refresh()
    assert texts(dialog) == []
    assert "7 steps until “Set seed”" in dialog.lost.text()


def test_a_run_becomes_no_lane_where_as_many_are_shown_as_can_be_told_from_each_other(
    qtbot: QtBot, open_on: OpenOn
) -> None:
    window = open_on(EXPERIMENT)
    train(qtbot, window, 2)
    edit(qtbot, window, "layers.0.units", 9)
    assert len(STROKES) == MOST
    for _ in range(MOST):
        window.lanes_bar.add_twin()
    assert window.chosen.names == ["A", "B", "C", "D"]
    dialog = opened(window)
    dialog.table.selectRow(0)
    dialog.lane.click()
    assert window.chosen.names == ["A", "B", "C", "D"]
    assert window.banner.text.endswith(f"cannot be a lane: {FULL}")
