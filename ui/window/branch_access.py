"""Branches from the menu: one more at the step that is shown, and the tree of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ui.bench.bench import Bench
from ui.bench.branches import Branches
from ui.bench.chosen_lane import FULL, MOST, ChosenLane, SettingsByPath

if TYPE_CHECKING:  # The first window does not wait for it.
    from ui.window.branches import BranchTree


class BranchAccess:
    """Makes the tree when it is first wanted."""

    def __init__(self, window: QWidget, bench: Bench, chosen: ChosenLane, say: Callable[[str], None]) -> None:
        self.branches = Branches(bench, chosen)
        self._window, self._bench, self._chosen, self._say = window, bench, chosen, say
        self.tree: BranchTree | None = None

    def branch_here(self, step: int | None = None, settings: SettingsByPath | None = None, parent: str = "") -> bool:
        """One more network that goes on from a step, the one that is shown, with these settings; whether there is."""
        full = len(self._chosen.names) >= MOST
        reason = FULL if full else self.branches.branch_here(step, settings, parent)
        if reason:
            self._say(reason)
        return not reason

    def open_tree(self) -> None:
        """Show what branched off from what."""
        from ui.window.branches import BranchTree

        if self.tree is None:
            self.tree = BranchTree(self.branches, self._bench, self._chosen, self._window)
        self.tree.show()
        self.tree.activateWindow()
