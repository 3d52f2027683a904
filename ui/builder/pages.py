"""Under the stack: the form of what is chosen in it, or what to do first; at the foot, how large the network is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from simulator.layers import Layer
from simulator.layers.output import Output
from ui.forms.form import PartForm


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
        column = QVBoxLayout(holder)
        column.setContentsMargins(12, 4, 8, 4)
        column.addWidget(self.pages)
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Chosen layers")
        self.setWidget(holder)

    def show_layers(self, layers: Sequence[dict[str, Any]]) -> None:
        self.layer_form.set_values(layers)
        self.pages.setCurrentWidget(self.layer_form)

    def show_output(self, output: Any) -> None:
        self.output_form.set_value(output)
        self.pages.setCurrentWidget(self.output_form)

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
        role = "warning" if too_large else "muted"
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)
