"""What a hand on the keyboard can do with cards and workspaces: the same actions are in the menus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.board.board import Board
from ui.board.workspace_bar import WorkspaceBar

SHORTCUTS = 9
"""Workspaces that have one."""
TIPS = {
    "Next card": "Give the focus to the next card, row by row.",
    "Previous card": "Give the focus to the card before.",
    "Next tab of the card": "Bring the next plot of a card with several to the front.",
    "Move card forward": "Put the card one place later on the board.",
    "Move card back": "Put the card one place earlier on the board.",
    "Span one more column": "Make the card a column wider.",
    "Span one column less": "Make the card a column narrower.",
    "Join the next card as a tab": "Let the card share a place with the next one.",
    "Take the tab out to a card of its own": "Give the plot in front a place of its own.",
    "Maximise card, or put it back": "Let the card fill the board, or give it its place back.",
    "Menu of the card": "Open what can be done with the card.",
    "Close card": "Take the card off the board; the Plots menu has it still.",
    "Larger cards": "Make all cards wider, so that fewer stand in a row.",
    "Smaller cards": "Make all cards narrower, so that more stand in a row.",
    "Usual size of cards": "Make all cards as wide as at first.",
}
WORKSPACE_TIP = "Put the set of plots in this place of the row of tabs on the board."


class Commands:
    """Acts on the current card: the one that has the focus, or had it last."""

    def __init__(self, owner: QWidget, board: Board, bar: WorkspaceBar) -> None:
        self._board = board
        make = _Maker(owner)
        self.cards = (
            make("Next card", "Ctrl+PgDown", lambda: self._step(1)),
            make("Previous card", "Ctrl+PgUp", lambda: self._step(-1)),
            make("Next tab of the card", "Ctrl+Tab", self._next_tab),
            make("Move card forward", "Ctrl+Shift+PgDown", lambda: self._move(1)),
            make("Move card back", "Ctrl+Shift+PgUp", lambda: self._move(-1)),
            make("Span one more column", "Alt+Shift+Right", lambda: self._span(1)),
            make("Span one column less", "Alt+Shift+Left", lambda: self._span(-1)),
            make("Join the next card as a tab", "Ctrl+J", self._join),
            make("Take the tab out to a card of its own", "Ctrl+Shift+J", self._apart),
            make("Maximise card, or put it back", "Ctrl+M", self._maximise),
            make("Menu of the card", "Ctrl+Shift+M", self._open_menu),
            make("Close card", "Ctrl+W", self._close),
        )
        self.sizes = (
            make("Larger cards", "Ctrl++", bar.enlarge, "Ctrl+="),
            make("Smaller cards", "Ctrl+-", bar.reduce),
            make("Usual size of cards", "Ctrl+0", bar.usual_size),
        )
        self.workspaces = tuple(
            make(f"Workspace {number}", f"Ctrl+{number}", partial(bar.choose, number - 1))
            for number in range(1, SHORTCUTS + 1)
        )

    def _step(self, by: int) -> None:
        cards, card = self._board.cards, self._board.current.card
        if card is not None:
            at = cards.index(card) + by * card.has_focus
            self._board.current.focus(cards[at % len(cards)].place.key)

    def _next_tab(self) -> None:
        card = self._board.current.card
        if card is not None:
            place = card.place
            key = place.keys[(place.current + 1) % len(place.keys)]
            self._board.change(self._board.arrangement.raised(key))
            self._board.current.focus(key)

    def _move(self, by: int) -> None:
        if key := self._arranged_key():
            at = self._board.arrangement.index(key)
            self._board.change(self._board.arrangement.moved(key, at - 1 if by < 0 else at + 2))
            self._board.current.focus(key)

    def _span(self, by: int) -> None:
        if key := self._arranged_key():
            arrangement = self._board.arrangement
            columns = arrangement.places[arrangement.index(key)].columns
            self._board.change(arrangement.spanned(key, columns + by))
            self._board.current.focus(key)

    def _join(self) -> None:
        if key := self._arranged_key():
            arrangement = self._board.arrangement
            places, at = arrangement.places, arrangement.index(key)
            if at + 1 < len(places):
                self._board.change(arrangement.joined(places[at + 1].key, key).raised(key))
                self._board.current.focus(key)

    def _apart(self) -> None:
        if key := self._arranged_key():
            self._board.change(self._board.arrangement.apart(key))
            self._board.current.focus(key)

    def _maximise(self) -> None:
        if key := self._board.current.key:
            self._board.toggle_maximised(key)
            self._board.current.focus(key)

    def _open_menu(self) -> None:
        card = self._board.current.card
        if card is not None and card.page is not None:
            card.page.menu_button.click()

    def _close(self) -> None:
        if key := self._arranged_key():
            arrangement = self._board.arrangement
            at = arrangement.index(key)
            self._board.change(arrangement.closed(key))
            if self._board.cards:
                self._board.current.focus(self._board.cards[min(at, len(self._board.cards) - 1)].place.key)

    def _arranged_key(self) -> str:
        """Of the current card, where cards can be arranged: not while one is maximised."""
        return "" if self._board.maximised is not None else self._board.current.key


class _Maker:
    """Actions of the whole window, with their keys."""

    def __init__(self, owner: QWidget) -> None:
        self._owner = owner

    def __call__(self, text: str, keys: str, act: Callable[[], object], *others: str) -> QAction:
        action = QAction(text, self._owner)
        action.setToolTip(TIPS.get(text, WORKSPACE_TIP))
        action.setShortcuts([QKeySequence(each) for each in (keys, *others)])
        action.triggered.connect(lambda _on=False: act())
        self._owner.addAction(action)
        return action
