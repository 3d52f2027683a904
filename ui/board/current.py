"""Which card is the current one: keys act on it, and it is brought into view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from ui.board.card import Card


class CurrentCard(QObject):
    """The card that has the focus, or had it last; else the first."""

    def __init__(
        self, board: QObject, cards: Callable[[], Sequence[Card]], bring: Callable[[Card], object]
    ) -> None:  # fmt: skip
        """``bring`` scrolls so far that a card is seen."""
        super().__init__(board)
        self._cards, self._bring_card = cards, bring
        self._plot = ""
        """Key of a plot of the current card."""
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._bring)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    @property
    def card(self) -> Card | None:
        cards = self._cards()
        return next((card for card in cards if self._plot in card.place.keys), cards[0] if cards else None)

    @property
    def key(self) -> str:
        """Of the plot in front of it; ``""`` where there is none."""
        return "" if self.card is None else self.card.place.key

    def choose(self, key: str) -> None:
        """Let the card of this plot be current, without the focus."""
        self._plot = key

    def focus(self, key: str) -> None:
        """Give the card of a plot the focus, and bring it into view."""
        self._plot = key
        self._bring()
        if self.card is not None:
            self.card.take_focus()

    def bring_into_view(self, key: str) -> None:
        """Scroll so far that the card of a plot is seen, in the next turn: its place may be new."""
        self._plot = key
        self._soon.start()

    def _bring(self) -> None:
        if self.card is not None:
            self._bring_card(self.card)

    def _follow(self, _before: QObject | None, _now: QObject | None) -> None:
        for card in self._cards():
            card.mark_current(card.has_focus)
            if card.has_focus and card.place.key != self._plot:
                self._plot = card.place.key
                self._bring()
