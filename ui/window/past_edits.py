"""An edit while an earlier step is shown: it acts on the present, and is offered as a branch of that step."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from ui.bench.bench import Bench
from ui.bench.chosen_lane import SettingsByPath, settings_between
from ui.style.numbers import integer
from ui.timeline.bar import TimelineBar
from ui.window.branch_access import BranchAccess
from ui.window.status import Banner, BannerAction

TIP = "Take the change back in the run, and let one more network go on from the step that is shown with it."


class PastEdits(QObject):
    """Says where an edit acts, and moves it to a branch where that is wanted."""

    def __init__(
        self, timeline: TimelineBar, bench: Bench, branches: BranchAccess, banner: Banner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._scrubber, self._document = timeline.scrubber, bench.document
        self._branches, self._banner = branches, banner
        self._number = 0
        """Of the edit that was told of last."""
        self._before: Experiment | None = None
        """What was described before it; a drag is one edit of many stages."""
        self._scrubber.edited_past.connect(self._say)

    def _say(self, text: str, old: Experiment, new: Experiment) -> None:
        edit, step = self._document.edit, self._scrubber.step
        if edit.number != self._number or self._before is None:
            self._number, self._before = edit.number, old
        name, settings = _changed_network(self._before, new)
        action = None
        if not edit.again and step is not None and settings:
            proceed = partial(self._continue, step, name, settings)
            action = BannerAction(f"Continue from step {integer(step)}", TIP, proceed)
        self._banner.say(text, action=action, holds=lambda: self._scrubber.step == step)

    def _continue(self, step: int, name: str, settings: SettingsByPath) -> None:
        """As a branch; in the run it is taken back, unless something else was done since."""
        if self._document.edit.number == self._number and not self._document.edit.again:
            self._document.undo_stack.undo()
        if self._branches.branch_here(step, settings, name):
            self._banner.clear()


def _changed_network(old: Experiment, new: Experiment) -> tuple[str, SettingsByPath]:
    """The first network that is trained otherwise than before, and what is set in it; nothing where that is no field.

    Others that follow it are changed with it.
    """
    before, after = old.all_lanes(), new.all_lanes()
    for name in (name for name in before if name in after):
        if settings := settings_between(before[name], after[name]):
            return name, settings
    return OWN_NAME, {}
