"""The right-hand panel: data, loss, batch, optimiser, schedule, penalties and run, each a form of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QCheckBox, QScrollArea, QWidget

from simulator.data import Csv
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.schema.parameter import parameter, parameters, replaced
from simulator.schema.plain import FieldPath, Plain
from simulator.system.text import capitalized
from simulator.training.surgery import Transplant
from ui.forms.acting_rate import acting_rate, unused_rate
from ui.forms.curve import ScheduleCurve
from ui.forms.form import PartForm
from ui.forms.locked import show_lock, why_locked
from ui.forms.propose import OperateOnRun, Propose, description_of, key_of
from ui.forms.row import NoteLabel
from ui.forms.section import Section
from ui.style.boxes import STRETCH, in_column
from ui.style.help import set_page
from ui.style.numbers import setting
from ui.style.text_size import scaled, with_text
from ui.style.widgets import scroll_down

_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Data", ("data",)),
    ("Loss", ("loss",)),
    ("Batch", ("batch_size",)),
    ("Optimiser", ("optimizer",)),
    ("Schedule", ("schedule",)),
    ("Regularisation", ("regularization",)),
)
DELIMITER_NAMES = ("auto", ",", ";", "tab", "|", "blank", "aligned")
ENCODING_NAMES = ("auto", "utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "shift_jis", "gb18030")
_ELSEWHERE = frozenset({"format", "name", "layers", "output"})
WIDTH = 300


def column_names(path: FieldPath, beside: Plain) -> tuple[str, ...]:
    """What a text field of a table may hold: columns of its file, separators, encodings, sheets.

    DataError says why the file cannot be read.
    """
    data, field = Csv(path=str(beside.get("path") or "")), path[-1]
    if field in ("delimiter", "encoding"):
        return DELIMITER_NAMES if field == "delimiter" else ENCODING_NAMES
    if not data.path:
        return ()
    # Only here is it known that there is a table to be read.
    from simulator.data.tables.reading import column_names as names_in
    from simulator.data.tables.reading import sheet_names

    how = {
        name: str(beside[name]) for name in ("header", "delimiter", "decimal", "encoding", "sheet") if name in beside
    }
    return (
        sheet_names(data.path)
        if field == "sheet"
        else names_in(data.path, msgspec.structs.replace(data, **how).reading)
    )


KEEP_STATE = (
    "While on, another optimiser goes on with what the one before has gathered, as far as it means the same to both; "
    "off, it begins with empty state."
)


def with_fitting_loss(old: Experiment, plain: dict[str, Any]) -> dict[str, Any]:
    """``plain`` with the loss left to the data's task, where it was so before or cannot be otherwise."""
    free = {**plain, "loss": None}
    natural = _checked({**old.to_builtins(), "loss": None})
    if natural is not None and natural.loss == old.loss:
        return free
    return free if _checked(plain) is None and _checked(free) is not None else plain


def _checked(plain: dict[str, Any]) -> Experiment | None:
    try:
        return Experiment.from_builtins(plain)
    except ExperimentError:
        return None


@dataclass
class _Part:
    """One section: its form and where in the experiment the form's root is."""

    section: Section
    form: PartForm
    prefix: str
    names: tuple[str, ...] = field(default=())


class TrainingPanel(QScrollArea):
    """Everything of an experiment but its stack. Edits go through ``propose``."""

    def __init__(self, propose: Propose, parent: QWidget | None = None, operate: OperateOnRun | None = None) -> None:
        """Without ``operate`` another optimiser always begins with empty state."""
        super().__init__(parent)
        self._propose, self._operate = propose, operate
        self.keep_state = QCheckBox("Keep state when swapped")
        self.keep_state.setToolTip(KEEP_STATE)
        set_page(self.keep_state, "guide/surgery")
        self.keep_state.setVisible(operate is not None)
        self._experiment: Experiment | None = None
        self.curve = ScheduleCurve()
        self.notes = NoteLabel()
        """What was done to the data on the way."""
        self._parts: list[_Part] = []
        self._refused = ""
        """What :meth:`refuse` has written last."""
        self._step = 0
        scroll_down(self)
        self.setAccessibleName("Training")
        with_text(self, lambda panel: panel.setMinimumWidth(max(292, 80 + scaled(170))))
        self._build()

    def sizeHint(self) -> QSize:
        return QSize(scaled(WIDTH), 640)

    def _build(self) -> None:
        inner = QWidget()
        placed = _ELSEWHERE.union(*(names for _, names in _SECTIONS))
        rest = tuple(p.name for p in parameters(Experiment) if p.name not in placed and not p.knob.hidden)
        self._parts = [self._part(title, names) for title, names in (*_SECTIONS, ("Run", rest))]
        sections = (part.section for part in self._parts)
        in_column(*sections, STRETCH, on=inner, spacing=0, margins=(8, 4, 8, 4))
        forms = [part.form for part in self._parts]
        for form in forms:
            form.share_columns(forms)
        self.setWidget(inner)

    def _part(self, title: str, names: tuple[str, ...]) -> _Part:
        only = parameter(Experiment, names[0])
        if only.type == "spec" and only.part is not None and len(names) == 1:
            form, prefix = PartForm(only.part, suggestions=column_names), only.name
        else:
            form, prefix = PartForm(Experiment, only=names, suggestions=column_names), ""
            head = form.row((only.name, "kind"))
            if head is not None and title.lower() == only.knob.label.lower():
                head.hide_label()
        body = QWidget()
        column = in_column(form, on=body, spacing=0, margins=(4, 0, 0, 0))
        if names == ("schedule",):
            column.addWidget(self.curve)
        if names[0] == "optimizer":
            column.addWidget(self.keep_state)
        if names == ("data",):
            column.addWidget(self.notes)
        part = _Part(Section(title, body), form, prefix, names)
        form.edited.connect(lambda path, value, final: self._edited(part, path, value, final))
        return part

    def say_notes(self, notes: tuple[str, ...]) -> None:
        """Under the data: rows left out, values filled, images stretched."""
        self.notes.say("\n".join(f"{capitalized(note)}." for note in notes))

    def section(self, title: str) -> Section:
        """The section with this title."""
        return next(p.section for p in self._parts if p.section.head.text() == title)

    def reveal(self, row: QWidget) -> None:
        """Unfold the section that holds a row, and bring the row into sight."""
        part = next(part for part in self._parts if part.section.isAncestorOf(row))
        part.section.set_open(True)
        self.ensureWidgetVisible(row)

    def form(self, name: str) -> PartForm:
        """The form that holds the experiment's field ``name``."""
        return next(p.form for p in self._parts if name in p.names)

    def folded(self) -> tuple[str, ...]:
        """Titles of the sections that are folded away, to be remembered."""
        return tuple(p.section.head.text() for p in self._parts if not p.section.is_open)

    def set_folded(self, titles: tuple[str, ...]) -> None:
        for part in self._parts:
            part.section.set_open(part.section.head.text() not in titles)

    def shows(self, experiment: Experiment) -> bool:
        """Whether it is this one, the same object, that stands in all fields."""
        return self._experiment is experiment

    def set_experiment(self, experiment: Experiment) -> None:
        """Show ``experiment``, in place; emits nothing."""
        before, self._experiment = self._experiment, experiment
        plain = experiment.to_builtins()
        for part in self._parts:
            if before is not experiment and _is_alike(before, experiment, part.names):
                continue
            part.form.set_value(plain[part.prefix] if part.prefix else plain)
            part.section.set_summary(_summary(plain, part))
            for row, _ in part.form.root.rows():
                show_lock(row, experiment.locks, (part.prefix, *row.path) if part.prefix else row.path)
        self.curve.set_schedule(experiment.schedule, experiment.optimizer.learning_rate)
        self._show_acting_rate(experiment)

    def _show_acting_rate(self, experiment: Experiment) -> None:
        """Beside the learning rate, what the schedule makes of it; where it has no say, it cannot be set."""
        row, schedule = self.form("optimizer").row(("optimizer", "learning_rate")), experiment.schedule
        if row is not None:
            locked = why_locked(experiment.locks, ("optimizer", "learning_rate"))
            row.set_unused(locked or ("" if schedule.uses_base else unused_rate(schedule)))
            row.note.say(acting_rate(schedule, experiment.optimizer.learning_rate, self._step))

    def refuse(self, path: str, message: str) -> None:
        """Show beside the field at ``path`` (``data``, ``optimizer.momentum``) why it is not trained.

        What was shown so before goes: an empty path takes it back.
        """
        for part in self._parts:
            part.form.take_back(self._refused)
        self._refused = message
        names = path.split(".")
        for part in self._parts:
            if names[0] in part.names:
                part.form.refuse(tuple(names[1:] if part.prefix else names), message)

    def set_step(self, step: int) -> None:
        """Mark the present step in the schedule."""
        self._step = step
        self.curve.set_step(step)
        if self._experiment is not None:
            self._show_acting_rate(self._experiment)

    def _edited(self, part: _Part, path: FieldPath, value: Any, final: bool) -> None:
        if self._experiment is None:
            return
        whole = (part.prefix, *path) if part.prefix else path
        plain = replaced(self._experiment.to_builtins(), whole, value)
        if whole[0] == "data":
            plain = with_fitting_loss(self._experiment, plain)
        if whole == ("optimizer", "kind") and self._operate is not None and self.keep_state.isChecked():
            reason = self._operate(plain, description_of(part.form, path), Transplant())
        else:
            reason = self._propose(plain, description_of(part.form, path), key_of(whole), final)
        if reason is not None:
            self.set_experiment(self._experiment)
            part.form.refuse(path, reason)


def _is_alike(before: Experiment | None, now: Experiment, names: tuple[str, ...]) -> bool:
    """Whether a section shows the same of both: a hand on a layer waits for none of them."""
    return before is not None and all(getattr(before, name) == getattr(now, name) for name in (*names, "locks"))


def _summary(plain: dict[str, Any], part: _Part) -> str:
    """``adam · 0.001``: what a folded section holds."""
    words: list[str] = []
    for name in part.names:
        value = plain[name]
        if isinstance(value, dict):
            words.append(str(value.get("kind", "")).replace("_", " "))
            words.append(setting(value["learning_rate"]) if "learning_rate" in value else "")
            words += [f"{k} {setting(v)}" for k, v in value.items() if part.prefix and v]
        else:
            words.append(setting(value) if isinstance(value, (int, float)) else str(value))
    return " · ".join(word for word in words if word)
