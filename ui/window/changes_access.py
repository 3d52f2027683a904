"""The way to the list of changes by hand, and from it back to a run that makes them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME, LaneSpec
from simulator.training.ledger import Ledger, scheduled, settings_between
from simulator.training.live_change import LiveChanges
from ui.bench.bench import Bench
from ui.bench.chosen_lane import ChosenLane
from ui.settings.settings import Settings
from ui.window.status import Banner

# The dialog is imported when it is asked for: the first window does not wait for it.
if TYPE_CHECKING:
    from ui.dialogs.changes import ChangesDialog


NOT_IN_IT = "or in the run before it came, is not in this list: it is trained as it is set now, from step 0 on."


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
            self._changes, lambda: bench.document.experiment, lambda: bench.step,
            Settings().folder(bench.document.path), self._window, self._chosen.name, lambda: bench.planned.coming,
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
            beside, others = self._lanes_beside(changes)
            self.replay(_beside(changes, beside), description, self._bench.step)
            if others:
                self._banner.say(f"What was changed in {' and '.join(others)} alone {NOT_IN_IT}")
        elif (reason := self._chosen.replay(name, changes, f"{description} ({name})")) is not None:
            self._banner.say(reason)

    def _lanes_beside(self, changes: LiveChanges) -> tuple[tuple[LaneSpec, ...], list[str]]:
        """The networks beside the run as they are beside the one that is replayed, and which are others then.

        Beside the same run each has all that was changed in it alone, as a list of its own; a list that was edited, or
        acts on another seed, is the run's.
        """
        from simulator.running.branching import goes_its_own_way, replayed_lane

        own, records, lanes, others = self._bench.record.live_changes, self._bench.lanes.records(), [], []
        for spec in self._bench.document.experiment.lanes or ():
            history = records[spec.name].live_changes if spec.name in records and not spec.origin else None
            ways = [] if history is None or history.experiment is None else [history, scheduled(history)]
            if history is None or not all(goes_its_own_way(spec, way, changes) for way in ways if way is not None):
                lanes.append(spec)
            elif _is_same(own, changes):
                lanes.append(replayed_lane(spec, history))
            else:
                lanes.append(spec)
                others.append(spec.name)
        return tuple(lanes), others

    def _forget(self) -> None:
        self.dialog = None

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


def _is_same(own: LiveChanges, changes: LiveChanges) -> bool:
    """Whether a list of changes makes the run that has had them."""
    began, begins = own.experiment, changes.experiment
    return (
        began is not None
        and begins is not None
        and not settings_between(began, begins)
        and Ledger.of(own) == Ledger.of(changes)
    )


def _beside(changes: LiveChanges, specs: tuple[LaneSpec, ...]) -> LiveChanges:
    """The changes with the networks that are beside the run now: these stay, whenever they came."""
    lanes = specs or UNSET

    def with_lanes(experiment: Experiment | None) -> Experiment | None:
        return None if experiment is None else replace(experiment, lanes=lanes)

    entries = tuple(replace(change, experiment=with_lanes(change.experiment)) for change in changes.entries)
    return replace(changes, experiment=with_lanes(changes.experiment), entries=entries)
