"""Rows for a list of whole numbers and for a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from simulator.data import Csv, Images
from simulator.schema.parameter import parameter
from ui.forms.rows import FileRow, IntegersRow, row_for


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


def test_a_folder_is_browsed_for_as_a_folder(qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = row_for(parameter(Images, "path"), ("data", "path"))
    assert isinstance(row, FileRow)
    qtbot.addWidget(row)
    heard: list[Any] = []
    row.committed.connect(heard.append)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    row.browse.click()
    assert heard == [str(tmp_path)]
