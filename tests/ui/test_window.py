"""The real window with the real worker: built by hand, played, steered, rearranged, closed."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import preset_groups, presets
from simulator.observations.boundary import BoundaryObservation
from tests.thinned import thinned
from tests.ui.drops import drop
from tests.ui.told import empty_note, workers
from tests.ui.windows import OpenOn, preset_entries
from ui.board.workspaces import BUILT_IN
from ui.dialogs import files
from ui.dialogs.export import ExportDialog
from ui.dialogs.table import TableDialog
from ui.export.pictures import file_name
from ui.forms.number_row import NumberRow
from ui.plots import all_plots
from ui.window.main_window import MainWindow
from ui.window.status import BannerAction

PLAIN: dict[str, Any] = {
    "name": "little moons",
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 5, "repeat": 3, "activation": {"kind": "tanh"}}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.1},
    "batch_size": 16,
}
LEFT = Qt.MouseButton.LeftButton

Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(open_on: OpenOn) -> Open:
    return lambda: open_on(Experiment.from_builtins(PLAIN))


@pytest.fixture
def window(open_window: Open) -> MainWindow:
    return open_window()


def step_of(window: MainWindow) -> int:
    return window.bench.view.frame.step if window.bench.view is not None else -1


def run_of(window: MainWindow) -> int:
    return window.bench.info.run if window.bench.info is not None else -1


def press(qtbot: QtBot, window: MainWindow, name: str) -> None:
    button = window.transport.widgetForAction(getattr(window.transport, name))
    qtbot.mouseClick(button, LEFT)


def take_steps(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    goal = step_of(window) + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: step_of(window) == goal and not window.bench.playing)


def rate_row(window: MainWindow) -> NumberRow:
    row = window.training.form("optimizer").row(("optimizer", "learning_rate"))
    assert isinstance(row, NumberRow)
    return row


def settle(qtbot: QtBot, window: MainWindow, run: int) -> None:
    qtbot.waitUntil(lambda: run_of(window) > run and window.bench.view is not None)


# -- playing -----------------------------------------------------------------------------------------------------


def test_step_0_is_drawn_before_play(qtbot: QtBot, window: MainWindow) -> None:
    assert step_of(window) == 0
    assert window.plot_area.plots["gradient_depth"].state is not None
    qtbot.waitUntil(lambda: bool(window.status.text()))
    assert window.transport.readouts["step"].text == "0"


def test_every_plot_shows_step_0_before_play(qtbot: QtBot, window: MainWindow) -> None:
    for key in ("loss", "gradient_time", "gradient_image"):
        plot = window.plot_area.plots[key]
        assert empty_note(plot).isHidden()
        assert plot.table().columns["last_step"] == [0]
    take_steps(qtbot, window, 3)
    qtbot.waitUntil(lambda: window.plot_area.plots["gradient_time"].table().columns["last_step"] == [0, 1, 2, 3])


def test_play_moves_steps_plots_and_readouts(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "play")
    qtbot.waitUntil(lambda: step_of(window) > 5)
    qtbot.waitUntil(lambda: window.transport.readouts["step"].text not in ("0", "–"))
    plot = window.plot_area.plots["gradient_depth"]
    qtbot.waitUntil(lambda: plot.state is not None and plot.state.step > 0)
    press(qtbot, window, "play")
    assert not window.bench.playing


def test_space_plays_and_pauses_wherever_the_focus_is_but_in_a_text_field(qtbot: QtBot, window: MainWindow) -> None:
    window.builder.stack.setFocus()
    QTest.keyClick(window.builder.stack, Qt.Key.Key_Space)
    assert window.bench.playing
    button = window.transport.widgetForAction(window.transport.step)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert not window.bench.playing
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Space)
    assert field.text() == " "
    assert not window.bench.playing


def test_return_presses_the_focused_button(qtbot: QtBot, window: MainWindow) -> None:
    button = window.transport.widgetForAction(window.transport.step)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: step_of(window) == 1)


def test_one_step_and_n_steps_pause_after_themselves(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "step")
    qtbot.waitUntil(lambda: step_of(window) == 1 and not window.bench.playing)
    count = window.transport.stop.count
    count.setFocus()
    count.selectAll()
    QTest.keyClicks(count, "7")
    QTest.keyClick(count, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: step_of(window) == 8 and not window.bench.playing)


def test_every_step_is_in_the_history(qtbot: QtBot, window: MainWindow) -> None:
    take_steps(qtbot, window, 20)
    assert window.bench.record.history.series("loss").steps.tolist() == list(range(21))


def test_restart_with_the_same_weights_repeats_the_run(qtbot: QtBot, window: MainWindow) -> None:
    take_steps(qtbot, window, 5)
    before = window.bench.record.history.series("loss").last.copy()
    run = run_of(window)
    press(qtbot, window, "same")
    settle(qtbot, window, run)
    assert step_of(window) == 0
    take_steps(qtbot, window, 5)
    np.testing.assert_array_equal(window.bench.record.history.series("loss").last, before)


def test_a_new_seed_starts_other_weights_and_can_be_undone(qtbot: QtBot, window: MainWindow) -> None:
    view, run = window.bench.view, run_of(window)
    assert view is not None
    first = view.frame.scalars["loss"]
    press(qtbot, window, "reseed")
    settle(qtbot, window, run)
    assert window.bench.view is not None
    assert window.bench.view.frame.scalars["loss"] != first
    window.document.undo_stack.undo()
    settle(qtbot, window, run + 1)
    assert window.bench.view.frame.scalars["loss"] == first


def test_a_speed_limit_is_kept_and_lifted(qtbot: QtBot, window: MainWindow) -> None:
    limit = window.transport.limit
    limit.setCurrentIndex(limit.findData(1.0))
    window.bench.play()
    qtbot.waitUntil(lambda: step_of(window) >= 1)
    assert step_of(window) <= 3
    limit.setCurrentIndex(0)
    qtbot.waitUntil(lambda: step_of(window) > 20)
    window.bench.pause()


# -- steering ----------------------------------------------------------------------------------------------------


def test_dragging_the_learning_rate_acts_on_the_very_next_step(qtbot: QtBot, window: MainWindow) -> None:
    take_steps(qtbot, window, 4)
    track = rate_row(window).track
    assert track is not None
    at = QPoint(round(track.x_of(0.1)), track.height() // 2)
    qtbot.mousePress(track, LEFT, pos=at)
    for shift in (8, 16, 24):
        qtbot.mouseMove(track, at + QPoint(shift, 0))
    qtbot.mouseRelease(track, LEFT, pos=at + QPoint(24, 0))
    rate = window.document.experiment.optimizer.learning_rate
    assert rate > 0.1
    assert window.document.undo_stack.count() == 1
    run = run_of(window)
    take_steps(qtbot, window, 2)
    assert run_of(window) == run
    rates = window.bench.record.history.series("learning_rate").last
    assert rates[:4].tolist() == [0.1] * 4
    assert rates[4:].tolist() == pytest.approx([rate] * 3)


def test_undo_brings_back_the_rate_in_form_and_training(qtbot: QtBot, window: MainWindow) -> None:
    edit = rate_row(window).edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "0.75")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert window.document.experiment.optimizer.learning_rate == 0.75
    window.document.undo_stack.undo()
    assert rate_row(window).value() == 0.1
    take_steps(qtbot, window, 1)
    assert window.bench.view is not None
    assert window.bench.view.frame.scalars["learning_rate"] == 0.1


def test_a_net_is_built_by_clicking(qtbot: QtBot, window: MainWindow) -> None:
    run, stack = run_of(window), window.builder.stack
    qtbot.mouseClick(stack.viewport(), LEFT, pos=stack.visualItemRect(stack.item(1)).center())
    add = next(b for b in window.builder.findChildren(QToolButton) if b.text() == "+ Layer")
    qtbot.mouseClick(add, LEFT)
    settle(qtbot, window, run)
    assert window.bench.info is not None
    assert window.bench.info.depth == 5
    assert window.document.dirty
    qtbot.waitUntil(lambda: len(window.plot_area.plots["gradient_depth"].labels) == 5)


# -- the document ------------------------------------------------------------------------------------------------


def test_the_title_shows_the_name_and_unsaved_changes(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.windowTitle() == "little moons — Nablascope"
    window.new_seed()
    assert window.windowTitle() == "• little moons — Nablascope"
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "kept.json")
    assert window.experiments.save()
    assert window.windowTitle() == "kept — Nablascope"
    assert json.loads((tmp_path / "kept.json").read_text())["seed"] == 1
    assert window.settings.recent_files() == [(tmp_path / "kept.json").resolve()]


@pytest.mark.parametrize(("answer", "closed"), [("cancel", False), ("discard", True)])
def test_closing_with_unsaved_changes_asks(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str, closed: bool
) -> None:
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: answer)
    window.new_seed()
    assert window.close() is closed
    assert window.isVisible() is not closed


def test_closing_unchanged_asks_nothing(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: pytest.fail("asked"))
    assert window.close()


def test_closing_while_training_ends_the_worker(qtbot: QtBot, window: MainWindow) -> None:
    window.bench.play()
    qtbot.waitUntil(lambda: step_of(window) > 3)
    assert window.close()
    assert workers() == []


def test_a_bad_file_is_said_and_nothing_is_lost(window: MainWindow, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    before = window.document.experiment
    window.experiments.open_path(bad)
    assert "bad.json" in window.banner.text
    assert window.document.experiment is before


def test_a_dropped_experiment_opens_as_a_run_of_its_own(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "dropped.json"
    path.write_text(json.dumps({**PLAIN, "seed": 9}))
    run = run_of(window)
    drop(window, path)
    settle(qtbot, window, run)
    assert window.document.experiment.seed == 9
    assert window.windowTitle() == "dropped — Nablascope"


def test_a_dropped_table_becomes_the_data(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "heights.csv"
    lines = [f"{i},{i * i},{'ab'[i % 2]}" for i in range(40)]
    path.write_text("\n".join(["x,z,kind", *lines]))
    run = run_of(window)
    drop(window, path)
    dialog = window.findChild(TableDialog)
    assert isinstance(dialog, TableDialog)
    qtbot.waitUntil(dialog.use.isEnabled)
    assert dialog.target.currentText() == "kind"
    assert dialog.task.currentData() == "classification"
    assert dialog.data()["inputs"] == ("x", "z")
    dialog.accept()
    settle(qtbot, window, run)
    assert window.bench.info is not None
    assert window.bench.info.class_names == ("a", "b")
    assert window.document.undo_stack.undoText() == "Use data from heights.csv"


def test_data_that_cannot_be_trained_on_is_said_at_the_data_until_it_is_mended(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("x,y,kind\n" + "1,2,a\n3,4,b\n" * 5 + "1,2,a,9\n")
    run = run_of(window)
    plain = {**PLAIN, "data": {"kind": "csv", "path": str(path), "target": "kind"}}
    assert window.document.propose(plain, "Use a table") is None
    head = window.training.form("data").row(("data", "kind"))
    assert head is not None
    qtbot.waitUntil(lambda: "line 12" in head.warning.text())
    assert "line 12" in window.banner.text
    assert run_of(window) == run
    window.document.undo_stack.undo()
    assert head.warning.text() == window.banner.text == ""
    window.document.undo_stack.redo()
    qtbot.waitUntil(lambda: "line 12" in head.warning.text())
    path.write_text("x,y,kind\n" + "1,2,a\n3,4,b\n" * 5)
    window.document.propose({**plain, "batch_size": 4}, "Batch size")
    qtbot.waitUntil(lambda: head.warning.text() == "")


def test_a_message_outlives_the_start_of_a_run(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("a,b\n1,x\n3,y\n3,y\n4,y,6\n")
    window.experiments.open_path(tmp_path / "ragged.csv")
    qtbot.waitUntil(lambda: "ragged.csv" in window.banner.text)
    run = run_of(window)
    window.bench.restart()
    settle(qtbot, window, run)
    assert "ragged.csv" in window.banner.text


def test_a_window_larger_than_the_screen_is_made_to_fit(qtbot: QtBot, window: MainWindow) -> None:
    window.setMinimumSize(300, 300)
    window.resize(4000, 3000)
    window.move(500, 500)
    window.keep_on_screen()
    assert window.screen().availableGeometry().contains(window.frameGeometry())


def test_a_desktop_of_960_by_600_has_room_for_the_window_with_its_frame(window: MainWindow) -> None:
    least = window.minimumSize().expandedTo(window.minimumSizeHint())
    assert least.width() + 8 <= 960
    assert least.height() + 40 <= 600


def test_a_table_that_cannot_be_read_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    window.experiments.open_path(path)
    qtbot.waitUntil(lambda: "empty.csv" in window.banner.text)
    qtbot.waitUntil(lambda: window.findChild(TableDialog) is None)


# -- plots -------------------------------------------------------------------------------------------------------


def shown(window: MainWindow) -> set[str]:
    return {plot.key for plot in window.plot_area.feed.visible_plots()}


def test_the_default_plots_are_shown_and_no_other(window: MainWindow) -> None:
    assert shown(window) == {plot.key for plot in all_plots() if plot.default}
    assert len(shown(window)) == 6


def test_a_plot_that_is_shown_gets_what_it_shows(qtbot: QtBot, window: MainWindow) -> None:
    plot = window.plot_area.plots["boundary"]
    assert BoundaryObservation() not in window.plot_area.feed.observations()
    window.plot_area.toggle_plot("boundary")
    assert BoundaryObservation() in window.plot_area.feed.observations()
    qtbot.waitUntil(lambda: plot.state is not None)
    plot.set_paused(True)
    assert BoundaryObservation() not in window.plot_area.feed.observations()


def test_a_plot_that_is_shown_gets_an_even_share_of_the_board(window: MainWindow) -> None:
    window.resize(1280, 1000)
    board = window.plot_area.board
    window.plot_area.toggle_plot("boundary")
    heights = {card.place.key: card.height() for card in board.cards}
    assert heights["gradient_depth"] == heights["gradient_time"]  # alike in what they need
    assert heights["loss"] >= heights["gradient_time"]  # two panes
    assert sum(board.packed.boxes[index].height for index in (0, 2, 4, 6)) > 0.9 * board.viewport().height()
    assert heights["boundary"] >= heights["loss"]


def test_maximise_and_escape_keep_the_arrangement(qtbot: QtBot, window: MainWindow) -> None:
    before = shown(window)
    window.plot_area.toggle_plot("weights")
    header = window.plot_area.plots["loss"].header
    assert header is not None
    qtbot.mouseDClick(header, LEFT, pos=QPoint(60, 10))
    assert shown(window) == {"loss"}
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert shown(window) == before | {"weights"}
    assert window.plot_area.board.maximised is None


def test_the_arrangement_is_remembered_and_reset(open_window: Open) -> None:
    first = open_window()
    first.plot_area.toggle_plot("saturation")
    first.plot_area.toggle_plot("loss")
    first.training_dock.hide()
    first.training.section("Batch").set_open(False)
    first.builder.split.setSizes([150, 490])
    wanted, split = first.plot_area.arranged, first.builder.split.sizes()
    first.plot_area.board.maximise("saturation")
    assert first.close()
    second = open_window()
    assert second.plot_area.arranged == wanted
    assert not second.training_dock.isVisible()
    assert second.training.folded() == ("Batch",)
    assert second.builder.split.sizes()[0] == pytest.approx(split[0], abs=10)
    second.reset_arrangement()
    assert set(second.plot_area.arranged) == {plot.key for plot in all_plots() if plot.default}
    assert second.training_dock.isVisible()


def test_a_layer_pointed_at_lights_up_everywhere(window: MainWindow) -> None:
    window.builder.layer_hovered.emit(2)
    assert {plot.drawing.palette.highlighted for plot in window.plot_area.feed.visible_plots()} == {2}
    window.plot_area.plots["loss"].layer_hovered.emit(-1)
    assert {plot.drawing.palette.highlighted for plot in window.plot_area.feed.visible_plots()} == {-1}


# -- export ------------------------------------------------------------------------------------------------------


def export_dialog(window: MainWindow) -> ExportDialog:
    dialog = window.findChild(ExportDialog)
    assert isinstance(dialog, ExportDialog)
    return dialog


def test_one_plot_is_exported_at_the_exact_size(window: MainWindow, tmp_path: Path) -> None:
    window.plot_area.plots["gradient_depth"].export_requested.emit()
    dialog = export_dialog(window)
    assert dialog.which.currentData() == "gradient_depth"
    dialog.width_box.setValue(640)
    dialog.height_box.setValue(400)
    dialog.scale.setValue(1.5)
    assert dialog.pixels.text() == "960 × 600 pixels"
    dialog.export_to(tmp_path / "g.png")
    image = QImage(str(tmp_path / "g.png"))
    assert (image.width(), image.height()) == (960, 600)
    assert "g.png" in window.banner.text


def test_all_plots_are_exported_hidden_ones_too(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    take_steps(qtbot, window, 3)
    window.exporting.export("")
    dialog = export_dialog(window)
    dialog.which.setCurrentIndex(dialog.which.findData("*all"))
    dialog.format.setCurrentIndex(dialog.format.findData("csv"))
    plots = [plot for plot in window.plot_area.plots.values() if not plot.kinds]
    qtbot.waitUntil(lambda: all(plot.state is not None for plot in plots))
    dialog.export_to(tmp_path / "all")
    # A dense network has nothing to show in the plots of other kinds of layers.
    assert {path.name for path in (tmp_path / "all").iterdir()} == {file_name(plot, "csv") for plot in plots}


def test_a_picture_whose_ending_was_not_typed_replaces_none_without_a_question(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "g.png").write_bytes(b"before")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "g"), ""))
    monkeypatch.setattr(files, "ask_overwrite", lambda _parent, path: path != tmp_path / "g.png")
    window.plot_area.plots["gradient_depth"].export_requested.emit()
    dialog = export_dialog(window)
    dialog.buttons.accepted.emit()
    assert (tmp_path / "g.png").read_bytes() == b"before"
    dialog.reject()


@pytest.mark.parametrize(
    ("typed", "written", "start"),
    [("g.svg", "g.svg", b"<?xml"), ("g.PDF", "g.PDF", b"%PDF"), ("g.jpg", "g.jpg.png", b"\x89PNG")],
)
def test_an_exported_plot_is_what_its_name_says(
    typed: str, written: str, start: bytes, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), ""))
    window.plot_area.plots["gradient_depth"].export_requested.emit()
    dialog = export_dialog(window)
    assert dialog.kind == "png"
    dialog.buttons.accepted.emit()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [written]
    assert (tmp_path / written).read_bytes().startswith(start)


def test_an_export_that_fails_is_said_where_it_was_asked(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    take_steps(qtbot, window, 3)
    window.exporting.export("loss")
    dialog = export_dialog(window)
    dialog.export_to(tmp_path / "none" / "x.png")
    assert "none" in dialog.error.text()
    assert dialog.isVisible()
    dialog.reject()


def test_the_picture_of_a_plot_goes_to_the_clipboard(window: MainWindow) -> None:
    window.plot_area.plots["gradient_depth"].setFocus()
    window.exporting.copy_picture()
    assert not QApplication.clipboard().image().isNull()
    assert "clipboard" in window.banner.text
    assert window.banner.passing.isActive()
    window.banner.passing.timeout.emit()
    assert window.banner.text == ""
    assert not window.banner.isVisible()


def test_a_message_that_goes_with_the_focus_leaves_it_to_no_other_button(window: MainWindow) -> None:
    acted: list[bool] = []
    window.banner.say("It went wrong.", action=BannerAction("Once more", "", lambda: acted.append(True)))
    (button,) = [each for each in window.banner.findChildren(QToolButton) if each.text() == "Once more"]
    button.setFocus()
    button.click()
    assert acted == [True]
    assert not window.banner.isVisible()
    assert window.focusWidget() is window


def test_only_what_says_that_something_was_done_goes_by_itself(window: MainWindow) -> None:
    window.plot_area.plots["gradient_depth"].setFocus()
    window.exporting.copy_picture()
    window.banner.say("Not opened: no such file")
    assert not window.banner.passing.isActive()
    assert window.banner.text == "Not opened: no such file"


# -- the whole ---------------------------------------------------------------------------------------------------


def test_everything_fits_at_1280_by_800(window: MainWindow) -> None:
    window.resize(1280, 800)
    QApplication.processEvents()
    assert window.width() == 1280
    assert window.transport.sizeHint().width() <= 1280
    for plot in window.plot_area.feed.visible_plots():
        assert plot.width() >= 300
        assert plot.height() >= 150


def test_the_theme_is_chosen_and_remembered(window: MainWindow) -> None:
    from ui.style.theme import current_theme

    view = next(a.menu() for a in window.menuBar().actions() if a.text() == "&View")
    next(a for a in view.actions() if a.text() == "Dark").trigger()
    assert current_theme().dark
    assert window.settings.text("window/theme") == "dark"
    next(a for a in view.actions() if a.text() == "Light").trigger()
    assert not current_theme().dark


def test_presets_open_from_the_menu(qtbot: QtBot, window: MainWindow) -> None:
    run = run_of(window)
    entry = preset_entries(window)[0]
    entry.trigger()
    settle(qtbot, window, run)
    assert entry.text() in window.windowTitle()
    assert entry.toolTip() != entry.text()


def test_both_preset_menus_have_the_groups_of_the_start_page(window: MainWindow) -> None:
    file = next(a.menu() for a in window.menuBar().actions() if a.text() == "&File")
    in_file = next(a.menu() for a in file.actions() if a.text() == "&Presets")
    for menu in (window.transport.preset_menu, in_file):
        shown = [(group.text(), [entry.text() for entry in group.menu().actions()]) for group in menu.actions()]
        assert shown == [(group.title, [preset.title for preset in group.presets]) for group in preset_groups()]


def test_shortcuts_and_about_can_be_read(window: MainWindow) -> None:
    from PySide6.QtWidgets import QDialog, QLabel

    for text in ("&Keyboard shortcuts", "&About Nablascope"):
        next(action for action in window.actions() if action.text() == text).trigger()
    words = [label.text() for d in window.findChildren(QDialog) for label in d.findChildren(QLabel)]
    assert "Space" in words
    assert any("oscilloscope" in text for text in words)
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_dialogs_fit_into_the_smallest_window(qtbot: QtBot, window: MainWindow) -> None:
    from PySide6.QtWidgets import QDialog

    window.resize(window.minimumSize())
    texts = ("&Keyboard shortcuts", "&About Nablascope", "&Preferences…", "&Find…", "&Export plots…")
    for text in texts:
        next(action for action in window.actions() if action.text() == text).trigger()
        (dialog,) = [each for each in window.findChildren(QDialog) if each.isVisible()]
        assert dialog.height() <= window.height(), text
        assert dialog.width() <= window.width(), text
        dialog.close()
        qtbot.waitUntil(lambda: not any(each.isVisible() for each in window.findChildren(QDialog)))


def test_a_worker_that_died_is_a_sentence_with_one_full_stop_and_a_way_on(open_window: Open) -> None:
    window = open_window()
    window.bench.failed.emit("The training process was ended by SIGKILL.", "", True)
    assert window.banner.text.startswith(
        "The worker has ended: The training process was ended by SIGKILL. The experiment is kept."
    )


def test_while_playing_plots_take_turns_and_each_gets_the_latest_view(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.bench.close()  # Nothing else shall arrive.
    area, view = window.plot_area, window.bench.view
    assert view is not None
    later = dataclasses.replace(view)
    shown: list[tuple[str, object]] = []
    order = [plot.key for plot in area.feed.visible_plots()]

    def take(key: str, given: object) -> None:
        shown.append((key, given))
        if given is view:
            area.feed.refresh(later, spread=True)  # comes while the first one is being brought to the one before

    for plot in area.feed.visible_plots():
        monkeypatch.setattr(plot, "refresh", lambda given, key=plot.key: take(key, given))
    area.feed.refresh(view, spread=True)
    assert area.feed.refreshing
    assert not shown
    qtbot.waitUntil(lambda: not area.feed.refreshing)
    # The first one had the old view and comes again, last: nobody is passed over for it.
    assert [key for key, _ in shown] == [order[0], *order[1:], order[0]]
    assert all(given is later for _, given in shown[1:])


def test_while_playing_the_legend_takes_the_toolbars_numbers_in_the_same_turn(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.bench.close()  # Nothing else shall arrive.
    area, view = window.plot_area, window.bench.view
    assert view is not None
    shown: list[str] = []
    for plot in area.feed.visible_plots():
        monkeypatch.setattr(plot, "refresh", lambda _view, key=plot.key: shown.append(key))
    area.feed.refresh(dataclasses.replace(view, read=view.frame), spread=True)
    assert not shown
    area.feed.refresh(dataclasses.replace(view, read=msgspec.structs.replace(view.frame)), spread=True)
    assert shown == ["loss"]
    area.feed.refresh(view)


def test_a_view_of_a_still_run_is_shown_by_all_plots_at_once(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.bench.close()  # Nothing else shall arrive.
    area, view = window.plot_area, window.bench.view
    assert view is not None
    shown: list[str] = []
    for plot in area.feed.visible_plots():
        monkeypatch.setattr(plot, "refresh", lambda _view, key=plot.key: shown.append(key))
    area.feed.refresh(view, spread=True)
    area.feed.refresh(view)
    assert shown == [plot.key for plot in area.feed.visible_plots()]
    assert not area.feed.refreshing


@pytest.mark.parametrize("packed", [False, True])
def test_a_dropped_folder_of_images_becomes_the_data(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, packed: bool
) -> None:
    for label in ("a", "b"):
        (tmp_path / "set" / label).mkdir(parents=True)
        for n in range(4):
            image = QImage(6, 6, QImage.Format.Format_Grayscale8)
            image.fill(40 * n + 20 * (label == "a"))
            image.save(str(tmp_path / "set" / label / f"{n}.png"))
    path = tmp_path / "set"
    if packed:
        path = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", path))
    run = run_of(window)
    drop(window, path)
    settle(qtbot, window, run)
    assert window.bench.info is not None
    assert window.bench.info.class_names == ("a", "b")
    assert "8 of 8 images are not 28 × 28 pixels" in window.training.notes.text()


@pytest.mark.parametrize("may", [True, False])
def test_an_experiment_that_names_a_file_outside_its_folder_asks_before_it_reads_it(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may: bool
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("x,z,kind\n" + "1,2,a\n3,4,b\n" * 10)
    path = tmp_path / "inner" / "e.json"
    path.parent.mkdir()
    path.write_text(json.dumps({**PLAIN, "data": {"kind": "csv", "path": str(table)}}))
    asked = []

    def ask(_parent: object, *about: Path) -> bool:
        asked.append(about)
        return may

    monkeypatch.setattr(files, "ask_reach", ask)
    before = window.document.experiment
    window.experiments.open_path(path)
    assert asked == [(path, table)]
    assert (window.document.experiment == before) != may
    if may:
        assert window.document.experiment.data.inputs == ("x", "z")


# -- workspaces --------------------------------------------------------------------------------------------------


def test_every_preset_names_a_workspace_that_the_program_brings() -> None:
    assert {preset.workspace for preset in presets()} <= {workspace.id for workspace in BUILT_IN}


@pytest.mark.parametrize(
    "preset_and_point",
    thinned([
        ("spiral", "boundary"), ("edge-of-chaos", "order_chaos"), ("adding-lstm", "through_time"),
        ("convolution", "feature_maps"), ("dying-relu", "saturation"), ("vanishing-sigmoid", "gradient_depth"),
        ("hand-net", "computation_graph"),
    ], name="-".join),
)  # fmt: skip
def test_a_preset_opens_the_workspace_that_makes_its_point(
    window: MainWindow, preset_and_point: tuple[str, str]
) -> None:
    preset, point = preset_and_point
    window.experiments.open_preset(next(each for each in presets() if each.id == preset))
    assert point in window.plot_area.arranged


def test_panels_are_remembered_at_once(qtbot: QtBot, open_window: Open) -> None:
    first = open_window()
    first.training_dock.hide()
    qtbot.waitUntil(lambda: not first.settings.blob("window/panels").isEmpty())
    qtbot.wait(400)
    assert not open_window().training_dock.isVisible()


def test_a_reset_puts_panels_and_all_workspaces_back_and_keeps_a_persons_own(open_window: Open) -> None:
    first = open_window()
    first.plot_area.toggle_plot("loss")
    first.plot_area.show_workspace("why")
    first.plot_area.toggle_plot("loss")
    first.plot_area.workspaces.save_as("Mine")
    first.plot_area.bar.enlarge()
    first.training_dock.hide()
    first.close()
    second = open_window()
    second.reset_everything()
    area = second.plot_area
    assert area.workspaces.all[: len(BUILT_IN)] == BUILT_IN
    assert [each.title for each in area.workspaces.all[len(BUILT_IN) :]] == ["Mine"]
    assert area.arranged == BUILT_IN[0].arrangement.keys
    assert area.board.size_factor == 1.0
    assert second.training_dock.isVisible()


def test_arrangements_of_versions_with_docks_are_dropped(open_window: Open) -> None:
    from ui.settings.settings import Settings

    Settings().set("window/shown", "loss gates")
    Settings().set("window/panels", QByteArray(b"of another version"))
    window = open_window()
    assert window.plot_area.arranged == BUILT_IN[0].arrangement.keys
    assert window.training_dock.isVisible()
    assert window.settings.text("window/shown") == ""


def test_no_two_commands_of_the_window_share_their_keys(window: MainWindow) -> None:
    actions = [*window.actions(), *window.plot_area.actions()]
    keys = [keys.toString() for action in dict.fromkeys(actions) for keys in action.shortcuts() if keys.toString()]
    assert len(keys) > 30
    assert sorted(set(keys)) == sorted(keys)


def test_keys_reach_the_board_wherever_the_focus_is(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    window.builder.stack.setFocus()
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.plot_area.workspaces.current == "why"
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.plot_area.board.arrangement.places[0].columns == 2
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.plot_area.board.maximised == window.plot_area.board.current.key
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.plot_area.board.maximised is None
