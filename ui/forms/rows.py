"""Rows for what is not a number: flag, choice, and lists of numbers and names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
)

from simulator.schema.parameter import Parameter, Part, grouped, kind_of, summary_of, title_of
from ui.forms.number_row import NumberRow
from ui.forms.row import MIXED, Combo, FormRow, fit_control
from ui.forms.text_rows import AUTOMATIC, FileRow, TextRow
from ui.style.text_size import scaled, with_text

ChoiceOption = tuple[Any, str, str]
"""Value, title and tooltip."""
HEADING = object()
"""Stands for the value of a heading: no field has it."""
LINE = 22


class FlagRow(FormRow):
    """A check box."""

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self.box = QCheckBox()
        self.named(self.box)
        self.box.clicked.connect(lambda: self.commit(self.value()))
        self.body.addWidget(self.box)
        self.body.addStretch(1)
        self.show_value(bool(parameter.default))

    def value(self) -> Any:
        state = self.box.checkState()
        return None if state == Qt.CheckState.PartiallyChecked else state == Qt.CheckState.Checked

    def show_value(self, value: Any) -> None:
        self.box.setTristate(False)
        self.box.setChecked(bool(value))

    def show_mixed(self) -> None:
        self.box.setTristate(True)
        self.box.setCheckState(Qt.CheckState.PartiallyChecked)


class ChoiceRow(FormRow):
    """One of a few names; ``options`` are (value, title, tooltip), or a heading's text alone for those behind it."""

    def __init__(
        self, parameter: Parameter, path: Sequence[str | int] = (), options: Sequence[ChoiceOption | str] | None = None
    ) -> None:
        super().__init__(parameter, path)
        self.combo = Combo()
        fit_control(self.combo)
        self.named(self.combo)
        self._values: list[Any] = []
        self._tips: list[str] = []
        for option in self._with_automatic(options):
            if isinstance(option, str):
                self._add_heading(option)
            else:
                self._add(*option)
        self.combo.setPlaceholderText(MIXED)
        self.combo.activated.connect(self._chosen)
        self.body.addWidget(self.combo, 1)
        self._shown: Any = None
        self.show_value(self.offered[0])

    def _with_automatic(self, options: Sequence[ChoiceOption | str] | None) -> list[ChoiceOption | str]:
        offered = list(options or [(c, c.replace("_", " "), "") for c in self.parameter.choices])
        return [(None, AUTOMATIC, "Chosen to fit the rest.")] * self.parameter.optional + offered

    def _add(self, value: Any, title: str, tip: str) -> None:
        self.combo.addItem(title)
        self.combo.setItemData(self.combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._values.append(value)
        self._tips.append(tip)

    def _add_heading(self, text: str) -> None:
        """A line that cannot be chosen."""
        self._add(HEADING, text, "")
        model = self.combo.model()
        assert isinstance(model, QStandardItemModel)
        model.item(self.combo.count() - 1).setEnabled(False)

    @property
    def offered(self) -> list[Any]:
        """The values that can be chosen, in the order in which they stand."""
        return [value for value in self._values if value is not HEADING]

    def _chosen(self, index: int) -> None:
        value = self._values[index]
        if value != self._shown or self.combo.currentIndex() < 0:
            self._shown = value
            self._describe(index)
            self.commit(value)

    def _describe(self, index: int) -> None:
        tip = self._tips[index] if 0 <= index < len(self._tips) else ""
        self.combo.setToolTip("\n".join(t for t in (tip, self.toolTip()) if t))

    def value(self) -> Any:
        return self._shown

    def show_value(self, value: Any) -> None:
        if value != self._shown:
            self.warning.say("")
        index = self._values.index(value) if value in self._values else -1
        self._shown = value
        self.combo.setCurrentIndex(index)
        self._describe(index)

    def show_mixed(self) -> None:
        self._shown = None if None not in self._values else MIXED
        self.combo.setCurrentIndex(-1)
        self._describe(-1)


def kind_row(parameter: Parameter, kinds: Sequence[type[Part]], path: Sequence[str | int]) -> ChoiceRow:
    """A choice between kinds of a part: titles, with each kind's own sentence as tooltip, groups with headings."""
    options: list[ChoiceOption | str] = []
    for group, parts in grouped(kinds).items():
        options += [group] * bool(group)
        options += [(kind_of(part), title_of(part), summary_of(part)) for part in parts]
    return ChoiceRow(parameter, path, options)


class ListRow(FormRow):
    """Several values, typed in one line."""

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self.line = self.typed_line(self._typed)

    def show_mixed(self) -> None:
        self.show_value(())
        self.line.setPlaceholderText(MIXED)

    def _typed(self) -> None:
        """The line has been edited."""
        raise NotImplementedError


class IntegersRow(ListRow):
    """A few whole numbers, typed with commas, blanks or × between them: those that have a unit are no sizes."""

    refusal = "whole numbers with commas between them"

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self.show_value(parameter.default)

    def value(self) -> Any:
        return list(self._shown)

    def show_value(self, value: Any) -> None:
        self._shown: tuple[float, ...] = tuple(value or ())
        self.warning.say("")
        self.line.setText((", " if self.parameter.knob.unit else " × ").join(map(self.written, self._shown)))
        self.line.setCursorPosition(0)
        self.line.setPlaceholderText("none")

    def _typed(self) -> None:
        try:
            numbers = tuple(self.read(word) for word in re.split(r"[\s,;×x]+", self.line.text().strip()) if word)
        except ValueError:
            self.refuse(self.refusal)
            return
        if numbers != self._shown:
            self.show_value(numbers)
            self.commit(list(numbers))

    @staticmethod
    def written(value: float) -> str:
        """As it is typed."""
        return str(value)

    @staticmethod
    def read(word: str) -> float:
        """The number; ValueError where it is none."""
        return int(word)


class NumbersRow(IntegersRow):
    """A few numbers, typed with commas or blanks between them."""

    refusal = "numbers with commas between them"

    @staticmethod
    def written(value: float) -> str:
        return repr(float(value))

    @staticmethod
    def read(word: str) -> float:
        value = float(word)
        if not math.isfinite(value):
            raise ValueError(word)
        return value


class TextsRow(ListRow):
    """Any of a list of names, as check boxes; typed with commas where no names are known."""

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__(parameter, path)
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.named(self.list, "list")
        self.list.itemChanged.connect(self._ticked)
        self.list.hide()
        outer = self.layout()
        assert isinstance(outer, QVBoxLayout)
        outer.insertWidget(1, self.list)
        with_text(self, TextsRow._fit_list)
        self._shown: tuple[str, ...] = ()
        self._null = False
        self.show_value(parameter.default or ())

    def value(self) -> Any:
        return None if self._null else list(self._shown)

    def show_value(self, value: Any) -> None:
        self._null = value is None
        self._shown = tuple(value or ())
        self.line.setText(", ".join(self._shown))
        self.line.setCursorPosition(0)
        self.line.setPlaceholderText("all")
        self._tick()

    def set_suggestions(self, names: tuple[str, ...]) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for name in names:
                item = QListWidgetItem(name, self.list)
                item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
                item.setCheckState(Qt.CheckState.Unchecked)
        self.list.setVisible(bool(names))
        self._fit_list()
        self._tick()

    def _fit_list(self) -> None:
        """Five names at once at most, in text of the present size."""
        with QSignalBlocker(self.list):
            for item in self._items():
                item.setSizeHint(QSize(0, scaled(LINE)))
        self.list.setFixedHeight(min(max(self.list.count(), 1), 5) * scaled(LINE) + 4)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(index) for index in range(self.list.count())]

    def _tick(self) -> None:
        with QSignalBlocker(self.list):
            for item in self._items():
                on = item.text() in self._shown
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _ticked(self) -> None:
        names = [item.text() for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        self._take(names)

    def _typed(self) -> None:
        self._take([name.strip() for name in self.line.text().split(",") if name.strip()])

    def _take(self, names: list[str]) -> None:
        if tuple(names) != self._shown:
            value = None if self.parameter.optional and not names else names
            self.show_value(value)
            self.commit(value)


ROWS: Mapping[str, type[FormRow]] = {
    "number": NumberRow, "integer": NumberRow, "flag": FlagRow, "choice": ChoiceRow, "texts": TextsRow,
    "integers": IntegersRow, "numbers": NumbersRow,
}  # fmt: skip
"""Type of a field → its row; others are texts."""


def row_for(parameter: Parameter, path: Sequence[str | int] = ()) -> FormRow:
    """The row that fits the field's type."""
    of_text = FileRow if parameter.knob.file or parameter.knob.folder else TextRow
    return ROWS.get(parameter.type, of_text)(parameter, path)
