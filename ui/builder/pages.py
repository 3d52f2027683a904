"""Under the stack: the form of what is chosen in it, or what to do first; at the foot, how large the network is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QStackedWidget, QWidget

from simulator.experiment.locks import Locks
from simulator.layers import Layer
from simulator.layers.output import Output
from simulator.schema.plain import FieldPath, Plain
from ui.forms.form import PartForm
from ui.forms.locked import show_lock, why_locked
from ui.style.boxes import STRETCH, in_column
from ui.style.widgets import scroll_down, set_style_property


class Pages(QScrollArea):
    """The forms of chosen layers and of the output."""

    def __init__(self) -> None:
        super().__init__()
        self.layer_form = PartForm(Layer)
        self.output_form = PartForm(Output)
        self.hint = QLabel("")
        self.hint.setProperty("role", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setWordWrap(True)
        self.pages = QStackedWidget()
        for page in (self.hint, self.layer_form, self.output_form):
            self.pages.addWidget(page)
        holder = QWidget()
        in_column(self.pages, STRETCH, on=holder, margins=(12, 4, 8, 4))
        scroll_down(self)
        self.setAccessibleName("Chosen layers")
        self.setWidget(holder)

    def show_layers(self, layers: Sequence[Plain]) -> None:
        self.layer_form.set_values(layers)
        self.pages.setCurrentWidget(self.layer_form)

    def show_output(self, output: Plain) -> None:
        self.output_form.set_value(output)
        self.pages.setCurrentWidget(self.output_form)

    def show_locks(self, locks: Locks | msgspec.UnsetType, chosen: Sequence[FieldPath]) -> None:
        """Lock what a lesson locks in any of the chosen layers, or in the output."""
        for form, places in ((self.layer_form, chosen), (self.output_form, [("output",)])):
            for row, _ in form.root.rows():
                paths = [(*place, *row.path) for place in places]
                locked = [path for path in paths if why_locked(locks, path)]
                if paths:
                    show_lock(row, locks, (locked or paths)[0])

    def show_hint(self, text: str) -> None:
        self.hint.setText(text)
        self.pages.setCurrentWidget(self.hint)


class Foot(QLabel):
    """Parameters and memory."""

    def __init__(self) -> None:
        super().__init__("")
        self.setProperty("role", "muted")
        self.setContentsMargins(10, 2, 10, 6)
        self.setAccessibleName("Parameters and memory")
        self.setWordWrap(True)

    def say(self, text: str, too_large: bool = False) -> None:
        self.setText(text)
        set_style_property(self, "role", "warning" if too_large else "muted")
