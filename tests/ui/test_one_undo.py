"""One undo: its keys undo the document's last change wherever the focus is, as the menu does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from tests.ui.windows import OpenOn
from ui.forms.number_row import NumberRow
from ui.forms.rows import ChoiceRow
from ui.forms.track import WHEEL_PAUSE_MS
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {"data": {"kind": "moons", "samples": 60}, "layers": [{"kind": "dense", "units": 5}]}
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(PLAIN))


def rate_row(window: MainWindow) -> NumberRow:
    row = window.training.form("optimizer").row(("optimizer", "learning_rate"))
    assert isinstance(row, NumberRow)
    return row


def loss_row(window: MainWindow) -> ChoiceRow:
    row = window.training.form("loss").row(("loss", "kind"))
    assert isinstance(row, ChoiceRow)
    return row


def editable(window: MainWindow) -> QComboBox:
    box = QComboBox(window)
    box.setEditable(True)
    box.show()
    return box


def line(window: MainWindow) -> QLineEdit:
    made = QLineEdit(window)
    made.show()
    return made


FIELDS: dict[str, Callable[[MainWindow], QWidget | None]] = {
    "number": lambda w: rate_row(w).edit,
    "slider": lambda w: rate_row(w).track,
    "combo": lambda w: loss_row(w).combo,
    "editable combo": editable,
    "text": line,
    "steps": lambda w: w.transport.stop.count,
    "limit": lambda w: w.transport.limit,
    "stack": lambda w: w.builder.stack,
    "plot": lambda w: w.plot_area.plot("loss"),
}


@pytest.mark.parametrize("field", FIELDS)
def test_its_keys_undo_and_redo_the_documents_change_in_every_field(
    qtbot: QtBot, window: MainWindow, field: str
) -> None:
    before = window.document.experiment
    assert window.document.propose({**before.to_builtins(), "batch_size": 9}, "Change batch size") is None
    after = window.document.experiment
    widget = FIELDS[field](window)
    assert widget is not None
    window.activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)
    QTest.keyClick(widget, Qt.Key.Key_Z, CTRL)
    assert window.document.experiment is before
    QTest.keyClick(widget, Qt.Key.Key_Z, CTRL | SHIFT)
    assert window.document.experiment is after
    QTest.keyClick(widget, Qt.Key.Key_Z, CTRL)
    assert window.document.experiment is before
    QTest.keyClick(widget, Qt.Key.Key_Y, CTRL)
    assert window.document.experiment is after


def test_the_keys_of_all_commands_are_the_windows_in_every_field(window: MainWindow) -> None:
    keys = {keys.toString(): keys[0] for command in window.actions() for keys in command.shortcuts()}
    assert {"Ctrl+E", "Ctrl+K", "Ctrl+T"} <= keys.keys()
    window.activateWindow()
    taken = []
    for field, make in FIELDS.items():
        widget = make(window)
        assert widget is not None
        widget.setFocus()
        for text, combination in keys.items():
            event = QKeyEvent(QEvent.Type.ShortcutOverride, combination.key(), combination.keyboardModifiers())
            QApplication.sendEvent(widget, event)
            if text.startswith("Ctrl") and event.isAccepted():
                taken.append((field, text))
    assert not taken


def test_the_last_change_is_undone_not_the_typing(qtbot: QtBot, window: MainWindow) -> None:
    edit = rate_row(window).edit
    window.activateWindow()
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    for text in ("0.5", "0.25"):
        edit.selectAll()
        QTest.keyClicks(edit, text)
        QTest.keyClick(edit, Qt.Key.Key_Return)
    QTest.keyClick(edit, Qt.Key.Key_Z, CTRL)
    assert window.document.experiment.optimizer.learning_rate == 0.5
    assert edit.text() == "0.5"
    QTest.keyClick(edit, Qt.Key.Key_Z, CTRL)
    assert window.document.experiment == Experiment.from_builtins(PLAIN)
    assert edit.text() == "0.1"


def test_a_turn_of_the_wheel_is_undone_before_it_has_come_to_rest(qtbot: QtBot, window: MainWindow) -> None:
    track = rate_row(window).track
    assert track is not None
    window.activateWindow()
    track.setFocus()
    qtbot.waitUntil(track.hasFocus)
    at = QPointF(track.rect().center())
    button, key, phase = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    turn = QWheelEvent(at, track.mapToGlobal(at), QPoint(), QPoint(0, 240), button, key, phase, False)
    QApplication.sendEvent(track, turn)
    assert track.dragging
    assert window.document.experiment.optimizer.learning_rate > 0.1
    QTest.keyClick(track, Qt.Key.Key_Z, CTRL)
    assert not track.dragging
    assert window.document.experiment.optimizer.learning_rate == 0.1
    qtbot.wait(WHEEL_PAUSE_MS + 50)
    assert window.document.experiment.optimizer.learning_rate == 0.1
    assert track.number() == 0.1


def test_other_keys_stay_with_the_field(qtbot: QtBot, window: MainWindow) -> None:
    edit = rate_row(window).edit
    window.activateWindow()
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_C, CTRL)
    QTest.keyClicks(edit, "0.5 ")
    assert edit.text().startswith("0.5")
    assert not window.bench.playing


def test_a_dialog_keeps_an_undo_of_its_own(qtbot: QtBot, window: MainWindow) -> None:
    before = window.document.experiment
    assert window.document.propose({**before.to_builtins(), "batch_size": 9}, "Change batch size") is None
    after = window.document.experiment
    qtbot.waitUntil(lambda: not window.bench.building)
    window.exporting.export("loss")
    from ui.dialogs.export import ExportDialog

    dialog = window.findChild(ExportDialog)
    assert isinstance(dialog, ExportDialog)
    dialog.activateWindow()
    dialog.width_box.setFocus()
    qtbot.waitUntil(dialog.width_box.hasFocus)
    QTest.keyClick(dialog.width_box, Qt.Key.Key_Z, CTRL)
    assert window.document.experiment is after
    dialog.reject()
