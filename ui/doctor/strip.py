"""The findings: a strip at the foot of the board that opens over it; its switch says how many there are."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ui.bench.bench import Bench
from ui.doctor.panel import NOTHING, DoctorPanel
from ui.doctor.rounds import Rounds
from ui.doctor.trials import Offer
from ui.style.icons import set_icon
from ui.style.numbers import count

NOT_YET = "The run has not been examined yet."
NOT_TRAINED = "Nothing is trained, so there is nothing to examine."
MOST = 0.6
"""Share of the board's height that it covers at most."""


class FindingsStrip(QFrame):
    """Lies over the foot of a widget, whose size it leaves alone; folded away until asked for."""

    def __init__(self, bench: Bench, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("findingsStrip")
        self.setAccessibleName("Doctor")
        self.panel = DoctorPanel()
        self.rounds = Rounds(bench, bench.document, self)
        self.toggle = self._make_toggle()
        self._head = QLabel(NOT_YET)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(self._make_head())
        column.addWidget(self.panel, 1)
        self.rounds.offered.connect(self._show)
        trials = self.rounds.trials
        trials.progressed.connect(lambda: self.panel.show_progress(trials.progress))
        self.panel.chosen.connect(self.rounds.apply)
        self.panel.way_back_chosen.connect(self.rounds.go_back)
        self.panel.resized.connect(self._place)
        over.installEventFilter(self)
        self.hide()

    def _make_toggle(self) -> QAction:
        toggle = QAction("Doctor panel", self)
        toggle.setIconText("Doctor")
        toggle.setToolTip("Show or fold away what the doctor finds, over the foot of the board.")
        toggle.setCheckable(True)
        toggle.toggled.connect(self.setVisible)
        return toggle

    def _make_head(self) -> QHBoxLayout:
        font = self._head.font()
        font.setBold(True)
        self._head.setFont(font)
        fold = QToolButton(self)
        set_icon(fold, "close")
        fold.setAutoRaise(True)
        fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        fold.setAccessibleName("Fold away Doctor")
        fold.setToolTip("Fold the findings away; F8 brings them back.")
        fold.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.setContentsMargins(12, 2, 4, 2)
        row.addWidget(self._head, 1)
        row.addWidget(fold)
        return row

    def forget(self) -> None:
        """Say nothing while no network is trained."""
        self.rounds.forget()
        self._say((), NOT_TRAINED)

    def _show(self, offers: tuple[Offer, ...]) -> None:
        self._say(offers, NOTHING if self.rounds.examined else NOT_YET)

    def _say(self, offers: tuple[Offer, ...], otherwise: str) -> None:
        self.panel.say(offers, otherwise)
        self._head.setText(count(len(offers), "finding") if offers else "No findings")
        self.toggle.setIconText(f"Doctor · {len(offers)}" if offers else "Doctor")

    # -- over the board ------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parentWidget():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """At the foot, as high as what it says, but not higher than its share."""
        below = self.parentWidget()
        if below is not None:
            height = min(self.sizeHint().height(), round(MOST * below.height()))
            self.setGeometry(0, below.height() - height, below.width(), height)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place()
        self.raise_()
        self.toggle.setChecked(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.isHidden():  # by a hand, not with the window
            self.toggle.setChecked(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
