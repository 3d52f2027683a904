"""Which frame's numbers are read out: renewed a few times a second, and the same for all that stand side by side."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QElapsedTimer

from simulator.record.frame import Frame
from ui.chart.view import View

READING_MS = 250
"""Numbers must be readable."""
PATIENCE = 2
"""Times as long they wait while every frame is one that a hand waits for."""


class Readings:
    """Toolbar and legends read the same frame; of what is not scored at every step, the last one that was."""

    def __init__(self) -> None:
        self._since = QElapsedTimer()
        self._read: Frame | None = None
        self._scored: Frame | None = None

    def added_to(self, view: View, playing: bool) -> View:
        """The view with what is to be read; the present at once where it stands still or is of another run."""
        frame, milliseconds = view.frame, READING_MS * (PATIENCE if view.hand_waits else 1)
        other_run = self._read is None or self._read.run != frame.run
        if other_run or not playing or self._since.hasExpired(milliseconds):
            self._read, self._scored = frame, view.record.scored
            self._since.start()
        return replace(view, read=self._read, scored=self._scored)
