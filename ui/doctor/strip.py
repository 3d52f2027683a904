"""The findings: a strip at the foot of the board that opens over it; its switch says how many there are."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.doctor.panel import NOTHING, DoctorPanel
from ui.doctor.rounds import Rounds
from ui.doctor.trials import Offer
from ui.style.foot_strip import FootStrip
from ui.style.numbers import count

NOT_YET = "The run has not been examined yet."
NOT_TRAINED = "Nothing is trained, so there is nothing to examine."


class FindingsStrip(FootStrip):
    """Over the foot of a widget, whose size it leaves alone; folded away until asked for."""

    def __init__(self, bench: Bench, over: QWidget) -> None:
        super().__init__(over, "Doctor", "F8")
        self.setObjectName("findingsStrip")
        self.panel = DoctorPanel()
        self.rounds = Rounds(bench, bench.document, self)
        self.toggle.setToolTip("Show or fold away what the doctor finds, over the foot of the board.")
        self.head.setText(NOT_YET)
        self.column.addWidget(self.panel, 1)
        self.rounds.offered.connect(self._show)
        trials = self.rounds.trials
        trials.progressed.connect(lambda: self.panel.show_progress(trials.progress))
        self.panel.chosen.connect(self.rounds.apply)
        self.panel.way_back_chosen.connect(self.rounds.go_back)
        self.panel.resized.connect(self.place)

    def forget(self) -> None:
        """Say nothing while no network is trained."""
        self.rounds.forget()
        self._say((), NOT_TRAINED)

    def _show(self, offers: tuple[Offer, ...]) -> None:
        self._say(offers, NOTHING if self.rounds.examined else NOT_YET)

    def _say(self, offers: tuple[Offer, ...], otherwise: str) -> None:
        self.panel.say(offers, otherwise)
        self.head.setText(count(len(offers), "finding") if offers else "No findings")
        self.toggle.setIconText(f"Doctor · {len(offers)}" if offers else "Doctor")
