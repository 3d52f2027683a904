"""What happened in a run at which step, as marks on the time line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.doctor.beginning import QUANTITIES
from simulator.experiment.differences import in_words
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.messages import KeptCheckpoints
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Reinitialise, ScaleWeights
from ui.style.numbers import count, integer, number

Kind = Literal["checkpoint", "finding", "change", "surgery", "spike", "not finite"]
NAMES: dict[Kind, str] = {
    "checkpoint": "checkpoint", "finding": "finding", "change": "change by hand", "surgery": "surgery",
    "spike": "spike", "not finite": "not finite",
}  # fmt: skip
BY_HAND: tuple[Kind, ...] = ("change", "surgery")
RISING = "loss", "gradient_norm"


@dataclass(frozen=True, order=True)
class Mark:
    """Something at one step."""

    step: int
    kind: Kind
    text: str = ""

    @property
    def words(self) -> str:
        """``step 120, change by hand: Change learning rate, learning rate: 0.1 → 0.05``"""
        text = f": {self.text}" if self.text else ""
        return f"step {integer(self.step)}, {NAMES[self.kind]}{text}"


class RunMarks:
    """All marks of one run; what was changed is put into words once."""

    def __init__(self) -> None:
        self._changes: tuple[Change, ...] = ()
        self._live = LiveChanges()
        self._made: tuple[Mark, ...] = ()
        """Of these."""

    def of(
        self, frame: Frame, record: Record, kept: KeptCheckpoints, findings: Iterable[tuple[int, str]]
    ) -> tuple[Mark, ...]:
        """All of a run's present, by their steps; ``findings``: since when, and what was found."""
        changes, live = record.changes.entries, record.live_changes
        if changes != self._changes or live is not self._live:
            self._changes, self._live = changes, live
            self._made = tuple(changes_of(changes, live))
        marks = {
            *(Mark(step, "checkpoint") for step in kept.steps),
            *(Mark(step, "spike", _risen(record.history, step)) for step in kept.spikes),
            *self._made,
            *(Mark(step, "finding", title) for step, title in findings),
            *_lost(frame),
        }
        return tuple(sorted(mark for mark in marks if 0 <= mark.step <= frame.step))


def changes_of(changes: Iterable[Change], live: LiveChanges) -> Iterator[Mark]:
    """Each change by hand, as undo calls it, with what stood there before and after; of a drag as a whole."""
    steps = [change.step for change in live.entries]
    experiments = [live.experiment]
    for entry in live.entries:
        experiments.append(entry.experiment or experiments[-1])
    for change in changes:
        first, last = bisect_left(steps, change.step), bisect_right(steps, change.last)
        before, after = experiments[first], experiments[last]
        acted = live.entries[first:last]
        parts = [change.description]
        if before is not None and after is not None and before != after and first < last:
            parts.append(in_words(before, after))
        parts += [text for each in acted if (text := _drawn_anew(each))]
        kind: Kind = "surgery" if any(each.surgery is not None for each in acted) else "change"
        yield Mark(change.step, kind, ", ".join(dict.fromkeys(parts)))


def _drawn_anew(change: LiveChange) -> str:
    """What was done to weights, which no setting tells."""
    match change.surgery:
        case Reinitialise(labels):
            return f"weights of layer {', '.join(labels)}: as trained → drawn anew"
        case ScaleWeights(labels, factor):
            return f"weights of layer {', '.join(labels)}: W → {number(factor)} W"
    if change.layer:
        return f"{count(len(change.units), 'unit')} of layer {change.layer}: as trained → drawn anew"
    return ""


def _risen(history: History, step: int) -> str:
    """What rose, from the step before a spike to its own, where both are recorded."""
    rows = [history.row(each) for each in (step - 1, step)]
    parts = ["loss or gradient rise far above what they were"]
    for place, name in enumerate(history.columns):
        before, after = (None if row is None else float(row[place]) for row in rows)
        if name in RISING and before is not None and after is not None:
            parts.append(f"{name.replace('_', ' ')}: {number(before)} → {number(after)}")
    return ", ".join(parts)


def _lost(frame: Frame) -> Iterator[Mark]:
    began = frame.began
    if began is not None:
        what = f"layer {began.layer}, {QUANTITIES[began.quantity].rstrip(',')}"
        yield Mark(began.step, "not finite", f"{what}: finite → NaN or ∞")
    if frame.lost_state is not None:
        yield Mark(frame.lost_state.step, "not finite", "optimiser’s state: finite → NaN or ∞")


def next_step(marks: Iterable[Mark], step: int, *, forwards: bool) -> int | None:
    """The step of the next mark on one side; checkpoints are passed over, there are too many."""
    steps = {mark.step for mark in marks if mark.kind != "checkpoint"}
    if forwards:
        return min((each for each in steps if each > step), default=None)
    return max((each for each in steps if each < step), default=None)
