"""What preferences do in one window: at its start, and as soon as one of them is changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu

from simulator.schema.numbers import set_grouping
from ui.bench.bench import Bench
from ui.settings.preferences import (
    FRAMES,
    MEMORY,
    NUMBERS,
    PAUSE,
    THEME,
    THREADS,
    Preference,
    prefer,
    preference_changed,
    preferred,
)
from ui.style.restyle import CHOICES, set_theme


class PreferenceEffects(QObject):
    """Tells bench and theme what is preferred; ``rewrite`` writes all numbers anew."""

    def __init__(self, bench: Bench, rewrite: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._bench, self._rewrite = bench, rewrite
        self._effects: dict[str, Callable[[], object]] = {
            THREADS.key: self._configure,
            NUMBERS.key: self._configure,
            FRAMES.key: lambda: bench.link.set_frames_per_second(int(preferred(FRAMES))),
            PAUSE.key: lambda: bench.link.set_guard(preferred(PAUSE) == "on"),
            MEMORY.key: lambda: bench.memory.set_budget(int(preferred(MEMORY)) * 2**20),
        }
        for act in dict.fromkeys(self._effects.values()):
            act()
        self._effects[THEME.key] = take_preferred_theme
        preference_changed.connect(self._act)

    def _act(self, key: str) -> None:
        if key in self._effects:
            self._effects[key]()
        if key in (THREADS.key, NUMBERS.key):
            self._rewrite()

    def _configure(self) -> None:
        threads, grouping = preferred(THREADS), preferred(NUMBERS)
        set_grouping(grouping)
        self._bench.link.configure(None if threads == "auto" else int(threads), grouping)


def take_preferred_theme() -> None:
    """Dress the application as is preferred."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        set_theme(app, next(choice for choice in CHOICES if choice == preferred(THEME)))


class PreferenceEntry(QAction):
    """An entry of a menu that is checked while a preference has one value, and gives it that."""

    def __init__(self, text: str, preference: Preference, value: str, other: str | None, menu: QMenu) -> None:
        """``other``: the value that it is given where the entry is unchecked; None where another entry does so."""
        super().__init__(text, menu)
        self._preference, self._value, self._other = preference, value, other
        self.setToolTip(preference.help)
        self.setCheckable(True)
        self._follow(preference.key)
        self.toggled.connect(self._prefer)
        preference_changed.connect(self._follow)

    def _prefer(self, on: bool) -> None:
        if on:
            prefer(self._preference, self._value)
        elif self._other is not None:
            prefer(self._preference, self._other)

    def _follow(self, key: str) -> None:
        if key == self._preference.key:
            self.setChecked(preferred(self._preference) == self._value)
