"""The row below the microscope: which unit is watched, and the buttons that revive."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QSizePolicy, QSpinBox, QWidget

from simulator.layers.info import LayerInfo
from simulator.observations.unit import Unit
from ui.chart.view import layer_name
from ui.style.boxes import STRETCH, in_row
from ui.style.text_size import scaled, with_text
from ui.style.widgets import choice_of, push_button

ASIDE = "It acts on the running network at once, is no part of the experiment, and undo does not take it back."

BESIDE_ENTRY = 36
"""Pixels of a combo box beside its entry."""
MARGIN, SPACE = 8, 6
"""Pixels at its sides, and between its parts."""


class UnitBar(QWidget):
    """Choices are told by signals; what is shown comes in through :meth:`show_unit`."""

    chosen = Signal(str, int)
    """Label of a layer, unit counted from 0."""
    revive_wanted = Signal(bool)
    """Whether all dead units of the layer are meant, not only the one that is watched."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: tuple[str, ...] = ()
        self.layer = choice_of("Layer under the microscope", tip="The layer whose unit is watched")
        self.layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layer.setMinimumContentsLength(9)
        self.layer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.layer.activated.connect(lambda _place: self._choose(0))
        self.unit = QSpinBox()
        self.unit.setPrefix("unit ")
        self.unit.setAccessibleName("Unit under the microscope")
        self.unit.setToolTip("The unit that is watched; a click on a cell above chooses it too")
        self.unit.setMinimum(1)
        with_text(self, UnitBar._fit_text)
        self.unit.valueChanged.connect(lambda value: self._choose(value - 1))
        tip = f"Draw this unit's incoming weights anew and set its bias to 0. {ASIDE}"
        self.revive = push_button("Revive", tip, lambda: self.revive_wanted.emit(False))
        tip = f"The same for every dead unit of this layer. {ASIDE}"
        self.revive_all = push_button("Revive all dead", tip, lambda: self.revive_wanted.emit(True))
        for button in (self.revive, self.revive_all):
            button.setEnabled(False)
        self._lay_out()

    def _lay_out(self) -> None:
        # The layer's name is as wide as its longest entry, where there is room.
        choice = in_row((self.layer, 100), self.unit, STRETCH, spacing=SPACE)
        revival = in_row(self.revive, self.revive_all, spacing=SPACE)
        self._parts = choice, revival
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._rows.setContentsMargins(MARGIN, 0, MARGIN, 6)
        self._rows.setSpacing(SPACE)
        self._rows.addLayout(choice, 1)
        self._rows.addLayout(revival)

    def minimumSizeHint(self) -> QSize:
        """As narrow as two rows are, as high as those there is room for."""
        return QSize(max(self._widths()) + 2 * MARGIN, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One row where there is room."""
        super().resizeEvent(event)
        self._choose_direction()

    def event(self, event: QEvent) -> bool:
        """Another style or font may need more room, or less."""
        heard = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._choose_direction()
        return heard

    def _choose_direction(self) -> None:
        """One row where its longest entry has room too."""
        entry = self.layer.maximumWidth() - self.layer.minimumSizeHint().width()
        one = sum(self._widths()) + max(0, entry) + SPACE + 2 * MARGIN <= self.width()
        directions = QBoxLayout.Direction
        self._rows.setDirection(directions.LeftToRight if one else directions.TopToBottom)

    def _widths(self) -> list[int]:
        """What the choice and the buttons need."""
        return [part.minimumSize().width() for part in self._parts]

    def _choose(self, unit: int) -> None:
        place = self.layer.currentIndex()
        if 0 <= place < len(self._labels):
            self.chosen.emit(self._labels[place], unit)

    def set_layers(self, layers: Sequence[LayerInfo]) -> None:
        """Offer these layers."""
        labels, names = tuple(layer.label for layer in layers), [layer_name(layer) for layer in layers]
        if labels == self._labels and names == [self.layer.itemText(i) for i in range(self.layer.count())]:
            return
        self._labels = labels
        self.layer.clear()
        self.layer.addItems(names)
        self._fit_text()
        self._choose_direction()

    def _fit_text(self) -> None:
        """Take on the present size of text; the layers' names are whole."""
        self.unit.setFixedWidth(scaled(84))
        names = [self.layer.itemText(place) for place in range(self.layer.count())]
        longest = max(map(self.layer.fontMetrics().horizontalAdvance, names), default=0)
        self.layer.setMaximumWidth(longest + BESIDE_ENTRY)

    def show_unit(self, unit: Unit) -> None:
        """Bring everything in line with the unit that is watched, without telling of it."""
        with QSignalBlocker(self.layer), QSignalBlocker(self.unit):
            if unit.layer in self._labels:
                self.layer.setCurrentIndex(self._labels.index(unit.layer))
            self.unit.setMaximum(len(unit.means))
            # A number that is being typed is not overwritten.
            if not self.unit.hasFocus():
                self.unit.setValue(unit.index + 1)
        dead = int(unit.dead.sum())
        self.revive.setEnabled(unit.drawn)
        self.revive_all.setEnabled(unit.drawn and dead > 0)
        self.revive_all.setText(f"Revive all dead ({dead})" if dead else "Revive all dead")
