"""A button for a remedy: what it does, how it is applied and what came of it when it was tried."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from simulator.doctor.base import Remedy, Trial
from simulator.experiment.experiment import Experiment
from ui.style.broken_words import broken
from ui.style.numbers import count, integer, number, setting
from ui.style.text_size import text_width

SHOWN_SETTINGS = 6
SEPARATOR = " · "


class RemedyButton(QPushButton):
    """Says in one line what a mend is and what came of it, in several where there is no room for one."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__(SEPARATOR.join(parts))
        self._parts = tuple(parts)
        self.setMinimumWidth(1)
        self.setAccessibleName(self.text())

    @property
    def width_of_line(self) -> int:
        """Pixels that it takes in one line."""
        return self._beside_text + self._width(SEPARATOR.join(self._parts))

    @property
    def least_width(self) -> int:
        """Pixels that it takes where each part has a line of its own."""
        return self._beside_text + max(map(self._width, self._parts))

    @property
    def _beside_text(self) -> int:
        return self.sizeHint().width() - max(map(self.fontMetrics().horizontalAdvance, self.text().split("\n")))

    def _width(self, text: str) -> int:
        return text_width(self.fontMetrics(), text)

    def fit(self, width: int) -> None:
        """Break its text so that it is no wider; what does not fit even so ends with an ellipsis."""
        room = max(width - self._beside_text, 1)
        lines = broken(self._parts, SEPARATOR, lambda line: self._width(line) <= room)
        elided = (self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, room) for line in lines)
        self.setText("\n".join(elided))


def settings_text(remedy: Remedy, experiment: Experiment | None) -> str:
    """What a mend sets, one setting a line: ``layers 1–10, activation: tanh``."""
    lines = [f"{experiment.place(path)}: {value_text(value)}" for path, value in remedy.settings if experiment]
    more = len(lines) - SHOWN_SETTINGS
    return "\n".join([*lines[:SHOWN_SETTINGS], *([f"and {more} more"] if more > 0 else [])])


def value_text(value: object) -> str:
    """What a setting is set to; of what has parts of its own, its kind."""
    match value:
        case None:
            return "off"
        case float() | int() if not isinstance(value, bool):
            return setting(value)
        case {"kind": str(kind)}:
            return kind.replace("_", " ")
        case str():
            return value.replace("_", " ")
    return "another" if isinstance(value, list | dict) else str(value).lower()


def application_text(remedy: Remedy, back_to: int | None) -> str:
    """How a mend is applied, unless that is in the running network; ``back_to`` is the step it goes back to."""
    if remedy.application == "live":
        return ""
    return "starts over" if back_to is None else f"back to step {integer(back_to)}"


def trial_text(trial: Trial) -> str:
    """``tried 200 steps: loss 2.30 → 0.41``"""
    before, after = number(trial.loss_before, fixed=True), number(trial.loss_after, fixed=True)
    return f"tried {count(trial.steps, 'step')}: loss {before} → {after}"


def remedy_parts(remedy: Remedy, back_to: int | None) -> tuple[str, ...]:
    """``Learning rate 0.01``, ``starts over``, ``tried 200 steps: loss 2.30 → 0.41``"""
    tried = "" if remedy.tried is None else trial_text(remedy.tried)
    return tuple(part for part in (remedy.title, application_text(remedy, back_to), tried) if part)


def remedy_tip(remedy: Remedy, back_to: int | None, experiment: Experiment | None) -> str:
    """What a button does, and what it sets."""
    if remedy.application == "live":
        what = "Acts at once, in the running network."
    elif back_to is None:
        what = "Trains anew from step 0: nothing mends what the network has become."
    else:
        what = f"Goes back to step {integer(back_to)}, before the trouble, and on from there."
    return f"{what} It can be undone.\n\n{settings_text(remedy, experiment)}".rstrip()
