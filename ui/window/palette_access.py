"""The way to the palette: Ctrl+K, wherever the focus is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from simulator.experiment.files import Preset
from ui.settings.preferences import Preference
from ui.window.parts import WindowParts

if TYPE_CHECKING:
    from simulator.lessons.lesson import Lesson
    from ui.palette.palette import CommandPalette


class PaletteAccess(QObject):
    """Opens the palette of one window over what there is at that moment."""

    def __init__(
        self,
        window: QMainWindow,
        parts: WindowParts,
        docks: tuple[QWidget, QWidget],
        open_preset: Callable[[Preset], object],
        open_preference: Callable[[Preference], object],
        open_lesson: Callable[[Lesson], object],
    ) -> None:
        super().__init__(window)
        self._window, self._parts, self._docks = window, parts, docks
        self._open_preset, self._open_preference, self._open_lesson = open_preset, open_preference, open_lesson

    def open(self) -> CommandPalette:
        """What it finds is read now; it is gone when it is closed."""
        from ui.palette.palette import CommandPalette
        from ui.window import palette_entries as entries

        window, parts = self._window, self._parts
        commands = parts.plots.commands
        further = [*commands.cards, *commands.sizes, *parts.builder.actions_by_name.values(), *window.actions()]
        every = [
            *entries.plot_entries(parts.plots),
            *entries.workspace_entries(parts.plots),
            *entries.preset_entries(self._open_preset),
            *entries.lesson_entries(self._open_lesson),
            *entries.command_entries(window.menuBar(), further, {parts.findings.toggle: entries.doctor_words()}),
            *entries.rule_entries(parts.transport.stop),
            *entries.setting_entries(parts, entries.Docks(*self._docks)),
            *entries.preference_entries(self._open_preference),
        ]
        palette = CommandPalette(every, window)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open()
        return palette
