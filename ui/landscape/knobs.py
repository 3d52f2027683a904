"""The knobs of a race: function, start and steps; below them those of the chosen optimiser and its schedule."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from simulator.landscape.entry import Racer
from simulator.landscape.landscape import Landscape
from simulator.schema.plain import FieldPath
from ui.forms.form import PartForm
from ui.forms.section import Section
from ui.landscape.race_model import RaceModel
from ui.style.boxes import STRETCH, in_column
from ui.style.text_size import scaled, with_text
from ui.style.widgets import scroll_down

WIDTH = 292


class Knobs(QScrollArea):
    """Edits go to the model; what it refuses stands beside the field."""

    refused = Signal(str)
    """Why an edit that no field stands for was refused."""

    def __init__(self, model: RaceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.race = PartForm(Landscape, only=("function", "start", "steps", "epsilon"))
        self.entry = PartForm(Racer)
        self._shown: tuple[Landscape, int] | None = None
        scroll_down(self)
        self.setAccessibleName("Knobs of the landscape")
        self._lay_out()
        self.race.edited.connect(lambda path, value, final: self._edit(self.race, (), path, value, final))
        self.entry.edited.connect(
            lambda path, value, final: self._edit(self.entry, ("optimizers", model.chosen), path, value, final)
        )
        model.described.connect(self.refresh)
        model.shown.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        inner = QWidget()
        self.sections = [Section("Function and race", self.race), Section("Optimiser", self.entry)]
        in_column(*self.sections, STRETCH, on=inner, spacing=0, margins=(8, 4, 8, 4))
        for form in (self.race, self.entry):
            form.share_columns([self.race, self.entry])
        self.setWidget(inner)
        with_text(self, lambda knobs: knobs.setFixedWidth(scaled(WIDTH)))

    def refresh(self) -> None:
        """Show what is described; emits nothing."""
        shown = self._model.landscape, self._model.chosen
        if shown == self._shown:
            return
        self._shown = shown
        plain = self._model.plain()
        self.race.set_value({**plain, "start": list(self._model.landscape.begin)})
        self.entry.set_value(plain["optimizers"][self._model.chosen])
        function = self._model.landscape.function
        for name in function.__struct_fields__:
            row = self.race.row(("function", name))
            if row is not None:
                row.setVisible(name not in function.unused)

    def _edit(self, form: PartForm, prefix: FieldPath, path: FieldPath, value: Any, final: bool) -> None:
        reason = self._model.edit((*prefix, *path), value, final)
        if reason:
            self._shown = None
            self.refresh()
            form.refuse(path, reason)
