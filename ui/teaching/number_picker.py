"""“Ask for this number”: a quantity that the run measures, of which network and layer, at which step."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QWidget,
)  # fmt: skip

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.lessons.draft import Draft
from simulator.lessons.measurable import PICKS, Measurable, of_subject, rows_of
from ui.dialogs import without_icons
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.screen import within_screen
from ui.style.widgets import muted
from ui.teaching.fields import Choice, form, labelled

SIZE = (460, 520)


class NumberPicker(QDialog):
    """Chooses one number of the run; ``shown`` are the quantities that a plot shows, and are offered first."""

    def __init__(self, draft: Draft, parent: QWidget | None = None, shown: Sequence[str] = (), plot: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle("Ask for this number")
        self._draft, self._subject, self._shown = draft, draft.subject, frozenset(shown)
        self.search = QLineEdit()
        self.search.setAccessibleName("Find a quantity")
        self.search.setPlaceholderText("Find: loss, weight, sharpness …")
        self.search.textChanged.connect(lambda _text: self._filter())
        self.search.installEventFilter(self)
        self.of_plot = QCheckBox(f"&Only what the plot {plot} shows")
        self.of_plot.setChecked(bool(shown))
        self.of_plot.setVisible(bool(shown))
        self.of_plot.toggled.connect(lambda _on: self._filter())
        self.list = QListWidget()
        self.list.setAccessibleName("Quantities that the run measures")
        self.list.currentItemChanged.connect(lambda _now, _before: self._fit_fields())
        self.network = Choice("Network", lambda _chosen: self._tell(), [(name, name) for name in draft.lanes])
        self.layer = Choice("Layer", lambda _chosen: self._tell())
        self.which = Choice("Which of several numbers", lambda _chosen: self._tell(), PICKS.items())
        self.at_end = QCheckBox("at the &last step")
        self.step = QSpinBox()
        self.step.setAccessibleName("Step")
        self.status = muted()
        self._make_steps()
        self._lay_out()
        self._fill()
        self.resize(within_screen(self, *SIZE))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _make_steps(self) -> None:
        subject = self._subject
        steps = int(self._draft.plain.get("steps", 0)) if isinstance(subject, Experiment) else subject.steps
        self.step.setRange(0, steps)
        self.step.setValue(steps)
        self.step.setEnabled(False)
        self.at_end.setChecked(True)
        self.at_end.setVisible(isinstance(subject, Experiment))
        self.at_end.toggled.connect(self._toggle_end)
        self.step.valueChanged.connect(lambda _step: self._tell())
        layers = rows_of(subject) if isinstance(subject, Experiment) else []
        rows: list[tuple[str, object]] = [(f"layer {name}", place) for place, name in enumerate(layers[:-1], 1)]
        self.layer.offer([("all layers", 0), *rows, ("output layer", -1)])

    def _toggle_end(self, at_end: bool) -> None:
        self.step.setEnabled(not at_end)
        self._tell()

    def _lay_out(self) -> None:
        when = in_row(self.at_end, self.step, STRETCH)
        self.fields = form()
        labelled(self.fields, "&Network", self.network)
        labelled(self.fields, "La&yer", self.layer)
        self.fields.addRow("At step", when)
        self.fields.setRowVisible(when, isinstance(self._subject, Experiment))
        labelled(self.fields, "&Which of several", self.which)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ask = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ask.setText("&Ask for it")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        without_icons(buttons)
        in_column(self.search, self.of_plot, (self.list, 1), self.fields, self.status, buttons, on=self)
        self.list.itemActivated.connect(lambda _item: self.accept())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys go through the list while words are typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if by:
                self._go(by)
                return True
        return super().eventFilter(watched, event)

    def _go(self, by: int) -> None:
        seen = [row for row in range(self.list.count()) if not self.list.item(row).isHidden()]
        seen = [row for row in seen if self.list.item(row).data(Qt.ItemDataRole.UserRole) is not None]
        if seen:
            here = seen.index(self.list.currentRow()) if self.list.currentRow() in seen else -1
            self.list.setCurrentRow(seen[max(0, min(here + by, len(seen) - 1))])

    def _fill(self) -> None:
        group = ""
        for each in of_subject(self._subject):
            if each.group != group:
                group = each.group
                head = QListWidgetItem(group)
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                font = self.font()
                font.setBold(True)
                head.setFont(font)
                self.list.addItem(head)
            item = QListWidgetItem(f"   {each.title}")
            item.setData(Qt.ItemDataRole.UserRole, each)
            self.list.addItem(item)
        self._filter()

    # -- choosing --------------------------------------------------------------------------------------------------

    def _filter(self) -> None:
        """Show what the words, and the plot, leave; the first of it is chosen."""
        words, only = self.search.text().lower().split(), self.of_plot.isChecked() and bool(self._shown)
        first = None
        head: QListWidgetItem | None = None
        for row in range(self.list.count()):
            item = self.list.item(row)
            each = item.data(Qt.ItemDataRole.UserRole)
            if each is None:
                head = item
                item.setHidden(True)
                continue
            fits = all(word in f"{each.title} {each.name} {each.group}".lower() for word in words)
            fits = fits and (not only or each.name in self._shown or each.analysis in self._shown)
            item.setHidden(not fits)
            if fits and head is not None:
                head.setHidden(False)
            first = item if fits and first is None else first
        self.list.setCurrentRow(-1 if first is None else self.list.row(first))
        self._fit_fields()

    @property
    def chosen(self) -> Measurable | None:
        """The quantity."""
        item = self.list.currentItem()
        each = None if item is None or item.isHidden() else item.data(Qt.ItemDataRole.UserRole)
        return each if isinstance(each, Measurable) else None

    def _fit_fields(self) -> None:
        """Only what can be said of the chosen quantity."""
        each = self.chosen
        self.ask.setEnabled(each is not None)
        self.fields.setRowVisible(self.network, len(self._draft.lanes) > 1)
        self.fields.setRowVisible(self.layer, each is not None and each.layered)
        self._tell()

    def _tell(self) -> None:
        each = self.chosen
        if each is None:
            self.status.setText("Nothing is called so.")
            return
        several = not each.single(self._layer)
        self.fields.setRowVisible(self.which, several)
        hint = "Several numbers: a curve or an order asks for all, a number for one."
        self.status.setText(hint if several else "")

    @property
    def _layer(self) -> int | None:
        layer = self.layer.currentData()
        return layer if isinstance(layer, int) and layer else None

    @property
    def _step(self) -> int | None:
        return None if self.at_end.isChecked() or not self.at_end.isVisibleTo(self) else self.step.value()

    def formula(self) -> str:
        """The chosen number by its word, which the draft knows from now on; empty where nothing is chosen."""
        each = self.chosen
        if each is None:
            return ""
        lane = str(self.network.currentData() or OWN_NAME)
        if each.reading["kind"] == "landscape":
            lane = OWN_NAME
        word = self._draft.add_reading(each, lane, self._layer if each.layered else None, self._step)
        return word if each.single(self._layer) else PICKS[str(self.which.currentText())].format(word)

    @property
    def title(self) -> str:
        """What it is, in words: *Weight gradient of layer 3*."""
        each = self.chosen
        if each is None:
            return ""
        layer = f" of {self.layer.currentText()}" if each.layered and self._layer is not None else ""
        return f"{each.title}{layer}"
