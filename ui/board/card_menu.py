"""The menu of one card: its plot's own switches, then where the card is to be."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from ui.board.arrangement import Arrangement
from ui.board.board import Board
from ui.board.card import CardPage


def open_card_menu(board: Board, page: CardPage, at: QPoint) -> None:
    """Show the menu of a page's plot at a point of the screen."""
    menu = QMenu(board)
    menu.aboutToHide.connect(menu.deleteLater)
    fill_card_menu(menu, board, page)
    menu.popup(at)


def fill_card_menu(menu: QMenu, board: Board, page: CardPage) -> None:
    """What can be done with a plot and its card."""
    header = page.plot.header
    assert header is not None
    for button in (*header.options.values(), header.pause, header.pin):
        menu.addAction(_mirror(menu, button))
    menu.addAction("Give the view back (A)", page.plot.give_back_view)
    menu.addAction("Export…", header.export.click)
    # What lessons ask for is imported with the first menu: a start does not need it.
    from ui.plots.asked import quantities_of

    if quantities_of(page.plot):
        menu.addAction("Ask for this number in a lesson…", page.plot.number_asked.emit)
    menu.addAction("Explain", header.show_explanation)
    menu.addSeparator()
    _add_places(menu, board, page.plot.key)
    menu.addSeparator()
    menu.addAction("Close", page.close_button.click)


def _add_places(menu: QMenu, board: Board, key: str) -> None:
    put_back = "Put back" if board.maximised is not None else "Maximise"
    menu.addAction(put_back, lambda: board.toggle_maximised(key))
    if board.maximised is not None or key not in board.arrangement.keys:
        return
    arrangement = board.arrangement
    at, place = arrangement.index(key), arrangement.places[arrangement.index(key)]
    last = len(arrangement.places) - 1
    menu.addAction("Move forward", lambda: board.change(arrangement.moved(key, at + 2))).setEnabled(at < last)
    menu.addAction("Move back", lambda: board.change(arrangement.moved(key, at - 1))).setEnabled(at > 0)
    spans = menu.addMenu("Span columns")
    for columns in (1, 2, 3):
        entry = spans.addAction(str(columns), partial(_change, board, arrangement.spanned(key, columns)))
        entry.setCheckable(True)
        entry.setChecked(place.columns == columns)
    beside = menu.addMenu("Show as a tab of")
    for card in board.cards:
        if key not in card.place.keys:
            together = arrangement.apart(key).joined(key, card.place.key)
            beside.addAction(card.accessibleName(), partial(_change, board, together))
    beside.setEnabled(last > 0)
    menu.addAction("On a card of its own", lambda: board.change(arrangement.apart(key))).setEnabled(len(place.keys) > 1)


def _change(board: Board, arrangement: Arrangement, _on: bool = False) -> None:
    board.change(arrangement)


def _mirror(menu: QMenu, button: QToolButton) -> QAction:
    """A button of the header as an entry: where a header is narrow, its buttons give way."""
    action = QAction(button.accessibleName().partition(":")[0], menu)
    action.setToolTip(button.toolTip())
    action.setCheckable(True)
    action.setChecked(button.isChecked())
    action.toggled.connect(button.setChecked)
    return action
