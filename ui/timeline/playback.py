"""Playback of a run's past: step after step, each shown when all of it is there."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from ui.bench.scrubber import Scrubber

FRAME_MS = 40
AHEAD = 8
"""Frames that are asked for at once."""


class Playback(QObject):
    """Goes on by so many steps a frame until the present is reached."""

    playing_changed = Signal(bool)

    def __init__(self, scrubber: Scrubber, parent: QObject) -> None:
        super().__init__(parent)
        self.steps_per_frame = 1
        self._scrubber = scrubber
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._advance)
        scrubber.moved.connect(self._watch)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Begin, from the first step where the present is shown, or stay where it is."""
        self.stop() if self.playing else self.start()

    def start(self) -> None:
        first, last = self._scrubber.range
        if first < last:
            self._timer.start()
            self._go_to(first if self._scrubber.step is None else self._scrubber.step)
            self.playing_changed.emit(True)

    def stop(self) -> None:
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def _advance(self) -> None:
        scrubber = self._scrubber
        if scrubber.complete and scrubber.step is not None:
            self._go_to(scrubber.step + self.steps_per_frame)

    def _go_to(self, step: int) -> None:
        ahead = [step + place * self.steps_per_frame for place in range(1, AHEAD)]
        self._scrubber.go_to(step, ahead)

    def _watch(self) -> None:
        """The present is reached, or a step cannot be had."""
        if self._scrubber.step is None or self._scrubber.failure:
            self.stop()
