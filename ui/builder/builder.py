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

from simulator.experiment.experiment import Experiment
from simulator.experiment.shapes import shapes, text_of
from simulator.layers import Layer
from simulator.layers.base import ShapeError
from simulator.layers.output import Output
from simulator.schema.parameter import replaced
from simulator.training.run_info import RunInfo
from ui.builder import edits
from ui.builder.edits import Change, Place
from ui.builder.entries import Entry, entries_of
from ui.builder.identity import Identities, tags
from ui.builder.kinds_menu import kinds_menu
from ui.builder.outlook import Outlook, summary_of
from ui.builder.refusal import Refusal
from ui.builder.repairs import Misfit, Offer, fitted, impossible, misfit, place_of
from ui.builder.stack import Colours, Stack, depth_colour
from ui.forms.form import PartForm, Path
from ui.forms.propose import Propose, description_of, key_of
from ui.forms.typed import STARTS_OVER
from ui.style.numbers import count

Add = Callable[[dict[str, Any], Sequence[Place], dict[str, Any]], tuple[dict[str, Any], list[Place]]]
"""Adds a layer of these settings to an experiment at chosen places; where it stands then."""
Name = int | str
"""What a row is known by: a layer's tag, ``input`` or ``output``."""


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
        self._identities = Identities()
        self._proposed: list[dict[str, Any]] = []
        """What is being asked for, whose layers are to be known again in what comes back."""
        self._next: list[Name] | None = None
        """What is to be chosen in it."""
        self._outlook = Outlook()
        self._wrong: dict[Place, str] = {}
        self._asked = ""
        """Words for what was refused last, and is done when it is repaired."""
        self._dragged: dict[str, Any] | None = None
        """What was refused while a hand was moving, for which repairs are sought when it lets go."""
        self._then: list[Name] | None = None
        """What is to be chosen when what was refused is repaired; else what the repair adds, if it adds anything."""
        self._refused: set[int] = set()
        """The layers of what was refused."""
        self.stack = Stack(colours)
        self.refusal = Refusal()
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
        add, inside = QKeySequence("Ins"), QKeySequence("Shift+Ins")
        make("add", "Add layer", add, "Add a copy of the chosen layer behind it.", self._added)
        make("inside", "Add inside", inside, "Add a layer inside the chosen one.", edits.added_inside)
        make("duplicate", "Duplicate", QKeySequence("Ctrl+D"), "Copy the chosen layers.", edits.duplicated)
        make("delete", "Delete", QKeySequence("Del"), "Take the chosen layers out.", edits.deleted)
        make("up", "Move up", up, "Towards the input.", lambda p, c: edits.nudged(p, c, -1))
        make("down", "Move down", down, "Towards the output.", lambda p, c: edits.nudged(p, c, 1))

    def _make_action(self, name: str, text: str, keys: QKeySequence, help: str, change: Change) -> None:
        action = QAction(text, self)
        action.setShortcut(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setToolTip(f"{help} ({keys.toString(QKeySequence.SequenceFormat.NativeText)})\n{STARTS_OVER}")
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
        column.addWidget(self.refusal)
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
        self.foot.setWordWrap(True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(split, 1)
        outer.addWidget(self.foot)
        self.setMinimumWidth(286)

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(0)
        for name, text in (("add", "+ Layer"), ("duplicate", "Duplicate"), ("delete", "Delete")):
            button = self._button(name, text)
            if name == "add":
                self.menu, self.inside_menu = kinds_menu(
                    self._add, self._add_inside, lambda kind: self._hindered(self._added, kind),
                    lambda kind: self._hindered(edits.added_inside, kind), button,
                )  # fmt: skip
                button.setMenu(self.menu)
                button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
            line.addWidget(button)
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
        self.refusal.repaired.connect(self._repair)
        self.stack.itemSelectionChanged.connect(self._show_forms)
        self.layer_form.edited.connect(self._layer_edited)
        self.output_form.edited.connect(self._output_edited)

    # -- what is shown -------------------------------------------------------------------------------------------

    def set_experiment(self, experiment: Experiment, info: RunInfo | None = None) -> None:
        """Show ``experiment`` (and, of its run, shapes and sizes), keeping selection and focus; emits nothing."""
        old, self._experiment = self._experiment, experiment
        chosen, self._next = self._next if self._next is not None else self._selected(), None
        if old is not None and old is not experiment:
            self._identities.choose(old, self._selected())
        self._plain = self._identities.tagged(experiment, [*self._proposed, self._plain])
        if info is not None:
            self._outlook.learn(experiment, info)
        if old != experiment or info is not None:
            self._judge()
        was = self.stack.blockSignals(True)
        self.stack.set_entries(entries_of(self._plain, info, self._shape_texts(), self._wrong))
        self._select(self._still_there(chosen))
        self.stack.blockSignals(was)
        self._say_size(info)
        self._show_forms()

    def _judge(self) -> None:
        """Say what does not fit together in what is shown, which came from elsewhere: a file, another data set."""
        found = self._misfit(self._plain)
        self._wrong = {} if found is None else {found.place: found.reason}
        if found is None:
            self.refusal.say("")
        else:
            self._refuse(found.reason, "Repair layers", found)

    def _shape_texts(self) -> dict[Place, str]:
        """The shapes of what is shown, that of the input under ``()``; none where they are not known."""
        assert self._experiment is not None
        shape = self._outlook.input_shape(self._experiment)
        if shape is None:
            return {}
        try:
            found = shapes(self._experiment.layers, shape)
        except ShapeError as error:
            at = place_of(error.path) or ("layers", 0)
            found = shapes(self._experiment.layers[: int(at[1])], shape)
        return {(): text_of(shape)} | {place: text_of(shape) for place, shape in found.items()}

    def _say_size(self, info: RunInfo | None) -> None:
        assert self._experiment is not None
        text, too_large = (summary_of(info), False) if info is not None else self._outlook.summary(self._experiment)
        self.set_summary(text, too_large)

    def set_summary(self, text: str, too_large: bool = False) -> None:
        """The line at the foot: parameters and memory."""
        self.foot.setText(text)
        role = "warning" if too_large else "muted"
        if self.foot.property("role") != role:
            self.foot.setProperty("role", role)
            self.foot.style().unpolish(self.foot)
            self.foot.style().polish(self.foot)

    def refuse(self, path: str, message: str) -> None:
        """Show at the layer that ``path`` leads to why what is shown is not trained; other paths are not for here."""
        place = place_of(path)
        if place is None or place[0] != "layers" or self._experiment is None:
            return
        self._wrong = {place: message}
        self.stack.set_entries(entries_of(self._plain, None, self._shape_texts(), self._wrong))
        self._refuse(message, "Repair layers", self._misfit(self._plain))

    def highlight(self, layer: int) -> None:
        """Light up the row that holds depth index ``layer``; -1 for none."""
        self.stack.highlight(layer)

    def chosen(self) -> list[Place]:
        """Places of the chosen layers, ``("layers", 2, "layers", 0)``, from the input on."""
        return [entry.place for entry in map(self.stack.entry, self.stack.rows()) if entry.place]

    def choose(self, layers: Sequence[Place]) -> None:
        """Choose the layers at these places."""
        self._select([edits.at(self._plain, place)[edits.TAG] for place in layers])

    def _name(self, entry: Entry) -> Name:
        """What a row is known by, wherever it stands: a layer by its tag."""
        found: Name = edits.at(self._plain, entry.place)[edits.TAG] if entry.place else entry.role
        return found

    def _selected(self) -> list[Name]:
        """What is chosen, to be found again."""
        return [self._name(entry) for entry in map(self.stack.entry, self.stack.rows())]

    def _select(self, chosen: Sequence[Name]) -> None:
        rows = enumerate(self.stack.entries())
        self.stack.select([row for row, entry in rows if self._name(entry) in chosen])

    def _still_there(self, chosen: Sequence[Name]) -> Sequence[Name]:
        """``chosen``, or where nothing of it is left what was chosen when this experiment was shown before."""
        assert self._experiment is not None
        there = {*tags(self._plain), "input", "output"}
        if not chosen or there.intersection(chosen):
            return chosen
        return self._identities.chosen(self._experiment)

    def _show_forms(self) -> None:
        chosen, rows = self.chosen(), self.stack.rows()
        if chosen:
            self.layer_form.set_values([edits.untagged(edits.at(self._plain, place)) for place in chosen])
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
        composite = any(edits.inner_name(edits.at(self._plain, place)) for place in edits.uppermost(chosen))
        self.actions_by_name["inside"].setEnabled(composite)
        self.inside_menu.setEnabled(composite)

    def _show_page(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)

    # -- what is asked for ---------------------------------------------------------------------------------------

    def _misfit(self, plain: dict[str, Any], offers: bool = True) -> Misfit | None:
        """What does not fit together in ``plain``, which differs in its stack at most; None where nothing is known."""
        assert self._experiment is not None
        shape = self._outlook.input_shape(self._experiment)
        try:
            return None if shape is None else misfit(plain, shape, offers, self._experiment.layers)
        except ValueError:
            return None  # no stack at all, of which others know more

    def _ask(self, plain: dict[str, Any], text: str, key: str | None, final: bool) -> str | None:
        """Propose ``plain``, unless it would no longer fit together; what was refused is said and can be repaired."""
        new = not self._wrong and plain["layers"] != self._plain["layers"]
        found = self._misfit(plain, offers=final) if new else None
        if found is not None:
            self._dragged = None if final else plain
            self._refuse(found.reason, text, found)
            self._refused = tags(plain)
            return found.reason
        return self._pass_on(plain, text, key, final)

    def _pass_on(self, plain: dict[str, Any], text: str, key: str | None, final: bool) -> str | None:
        """Propose ``plain``; its layers are known again in what comes back, also where they are alike."""
        self._proposed = [plain]
        reason = self._propose(edits.untagged(plain), text, key, final)
        self._proposed = []
        if reason is None and self._experiment is not None and edits.untagged(plain) == edits.untagged(self._plain):
            # Layers that are alike have changed places.
            self._plain = plain
            self._identities.remember(self._experiment, plain)
        return reason

    def _refuse(self, reason: str, text: str, found: Misfit | None) -> None:
        self._asked, self._then, self._refused = text, None, tags(self._plain)
        self.refusal.say(reason, found.offers if found is not None else ())

    def _repair(self, offer: Offer) -> None:
        plain = self._identities.completed(offer.plain)
        self._next = self._then or list(tags(plain) - self._refused) or None
        reason = self._pass_on(plain, self._asked, None, True)
        self._next = None
        self.refusal.say(reason or "")

    def _add(self, kind: str) -> None:
        self._act("Add layer", lambda p, c: self._fitted(*self._added(p, c, {"kind": kind})))

    def _added(
        self, plain: dict[str, Any], chosen: Sequence[Place], layer: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[Place]]:
        """Behind what is chosen, first where that is the input, else last."""
        first = not chosen and self.stack.rows() == [0]
        return edits.added(plain, [(*edits.TOP, -1)] if first else chosen, layer)

    def _add_inside(self, kind: str) -> None:
        self._act("Add inside", lambda p, c: self._fitted(*edits.added_inside(p, c, {"kind": kind})))

    def _hindered(self, add: Add, kind: str) -> str:
        """Why a layer of this kind cannot stand where it would be added, whatever is repaired; empty where it can."""
        shape = None if self._experiment is None else self._outlook.input_shape(self._experiment)
        if shape is None or self._wrong:
            return ""
        try:
            return impossible(self._fitted(*add(self._plain, self.chosen(), {"kind": kind}))[0], shape)
        except ValueError:
            return ""  # no stack at all, of which others know more

    def _fitted(self, plain: dict[str, Any], then: list[Place]) -> tuple[dict[str, Any], list[Place]]:
        """A layer that nobody has given a width yet takes that of its input where it must have it."""
        assert self._experiment is not None
        shape = self._outlook.input_shape(self._experiment)
        return (plain if shape is None else fitted(plain, shape, then[0])), then

    def _act(self, text: str, change: Change) -> None:
        if self._experiment is None:
            return
        plain, places = change(self._plain, self.chosen())
        plain = self._identities.completed(plain)
        self._next = then = [edits.at(plain, place)[edits.TAG] for place in places]
        reason = self._ask(plain, text, None, True)
        self._next = None
        if reason is None:
            self._select(then)
        else:
            self._then = then
            if reason != self.refusal.text():
                self._refuse(reason, text, None)

    def _layer_edited(self, path: Path, value: Any, final: bool) -> None:
        chosen = self.chosen()
        if not chosen or self._experiment is None:
            return
        plain = self._identities.completed(edits.changed(self._plain, chosen, path, value))
        where = ",".join(".".join(map(str, place[1::2])) for place in chosen)
        what = f"{description_of(self.layer_form, path)} of {count(len(chosen), 'layer')}"
        self._edit(self.layer_form, path, plain, what, f"layers.{where}.{key_of(path)}", final)

    def _output_edited(self, path: Path, value: Any, final: bool) -> None:
        if self._experiment is None:
            return
        plain = replaced(self._plain, ("output", *path), value)
        what = f"{description_of(self.output_form, path)} of the output"
        self._edit(self.output_form, path, plain, what, f"output.{key_of(path)}", final)

    def _edit(self, form: PartForm, path: Path, plain: dict[str, Any], what: str, key: str, final: bool) -> None:
        if final and plain == self._plain and self._dragged is not None:
            # A drag that was refused ends with what was there before, but this is what was meant.
            plain, self._dragged = self._dragged, None
        if not self._wrong:
            self.refusal.say("")
        reason = self._ask(plain, what, key, final)
        if reason is not None:
            self._show_forms()
            if reason != self.refusal.text():
                form.refuse(path, reason)


__all__ = ["Builder", "summary_of"]
