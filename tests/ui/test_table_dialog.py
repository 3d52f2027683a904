"""The dialog that opens a table: what it proposes, what can be changed, and that no grey button stands unexplained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QComboBox, QProgressBar
from pytestqt.qtbot import QtBot

from ui.dialogs.table import TableDialog

ROWS = [(f"{n * 7 % 13 / 4:.2f}", "fm"[n % 2], n % 3) for n in range(40)]
Open = Callable[..., TableDialog]


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Open]:
    dialogs = []

    def opened(content: str | bytes, name: str = "t.csv") -> TableDialog:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        dialog = TableDialog(path)
        qtbot.addWidget(dialog)
        dialogs.append(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: dialog.pages.currentIndex() == 1 or not dialog.isVisible())
        return dialog

    yield opened
    for dialog in dialogs:
        dialog.reject()


def text(head: str = "height,sex,label\n", separator: str = ",") -> str:
    return (head + "".join(",".join(map(str, row)) + "\n" for row in ROWS)).replace(",", separator)


def cell(dialog: TableDialog, row: int, column: int) -> str:
    return str(dialog.columns.index(row, column).data())


def tick(dialog: TableDialog, row: int, on: bool) -> None:
    state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
    dialog.columns.setData(dialog.columns.index(row, 0), state, Qt.ItemDataRole.CheckStateRole)


def test_a_table_is_proposed_as_it_is_judged(opened: Open) -> None:
    dialog = opened(text())
    assert (dialog.target.currentText(), dialog.task.currentData()) == ("label", "classification")
    assert dialog.use.isEnabled()
    assert dialog.use.isDefault(), "Return takes the data; it does not turn away from them"
    assert "3 inputs" in dialog.sentence.text()
    assert cell(dialog, 1, 1) == "2 values, an input each"
    assert cell(dialog, 2, 1) == "3 values, a class each"
    data = dialog.data()
    assert data["inputs"] == ("height", "sex")
    assert (data["header"], data["delimiter"], data["decimal"], data["encoding"]) == ("yes", ",", ".", "utf-8")


def test_how_far_the_reading_is_stands_beside_the_bar_and_not_on_its_filling(opened: Open) -> None:
    dialog = opened(text())
    assert dialog.how_far.text().startswith("Reading t.csv: ")
    assert dialog.how_far.text().endswith("\N{NARROW NO-BREAK SPACE}%")
    assert not any(bar.isTextVisible() for bar in dialog.findChildren(QProgressBar))


def test_every_column_left_out_has_its_reason_beside_it(opened: Open) -> None:
    lines = ["n,key,same,height,label", *(f"{n},k{n},u,{row[0]},{row[2]}" for n, row in enumerate(ROWS))]
    dialog = opened("\n".join(lines))
    reasons = [cell(dialog, row, 4) for row in range(dialog.columns.rowCount(QModelIndex()))]
    assert reasons[1:] == ["a different text in every row", "the same value in every row", "", "it is the target"]


def test_missing_values_are_counted_for_each_column(opened: Open) -> None:
    dialog = opened(text().replace("0.25", "NA"))
    count = sum(row[0] == "0.25" for row in ROWS)
    assert cell(dialog, 0, 2) == str(count)
    dialog.missing.setCurrentIndex(dialog.missing.findData("refuse"))
    dialog.missing.activated.emit(dialog.missing.currentIndex())
    assert not dialog.use.isEnabled()
    assert "the value is missing" in dialog.sentence.text()
    dialog.missing.setCurrentIndex(dialog.missing.findData("drop"))
    dialog.missing.activated.emit(dialog.missing.currentIndex())
    assert f"{count} rows without an input left out" in dialog.sentence.text()


def test_inputs_are_chosen_by_ticks_and_without_any_it_says_why_it_cannot_go_on(opened: Open) -> None:
    dialog = opened(text())
    tick(dialog, 1, False)
    assert dialog.data()["inputs"] == ("height",)
    assert cell(dialog, 1, 4) == "not chosen"
    tick(dialog, 0, False)
    assert not dialog.use.isEnabled()
    assert dialog.sentence.text() == "At least one input is needed beside label."


def test_another_target_is_judged_anew(opened: Open) -> None:
    dialog = opened(text())
    dialog.target.setCurrentText("height")
    dialog.target.activated.emit(0)
    assert dialog.task.currentData() == "regression"
    assert dialog.data()["inputs"] == ("sex", "label")
    assert "a quantity" in dialog.sentence.text()


def test_several_targets_are_typed_with_commas(opened: Open) -> None:
    rows = [f"{n * 7 % 31}.5,{n * 5 % 13}.25,{n % 9}.5,{'ab'[n % 2]}" for n in range(60)]
    dialog = opened("x,u,v,kind\n" + "\n".join(rows))
    line = dialog.target.lineEdit()
    assert line is not None
    line.setText("u, v")
    line.editingFinished.emit()
    assert dialog.task.currentData() == "regression"
    assert (dialog.data()["target"], dialog.data()["inputs"]) == (("u", "v"), ("x", "kind"))
    assert "2 quantities" in dialog.sentence.text()
    assert [cell(dialog, row, 4) for row in (1, 2)] == ["it is a target"] * 2
    tick(dialog, 3, False)
    assert dialog.data()["target"] == ("u", "v")
    line.setText("u, kind")
    line.editingFinished.emit()
    assert not dialog.use.isEnabled()
    assert "is not a number" in dialog.sentence.text()


def test_where_both_tasks_make_sense_it_asks(opened: Open) -> None:
    dialog = opened("x,label\n" + "".join(f"{n * 7 % 31},{n % 8}\n" for n in range(120)))
    assert "please say which" in dialog.doubt.text()
    dialog.task.setCurrentIndex(dialog.task.findData("regression"))
    dialog.task.activated.emit(dialog.task.currentIndex())
    assert dialog.doubt.text() == ""
    assert dialog.data()["task"] == "regression"


def test_the_way_it_is_read_can_be_changed(qtbot: QtBot, opened: Open) -> None:
    dialog = opened(text())
    dialog.header.setCurrentIndex(dialog.header.findData("no"))
    dialog.header.activated.emit(dialog.header.currentIndex())
    qtbot.waitUntil(lambda: dialog.target.itemText(0) == "column 1")
    assert dialog.data()["header"] == "no"
    dialog.delimiter.setCurrentIndex(dialog.delimiter.findData(";"))
    dialog.delimiter.activated.emit(dialog.delimiter.currentIndex())
    qtbot.waitUntil(lambda: "one column only" in dialog.sentence.text())
    assert not dialog.use.isEnabled()
    dialog.delimiter.setCurrentIndex(dialog.delimiter.findData("auto"))
    dialog.delimiter.activated.emit(dialog.delimiter.currentIndex())
    qtbot.waitUntil(dialog.use.isEnabled)


def test_a_file_that_is_no_table_closes_it_with_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\0\1" * 100)
    dialog = TableDialog(path)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.refused) as told:
        dialog.show()
    assert told.args == ["t.csv: not a text file"]


def test_closing_it_ends_the_reading(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "1.5,x\n" * 300_000)
    dialog = TableDialog(path)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.reject()
    assert not dialog.use.isEnabled()


def test_thousands_of_columns_are_listed_and_a_change_of_target_is_quick(qtbot: QtBot, opened: Open) -> None:
    count = 3000
    rows = [[*(f"{(n * 31 + c) % 97 / 7:.3f}" for c in range(count)), str(n % 2)] for n in range(12)]
    lines = [[*(f"g{c}" for c in range(count)), "y"], *rows]
    dialog = opened("\n".join(",".join(row) for row in lines))
    assert dialog.columns.rowCount(QModelIndex()) == count + 1
    dialog.target.setCurrentIndex(0)
    dialog.target.activated.emit(0)
    assert dialog.use.isEnabled()


def choose(dialog: TableDialog, combo: QComboBox, value: str) -> None:
    at = combo.findData(value)
    combo.setCurrentIndex(at)
    combo.activated.emit(at)


def test_where_nothing_can_be_learnt_each_column_has_its_reason(opened: Open) -> None:
    dialog = opened("a,b\n" + "1,2\n" * 40)
    assert not dialog.use.isEnabled()
    assert [cell(dialog, row, 4) for row in range(2)] == ["the same value in every row"] * 2
    assert "no column can be learnt" in dialog.sentence.text()


def test_read_in_another_way_no_column_of_before_stays(opened: Open, qtbot: QtBot) -> None:
    dialog = opened(text())
    choose(dialog, dialog.delimiter, ";")
    qtbot.waitUntil(lambda: dialog.columns.rowCount() == 1)
    assert not dialog.use.isEnabled()
    assert dialog.sentence.text()
    choose(dialog, dialog.delimiter, ",")
    qtbot.waitUntil(dialog.use.isEnabled)
    assert dialog.columns.rowCount() == 3


def test_read_in_another_way_choices_stay_where_the_columns_do(opened: Open, qtbot: QtBot) -> None:
    dialog = opened(text("height,sex,kind\n"))
    dialog.target.setCurrentText("sex")
    dialog.target.activated.emit(1)
    tick(dialog, 2, False)
    choose(dialog, dialog.encoding, "cp1252")
    qtbot.waitUntil(lambda: dialog.use.isEnabled() and "CP1252" in dialog.facts.text())
    data = dialog.data()
    assert (data["target"], data["inputs"]) == ("sex", ("height",))


def test_the_reason_stands_before_values_that_may_be_long(opened: Open) -> None:
    header = opened(text()).column_list.horizontalHeader()
    assert header.visualIndex(4) < header.visualIndex(3)


def test_a_long_name_does_not_push_reasons_out_of_view(opened: Open) -> None:
    dialog = opened(text(f"{'n' * 5000},sex,label\n"))
    for view in (dialog.column_list, dialog.preview):
        assert view.columnWidth(0) < dialog.width() / 2
