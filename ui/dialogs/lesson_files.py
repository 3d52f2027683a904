"""Where a lesson's worksheet and a pupil's answers go, and what the pupil is called."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QInputDialog, QWidget

from simulator.lessons.ending import ENDING
from ui.dialogs.files import ask_file, ask_new

WORKSHEETS = "Worksheet (*.pdf)"
ANSWERS = "Answers (*.csv)"
LESSONS = f"Lessons and courses (*{ENDING})"
LONGEST_NAME = 80


def ask_worksheet(parent: QWidget, suggestion: Path) -> Path | None:
    """Where the worksheet shall be."""
    return ask_new(parent, "Worksheet", suggestion, WORKSHEETS)


def ask_answers(parent: QWidget, suggestion: Path) -> Path | None:
    """Where the table of answers shall be."""
    return ask_new(parent, "Answers", suggestion, ANSWERS)


def ask_lesson(parent: QWidget, folder: Path, title: str = "Open a lesson") -> Path | None:
    """Which lesson's file, or course's."""
    return ask_file(parent, title, folder, LESSONS)


def ask_lesson_file(parent: QWidget, suggestion: Path) -> Path | None:
    """Where a lesson, or a course, shall be; it has their ending, whatever is typed."""
    return ask_new(parent, "Save", suggestion, LESSONS, ENDING)


def ask_name(parent: QWidget, before: str) -> str | None:
    """What the pupil wants to be called in the table; None where nobody answers."""
    name, agreed = QInputDialog.getText(parent, "Answers", "The name that stands in the table:", text=before)
    return name.strip()[:LONGEST_NAME] if agreed and name.strip() else None
