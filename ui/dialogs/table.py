"""Opening a table as data: what its columns are taken for, which is learnt and from which, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QStackedWidget,
    QWidget,
)

from simulator.data import DataError
from simulator.data.table import Csv, taken
from simulator.data.tables.design import design_size
from simulator.data.tables.judgement import Judgement, TaskWish, judge, targets_of
from simulator.data.tables.reading import TableReading
from simulator.running.progress_text import how_far
from simulator.system.progress import Progress
from ui.dialogs import answers
from ui.dialogs.table_models import FIRST_VALUES, HEADS, ColumnsModel, HeadModel
from ui.dialogs.table_reader import Surveyed, TableReader
from ui.dialogs.table_widgets import fit_columns, sentence_label, table_view, wide_choice
from ui.dialogs.two_forms import TwoForms
from ui.forms.typed import STARTS_OVER
from ui.style.boxes import STRETCH, in_column, in_dialog, in_row
from ui.style.numbers import count
from ui.style.screen import within_screen
from ui.style.widgets import progress_bar

TASKS = (("a class (classification)", "classification"), ("a quantity (regression)", "regression"))
MISSING = (
    ("filled: the median, or a category of its own", "fill"),
    ("rows that lack one are left out", "drop"),
    ("refused", "refuse"),
)
HEADERS = (("automatic", "auto"), ("names the columns", "yes"), ("is a row like the others", "no"))
DELIMITERS = (
    ("automatic", "auto"), ("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("vertical bar", "|"), ("blanks", " "),
    ("aligned columns", "  "),
)  # fmt: skip
DECIMALS = (("automatic", "auto"), ("point", "."), ("comma", ","))
ENCODINGS = (
    ("automatic", "auto"), ("UTF-8", "utf-8"), ("UTF-16", "utf-16"), ("Western (cp1252)", "cp1252"),
    ("Central European (cp1250)", "cp1250"), ("Cyrillic (cp1251)", "cp1251"), ("Greek (cp1253)", "cp1253"),
    ("Turkish (cp1254)", "cp1254"), ("Japanese (Shift-JIS)", "shift_jis"), ("Chinese (GB 18030)", "gb18030"),
)  # fmt: skip


class TableDialog(QDialog):
    """Asks what the columns of a table mean; all is answered at first as the file suggests."""

    refused = Signal(str)
    """Why the file cannot be read; the dialog has closed."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.setWindowTitle(f"Data from {path.name}")
        self._reader = TableReader(str(path), self)
        self._surveyed: Surveyed | None = None
        self._judgement: Judgement | None = None
        self._inputs: tuple[str, ...] | None = None
        """Chosen by hand; None: as judged."""
        self._targets: tuple[str, ...] = ()
        """Chosen by hand; empty: as judged."""
        self._make_choices()
        self._make_lists()
        self._make_foot()
        self._lay_out()
        self._reader.progressed.connect(self._show_progress)
        self._reader.read.connect(self._take)
        self._reader.failed.connect(self._fail)
        self.finished.connect(lambda _result: self._reader.end())
        self.destroyed.connect(self._reader.end)
        self.resize(within_screen(self, 860, 640))
        self._read()

    # -- widgets -------------------------------------------------------------------------------------------------

    def _make_choices(self) -> None:
        self.target = wide_choice("Target column", ())
        self.target.setEditable(True)
        self.target.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.target.setToolTip("A regression can have several targets, with commas between them.")
        self.task = wide_choice("What the target is", TASKS)
        self.missing = wide_choice("Missing values", MISSING)
        self.header = wide_choice("First row", HEADERS)
        self.delimiter = wide_choice("Separator", DELIMITERS)
        self.decimal = wide_choice("Decimal mark", DECIMALS)
        self.encoding = wide_choice("Encoding", ENCODINGS)
        self.sheet = wide_choice("Sheet", ())
        self.doubt = sentence_label("warning")
        self.target.activated.connect(lambda _at: self._target_chosen())
        typed = self.target.lineEdit()
        assert typed is not None
        typed.editingFinished.connect(self._target_typed)
        self.task.activated.connect(lambda _at: self._judge(self.task.currentData()))
        self.missing.activated.connect(lambda _at: self._say())
        for combo in (self.header, self.delimiter, self.decimal, self.encoding, self.sheet):
            combo.activated.connect(lambda _at: self._read_anew())

    def _make_lists(self) -> None:
        self.columns, self.head = ColumnsModel(), HeadModel()
        self.columns.ticked.connect(self._ticked)
        self.column_list = table_view("Columns of the file", self.columns)
        self.column_list.horizontalHeader().moveSection(FIRST_VALUES, len(HEADS) - 1)
        self.preview = table_view("First rows of the file", self.head)

    def _make_foot(self) -> None:
        self.facts, self.sentence = sentence_label("muted"), sentence_label("")
        self.how_far, self.progress = QLabel(self), progress_bar("Reading the table", 100, self)
        self.buttons = answers(self, QDialogButtonBox.StandardButton.Ok, "Use as data")
        self.use = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.use.setDefault(True)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.use.setToolTip(STARTS_OVER)

    def _lay_out(self) -> None:
        left, right = QFormLayout(), QFormLayout()
        for form, rows in (
            (left, (
                ("Learn", self.target), ("It is", self.task), ("", self.doubt), ("Missing inputs are", self.missing),
            )),
            (right, (
                ("First row", self.header), ("Separator", self.delimiter), ("Decimal mark", self.decimal),
                ("Encoding", self.encoding), ("Sheet", self.sheet),
            )),
        ):  # fmt: skip
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            for label, widget in rows:
                form.addRow(label, widget)
        self._choices_form, self._reading_form = left, right
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self._waiting_page())
        self.pages.addWidget(self._table_page(TwoForms(left, right)))
        foot = in_row((self.sentence, 1), self.buttons)
        in_dialog(self, (self.pages, 1), foot)

    def _waiting_page(self) -> QWidget:
        waiting = QWidget()
        in_column(STRETCH, self.how_far, self.progress, STRETCH, on=waiting)
        return waiting

    def _table_page(self, choices: QWidget) -> QWidget:
        body = QWidget()
        ticks, rows = QLabel("Columns: a tick makes one an input"), QLabel("First rows of the file")
        in_column(
            self.facts, choices, ticks, (self.column_list, 3), rows, (self.preview, 2), on=body, spacing=8,
            margins=(0, 0, 0, 0),
        )  # fmt: skip
        return body

    # -- reading -------------------------------------------------------------------------------------------------

    def _wish(self) -> TableReading:
        return TableReading(
            self.header.currentData(), self.delimiter.currentData(), self.decimal.currentData(),
            self.encoding.currentData(), self.sheet.currentText(),
        )  # fmt: skip

    def _read(self) -> None:
        self.pages.setCurrentIndex(0)
        self._show_progress(Progress("", 0.0, 1.0))
        self.use.setEnabled(False)
        self.sentence.setText("The file is being read.")
        self._reader.start(self._wish())

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setValue(round(100 * progress.share))
        self.how_far.setText(f"Reading {self.path.name}: {how_far(progress)}")

    def _read_anew(self) -> None:
        """Read in another way: what has been chosen stays where there are such columns still."""
        self._judgement = None
        self._read()

    def _fail(self, reason: str) -> None:
        if self._surveyed is None:
            self.reject()
            self.refused.emit(reason)
            return
        # It could be read another way: that stays at hand.
        self.pages.setCurrentIndex(1)
        self._judgement = None
        self._refuse(reason)

    def _take(self, surveyed: Surveyed) -> None:
        self._surveyed = surveyed
        table = surveyed.table
        self.target.clear()
        self.target.addItems(list(table.names))
        self.head.show(table)
        self._fill_sheets()
        self.facts.setText(self._facts())
        self.pages.setCurrentIndex(1)
        if not {*self._targets, *(self._inputs or ())} <= set(table.names):
            self._targets, self._inputs = (), None
        self._judge("auto", self._targets)
        for view in (self.column_list, self.preview):
            fit_columns(view)

    def _fill_sheets(self) -> None:
        assert self._surveyed is not None
        table = self._surveyed.table
        is_sheet = bool(table.sheets)
        if self.sheet.count() == 0 and is_sheet:
            self.sheet.addItems(list(table.sheets))
        self.sheet.setCurrentText(table.taken.sheet)
        self._reading_form.setRowVisible(self.sheet, is_sheet)
        for combo in (self.delimiter, self.decimal, self.encoding):
            self._reading_form.setRowVisible(combo, not is_sheet)

    def _facts(self) -> str:
        """``40 rows, 3 columns · separated by commas · UTF-8``"""
        assert self._surveyed is not None
        table, how = self._surveyed.table, self._surveyed.table.taken
        words = [f"{count(table.rows, 'row')}, {count(len(table.columns), 'column')}"]
        if not table.sheets:
            names = {value: name for name, value in DELIMITERS}
            words.append(
                f"separated by {names.get(how.delimiter, how.delimiter)}" if how.delimiter else "one cell a line"
            )
            words.append(f"decimal {'comma' if how.decimal == ',' else 'point'}")
            words.append(how.encoding.upper())
        words.append("the first row names the columns" if how.header == "yes" else "no names of columns")
        if table.below:
            words.append(f"{count(table.below, 'line')} below the table left out")
        return "  ·  ".join(words)

    # -- judging -------------------------------------------------------------------------------------------------

    def _target_typed(self) -> None:
        if self._judgement is not None and self.target.currentText() != ", ".join(self._judgement.targets):
            self._target_chosen()

    def _target_chosen(self) -> None:
        assert self._surveyed is not None
        self._inputs, self._targets = None, targets_of(self.target.currentText(), self._surveyed.table.names)
        self._judge("auto", self._targets)

    def _ticked(self, name: str, on: bool) -> None:
        assert self._surveyed is not None
        names = self._surveyed.table.names
        before = self._judgement.inputs if self._judgement is not None else self._inputs or ()
        targets = (
            self._judgement.targets if self._judgement is not None else targets_of(self.target.currentText(), names)
        )
        chosen = {*before, name} if on else {*before} - {name}
        inputs = tuple(each for each in names if each in chosen)
        if not inputs:
            self._refuse(f"At least one input is needed beside {', '.join(targets)}.")
            return
        self._inputs = inputs
        self._judge(self.task.currentData(), targets)

    def _judge(self, task: TaskWish, target: str | Sequence[str] = "") -> None:
        """Judge with these choices, the rest as the file suggests."""
        if self._surveyed is None:
            return
        target = target or (self._judgement.targets if self._judgement is not None else "")
        try:
            judgement = judge(self._surveyed.table, target, task, self._inputs, self._surveyed.columns)
        except DataError as error:
            if self._judgement is None:
                self._show_refused()
            self._refuse(str(error))
            return
        self._judgement = judgement
        self.target.setCurrentText(", ".join(judgement.targets))
        self.task.setCurrentIndex(self.task.findData(judgement.task))
        doubtful = bool(judgement.doubt) and task == "auto"
        self.doubt.setText(f"{judgement.doubt}: please say which" if doubtful else "")
        self._choices_form.setRowVisible(self.doubt, doubtful)
        self.columns.show(judgement)
        self._say()

    def _show_refused(self) -> None:
        """The columns, each with its reason, where nothing can be learnt from them as they are."""
        assert self._surveyed is not None
        self._choices_form.setRowVisible(self.doubt, False)
        self.columns.show(Judgement(self._surveyed.table, self._surveyed.columns, "", "regression", self._inputs or ()))

    def _refuse(self, reason: str) -> None:
        self.use.setEnabled(False)
        self.sentence.setText(reason)

    def _say(self) -> None:
        """What the network would be given, or why it cannot be."""
        judgement = self._judgement
        if judgement is None:
            return
        try:
            size = design_size(judgement, self.missing.currentData())
        except DataError as error:
            self._refuse(str(error))
            return
        parts = [count(size.rows, "row"), count(size.inputs, "input")]
        several = count(len(judgement.targets), "quantity", "quantities") if judgement.further else "a quantity"
        parts.append(count(size.classes, "class", "classes") if size.classes else several)
        if size.without_target:
            parts.append(f"{count(size.without_target, 'row')} without a target left out")
        if size.dropped:
            parts.append(f"{count(size.dropped, 'row')} without an input left out")
        if judgement.left_out:
            parts.append(f"{count(len(judgement.left_out), 'column')} left out")
        self.sentence.setText("  ·  ".join(parts))
        self.use.setEnabled(True)

    def data(self) -> dict[str, Any]:
        """The builtins of the ``csv`` part, with all that was taken."""
        assert self._judgement is not None
        assert self._surveyed is not None
        part = taken(Csv(path=str(self.path), missing=self.missing.currentData()), self._judgement)
        names = ("path", "target", "task", "inputs", "missing", "header", "delimiter", "decimal", "encoding", "sheet")
        return {"kind": "csv", **{name: getattr(part, name) for name in names}, "hash": self._surveyed.hash}
