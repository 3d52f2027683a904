"""The way to the list of changes by hand, and from it back to a run that makes them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.training.live_change import LiveChanges
from ui.bench.bench import Bench
from ui.bench.chosen_lane import ChosenLane
from ui.settings.settings import Settings
from ui.window.status import Banner

# The dialog is imported when it is asked for: the first window does not wait for it.
if TYPE_CHECKING:
    from ui.dialogs.changes import ChangesDialog


class ChangesAccess(QObject):
    """Opens the list beside the window, once."""

    def __init__(self, bench: Bench, chosen: ChosenLane, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._chosen, self._banner, self._window = bench, chosen, banner, window
        self.dialog: ChangesDialog | None = None

    def open(self, step: int | None = None) -> None:
        """Show the list of the present run, at the changes of a step."""
        from ui.dialogs.changes import ChangesDialog

        if self.dialog is not None:
            self.dialog.close()
        bench = self._bench
        self.dialog = dialog = ChangesDialog(
            self._changes, lambda: bench.document.experiment, self._step, self._folder(), self._window,
            self._chosen.name,
        )  # fmt: skip
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.replayed.connect(self._replay)
        dialog.destroyed.connect(self._forget)
        bench.updated.connect(dialog.follow)
        dialog.show()
        if step is not None:
            dialog.table.choose_step(step, dialog.ledger.entries)

    def _changes(self, name: str) -> LiveChanges:
        """What a network was trained as until now."""
        return self._bench.record.live_changes if name == OWN_NAME else self._bench.lanes.record(name).live_changes

    def _replay(self, name: str, changes: LiveChanges, description: str) -> None:
        if name == OWN_NAME:
            self.replay(_beside(changes, self._bench.document.experiment), description, self._step())
        elif (reason := self._chosen.replay(name, changes, f"{description} ({name})")) is not None:
            self._banner.say(reason)

    def _forget(self) -> None:
        self.dialog = None

    def _step(self) -> int:
        view = self._bench.view
        return 0 if view is None else view.frame.step

    def _folder(self) -> str:
        path, recent = self._bench.document.path, Settings().recent_files()
        return str(path.parent if path is not None else recent[0].parent if recent else Path.home())

    def replay(self, changes: LiveChanges, description: str, steps: int) -> None:
        """Begin what they begin with anew, with each change in its step, and train so far; one edit, as undo has it."""
        bench = self._bench
        if changes.experiment is None:
            return
        bench.pause()
        with bench.planned.acting(changes.entries):
            reason = bench.document.propose(changes.experiment.to_builtins(), description, back_to=0)
        if reason is not None:
            self._banner.say(reason)
        elif steps:
            bench.play(steps)


def _beside(changes: LiveChanges, present: Experiment) -> LiveChanges:
    """The changes with the networks that are beside the run now: these stay, whenever they came."""
    lanes = present.lanes

    def with_lanes(experiment: Experiment | None) -> Experiment | None:
        return None if experiment is None else replace(experiment, lanes=lanes)

    entries = tuple(replace(change, experiment=with_lanes(change.experiment)) for change in changes.entries)
    return replace(changes, experiment=with_lanes(changes.experiment), entries=entries)
