"""Every box that asks: read, reached and answered by keys alone, in any text; Escape loses nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.ui import questions
from tests.ui.controls import controls, lacks, without_visible_focus
from tests.ui.legible_widgets import crowded
from tests.ui.questions import QUESTIONS, answer_with
from tests.ui.test_window_sizes import SIZES, THEMES, opened, settle, text_of
from ui.dialogs import files
from ui.style.restyle import ThemeChoice
from ui.window.main_window import MainWindow

LOSING = {"Discard", "Overwrite", "Save there again", "Leave it", "Replace", "Yes"}
"""What Enter does not do unasked: something would be lost, or read."""


def faults_of_all(window: MainWindow, look: Callable[[QDialog], list[str]]) -> list[str]:
    """Of every question, asked over the window."""
    found: list[str] = []
    for name, ask in QUESTIONS.items():
        seen: list[QDialog] = []

        def at(box: QDialog, name: str = name, seen: list[QDialog] = seen) -> None:
            seen.append(box)
            settle()
            found.extend(f"{name}: {fault}" for fault in look(box))

        answer_with(at)
        ask(window)
        assert seen, name
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_controls_of_every_question_have_names_and_roles_and_a_focus_that_is_seen(
    theme: ThemeChoice, qtbot: QtBot
) -> None:
    def look(box: QDialog) -> list[str]:
        assert len(list(controls(box))) > 0
        return [*lacks(box), *without_visible_focus(box)]

    with opened("residual", theme, qtbot) as window:
        assert faults_of_all(window, look) == []


@pytest.mark.parametrize("times", [1.0, 1.5, 2.0])
def test_every_question_can_be_read_in_any_text(times: float, qtbot: QtBot) -> None:
    def look(box: QDialog) -> list[str]:
        screen = QRect(QPoint(), SIZES[0])
        wide = [] if screen.contains(QRect(QPoint(), box.size())) else [f"is {box.size()}"]
        return [*crowded(box), *wide]

    with opened("residual", THEMES[round(2 * times) % 2], qtbot) as window, text_of(times):
        window.resize(SIZES[0])
        assert faults_of_all(window, look) == []


def test_enter_loses_nothing(qtbot: QtBot) -> None:
    def look(box: QDialog) -> list[str]:
        words = {button.text().replace("&", "") for button in box.findChildren(QPushButton) if button.isDefault()}
        return [f"Enter does {words}"] if isinstance(box, QMessageBox) and (not words or words & LOSING) else []

    with opened("residual", "light", qtbot) as window:
        faults = faults_of_all(window, look)
    assert faults == []


def test_every_question_is_walked() -> None:
    """Whatever asks with a box of its own; the system's own boxes for files are not ours."""
    source = inspect.getsource(questions)
    asking = [name for name in vars(files) if name.startswith("ask_")]
    written = {name: inspect.getsource(getattr(files, name)) for name in asking}
    systems = "QFileDialog", "ask_new(", "ask_file(", "ask_folder("
    own = [name for name, text in written.items() if not any(each in text for each in systems)]
    assert len(own) >= 5
    assert [name for name in own if f"files.{name}(" not in source] == []
