"""The past of a run as it was at steps that are looked at again."""

from __future__ import annotations

from copy import deepcopy

from msgspec.structs import replace

from simulator.record.alignment import taken_back
from simulator.record.frame import Frame
from simulator.record.record import Record, row_of


class RewoundRecord:
    """Goes through a run's past from an earlier step on; the run's own record is left alone and may go on.

    What is sampled is sampled anew, from the frames that are brought.
    """

    def __init__(self, record: Record) -> None:
        self._whole, self._changes = Record(deepcopy(record.history)), record.changes
        self._rewound = Record(first=record.first)
        self._whole.live_changes = self._rewound.live_changes = record.live_changes

    def at(self, frame: Frame) -> Record:
        """The record when ``frame`` was the present one; frames come in their order."""
        rewound = self._rewound
        history = taken_back(self._whole, frame.step).history
        rewound.history = history.as_of(frame.step, row_of(frame, history.columns))
        rewound.changes = self._changes.until(frame.step + 1)
        rewound.add(frame)
        return rewound

    def with_first(self, frame: Frame) -> Frame:
        """The frame with what was found at step 0 and stays true."""
        first = self._rewound.first
        if first is None:
            return frame
        kept = {each: observed for each, observed in first.observations.items() if each.initial}
        return replace(frame, observations={**kept, **frame.observations})
