"""The doctor's panel at the foot of the window; its switch says how many findings there are."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.doctor.panel import NOTHING, DoctorPanel
from ui.doctor.rounds import Rounds
from ui.doctor.trials import Offer
from ui.style.panels import PanelDock

NOT_YET = "The run has not been examined yet."
NOT_TRAINED = "Nothing is trained, so there is nothing to examine."


class DoctorDock(PanelDock):
    """Folded away until asked for."""

    counts = True

    def __init__(self, bench: Bench, document: Document, parent: QWidget) -> None:
        self.panel = DoctorPanel()
        super().__init__("Doctor", self.panel, parent)
        self.rounds = Rounds(bench, document, self)
        self.rounds.found.connect(self._show)
        self.rounds.trials.progressed.connect(self.panel.show_progress)
        self.panel.chosen.connect(self.rounds.apply)
        self.hide()

    def forget(self) -> None:
        """Say nothing while no network is trained."""
        self.rounds.forget()
        self.panel.say((), NOT_TRAINED)

    def _show(self, offers: tuple[Offer, ...]) -> None:
        self.panel.say(offers, NOTHING if self.rounds.examined else NOT_YET)
        count = f" · {len(offers)}" if offers else ""
        self.toggleViewAction().setIconText(f"Doctor{count}")
