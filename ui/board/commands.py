"""What a hand on the keyboard can do with cards and workspaces: the same actions are in the menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.board.board import Board
from ui.board.workspace_bar import WorkspaceBar

SHORTCUTS = 9
"""Workspaces that have one."""
WORKSPACE_TIP = "Put the set of plots in this place of the row of tabs on the board."


class BoardCommands:
    """Acts on the current card: the one that has the focus, or had it last."""

    def __init__(self, owner: QWidget, board: Board, bar: WorkspaceBar) -> None:
        self._board = board
        make = partial(_action, owner)
        self.cards = tuple(make(*each) for each in self._of_cards())
        self.sizes = (
            make(
                "Larger cards", "Make all cards wider, so that fewer stand in a row.", bar.enlarge, "Ctrl++", "Ctrl+="
            ),
            make("Smaller cards", "Make all cards narrower, so that more stand in a row.", bar.reduce, "Ctrl+-"),
            make("Usual size of cards", "Make all cards as wide as at first.", bar.usual_size, "Ctrl+0"),
        )
        self.workspaces = tuple(
            make(f"Workspace {number}", WORKSPACE_TIP, partial(bar.choose, number - 1), f"Ctrl+{number}")
            for number in range(1, SHORTCUTS + 1)
        )

    def _of_cards(self) -> Sequence[tuple[str, str, Callable[[], object], str]]:
        """What each is called and does, and its keys."""
        step, move, span = self._step, self._move, self._span
        return (
            ("Next card", "Give the focus to the next card, row by row.", partial(step, 1), "Ctrl+PgDown"),
            ("Previous card", "Give the focus to the card before.", partial(step, -1), "Ctrl+PgUp"),
            ("Next tab of the card", "Bring the next plot of a card with several to the front.", self._next_tab,
             "Ctrl+Tab"),
            ("Move card forward", "Put the card one place later on the board.", partial(move, 1), "Ctrl+Shift+PgDown"),
            ("Move card back", "Put the card one place earlier on the board.", partial(move, -1), "Ctrl+Shift+PgUp"),
            ("Span one more column", "Make the card a column wider.", partial(span, 1), "Alt+Shift+Right"),
            ("Span one column less", "Make the card a column narrower.", partial(span, -1), "Alt+Shift+Left"),
            ("Join the next card as a tab", "Let the card share a place with the next one.", self._join, "Ctrl+J"),
            ("Take the tab out to a card of its own", "Give the plot in front a place of its own.", self._apart,
             "Ctrl+Shift+J"),
            ("Maximise card, or put it back", "Let the card fill the board, or give it its place back.",
             self._maximise, "Ctrl+M"),
            ("Menu of the card", "Open what can be done with the card.", self._open_menu, "Ctrl+Shift+M"),
            ("Close card", "Take the card off the board; the Plots menu has it still.", self._close, "Ctrl+W"),
        )  # fmt: skip

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


def _action(owner: QWidget, text: str, tip: str, act: Callable[[], object], *keys: str) -> QAction:
    """An action of the whole window, with its keys."""
    made = QAction(text, owner)
    made.setToolTip(tip)
    made.setShortcuts([QKeySequence(each) for each in keys])
    made.triggered.connect(lambda _on=False: act())
    owner.addAction(made)
    return made
