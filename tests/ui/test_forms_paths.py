"""Rows for a list of whole numbers and for a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog

from simulator.data import Csv, Data, Images
from simulator.schema.parameter import Parameter, concrete, parameter, parameters
from ui.dialogs.files import ENDINGS
from ui.forms.rows import IntegersRow, row_for
from ui.forms.text_rows import FileRow


@pytest.fixture
def shape(qtbot: Any) -> IntegersRow:
    row = row_for(parameter(Csv, "shape"), ("data", "shape"))
    assert isinstance(row, IntegersRow)
    qtbot.addWidget(row)
    return row


@pytest.mark.parametrize("typed", ["3, 8, 8", "3 × 8 × 8", "3x8x8", " 3 8;8 "])
def test_whole_numbers_are_typed_with_anything_between_them(shape: IntegersRow, typed: str) -> None:
    heard: list[Any] = []
    shape.committed.connect(heard.append)
    shape.line.setText(typed)
    shape.line.editingFinished.emit()
    assert heard == [[3, 8, 8]]
    assert shape.line.text() == "3 × 8 × 8"
    shape.line.editingFinished.emit()
    assert len(heard) == 1


def test_what_is_no_number_is_refused_and_not_taken(shape: IntegersRow) -> None:
    heard: list[Any] = []
    shape.show_value([1, 8, 8])
    shape.committed.connect(heard.append)
    shape.line.setText("1, eight, 8")
    shape.line.editingFinished.emit()
    assert heard == []
    assert shape.value() == [1, 8, 8]
    assert "whole numbers" in shape.warning.text()


def test_a_folder_or_its_archive_is_browsed_for(qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = row_for(parameter(Images, "path"), ("data", "path"))
    assert isinstance(row, FileRow)
    qtbot.addWidget(row)
    heard: list[Any] = []
    row.committed.connect(heard.append)
    archive = str(tmp_path / "images.zip")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *arguments: (archive, arguments[-1]))
    opened: list[QPoint] = []
    monkeypatch.setattr(row.either, "popup", opened.append)
    row.browse.click()
    assert len(opened) == 1
    folder, file = row.either.actions()
    folder.trigger()
    file.trigger()
    assert heard == [str(tmp_path), archive]
    assert (folder.text(), file.text()) == ("Folder…", "File (*.zip)…")


@pytest.mark.parametrize("field", [field for kind in concrete(Data) for field in parameters(kind) if field.knob.file])
def test_files_that_can_be_read_are_offered_before_all(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, field: Parameter
) -> None:
    row = row_for(field)
    assert isinstance(row, FileRow)
    qtbot.addWidget(row)
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *arguments: asked.append(arguments[-1]) or ("", ""))
    (row.either.actions()[-1].trigger if field.knob.folder else row.browse.click)()
    first, everything = asked[0].split(";;")
    assert everything == "All files (*)"
    assert field.knob.endings
    assert all(f"*{ending}" in first for ending in field.knob.endings)
    assert field.knob.folder or f"({ENDINGS})" in first
