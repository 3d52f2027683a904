"""What happened in a run at which step, as marks on the time line."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal

from msgspec import Struct, UnsetType

from simulator.doctor.nonfinite_origin import QUANTITIES
from simulator.experiment.differences import IDENTICAL, in_words
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.labels import told_layers
from simulator.experiment.lane import Origin
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.messages import KeptCheckpoints
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Reinitialise, ScaleWeights
from ui.style.numbers import count, integer, number

MarkKind = Literal["checkpoint", "finding", "change", "surgery", "spike", "not finite"]
NAMES: dict[MarkKind, str] = {
    "checkpoint": "checkpoint", "finding": "finding", "change": "change by hand", "surgery": "surgery",
    "spike": "spike", "not finite": "not finite",
}  # fmt: skip
BY_HAND: tuple[MarkKind, ...] = ("change", "surgery")
RISING = "loss", "gradient_norm"


class TimeMark(Struct, frozen=True, order=True):
    """Something at one step."""

    step: int
    kind: MarkKind
    text: str = ""

    @property
    def words(self) -> str:
        """``step 120, change by hand: Change learning rate, learning rate: 0.1 → 0.05``"""
        text = f": {self.text}" if self.text else ""
        return f"step {integer(self.step)}, {NAMES[self.kind]}{text}"


Told = tuple[Record, tuple[int, ...], tuple[int, ...], tuple[tuple[int, str], ...], tuple[TimeMark, ...]]
"""Of what run, its checkpoints and spikes, what was found and what is not finite."""


class RunMarks:
    """All marks of one run; what was changed is put into words once."""

    def __init__(self) -> None:
        self._changes: tuple[Change, ...] = ()
        self._live = LiveChanges()
        self._made: tuple[TimeMark, ...] = ()
        """Of these."""
        self._known: dict[tuple[Change, tuple[int, ...]], TimeMark] = {}
        """Of each change and the entries of the run's list that it stands for."""
        self._all: tuple[Told | None, tuple[TimeMark, ...]] = None, ()
        """What they were made of, and all of them."""

    def of(
        self, frame: Frame, record: Record, kept: KeptCheckpoints, findings: Iterable[tuple[int, str]]
    ) -> tuple[TimeMark, ...]:
        """All of a run's present, by their steps; ``findings``: since when, and what was found."""
        changes, live = record.changes.entries, record.live_changes
        if changes != self._changes or live is not self._live:
            self._changes, self._live = changes, live
            self._made = tuple(changes_of(changes, live, self._known))
            self._all = None, ()
        told = record, kept.steps, kept.spikes, tuple(findings), tuple(_lost(frame))
        if told != self._all[0]:
            self._all = told, self._in_order(*told)
        return tuple(mark for mark in self._all[1] if mark.step <= frame.step)

    def _in_order(
        self, record: Record, checkpoints: Iterable[int], spikes: Iterable[int], findings: Iterable[tuple[int, str]],
        lost: Iterable[TimeMark],
    ) -> tuple[TimeMark, ...]:  # fmt: skip
        marks = {
            *(TimeMark(step, "checkpoint") for step in checkpoints),
            *(TimeMark(step, "spike", _risen(record.history, step)) for step in spikes),
            *self._made,
            *(TimeMark(step, "finding", title) for step, title in findings),
            *lost,
        }
        return tuple(sorted(mark for mark in marks if mark.step >= 0))


def changes_of(
    changes: Iterable[Change], live: LiveChanges, known: dict[tuple[Change, tuple[int, ...]], TimeMark]
) -> Iterator[TimeMark]:
    """Each change by hand, as undo calls it, with what stood there before and after; of a drag as a whole.

    Those that are ``known`` are not put into words again.
    """
    entries, experiments = _lasting(live)
    for change, first, last in _windows(tuple(changes), [entry.step for entry in entries]):
        acted = entries[first:last]
        key = change, tuple(map(id, acted))
        if key not in known:
            known[key] = _mark_of(change, experiments[first], experiments[last] if acted else None, acted)
        yield known[key]


def _lasting(live: LiveChanges) -> tuple[list[LiveChange], list[Experiment | None]]:
    """The entries without those that were undone before a step was made, and what was trained before and after each."""
    entries, experiments = list[LiveChange](), [live.experiment]
    for entry in live.entries:
        before = experiments[-2] if entries and entries[-1].step == entry.step else None
        if before is not None and _sets(entries[-1]) and _sets(entry) and entry.experiment == before:
            del entries[-1], experiments[-1]
        else:
            entries.append(entry)
            experiments.append(entry.experiment or experiments[-1])
    return entries, experiments


def _sets(change: LiveChange) -> bool:
    """Whether it does nothing but set fields."""
    return change == LiveChange(change.step, change.experiment, change.scales)


def _windows(changes: Iterable[Change], steps: Sequence[int]) -> Iterator[tuple[Change, int, int]]:
    """Each with the first and the last entry that it stands for; several at one step have one each, of as many."""
    windows = [(change, bisect_left(steps, change.step), bisect_right(steps, change.last)) for change in changes]
    for (first, last), group in groupby(windows, key=lambda window: window[1:]):
        alike = [change for change, *_ in group]
        one_each = 1 < len(alike) == last - first
        for place, change in enumerate(alike):
            yield (change, first + place, first + place + 1) if one_each else (change, first, last)


def _mark_of(
    change: Change, before: Experiment | None, after: Experiment | None, acted: Sequence[LiveChange]
) -> TimeMark:  # fmt: skip
    parts, operated = [change.description], any(each.surgery is not None for each in acted)
    if before is not None and after is not None and before != after:
        own, lanes, beside = in_words(before, after), *_lanes_changed(before, after)
        parts += [own] if own != IDENTICAL or not lanes else []
        parts, operated = [*parts, *lanes], operated or beside
    parts += [text for each in acted if (text := _drawn_anew(each))]
    return TimeMark(change.step, "surgery" if operated else "change", ", ".join(dict.fromkeys(parts)))


def _lanes_changed(before: Experiment, after: Experiment) -> tuple[list[str], bool]:
    """What became of the networks beside the run that say something else themselves; whether one was operated on."""
    ours, theirs, operated = before.all_lanes(), after.all_lanes(), False
    words = [] if list(ours) == list(theirs) else [f"networks: {', '.join(ours)} → {', '.join(theirs)}"]
    known = {spec.name: spec for spec in before.lanes or ()}
    for spec in after.lanes or ():
        if known.get(spec.name, spec) != spec:
            apart = in_words(ours[spec.name], theirs[spec.name])
            old, new = _done(known[spec.name].origin), _done(spec.origin)
            done = [text for each in new if each not in old and (text := _drawn_anew(each))]
            words += [f"{spec.name}: {text}" for text in ([] if apart == IDENTICAL else [apart]) + done]
            operated = operated or old != new
    return words, operated


def _done(origin: Origin | UnsetType) -> list[LiveChange]:
    """The operations in a branch's list of changes."""
    if not origin:
        return []
    from simulator.training.ledger import Ledger  # The first window does not wait for it.

    try:
        entries = Ledger.from_json(json.dumps(origin.changes).encode()).entries
    except ExperimentError:
        return []
    return [entry.change for entry in entries if entry.change.surgery is not None]


def _drawn_anew(change: LiveChange) -> str:
    """What was done to weights, which no setting tells."""
    match change.surgery:
        case Reinitialise(labels):
            return f"weights of {told_layers(labels)}: as trained → drawn anew"
        case ScaleWeights(labels, factor):
            return f"weights of {told_layers(labels)}: W → {number(factor)} W"
    if change.layer:
        return f"{count(len(change.units), 'unit')} of layer {change.layer}: as trained → drawn anew"
    return ""


def _risen(history: History, step: int) -> str:
    """What rose, from the step before a spike to its own, where both are recorded."""
    before, after = history.row(step - 1), history.row(step)
    parts = ["loss or gradient rise far above what they were"]
    for name in RISING:
        if name in history and before is not None and after is not None:
            place = history.columns.index(name)
            risen = f"{number(float(before[place]))} → {number(float(after[place]))}"
            parts.append(f"{name.replace('_', ' ')}: {risen}")
    return ", ".join(parts)


def _lost(frame: Frame) -> Iterator[TimeMark]:
    began = frame.began
    if began is not None:
        what = f"layer {began.layer}, {QUANTITIES[began.quantity].rstrip(',')}"
        yield TimeMark(began.step, "not finite", f"{what}: finite → NaN or ∞")
    if frame.lost_state is not None:
        yield TimeMark(frame.lost_state.step, "not finite", "optimiser’s state: finite → NaN or ∞")


def next_step(marks: Iterable[TimeMark], step: int, *, forwards: bool) -> int | None:
    """The step of the next mark on one side; checkpoints are passed over, there are too many."""
    steps = {mark.step for mark in marks if mark.kind != "checkpoint"}
    if forwards:
        return min((each for each in steps if each > step), default=None)
    return max((each for each in steps if each < step), default=None)
