"""Under the plots: play, one step back and on, the track over all steps, the step as a number, and how fast."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QSlider

from ui.landscape.race_model import SPEEDS, RaceModel
from ui.style.boxes import in_row
from ui.style.icons import set_icon
from ui.style.numbers import count, integer
from ui.style.widgets import NarrowableWidget, choice_of, icon_button, step_field


class Playbar(NarrowableWidget):
    """Moves through a race."""

    def __init__(self, model: RaceModel) -> None:
        super().__init__()
        self._model = model
        tip = "Play the race from the step that is shown (Space)."
        self.play = icon_button("play", "Play", tip, model.toggle, self)
        self.back = icon_button("back", "One step back", "One step back (,).", lambda: self._stride(-1), self)
        tip = "Make one step; its terms are drawn (.)."
        self.on = icon_button("step", "One step", tip, lambda: self._stride(1), self)
        for button in (self.back, self.on):
            button.setAutoRepeat(True)
        self.track = QSlider(Qt.Orientation.Horizontal)
        self.track.setAccessibleName("Step of the race")
        self.track.setToolTip("Drag to any step of the race.")
        self.track.setPageStep(10)
        self.track.valueChanged.connect(self._scrub)
        self.edit = step_field(self._scrub)
        speeds = ((f"{integer(steps)} / s", steps) for steps in SPEEDS)
        self.speed = choice_of("Steps per second", speeds, "How fast it is played.")
        self.speed.setCurrentIndex(SPEEDS.index(model.speed))
        self.speed.currentIndexChanged.connect(lambda _index: model.set_speed(self.speed.currentData()))
        in_row(
            self.play, self.back, self.on, (self.track, 1), self.edit, self.speed, on=self, spacing=4,
            margins=(8, 2, 8, 2),
        )  # fmt: skip
        model.shown.connect(self.refresh)
        model.described.connect(self.refresh)
        model.playing_changed.connect(self._show_playing)
        self.refresh()

    def _stride(self, steps: int) -> None:
        self._model.hold()
        self._model.go_to(self._model.step + steps)

    def _scrub(self, step: int) -> None:
        self._model.hold()
        self._model.go_to(step)

    def refresh(self) -> None:
        """As the model stands."""
        step, last = self._model.step, self._model.landscape.steps
        for part in (self.track, self.edit):
            with QSignalBlocker(part):
                part.setRange(0, last)
                part.setValue(step)
        self.back.setEnabled(step > 0)
        self.on.setEnabled(step < last)
        self.play.setEnabled(last > 0)
        self.track.setAccessibleDescription(f"step {integer(step)} of {count(last, 'step')}")

    def _show_playing(self, playing: bool) -> None:
        set_icon(self.play, "pause" if playing else "play")
        self.play.setAccessibleName("Hold" if playing else "Play")
