"""What happened in a run at which step, as marks on the time line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.running.messages import KeptCheckpoints
from ui.style.numbers import integer

Kind = Literal["checkpoint", "finding", "change", "spike", "not finite"]
NAMES: dict[Kind, str] = {
    "checkpoint": "checkpoint", "finding": "finding", "change": "change by hand", "spike": "spike",
    "not finite": "not finite",
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Mark:
    """Something at one step."""

    step: int
    kind: Kind
    text: str = ""

    @property
    def words(self) -> str:
        """``step 120, change by hand: Change learning rate``"""
        text = f": {self.text}" if self.text else ""
        return f"step {integer(self.step)}, {NAMES[self.kind]}{text}"


def marks_of(
    frame: Frame, record: Record, kept: KeptCheckpoints, findings: Iterable[tuple[int, str]]
) -> tuple[Mark, ...]:
    """All of a run's present, by their steps; ``findings``: since when, and what was found."""
    marks = {
        *(Mark(step, "checkpoint") for step in kept.steps),
        *(Mark(step, "spike", "loss or gradient rise far above what they were") for step in kept.spikes),
        *(Mark(change.step, "change", change.description) for change in record.changes.entries),
        *(Mark(step, "finding", title) for step, title in findings),
        *_lost(frame),
    }
    return tuple(sorted(mark for mark in marks if 0 <= mark.step <= frame.step))


def _lost(frame: Frame) -> Iterator[Mark]:
    if frame.began is not None:
        yield Mark(frame.began.step, "not finite", "NaN or Inf came in")
    if frame.lost_state is not None:
        yield Mark(frame.lost_state.step, "not finite", "parameters were lost")


def next_step(marks: Iterable[Mark], step: int, *, forwards: bool) -> int | None:
    """The step of the next mark on one side; checkpoints are passed over, there are too many."""
    steps = {mark.step for mark in marks if mark.kind != "checkpoint"}
    if forwards:
        return min((each for each in steps if each > step), default=None)
    return max((each for each in steps if each < step), default=None)
