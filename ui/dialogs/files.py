"""Questions about files: where, and whether work may be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from ui.dialogs import plain

Answer = Literal["save", "discard", "cancel"]
EXPERIMENTS = "Experiments (*.json)"
OPENABLE = "Experiments and tables (*.json *.csv *.tsv);;All files (*)"


def ask_open(parent: QWidget, folder: str) -> Path | None:
    name, _ = QFileDialog.getOpenFileName(parent, "Open", folder, OPENABLE)
    return Path(name) if name else None


def ask_save(parent: QWidget, suggestion: str) -> Path | None:
    """Where to save; ``.json`` is added where no ending is typed."""
    name, _ = QFileDialog.getSaveFileName(parent, "Save as", suggestion, EXPERIMENTS)
    path = Path(name)
    return (path if path.suffix else path.with_suffix(".json")) if name else None


def ask_unsaved(parent: QWidget, name: str) -> Answer:
    """What to do with changes that would be lost."""
    button = QMessageBox.StandardButton
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Unsaved changes")
    box.setText(f"{name} has changes that are not saved.")
    box.setInformativeText("Without saving they are lost.")
    box.setStandardButtons(button.Save | button.Discard | button.Cancel)
    box.setDefaultButton(button.Save)
    plain(box)
    answer = box.exec()
    box.deleteLater()
    return "save" if answer == button.Save else "discard" if answer == button.Discard else "cancel"


def file_stem(name: str) -> str:
    """A file name made from an experiment's name."""
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in name.strip().lower())
    return "-".join(part for part in kept.split("-") if part) or "experiment"
