"""What can be done to the running network itself: layers frozen, drawn anew and scaled, weights kept in a new stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QInputDialog, QWidget

from simulator.experiment.experiment import Experiment
from simulator.schema.parameter import is_live_change
from simulator.schema.plain import PlainDict
from simulator.training.surgery import Reinitialise, ScaleWeights, Surgery
from ui.builder import edits
from ui.builder.edits import LayerPath
from ui.builder.keeping import transplant
from ui.builder.tools import Act
from ui.style.actions import action
from ui.style.help import set_page

KEEP = "Keep weights"
KEEP_TIP = (
    "While on, a change of the stack hands weights, optimiser state and running averages on to all layers that stay, "
    "and the run goes on from its step; off, the network begins anew."
)
SCALE_LIMIT = 1e6
SurgeryOf = Callable[[tuple[str, ...]], Surgery]
"""The operation on layers of these labels."""


class Operations:
    """The actions of a stack that act on what is trained, and the choice whether changes keep weights."""

    def __init__(self, stack: QWidget, act: Act, operate: Callable[[str, SurgeryOf], None]) -> None:
        self.actions: dict[str, QAction] = {}
        self._stack, self._operate = stack, operate
        self.keep = QCheckBox(KEEP)
        self.keep.setToolTip(KEEP_TIP)
        for widget in (stack, self.keep):
            set_page(widget, "guide/surgery")
        freeze = "Leave the weights of the chosen layers as they are, or let them be trained again, live."
        anew = "Draw the weights of the chosen layers anew in the running network; undo brings the old ones back."
        scale = "Multiply the weights of the chosen layers in the running network; undo brings the old ones back."
        for name, text, keys, help, done in (
            ("freeze", "Freeze or unfreeze", "Ctrl+Shift+F", freeze, lambda: act("Freeze or unfreeze", frozen)),
            ("reinitialise", "Reinitialise", "Ctrl+Shift+I", anew, self.reinitialise),
            ("scale", "Scale weights…", "Ctrl+Shift+W", scale, self._ask_factor),
        ):
            self.actions[name] = action(stack, text, done, keys=keys, tip=help, focused=True)

    def enable(self, layers: bool, output: bool) -> None:
        """Whether layers are chosen, or the output."""
        self.actions["freeze"].setEnabled(layers)
        for name in ("reinitialise", "scale"):
            self.actions[name].setEnabled(layers or output)

    def reinitialise(self) -> None:
        """Draw the chosen layers anew."""
        self._operate("Reinitialise", Reinitialise)

    def scale(self, factor: float) -> None:
        """Multiply the weights of the chosen layers."""
        self._operate("Scale weights", lambda labels: ScaleWeights(labels, factor))

    def _ask_factor(self) -> None:
        factor, agreed = QInputDialog.getDouble(
            self._stack, "Scale weights", "Multiply the weights with:", 0.5, -SCALE_LIMIT, SCALE_LIMIT, 6
        )
        if agreed:
            self.scale(factor)

    def surgery(self, experiment: Experiment, before: PlainDict, after: PlainDict) -> Surgery | None:
        """What hands the network on to a changed stack; None where it begins anew, or changes live."""
        if not self.keep.isChecked() or before == after:
            return None
        try:
            live = is_live_change(experiment, Experiment.from_builtins(edits.untagged(after)))
        except ValueError:
            return None  # It is refused by whoever is asked for it.
        return None if live else transplant(before, after)


def frozen(plain: PlainDict, chosen: Sequence[LayerPath]) -> tuple[PlainDict, list[LayerPath]]:
    """The chosen layers frozen, or trained again where all of them are."""
    on = not all(edits.at(plain, place).get("frozen") for place in chosen)
    return edits.changed(plain, chosen, ("frozen",), on), list(chosen)
