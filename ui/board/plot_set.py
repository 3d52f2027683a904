"""Every plot by its key: its class is read when it is needed, the plot made when it is first seen."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ui.plots import all_plots, first_plots, modules
from ui.plots.base import Plot


class PlotSet(QObject):
    """The first window waits neither for the plots it does not show nor for their modules."""

    made = Signal(object)
    """A plot that there has not been before."""
    completed = Signal()
    """All classes are known now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kinds = {kind.key: kind for kind in first_plots()}
        self._made: dict[str, Plot[Any]] = {}
        self._then: dict[str, Callable[[Any], None]] = {}
        self._unread = modules()
        """Modules in which further plots may be."""
        self._reading = QTimer(self, interval=0)
        self._reading.timeout.connect(self._read_next)

    # -- classes -------------------------------------------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether every class has been read."""
        return not self._unread

    def read_on(self) -> None:
        """Read further modules, one in each turn of the event loop."""
        if self._unread:
            self._reading.start()

    def _read_next(self) -> None:
        if len(self._unread) > 1:
            importlib.import_module(self._unread.pop())
        else:
            self.read_all()

    def read_all(self) -> None:
        """Know every class now."""
        if self._unread:
            self._reading.stop()
            self._unread.clear()
            self._kinds = {kind.key: kind for kind in all_plots()}
            assert self._then.keys() <= self._kinds.keys()
            self.completed.emit()

    @property
    def known_kinds(self) -> Mapping[str, type[Plot[Any]]]:
        """The classes that have been read, in their order on screen."""
        return self._kinds

    @property
    def kinds(self) -> Mapping[str, type[Plot[Any]]]:
        """All classes, in their order on screen."""
        self.read_all()
        return self._kinds

    def kind(self, key: str) -> type[Plot[Any]]:
        """One class; KeyError if there is none of this key."""
        return self._kinds[key] if key in self._kinds else self.kinds[key]

    def has(self, key: str) -> bool:
        return key in self._kinds or key in self.kinds

    # -- plots ---------------------------------------------------------------------------------------------------

    def plot(self, key: str) -> Plot[Any]:
        """One plot, made now if it was never shown; KeyError if there is none."""
        if key not in self._made:
            plot = self.kind(key)()
            self._made[key] = plot
            self._then.get(key, lambda _plot: None)(plot)
            self.made.emit(plot)
        return self._made[key]

    @property
    def existing(self) -> Mapping[str, Plot[Any]]:
        """The plots that have been made."""
        return self._made

    def when_made(self, key: str, act: Callable[[Any], None]) -> None:
        """Do something with a plot as soon as there is one."""
        self._then[key] = act
        if key in self._made:
            act(self._made[key])
