"""Room for the panels: where text is so large that the window cannot hold them beside a card, they fold away.

Where it cannot hold even the one that a hand has opened, that one fills it until a hand closes it: a board that has no
room for a card would scroll sideways.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QMainWindow

from ui.style.panels import PanelDock
from ui.style.text_size import scaled, text_resized
from ui.window.window_events import follow

LEAST_BOARD = 320
"""Pixels of a board with one column of cards, in text of the usual size."""


WANTED_BOARD = 350
"""Pixels of one with the widest card and its bar: panels that were made wider give way to it."""


class PanelRoom(QObject):
    """The panel that a hand has opened last stays; what folded by itself comes back with the room for it."""

    def __init__(self, window: QMainWindow, docks: Sequence[PanelDock]) -> None:
        super().__init__(window)
        self._window, self._docks = window, [*docks]
        self._opened: PanelDock | None = None
        """The panel that a hand has opened last."""
        self._folded: list[PanelDock] = []
        """Panels that have folded by themselves, the last one last."""
        follow(window, (QEvent.Type.Resize, QEvent.Type.Show), self.fit)
        text_resized.connect(self.fit)
        for dock in docks:
            self._watch(dock)

    def add(self, dock: PanelDock) -> None:
        """One more panel, which stays where there is no room for all."""
        self._docks.insert(0, dock)
        self._watch(dock)

    def _watch(self, dock: PanelDock) -> None:
        dock.toggleViewAction().triggered.connect(lambda on: self._toggled(dock, on))

    def keep(self, dock: PanelDock) -> None:
        """A hand has opened this one."""
        self._toggled(dock, True)

    def fit(self) -> None:
        """Fold or bring back as the window is now."""
        while self._folded and self._fits(self._folded[-1]):
            self._folded.pop().show()
        for dock in reversed(self._docks):
            if dock is not self._opened and not dock.isHidden() and not self._fits():
                self._folded.append(dock)
                dock.hide()
        self._show_board(self._fits())
        self._keep_board()
        self._narrow()

    def _keep_board(self) -> None:
        """A hand that drags the edge of a panel stops where the board would have no room for a card."""
        board = self._window.centralWidget()
        if board is not None:
            room = self._window.width() - self._least([dock for dock in self._docks if not dock.isHidden()])
            board.setMinimumWidth(max(min(scaled(WANTED_BOARD), room), 0))

    def _narrow(self) -> None:
        """Take from panels what the board lacks, as far as they can do with less."""
        shown = [dock for dock in self._docks if not dock.isHidden()]
        spare = [max(dock.width() - dock.minimumSizeHint().width(), 0) for dock in shown]
        beside = {self._window.dockWidgetArea(dock): dock.width() for dock in shown}
        lacking = min(sum(beside.values()) + scaled(WANTED_BOARD) - self._window.width(), sum(spare))
        board = self._window.centralWidget()
        if lacking > 0 and board is not None and not board.isHidden():
            widths = [
                dock.width() - math.ceil(lacking * each / sum(spare)) for dock, each in zip(shown, spare, strict=True)
            ]
            self._window.resizeDocks(shown, widths, Qt.Orientation.Horizontal)

    def _show_board(self, on: bool) -> None:
        board = self._window.centralWidget()
        if board is not None and board.isHidden() == on:
            board.setVisible(on)
            docks = [dock for dock in self._docks if on and not dock.isHidden()]
            self._window.resizeDocks(
                docks, [dock.minimumSizeHint().width() for dock in docks], Qt.Orientation.Horizontal
            )

    def _toggled(self, dock: PanelDock, on: bool) -> None:
        self._folded = [other for other in self._folded if other is not dock]
        self._opened = dock if on else None
        self.fit()

    def _fits(self, *more: PanelDock) -> bool:
        """Whether there is room for those that are open, and for more; panels on one side stand below each other."""
        shown = [dock for dock in self._docks if dock in more or not dock.isHidden()]
        return self._least(shown) + scaled(LEAST_BOARD) <= self._window.width()

    def _least(self, shown: Sequence[PanelDock]) -> int:
        """Pixels of width that these panels take at least."""
        areas = {self._window.dockWidgetArea(dock) for dock in shown}
        return sum(
            max(dock.minimumSizeHint().width() for dock in shown if self._window.dockWidgetArea(dock) == area)
            for area in areas
        )
