"""Rows for a text: typed, chosen among suggestions, or a path that is browsed for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QPushButton, QStackedWidget

from simulator.schema.parameter import Parameter
from ui.forms.row import MIXED, Combo, FormRow, fit_control

AUTOMATIC = "automatic"


class TextRow(FormRow):
    """A line of text; an editable list of suggestions where there are any. Several names stand with commas."""

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self.line = QLineEdit()
        self.combo = Combo()
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(Combo.InsertPolicy.NoInsert)
        self.pages = QStackedWidget()
        fit_control(self.pages)
        for page in (self.line, self.combo):
            self.named(page)
            self.pages.addWidget(page)
        for edit in self._edits():
            edit.editingFinished.connect(self._typed)
        self.combo.activated.connect(self._typed)
        self.body.addWidget(self.pages, 1)
        self._shown: str | None = ""
        self.show_value(parameter.default)

    def _edits(self) -> tuple[QLineEdit, QLineEdit]:
        inner = self.combo.lineEdit()
        assert inner is not None
        return self.line, inner

    def _typed(self) -> None:
        text = self._edits()[self.pages.currentIndex()].text()
        value = None if self.parameter.optional and not text else text
        if value != self._shown and not (self._shown == MIXED and not text):
            self.show_value(value)
            self.commit(value)

    def value(self) -> Any:
        return self._shown

    def show_value(self, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            value = ", ".join(value)
        if value != self._shown:
            self.warning.say("")
        self._shown = value
        for edit in self._edits():
            if edit.text() != (value or ""):
                edit.setText(value or "")
                edit.setCursorPosition(len(edit.text()) if self.parameter.knob.file else 0)
            edit.setPlaceholderText(AUTOMATIC if self.parameter.optional else "")

    def show_mixed(self) -> None:
        self.show_value("")
        self._shown = MIXED
        for edit in self._edits():
            edit.setPlaceholderText(MIXED)

    def set_suggestions(self, names: tuple[str, ...]) -> None:
        had_focus = self.line.hasFocus() or self.combo.hasFocus()
        with QSignalBlocker(self.combo):
            self.combo.clear()
            self.combo.addItems(list(names))
        self.pages.setCurrentIndex(1 if names else 0)
        if had_focus:
            (self.combo if names else self.line).setFocus()
        shown = self._shown
        if shown != MIXED:
            self._edits()[1].setText(shown or "")


class FileRow(TextRow):
    """A path, typed or browsed for."""

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self.browse = QPushButton("…")
        fit_control(self.browse)
        self.browse.setFixedWidth(30)
        self.browse.setStyleSheet("padding: 0;")
        self.browse.setToolTip("Browse…")
        self.named(self.browse, "browse")
        knob = self.parameter.knob
        self.either = QMenu(self)
        """Where it may be a folder or a file."""
        if knob.folder and knob.endings:
            self.either.addAction("Folder…", self._browse_folder)
            self.either.addAction(f"File ({patterns(knob.endings)})…", self._browse_file)
        self.browse.clicked.connect(self._browse)
        self.body.addWidget(self.browse)

    def _browse(self) -> None:
        if self.either.actions():
            self.either.popup(self.browse.mapToGlobal(self.browse.rect().bottomLeft()))
        elif self.parameter.knob.folder:
            self._browse_folder()
        else:
            self._browse_file()

    def _browse_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self.parameter.knob.label, self._shown or ""))

    def _browse_file(self) -> None:
        knob = self.parameter.knob
        readable = f"Files that can be read ({patterns(knob.endings)});;" if knob.endings else ""
        path, _ = QFileDialog.getOpenFileName(self, knob.label, self._shown or "", f"{readable}All files (*)")
        self._take(path)

    def _take(self, path: str) -> None:
        if path and path != self._shown:
            self.show_value(path)
            self.commit(path)


def patterns(endings: Sequence[str]) -> str:
    """``.csv``, ``.tsv`` → ``*.csv *.tsv``, as file dialogs want it."""
    return " ".join(f"*{ending}" for ending in endings)
