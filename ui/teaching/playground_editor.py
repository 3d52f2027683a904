"""Suggestions for after the run: what each says, and what its button sets on the bench."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QWidget

from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.experiment.settings import split
from simulator.lessons.controls import Control, controls
from simulator.schema.settings import in_order, keys_of
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.tables import write_cell
from ui.style.text_size import scaled, with_text
from ui.style.widgets import muted, push_button
from ui.teaching.answer_editors import number_of
from ui.teaching.fields import Choice, LineField
from ui.teaching.model import LessonInMaking

SUGGESTED = (
    "What to try after, when nothing is locked any more. A suggestion that sets something has a button “Try it”, "
    "which sets it on the bench."
)
ROWS = 3


class PlaygroundEditor(QWidget):
    """A line for each suggestion; below, a control to be set by the chosen one's button."""

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__()
        self.making = making
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("What to try after")
        self.table.setHorizontalHeaderLabels(["Suggestion", "Its button sets"])
        self.table.verticalHeader().hide()
        self.table.setTabKeyNavigation(False)
        self.table.itemChanged.connect(self._read)
        self.table.currentCellChanged.connect(lambda *_: self._show_chosen())
        self.control = Choice("Control that the button sets", lambda _path: self._show_value())
        self.value = LineField("Value that the button gives it", lambda _text: None, "value")
        self.value.returnPressed.connect(self._set)
        self.status = QLabel(wordWrap=True)
        self.status.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        with_text(self.table, _fit)
        self.add = push_button("A&dd a suggestion", "One more below.", self._add)
        self.remove = push_button("&Remove it", "Take the chosen suggestion out.", self._remove)
        tip = "Let the button of the chosen suggestion give the control this value."
        self.set = push_button("S&et", tip, self._set)
        self.clear = push_button("Set no&thing", "Let the chosen suggestion have no button.", self._clear)
        label = QLabel("Its &button sets")
        label.setBuddy(self.control)
        lines = in_row(self.add, self.remove, STRETCH)
        button = in_row(label, (self.control, 2), QLabel("to"), (self.value, 1), self.set, self.clear)
        in_column(muted(SUGGESTED), self.table, lines, button, self.status, on=self, margins=(0, 0, 0, 0))

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_draft(self) -> None:
        """What the lesson suggests, and what its experiment lets be set."""
        self.control.offer((label, path) for path, label in settable(self._experiment()))
        self._write()
        self._show_value()

    def _write(self) -> None:
        suggestions = self._suggestions()
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(suggestions))
            for row, each in enumerate(suggestions):
                for column, text in enumerate((each["text"], settings_text(each.get("set") or {}))):
                    write_cell(self.table, row, column, text, tip=text)
            if suggestions and self.table.currentRow() < 0:
                self.table.setCurrentCell(0, 0)
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = 0 <= self.table.currentRow() < len(self._suggestions())
        self.remove.setEnabled(chosen)
        of_experiment = chosen and self.control.count() > 0
        for each in (self.control, self.value, self.set):
            each.setEnabled(of_experiment)
        self.clear.setEnabled(chosen and bool(self._suggestions()[self.table.currentRow()].get("set")))

    def _show_value(self) -> None:
        """The control's value in the lesson, to be changed."""
        experiment, path = self._experiment(), self.control.currentData()
        self.value.show_text(
            "" if experiment is None or path is None else shown(value_at(experiment.to_builtins(), str(path)))
        )

    # -- changing --------------------------------------------------------------------------------------------------

    def _experiment(self) -> Experiment | None:
        try:
            subject = self.making.draft.subject
        except ExperimentError:
            return None
        return subject if isinstance(subject, Experiment) else None

    def _suggestions(self) -> list[dict[str, Any]]:
        return [*self.making.draft.plain.get("playground", [])]

    def _keep(self, suggestions: list[dict[str, Any]], reason: str = "") -> None:
        self.making.set("playground", suggestions)
        self._write()
        self.status.setText(reason)
        self.status.setVisible(bool(reason))

    def _read(self, item: QTableWidgetItem) -> None:
        suggestions, row = self._suggestions(), item.row()
        if item.column() == 0:
            suggestions[row] = {**suggestions[row], "text": item.text().strip()}
            self._keep(suggestions)
            return
        try:
            self._give(row, read_settings(item.text()))
        except ExperimentError as error:
            self._keep(suggestions, in_words(error))

    def _give(self, row: int, settings: dict[str, Any]) -> None:
        """Let the suggestion's button set these, where the lesson's experiment takes them."""
        suggestions, experiment = self._suggestions(), self._experiment()
        if settings and experiment is None:
            self._keep(suggestions, "On a landscape no button can set anything: say in words what to try.")
            return
        if experiment is not None:
            try:
                experiment.with_values(settings.items())
            except ExperimentError as error:
                self._keep(suggestions, in_words(error))
                return
        text = suggestions[row]["text"]
        suggestions[row] = {"text": text, "set": settings} if settings else {"text": text}
        self._keep(suggestions)

    def _set(self) -> None:
        row, suggestions = self.table.currentRow(), self._suggestions()
        if 0 <= row < len(suggestions) and self.value.text().strip():
            settings = {**(suggestions[row].get("set") or {})}
            settings[str(self.control.currentData())] = read_value(self.value.text())
            self._give(row, dict(in_order(settings.items())))

    def _clear(self) -> None:
        self._give(self.table.currentRow(), {})

    def _add(self) -> None:
        suggestions = [*self._suggestions(), {"text": ""}]
        self._keep(suggestions)
        self.table.setCurrentCell(len(suggestions) - 1, 0)
        self.table.setFocus()
        self.table.edit(self.table.currentIndex())

    def _remove(self) -> None:
        suggestions = self._suggestions()
        del suggestions[self.table.currentRow()]
        self._keep(suggestions)


def settable(experiment: Experiment | None) -> Iterator[tuple[str, str]]:
    """Path and label of every field that a button can set: ``batch_size``, ``Batch size``."""
    if experiment is not None:
        plain = experiment.to_builtins()
        for control in controls(experiment):
            yield from _fields(control, "", plain)


def _fields(control: Control, before: str, plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    label = f"{before} › {control.label}" if before else control.label
    value = value_at(plain, control.path)
    if isinstance(value, Mapping):
        if "kind" in value:
            yield f"{control.path}.kind", f"{label} › Kind"
    elif not control.inside and control.lockable and control.path != "lanes":
        yield control.path, label
    for each in control.inside:
        yield from _fields(each, label, plain)


def value_at(plain: Any, path: str) -> Any:
    """What the experiment's file has there; None where it has nothing."""
    for key in keys_of(path):
        if isinstance(plain, list | tuple):
            plain = plain[key] if isinstance(key, int) and key < len(plain) else None
        else:
            plain = plain.get(key) if isinstance(plain, Mapping) else None
    return plain


def shown(value: object) -> str:
    """As :func:`read_value` reads it; nothing where there is no value."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_value(text: str) -> Any:
    """JSON where it reads as JSON, a number as the program writes it, else the text itself."""
    text = text.strip()
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        number = number_of(text)
        return text if number is None or not math.isfinite(number) else number


def _no_number(constant: str) -> float:
    raise ValueError(constant)


def settings_text(settings: Mapping[str, Any]) -> str:
    """``optimizer.learning_rate = 0.25, batch_size = 64``"""
    return ", ".join(f"{path} = {json.dumps(value, ensure_ascii=False)}" for path, value in settings.items())


def read_settings(text: str) -> dict[str, Any]:
    """What :func:`settings_text` writes; ExperimentError where a part has no equals sign."""
    settings: dict[str, Any] = {}
    for part in split(text) if text.strip() else []:
        path, equals, value = part.partition("=")
        if not equals or not value.strip():
            raise ExperimentError(f"expected a control = a value, not {part.strip()[:80]!r}")
        settings[path.strip()] = read_value(value)
    return dict(in_order(settings.items()))


def _fit(table: QTableWidget) -> None:
    height = table.fontMetrics().lineSpacing() + scaled(8)
    table.verticalHeader().setDefaultSectionSize(height)
    table.setFixedHeight((height + 1) * (ROWS + 1) + scaled(4))
