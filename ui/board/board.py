"""The cards in their places: packed, scrolled, in sight or not, one of them maximised, one of them current."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from ui.board.arrangement import Arrangement, CardPlace
from ui.board.card import Card, CardPage
from ui.board.current import CurrentCard
from ui.board.packing import GAP, Packed, pack
from ui.plots.base import Plot
from ui.style.text_size import scaled

TARGET_WIDTH = 316
"""Pixels of a column at usual size: two columns beside both panels of a window of 1280."""
PAGE_STEP = 40


class Board(QScrollArea):
    """Shows an arrangement; hands change it, and it says so."""

    arrangement_changed = Signal()
    """By a hand, on the board."""
    seen_changed = Signal()
    """Other plots can be seen now."""
    maximised_changed = Signal(bool)

    def __init__(self, page: Callable[[str], CardPage], kind: Callable[[str], type[Plot[Any]]]) -> None:
        """``page`` and ``kind`` give the page and the class of a plot by its key."""
        super().__init__()
        self._page, self._kind = page, kind
        self.arrangement = Arrangement()
        self.cards: list[Card] = []
        """In the order of the arrangement; of a maximised plot only one."""
        self.size_factor = 1.0
        self._networks: Sequence[str] = ("",)
        """Names of those that are shown beside each other."""
        self.packed: Packed | None = None
        self._maximised: str | None = None
        self._covered = False
        self._foot = 0
        """Pixels at the foot that something lies over."""
        self._laying_out = False
        self._seen: tuple[str, ...] = ()
        self.content = QWidget()
        self.shelf = QWidget(self)
        """Keeps the pages that are on no card."""
        self.shelf.hide()
        self.setObjectName("board")
        self.setAccessibleName("Board of plots")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(self.content)
        self.verticalScrollBar().setSingleStep(PAGE_STEP)
        self.verticalScrollBar().valueChanged.connect(self._look)
        self.horizontalScrollBar().valueChanged.connect(self._look)
        self.current = CurrentCard(self, lambda: self.cards, self.bring)

    # -- the arrangement -----------------------------------------------------------------------------------------

    def set_arrangement(self, arrangement: Arrangement) -> None:
        """Show these places; what is maximised is put back."""
        self._end_maximised()
        self.arrangement = arrangement
        self._deal()

    def change(self, arrangement: Arrangement) -> None:
        """As a hand wants it."""
        self.set_arrangement(arrangement)
        self.arrangement_changed.emit()

    def set_size_factor(self, factor: float) -> None:
        """Cards so many times as large as usual."""
        if factor != self.size_factor:
            self.size_factor = factor
            self.lay_out()

    def set_networks(self, names: Sequence[str]) -> None:
        """Give cards room for networks of these names beside each other."""
        if names != self._networks:
            self._networks = names
            for card in self.cards:
                card.networks = names
            self.lay_out()

    def _deal(self) -> None:
        """A card for each place: the one that holds its plot already, where there is one."""
        free, alone = list(self.cards), self._maximised
        self.cards = []
        for place in self.arrangement.places if alone is None else (CardPlace((alone,)),):
            card = next((card for card in free if set(card.place.keys) & set(place.keys)), None)
            if card is None:
                card = self._make_card()
            else:
                free.remove(card)
            card.set_place(place)
            self.cards.append(card)
        for card in free:
            self._put_away(card)
        self.lay_out()

    def _make_card(self) -> Card:
        card = Card(self.content, self._page, self._kind)
        card.networks = self._networks
        card.tab_chosen.connect(lambda key: self.change(self.arrangement.raised(key)))
        card.edge.dragged.connect(lambda x: self._span(card, x))
        card.edge.released.connect(self.arrangement_changed)
        return card

    def _put_away(self, card: Card) -> None:
        for page in card.findChildren(CardPage):
            page.setParent(self.shelf)
        card.hide()
        card.setParent(None)
        card.deleteLater()

    def _span(self, card: Card, x: int) -> None:
        """The edge of a card is at ``x``: it takes the columns that it is nearest to."""
        if self.packed is not None and self._maximised is None:
            column = (self.packed.width - GAP) / self.packed.columns
            columns = max(1, min(round((x - card.x()) / column), self.packed.columns))
            if columns != card.place.columns:
                self.set_arrangement(self.arrangement.spanned(card.place.key, columns))

    # -- geometry ------------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Put every card into its place."""
        if self._laying_out:
            return
        self._laying_out = True
        self._lay_out()
        self._laying_out = False
        self._look()

    def _lay_out(self) -> None:
        whole = self.contentsRect().size()
        wanted = [card.wanted_of(0 if self._maximised is None else whole.width()) for card in self.cards]
        packed = pack(wanted, whole.width(), whole.height(), scaled(TARGET_WIDTH), self.size_factor)
        wide = packed.width > whole.width()
        high = packed.height > whole.height() - wide * self.horizontalScrollBar().sizeHint().height()
        on, off = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(on if high else off)
        self.setHorizontalScrollBarPolicy(on if wide else off)
        if high:
            packed = pack(wanted, self.viewport().width(), 0, scaled(TARGET_WIDTH), self.size_factor)
        self.packed = packed
        self.content.resize(packed.width, max(packed.height, self.viewport().height()) + self._foot)
        for card, box in zip(self.cards, packed.boxes, strict=True):
            card.setGeometry(box.x, box.y, box.width, box.height)
            card.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def viewportEvent(self, event: QEvent) -> bool:
        handled = super().viewportEvent(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._look()
        return handled

    # -- what is seen --------------------------------------------------------------------------------------------

    @property
    def seen_cards(self) -> list[Card]:
        """Cards of which some part is in sight."""
        window = QRect(-self.content.pos(), self.viewport().size())
        if self._covered or not self.isVisible():
            return []
        return [card for card in self.cards if card.geometry().intersects(window)]

    @property
    def seen(self) -> tuple[str, ...]:
        """Keys of the plots that can be seen, as of the last look: each frame asks."""
        return self._seen

    def set_covered(self, covered: bool) -> None:
        """Whether something lies over the whole board, so that nothing of it can be seen."""
        self._covered = covered
        self._look()

    def cover_foot(self, height: int) -> None:
        """Something lies over so much of the foot: cards keep their sizes, and can be scrolled out from under it."""
        if height != self._foot:
            self._foot = height
            self.lay_out()

    def bring(self, card: Card) -> None:
        """Scroll so far that a card is seen, or as much of it as has room above what lies over the foot."""
        self.ensureWidgetVisible(card, GAP, GAP)
        bar = self.verticalScrollBar()
        below = card.geometry().bottom() + GAP - (bar.value() + self.viewport().height() - self._foot)
        if below > 0:
            bar.setValue(bar.value() + max(0, min(below, card.y() - GAP - bar.value())))

    def _look(self, *_value: int) -> None:
        """Have the pages of the cards that are in sight."""
        cards = self.seen_cards
        for card in cards:
            card.bring_page()
        seen = tuple(card.place.key for card in cards)
        if seen != self._seen:
            self._seen = seen
            self.seen_changed.emit()

    def card_at(self, at: QPoint) -> Card | None:
        """The card under a point of the content."""
        return next((card for card in self.cards if card.geometry().contains(at)), None)

    # -- one plot alone ------------------------------------------------------------------------------------------

    @property
    def maximised(self) -> str | None:
        """Key of the plot that fills the board."""
        return self._maximised

    def maximise(self, key: str) -> None:
        """Let one plot fill the board until :meth:`restore`."""
        self._end_maximised()
        self._maximised = key
        self.current.choose(key)
        self._deal()
        self._tell_maximised(key, True)

    def toggle_maximised(self, key: str) -> None:
        if self._maximised is not None:
            self.restore()
        else:
            self.maximise(key)

    def restore(self) -> None:
        """Put the maximised plot back among the others."""
        if self._maximised is not None:
            key = self._maximised
            self._end_maximised()
            self._deal()
            if key in self.arrangement.keys:
                self.current.bring_into_view(key)

    def _end_maximised(self) -> None:
        if self._maximised is not None:
            key, self._maximised = self._maximised, None
            self._tell_maximised(key, False)

    def _tell_maximised(self, key: str, on: bool) -> None:
        header = self._page(key).plot.header
        if header is not None:
            header.set_maximised(on)
        self.maximised_changed.emit(on)
