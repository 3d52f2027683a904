"""The network on the left: the stack of layers, what can be done with it, and the form of what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QMenu,
    QSplitter,
    QToolButton,
    QWidget,
)

from simulator.experiment.experiment import Experiment
from simulator.schema.parameter import replaced
from simulator.schema.plain import FieldPath
from simulator.training.run_info import RunInfo
from simulator.training.surgery import Surgery
from ui.builder import edits
from ui.builder.edits import LayerPath, StackCommand
from ui.builder.entries import StackEntry, entries_of
from ui.builder.identity import Identities, tags
from ui.builder.keeping import labels_of, output_label
from ui.builder.kinds_menu import kinds_menu
from ui.builder.operations import Operations
from ui.builder.outlook import Outlook, differ_in_rates, summary_of
from ui.builder.pages import Foot, Pages
from ui.builder.refusal import RefusalBox
from ui.builder.repairs import Misfit, RepairOffer, fitted, impossible, misfit, place_of
from ui.builder.stack import StackList
from ui.builder.tools import StackTools
from ui.forms.form import PartForm
from ui.forms.propose import OperateOnRun, Propose, description_of, key_of
from ui.style.boxes import in_column
from ui.style.numbers import count
from ui.style.text_size import scaled, with_text

Add = Callable[[dict[str, Any], Sequence[LayerPath], dict[str, Any]], tuple[dict[str, Any], list[LayerPath]]]
"""Adds a layer of these settings to an experiment at chosen places; where it stands then."""
Name = int | str
"""What a row is known by: a layer's tag, ``input`` or ``output``."""


LAYER_HINT, DATA_HINT = "Choose a layer to change it.", "The data set is chosen under Training."

INSIDE = "Add a layer at the end of the chosen one's branch."
NOT_INSIDE = "Only a layer with a branch, such as a residual one, holds others: choose one first."


class Builder(QWidget):
    """Edits go through ``propose``; what comes back by :meth:`set_experiment` is what is shown."""

    layer_hovered = Signal(int)
    """Depth index (``repeat`` expanded, the output layer last) under the pointer; -1 for none."""
    input_chosen = Signal()
    """The input row was chosen: its knobs are the data set's."""

    def __init__(self, propose: Propose, parent: QWidget | None = None, operate: OperateOnRun | None = None) -> None:
        """Without ``operate`` nothing can be done to a network that is trained."""
        super().__init__(parent)
        self._propose, self._operate = propose, operate
        self._experiment: Experiment | None = None
        self._plain: dict[str, Any] = {"layers": []}
        self._identities = Identities()
        self._proposed: list[dict[str, Any]] = []
        """What is being asked for, whose layers are to be known again in what comes back."""
        self._next: list[Name] | None = None
        """What is to be chosen in it."""
        self._outlook = Outlook()
        self._wrong: dict[LayerPath, str] = {}
        self._asked = ""
        """Words for what was refused last, and is done when it is repaired."""
        self._dragged: dict[str, Any] | None = None
        """What was refused while a hand was moving, for which repairs are sought when it lets go."""
        self._then: list[Name] | None = None
        """What is to be chosen when what was refused is repaired; else what the repair adds, if it adds anything."""
        self._refused: set[int] = set()
        """The layers of what was refused."""
        self.stack = StackList()
        self.refusal = RefusalBox()
        self._pages = pages = Pages()
        self.pages, self.layer_form, self.output_form = pages.pages, pages.layer_form, pages.output_form
        self.foot = Foot()
        self._tools = StackTools(self.stack, self._act, self._added)
        self.actions_by_name = self._tools.actions
        self.operations = Operations(self.stack, self._act, self._operate_on_chosen)
        self.operations.keep.setVisible(operate is not None)
        if operate is not None:
            self.actions_by_name |= self.operations.actions
        self._arrange()
        self._connect()

    def sizeHint(self) -> QSize:
        return QSize(scaled(300), 640)

    # -- build ---------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.stack.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        top = QWidget()
        below = self._tools.buttons(self._kinds), self.operations.keep, self.refusal
        in_column((self.stack, 1), *below, on=top, spacing=4, margins=(8, 4, 8, 4))
        self.split = split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(top)
        split.addWidget(self._pages)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([330, 310])
        split.setChildrenCollapsible(False)
        in_column((split, 1), self.foot, on=self, spacing=0, margins=(0, 0, 0, 0))
        with_text(self, lambda panel: panel.setMinimumWidth(max(286, 60 + scaled(210))))

    def _kinds(self, button: QToolButton) -> QMenu:
        """What can be added; greyed where it could not stand."""
        self.menu, self.inside_menu = kinds_menu(
            self._add,
            lambda kind: self._act(
                "Add inside", lambda p, c: self._fitted(*edits.added_inside(p, c, {"kind": kind}))
            ),
            lambda kind: self._obstacle(self._added, kind),
            lambda kind: self._obstacle(edits.added_inside, kind), button,
        )  # fmt: skip
        return self.menu

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
        is_shown = experiment is self._experiment and not self._wrong
        if is_shown and info is not None and self._outlook.tells_the_same(experiment, info):
            self._outlook.learn(experiment, info)
            self.foot.say(summary_of(info))
            return
        old, before, self._experiment = self._experiment, self._plain, experiment
        alike = old is not None and differ_in_rates(old, experiment) and info is self._outlook.known(experiment)
        alike = alike and self._next is None and not (self._wrong or self.refusal.text())
        chosen, self._next = self._next if self._next is not None else self._selected(), None
        if old is not None and old is not experiment:
            self._identities.choose(old, self._selected())
        self._plain = self._identities.tagged(experiment, [*self._proposed, self._plain])
        if alike and self._plain["layers"] == before["layers"]:
            self._show_forms()
            return
        if info is not None:
            self._outlook.learn(experiment, info)
        if old != experiment or info is not None:
            self._judge()
        known, shapes = self._outlook.known(experiment), self._outlook.shape_texts(experiment)
        with QSignalBlocker(self.stack):
            self.stack.set_entries(entries_of(self._plain, known, shapes, self._wrong))
            self._select(self._still_there(chosen))
        self.foot.say(*((summary_of(info),) if info is not None else self._outlook.summary(experiment)))
        self._show_forms()

    def _judge(self) -> None:
        """Say what does not fit together in what is shown, which came from elsewhere: a file, another data set."""
        misfit = self._misfit(self._plain)
        self._wrong = {} if misfit is None else {misfit.place: misfit.reason}
        if misfit is None:
            self.refusal.say("")
        else:
            self._refuse(misfit.reason, "Repair layers", misfit)

    def refuse(self, path: str, message: str) -> None:
        """Show at the layer that ``path`` leads to why what is shown is not trained; other paths are not for here."""
        place = place_of(path)
        if place is None or place[0] != "layers" or self._experiment is None:
            return
        self._wrong = {place: message}
        texts = self._outlook.shape_texts(self._experiment)
        self.stack.set_entries(entries_of(self._plain, None, texts, self._wrong))
        self._refuse(message, "Repair layers", self._misfit(self._plain))

    def highlight(self, layer: int) -> None:
        """Light up the row that holds depth index ``layer``; -1 for none."""
        self.stack.highlight(layer)

    def chosen(self) -> list[LayerPath]:
        """Places of the chosen layers, ``("layers", 2, "layers", 0)``, from the input on."""
        return [entry.place for entry in map(self.stack.entry, self.stack.rows()) if entry.place]

    def choose(self, layers: Sequence[LayerPath]) -> None:
        """Choose the layers at these places."""
        self._select([edits.at(self._plain, place)[edits.TAG] for place in layers])

    def _name(self, entry: StackEntry) -> Name:
        """What a row is known by, wherever it stands: a layer by its tag."""
        name: Name = edits.at(self._plain, entry.place)[edits.TAG] if entry.place else entry.role
        return name

    def _selected(self) -> list[Name]:
        """What is chosen, to be found again."""
        return [self._name(entry) for entry in map(self.stack.entry, self.stack.rows())]

    def _select(self, chosen: Sequence[Name]) -> None:
        rows = enumerate(self.stack.entries())
        self.stack.select([row for row, entry in rows if self._name(entry) in chosen])

    def _still_there(self, chosen: Sequence[Name]) -> Sequence[Name]:
        """``chosen``, or where nothing of it is left what was chosen when this experiment was shown before."""
        assert self._experiment is not None
        names = {*tags(self._plain), "input", "output"}
        if not chosen or names.intersection(chosen):
            return chosen
        return self._identities.chosen(self._experiment)

    def _show_forms(self) -> None:
        chosen, rows = self.chosen(), self.stack.rows()
        if chosen:
            self._pages.show_layers([edits.untagged(edits.at(self._plain, place)) for place in chosen])
        elif rows and rows[-1] == self.stack.count() - 1:
            self._pages.show_output(self._plain["output"])
        else:
            self._pages.show_hint(DATA_HINT if rows else LAYER_HINT)
            if rows and self.stack.hasFocus():
                self.input_chosen.emit()
        if self._experiment is not None:
            self._pages.show_locks(self._experiment.locks, chosen)
        composite = any(edits.inner_name(edits.at(self._plain, place)) for place in edits.uppermost(chosen))
        self._tools.enable(bool(chosen), composite)
        self.operations.enable(bool(chosen), bool(rows) and rows[-1] == self.stack.count() - 1)
        self.inside_menu.setEnabled(composite)
        self.inside_menu.menuAction().setToolTip(INSIDE if composite else NOT_INSIDE)

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
        misfit = self._misfit(plain, offers=final) if new else None
        if misfit is not None:
            self._dragged = None if final else plain
            self._refuse(misfit.reason, text, misfit)
            self._refused = tags(plain)
            return misfit.reason
        return self._pass_on(plain, text, key, final)

    def _pass_on(self, plain: dict[str, Any], text: str, key: str | None, final: bool) -> str | None:
        """Propose ``plain``; its layers are known again in what comes back, also where they are alike."""
        assert self._experiment is not None
        surgery = self.operations.surgery(self._experiment, self._plain, plain)
        if surgery is not None and not final:
            return None  # A network is handed on when the hand lets go.
        self._proposed = [plain]
        if surgery is not None and self._operate is not None:
            reason = self._operate(edits.untagged(plain), text, surgery)
        else:
            reason = self._propose(edits.untagged(plain), text, key, final)
        self._proposed = []
        if reason is None and self._experiment is not None and edits.untagged(plain) == edits.untagged(self._plain):
            # Layers that are alike have changed places.
            self._plain = plain
            self._identities.remember(self._experiment, plain)
        return reason

    def _refuse(self, reason: str, text: str, misfit: Misfit | None) -> None:
        self._asked, self._then, self._refused = text, None, tags(self._plain)
        self.refusal.say(reason, misfit.offers if misfit is not None else ())

    def _repair(self, offer: RepairOffer) -> None:
        plain = self._identities.completed(offer.plain)
        self._next = self._then or list(tags(plain) - self._refused) or None
        reason = self._pass_on(plain, self._asked, None, True)
        self._next = None
        self.refusal.say(reason or "")

    def _add(self, kind: str) -> None:
        self._act("Add layer", lambda p, c: self._fitted(*self._added(p, c, {"kind": kind})))

    def _added(
        self, plain: dict[str, Any], chosen: Sequence[LayerPath], layer: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[LayerPath]]:
        """Behind what is chosen, first where that is the input, else last."""
        first = not chosen and self.stack.rows() == [0]
        return edits.added(plain, [(*edits.TOP, -1)] if first else chosen, layer)

    def _obstacle(self, add: Add, kind: str) -> str:
        """Why a layer of this kind cannot stand where it would be added, whatever is repaired; empty where it can."""
        shape = None if self._experiment is None else self._outlook.input_shape(self._experiment)
        if shape is None or self._wrong:
            return ""
        try:
            return impossible(self._fitted(*add(self._plain, self.chosen(), {"kind": kind}))[0], shape)
        except ValueError:
            return ""  # no stack at all, of which others know more

    def _fitted(self, plain: dict[str, Any], then: list[LayerPath]) -> tuple[dict[str, Any], list[LayerPath]]:
        """A layer that nobody has given a width yet takes that of its input where it must have it."""
        assert self._experiment is not None
        shape = self._outlook.input_shape(self._experiment)
        return (plain if shape is None else fitted(plain, shape, then[0])), then

    def _act(self, text: str, change: StackCommand) -> None:
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

    def _operate_on_chosen(self, text: str, made: Callable[[tuple[str, ...]], Surgery]) -> None:
        """Do something to the chosen layers, or to the output, as they are trained."""
        if self._operate is None or self._experiment is None:
            return
        chosen = edits.uppermost(self.chosen())
        labels = labels_of(self._plain, chosen) if chosen else (output_label(self._plain),)
        what = f"{text}: {count(len(labels), 'layer')}" if chosen else f"{text}: output"
        self.refusal.say(self._operate(self._experiment.to_builtins(), what, made(labels)) or "")

    def _layer_edited(self, path: FieldPath, value: Any, final: bool) -> None:
        chosen = self.chosen()
        if not chosen or self._experiment is None:
            return
        plain = self._identities.completed(edits.changed(self._plain, chosen, path, value))
        where = ",".join(".".join(map(str, place[1::2])) for place in chosen)
        what = f"{description_of(self.layer_form, path)} of {count(len(chosen), 'layer')}"
        self._edit(self.layer_form, path, plain, what, f"layers.{where}.{key_of(path)}", final)

    def _output_edited(self, path: FieldPath, value: Any, final: bool) -> None:
        if self._experiment is None:
            return
        plain = replaced(self._plain, ("output", *path), value)
        what = f"{description_of(self.output_form, path)} of the output"
        self._edit(self.output_form, path, plain, what, f"output.{key_of(path)}", final)

    def _edit(self, form: PartForm, path: FieldPath, plain: dict[str, Any], what: str, key: str, final: bool) -> None:
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
