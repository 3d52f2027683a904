"""The past of one run, whole: what a window, a run without a screen, an export and the doctor hold alike."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from simulator.arrays.numeric import Floats
from simulator.observations.registry import is_kept_of_start, observations
from simulator.record.changes import REVIVE, ChangeLog
from simulator.record.history import History, Rows
from simulator.record.past import MOST_BYTES, Past, most_bytes
from simulator.training.live_change import LiveChanges

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.observations.base import Observed
    from simulator.observations.observer import Made
    from simulator.observations.sampled import Sampled
    from simulator.record.frame import Frame
    from simulator.training.run_info import RunInfo


@functools.cache
def sampled() -> Mapping[str, Sampled]:
    """Everything that a past is kept of, by its name."""
    return {kind.past.name: kind.past for kind in observations() if kind.past is not None}


class Record:
    """Everything that was seen of a run: every step's scalars, what was sampled now and then, and what was changed.

    Its memory does not grow with the number of steps: ``nbytes`` now, and never more than ``bound``.
    """

    def __init__(self, history: History | None = None, first: Frame | None = None) -> None:
        self.history = History(()) if history is None else history
        self.pasts: dict[str, Past] = {}
        """Of what has been sampled, by its name."""
        self.changes = ChangeLog()
        """What was changed in the run while it was trained."""
        self._experiment: Experiment | None = None
        """What it was trained as when it was seen last."""
        self._info = None if first is None else first.info
        self.first = first
        """The frame of step 0."""
        if first is not None:
            self.see(first)
        self.scored: Frame | None = None
        """The last frame with a score on data held out."""
        self.live_changes = LiveChanges()
        """What it was trained as from the start, exactly."""
        self.seconds = 0.0
        """Time that it was trained for."""
        self.finding = ""
        """What the doctor found first when it looked last, in short."""
        self.saved_steps = -1
        """How many of its steps stand in a file that a person has asked for; -1: not even that it began."""

    @property
    def steps(self) -> int:
        """Steps that are recorded without a gap: where the run would go on."""
        return self.history.start + self.history.steps

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that hold the past; the frames are the worker's."""
        return self.history.nbytes + sum(past.nbytes for past in self.pasts.values())

    @property
    def bound(self) -> int:
        """Bytes that :attr:`nbytes` stays below, however long the run becomes."""
        info = self._info
        waiting = [each for name, each in sampled().items() if name not in self.pasts]
        return self.nbytes + sum(MOST_BYTES if info is None else most_bytes(each, info) for each in waiting)

    def add(self, frame: Frame | None, rows: Iterable[Rows] = ()) -> None:
        """Take in steps and, if there is one, what was looked at with the last of them."""
        for each in rows:
            self.history.extend(each)
        if frame is None:
            return
        self._info = frame.info
        self.see(frame)
        self._keep(frame)
        sampled_now = {
            each.past.name: (each.past, observed) for each, observed in frame.observations.items() if each.past
        }
        for past, observed in sampled_now.values():
            self.sample(past, observed.step, _seen(observed), frame.info)
        for name in self.pasts.keys() - sampled_now.keys():
            self.sample(self.pasts[name].sampled, frame.step, None, frame.info)

    def see(self, frame: Frame) -> None:
        """Take in by what a step was trained, for a run of which nobody knows how it began."""
        self._experiment = frame.experiment or self._experiment

    def complete_start(self, made: Made) -> None:
        """Take in what was observed of step 0 beside what is known of it."""
        if self.first is not None:
            observations = {**self.first.observations, **made}
            kept = {each: observed for each, observed in observations.items() if is_kept_of_start(each)}
            self.first = replace(self.first, observations=kept)

    def experiment_at(self, step: int) -> Experiment | None:
        """What was trained at a step; None where nothing is known of that."""
        return self.live_changes.experiment_at(step) or self._experiment

    def _keep(self, frame: Frame) -> None:
        """Step 0 with all that its frames have told together, and the last that was scored."""
        if frame.step == 0:
            self.first = self.first or frame
            self.complete_start(frame.observations)
        if "validation_loss" in frame.scalars:
            self.scored = replace(frame, observations={})

    def sample(self, sampled: Sampled, step: int, result: Any | None, info: RunInfo) -> None:
        """Take in what was looked at at one step; None: the step was seen without it."""
        known = self.pasts.get(sampled.name)
        if result is None:
            if known is not None and sampled.gaps:
                known.history.miss(step)
            return
        subject = sampled.subject(result, info)
        if known is None or known.subject != subject:
            known = self.pasts[sampled.name] = Past(sampled, subject)
        known.add(step, result, info)

    def taken_up(self, step: int, acted: int, *, as_planned: bool = False) -> Record:
        """A record of its own for this run where it goes on from a checkpoint of ``step``, in which so many have acted.

        All settings are as they are now, units drawn anew in that very step are again; ``as_planned``: all that was
        changed later will act again by itself.
        """
        cut = self.until(step)
        cut.live_changes = self.live_changes.until(acted)
        revived = any(change.layer and change.step == step for change in self.live_changes.entries)
        for change in self.changes.entries:
            again = revived and change.step == step if change.description.startswith(REVIVE) else not as_planned
            if change.last >= step and again:
                cut.changes.add(step, change.description)
        return cut

    def as_of(self, frame: Frame, *, whole: bool = True) -> Record:
        """The record when ``frame`` was the present one, to be looked at.

        Of a frame that is not ``whole`` only the step is known: then it is what had been recorded by then. What is not
        copied holds until :attr:`strides` are others.
        """
        step = frame.step
        row = row_of(frame, self.history.columns) if whole else None
        then = Record(self.history.as_of(step, row), self.first)
        pasts = {name: past.until(step) if whole else past.as_of(step) for name, past in self.pasts.items()}
        then.pasts = {name: past for name, past in pasts.items() if past.history.steps.size}
        then.changes = self.changes.until(step + 1)
        then._experiment = self._experiment
        then.scored = self.scored if self.scored is not None and self.scored.step <= step else None
        then.live_changes = self.live_changes.up_to(step)
        then.seconds, then.saved_steps, then._info = self.seconds, self.saved_steps, self._info
        if whole:
            then.add(frame)
        return then

    @property
    def strides(self) -> tuple[int, ...]:
        """How coarse its parts are: where one of them is another, what is known of earlier steps is less."""
        return self.history.stride, *(past.history.stride for past in self.pasts.values())

    def handed_on(
        self, columns: tuple[str, ...], labels: Sequence[str], own_labels: Sequence[str], rows: Mapping[int, int]
    ) -> Record:
        """A record of its own for another network that goes on with the run: what was changed, and all that is of both.

        ``labels`` are those of its layers, ``own_labels`` of those here; ``rows`` lead from its layers to the same ones
        here.
        """
        sources = [_source(column, rows) for column in columns]
        record = Record(self.history.handed_on(columns, sources))
        stay = {labels[new]: own_labels[old] for new, old in rows.items()}
        pasts = {name: past.handed_on(labels, stay) for name, past in self.pasts.items()}
        record.pasts = {name: past for name, past in pasts.items() if past is not None}
        record.changes, record.live_changes = self.changes, self.live_changes
        record._experiment, record.seconds = self._experiment, self.seconds
        return record

    def until(self, step: int) -> Record:
        """A record of its own for a run that goes another way from ``step`` on."""
        cut = Record(self.history.until(step), self.first)
        pasts = {name: past.until(step) for name, past in self.pasts.items()}
        cut.pasts = {name: past for name, past in pasts.items() if past.history.steps.size}
        cut.changes = self.changes.until(step)
        cut._experiment = self._experiment
        cut.scored = self.scored if self.scored is not None and self.scored.step < step else None
        cut.seconds, cut._info = self.seconds, self._info
        cut.saved_steps = min(self.saved_steps, step)
        return cut


def _source(column: str, rows: Mapping[int, int]) -> str:
    """The column of the network before that goes on as this one; empty for a layer that it has not."""
    name, _, row = column.partition(":")
    if not row:
        return column
    return f"{name}:{rows[int(row)]}" if int(row) in rows else ""


def _seen(observed: Observed[Any]) -> Any | None:
    """A result; None where there is nothing in it."""
    nothing = isinstance(observed.result, Sized) and not len(observed.result)
    return None if nothing else observed.result


def row_of(frame: Frame, columns: tuple[str, ...]) -> Floats:
    """A frame as a row of a history with these columns; NaN where it does not say."""
    row = np.full(len(columns), np.nan)
    for place, column in enumerate(columns):
        name, _, layer = column.partition(":")
        if layer:
            row[place] = frame.measures[name][int(layer)]
        else:
            row[place] = frame.scalars.get(name, np.nan)
    return row
