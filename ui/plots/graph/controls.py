"""The hand on a small network: factors for input, error and weights, and two switches."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QLabel, QWidget

from simulator.observations.graph.what_if import Changes
from ui.forms.scale import TrackScale
from ui.forms.track import Track
from ui.style.boxes import in_row
from ui.style.checked import check
from ui.style.text_size import scaled, with_text
from ui.style.widgets import NarrowableWidget, push_button

SWEEP = TrackScale(low=0.01, high=100.0, log=True, floor=0.01)
"""Of the slider; a typed factor may be anything, and the slider then reaches as far."""


class FactorControl(QWidget):
    """``input × 2.00`` as a slider and a typed number."""

    changed = Signal(float)

    def __init__(self, name: str, help_text: str) -> None:
        super().__init__()
        self.label = QLabel(name)
        self.slider = Track(SWEEP, 1.0)
        self.number = QDoubleSpinBox()
        self.number.setRange(-1e6, 1e6)
        self.number.setDecimals(3)
        self.number.setSingleStep(0.1)
        self.number.setKeyboardTracking(False)
        self.number.setPrefix("× ")
        with_text(self.number, lambda field: field.setFixedWidth(scaled(92)))
        in_row(self.label, self.slider, self.number, on=self, spacing=4, margins=(0, 0, 0, 0))
        self.setToolTip(help_text)
        self.slider.setAccessibleName(f"{name} factor, slider")
        self.number.setAccessibleName(f"{name} factor")
        self.slider.moved.connect(self.number.setValue)
        self.slider.let_go.connect(lambda: self.show_value(self.number.value()))
        self.slider.reset.connect(lambda: self.number.setValue(1.0))
        self.number.valueChanged.connect(self._typed)
        self.show_value(1.0)

    def show_value(self, value: float) -> None:
        """Show a factor without telling anybody; the handle belongs to the hand until it lets go."""
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self.slider.setAccessibleDescription(f"{self.number.text()}. {self.toolTip()}")
        if not self.slider.dragging:
            self.slider.set_number(value)

    def _typed(self, value: float) -> None:
        self.show_value(value)
        self.changed.emit(value)


class Controls(NarrowableWidget):
    """Tells which factor was moved: ``input_scale``, ``error_scale``, ``weights``; which switch: ``held``, ``ones``."""

    moved = Signal(str, object)
    reset = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.factors = {
            "input_scale": FactorControl("input", "Multiply the input of the network"),
            "error_scale": FactorControl("error", "Multiply the output's error δ"),
            "weights": FactorControl("W 1", "Multiply the weights of the layer whose box is open"),
        }
        self.switches = {
            "held": _switch("error held fixed", "Keep the output's error as it is without the changes"),
            "ones": _switch("ones in, target 0", "One sample of ones with target 0 in place of the batch"),
        }
        tip = "Take all changes back: no unit off, every factor 1, every weight its own"
        self.back = push_button("Undo all", tip, self.reset.emit)
        for name, factor in self.factors.items():
            factor.changed.connect(lambda value, name=name: self.moved.emit(name, value))
        for name, switch in self.switches.items():
            switch.toggled.connect(lambda on, name=name: self.moved.emit(name, on))
        self._arrange()

    def _arrange(self) -> None:
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(10, 2, 10, 6)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._narrow: bool | None = None
        self._place(narrow=False)

    def _place(self, narrow: bool) -> None:
        """The factors side by side, or where that would cut them below each other."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        for place, factor in enumerate(self.factors.values()):
            self._grid.addWidget(factor, *((place, 0, 1, 6) if narrow else (0, 2 * place, 1, 2)))
        row = len(self.factors) if narrow else 1
        for place, switch in enumerate(self.switches.values()):
            self._grid.addWidget(switch, row, *((3 * place, 1, 3) if narrow else (2 * place, 1, 2)))
        below = row + 1 if narrow else row
        self._grid.addWidget(self.back, below, 4, 1, 2, Qt.AlignmentFlag.AlignRight)

    def _side_by_side(self) -> int:
        """The width that uncut factors and switches need beside each other."""
        factors = 3 * max(factor.sizeHint().width() for factor in self.factors.values())
        switches = [self.back, *self.switches.values()]
        return max(factors, 3 * max(switch.sizeHint().width() for switch in switches)) + 32

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(narrow=self.width() < self._side_by_side())

    def show_changes(self, changes: Changes, layer: int) -> None:
        """Show what is changed; ``layer`` is the one whose weights the third factor is for, counted from 0."""
        self.factors["input_scale"].show_value(changes.input_scale)
        self.factors["error_scale"].show_value(changes.error_scale)
        self.factors["weights"].label.setText(f"W {layer + 1}")
        self.factors["weights"].show_value(changes.weight_scales.get(layer, 1.0))
        for name, switch in self.switches.items():
            check(switch, getattr(changes, name))
        self.back.setEnabled(changes != Changes())


def _switch(text: str, help_text: str) -> QCheckBox:
    switch = QCheckBox(text)
    switch.setToolTip(help_text)
    return switch
