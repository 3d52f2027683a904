"""Changes that are planned for a run: told to the worker with it, and described in the document as they act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simulator.training.ledger import settings_between, words_of
from ui.bench.document import Document

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.record.record import Record
    from simulator.training.live_change import LiveChange


class PlannedChanges:
    """What acts on the way of a run that is about to begin, and what has acted in the present one."""

    def __init__(self, document: Document, record: Callable[[], Record]) -> None:
        self._document, self._record = document, record
        self.entries: tuple[LiveChange, ...] = ()
        """For the run that the next edit begins."""
        self.coming: tuple[int, ...] = ()
        """The steps of those that are still to act in the present one."""

    @contextmanager
    def acting(self, entries: tuple[LiveChange, ...]) -> Iterator[None]:
        """The run that begins meanwhile is changed so."""
        self.entries = entries
        yield
        self.entries = ()

    def take(self, changes: tuple[LiveChange, ...], planned: bool, coming: tuple[int, ...]) -> None:
        """Note what has been changed; where that was planned, and no hand has changed anything since, describe it.

        ``coming``: the steps of what is still to be.
        """
        self.coming = coming
        record = self._record()
        before = record.live_changes.experiment_before(record.steps + 1)
        record.live_changes = record.live_changes.after(changes)
        if planned and before is not None:
            self._describe(record, changes, before)

    def become_another(self, known: int, before: Experiment | None) -> None:
        """The run has become another network, as was planned; so many changes were known until then, and this."""
        record = self._record()
        if before is not None:
            self._describe(record, record.live_changes.entries[known:], before)

    def _describe(self, record: Record, changes: tuple[LiveChange, ...], before: Experiment) -> None:
        for change, words in zip(changes, words_of(changes, before), strict=True):
            record.changes.add(change.step, words)
        after = record.live_changes.experiment_before(record.steps + 1)
        if after is not None and not settings_between(before, self._document.experiment):
            self._document.follow(after)
