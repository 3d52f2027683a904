"""The way to the preferences of one window, and the keys of its commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from ui.board.plot_area import PlotArea
from ui.settings.preferences import Preference
from ui.settings.shortcuts import Shortcuts

if TYPE_CHECKING:
    from ui.bench.run_memory import MemoryUse
    from ui.dialogs.preferences import PreferencesDialog


class PreferenceAccess(QObject):
    """Opens the dialog, which is imported only then."""

    def __init__(self, window: QWidget, plots: PlotArea, memory: Callable[[], MemoryUse]) -> None:
        """``memory`` says what is kept of runs."""
        super().__init__(window)
        self._window, self._plots, self._memory = window, plots, memory
        self.shortcuts = Shortcuts(())

    def take_keys(self, actions: Iterable[QAction]) -> None:
        """All commands are there now: they get the keys that a person has given them."""
        self.shortcuts = Shortcuts(actions)

    def open_at(self, preference: Preference) -> None:
        """With the focus in the field of one of them."""
        self.open().fields[preference.key].setFocus()

    def open(self) -> PreferencesDialog:
        """It holds nothing up."""
        from ui.dialogs.preferences import PreferencesDialog

        size = self._plots.workspaces.size_factor
        dialog = PreferencesDialog(self.shortcuts, size, self._plots.bar.show_size, self._memory, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        return dialog
