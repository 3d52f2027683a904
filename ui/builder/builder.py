"""The network on the left: the stack of layers, what can be done with it, and the form of what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from simulator.experiment import Experiment
from simulator.frame import RunInfo
from simulator.layers import Layer
from simulator.layers.output import Output
from simulator.parameter import replaced
from ui.builder import edits
from ui.builder.entries import entries_of
from ui.builder.stack import Colours, Stack, depth_colour
from ui.forms.form import PartForm, Path
from ui.forms.propose import Propose, description_of, key_of
from ui.forms.row import Warning
from ui.style.numbers import count, number

Change = Callable[[dict[str, Any], Sequence[int]], tuple[dict[str, Any], list[int]]]


class Builder(QWidget):
    """Edits go through ``propose``; what comes back by :meth:`set_experiment` is what is shown."""

    layer_hovered = Signal(int)
    """Depth index (``repeat`` expanded, the output layer last) under the pointer; -1 for none."""
    input_chosen = Signal()
    """The input row was chosen: its knobs are the data set's."""

    def __init__(self, propose: Propose, colours: Colours = depth_colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._propose = propose
        self._experiment: Experiment | None = None
        self._plain: dict[str, Any] = {"layers": []}
        self._next: list[int] | None = None
        self.stack = Stack(colours)
        self.warning = Warning()
        self.layer_form = PartForm(Layer)
        self.output_form = PartForm(Output)
        self.hint = QLabel("Choose a layer to change it.")
        self.foot = QLabel("")
        self.actions_by_name: dict[str, QAction] = {}
        self._make_actions()
        self._arrange()
        self._connect()

    def sizeHint(self) -> QSize:
        return QSize(300, 640)

    # -- build ---------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        up, down = QKeySequence("Alt+Up"), QKeySequence("Alt+Down")
        make = self._make_action
        make("add", "Add layer", QKeySequence("Ins"), "Add a copy of the chosen layer behind it.", edits.added)
        make("duplicate", "Duplicate", QKeySequence("Ctrl+D"), "Copy the chosen layers.", edits.duplicated)
        make("delete", "Delete", QKeySequence("Del"), "Take the chosen layers out.", edits.deleted)
        make("up", "Move up", up, "Towards the input.", lambda p, c: edits.nudged(p, c, -1))
        make("down", "Move down", down, "Towards the output.", lambda p, c: edits.nudged(p, c, 1))

    def _make_action(self, name: str, text: str, keys: QKeySequence, help: str, change: Change) -> None:
        action = QAction(text, self)
        action.setShortcut(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setToolTip(f"{help} ({keys.toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda: self._act(text, change))
        self.stack.addAction(action)
        self.actions_by_name[name] = action

    def _arrange(self) -> None:
        self.stack.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(4)
        column.addWidget(self.stack, 1)
        column.addLayout(self._buttons())
        column.addWidget(self.warning)
        self.split = split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(top)
        split.addWidget(self._forms())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([330, 310])
        split.setChildrenCollapsible(False)
        self.foot.setProperty("role", "muted")
        self.foot.setContentsMargins(10, 2, 10, 6)
        self.foot.setAccessibleName("Parameters and memory")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(split, 1)
        outer.addWidget(self.foot)
        self.setMinimumWidth(276)

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(0)
        for name, text in (("add", "+ Layer"), ("duplicate", "Duplicate"), ("delete", "Delete")):
            line.addWidget(self._button(name, text))
        line.addStretch(1)
        line.addWidget(self._button("up", "▲"))
        line.addWidget(self._button("down", "▼"))
        return line

    def _button(self, name: str, text: str) -> QToolButton:
        action, button = self.actions_by_name[name], QToolButton()
        button.setText(text)
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())
        button.setMinimumWidth(24)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(action.trigger)
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        return button

    def _forms(self) -> QScrollArea:
        self.pages = QStackedWidget()
        self.hint.setProperty("role", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setWordWrap(True)
        for page in (self.hint, self.layer_form, self.output_form):
            self.pages.addWidget(page)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(12, 4, 8, 4)
        column.addWidget(self.pages)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Chosen layers")
        area.setWidget(holder)
        return area

    def _connect(self) -> None:
        self.stack.layer_hovered.connect(self.layer_hovered)
        self.stack.dropped.connect(lambda at: self._act("Move layers", lambda p, c: edits.moved(p, c, at)))
        self.stack.itemSelectionChanged.connect(self._show_forms)
        self.layer_form.edited.connect(self._layer_edited)
        self.output_form.edited.connect(self._output_edited)

    # -- what is shown -------------------------------------------------------------------------------------------

    def set_experiment(self, experiment: Experiment, info: RunInfo | None = None) -> None:
        """Show ``experiment`` (and, of its run, shapes and sizes), keeping selection and focus; emits nothing."""
        self._experiment = experiment
        self._plain = experiment.to_builtins()
        rows, self._next = self._next if self._next is not None else self.stack.rows(), None
        was = self.stack.blockSignals(True)
        self.stack.set_entries(entries_of(self._plain, info))
        self.stack.select(rows)
        self.stack.blockSignals(was)
        if info is not None:
            self.set_summary(summary_of(info))
        self._show_forms()

    def set_summary(self, text: str) -> None:
        """The line at the foot: parameters and memory."""
        self.foot.setText(text)

    def highlight(self, layer: int) -> None:
        """Light up the row that holds depth index ``layer``; -1 for none."""
        self.stack.highlight(layer)

    def chosen(self) -> list[int]:
        """Indices into ``experiment.layers`` of the chosen layers."""
        return [row - 1 for row in self.stack.rows() if 0 < row <= len(self._plain["layers"])]

    def choose(self, layers: Sequence[int]) -> None:
        """Choose these entries of ``experiment.layers``."""
        self.stack.select([index + 1 for index in layers])

    def _show_forms(self) -> None:
        chosen, rows = self.chosen(), self.stack.rows()
        if chosen:
            self.layer_form.set_values([self._plain["layers"][index] for index in chosen])
            self._show_page(self.layer_form)
        elif rows and rows[-1] == self.stack.count() - 1:
            self.output_form.set_value(self._plain["output"])
            self._show_page(self.output_form)
        else:
            data = bool(rows)
            self.hint.setText("The data set is chosen under Training." if data else "Choose a layer to change it.")
            self._show_page(self.hint)
            if data and self.stack.hasFocus():
                self.input_chosen.emit()
        for name in ("duplicate", "delete", "up", "down"):
            self.actions_by_name[name].setEnabled(bool(chosen))

    def _show_page(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)

    # -- what is asked for ---------------------------------------------------------------------------------------

    def _act(self, text: str, change: Change) -> None:
        chosen = self.chosen()
        if self._experiment is None:
            return
        plain, then = change(self._plain, chosen)
        self._next = [index + 1 for index in then]
        reason = self._propose(plain, text, None, True)
        self.warning.say(reason or "")
        if reason is not None:
            self._next = None
        elif self._next is not None and self.stack.count() == len(plain["layers"]) + 2:
            self.stack.select(self._next)
            self._next = None

    def _layer_edited(self, path: Path, value: Any, final: bool) -> None:
        chosen = self.chosen()
        if not chosen or self._experiment is None:
            return
        plain = edits.changed(self._plain, chosen, path, value)
        where = ",".join(str(index) for index in chosen)
        what = f"{description_of(self.layer_form, path)} of {count(len(chosen), 'layer')}"
        self._edit(self.layer_form, path, plain, what, f"layers.{where}.{key_of(path)}", final)

    def _output_edited(self, path: Path, value: Any, final: bool) -> None:
        if self._experiment is None:
            return
        plain = replaced(self._plain, ("output", *path), value)
        what = f"{description_of(self.output_form, path)} of the output"
        self._edit(self.output_form, path, plain, what, f"output.{key_of(path)}", final)

    def _edit(self, form: PartForm, path: Path, plain: dict[str, Any], what: str, key: str, final: bool) -> None:
        self.warning.say("")
        reason = self._propose(plain, what, key, final)
        if reason is not None:
            self._show_forms()
            form.refuse(path, reason)


def summary_of(info: RunInfo) -> str:
    """``98 410 parameters · 1.2 MiB``"""
    size, unit = float(info.memory_bytes), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if size >= 1024:
            size, unit = size / 1024, larger
    return f"{count(info.parameter_count, 'parameter')} · {number(size)} {unit}"
