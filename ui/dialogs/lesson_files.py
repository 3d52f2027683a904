"""Where a lesson's worksheet and a pupil's answers go, and what the pupil is called."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from simulator.lessons.ending import ENDING, is_lesson
from ui.dialogs.files import ask_overwrite

WORKSHEETS = "Worksheet (*.pdf)"
ANSWERS = "Answers (*.csv)"
LESSONS = f"Lessons and courses (*{ENDING})"
LONGEST_NAME = 80


def ask_worksheet(parent: QWidget, suggestion: Path) -> Path | None:
    """Where the worksheet shall be."""
    return _ask(parent, "Worksheet", suggestion, WORKSHEETS)


def ask_answers(parent: QWidget, suggestion: Path) -> Path | None:
    """Where the table of answers shall be."""
    return _ask(parent, "Answers", suggestion, ANSWERS)


def ask_lesson(parent: QWidget, folder: Path, title: str = "Open a lesson") -> Path | None:
    """Which lesson's file, or course's."""
    name, _ = QFileDialog.getOpenFileName(parent, title, str(folder), LESSONS)
    return Path(name) if name else None


def ask_lesson_file(parent: QWidget, suggestion: Path) -> Path | None:
    """Where a lesson, or a course, shall be; it has their ending, whatever is typed."""
    name, _ = QFileDialog.getSaveFileName(parent, "Save", str(suggestion), LESSONS)
    if not name:
        return None
    path = Path(name) if is_lesson(Path(name)) else Path(f"{name}{ENDING}")
    return path if path == Path(name) or not path.exists() or ask_overwrite(parent, path) else None


def _ask(parent: QWidget, title: str, suggestion: Path, kind: str) -> Path | None:
    name, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion), kind)
    if not name:
        return None
    path = Path(name) if Path(name).suffix else Path(f"{name}{suggestion.suffix}")
    return path if path == Path(name) or not path.exists() or ask_overwrite(parent, path) else None


def ask_name(parent: QWidget, before: str) -> str | None:
    """What the pupil wants to be called in the table; None where nobody answers."""
    name, agreed = QInputDialog.getText(parent, "Answers", "The name that stands in the table:", text=before)
    return name.strip()[:LONGEST_NAME] if agreed and name.strip() else None
