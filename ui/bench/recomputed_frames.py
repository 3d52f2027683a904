"""Frames of earlier steps of the present run that have been computed again, within a budget of memory."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from simulator.observations.base import Observation
from simulator.record.frame import Frame

USUAL_BYTES = 64 * 2**20


class Moment(Struct, frozen=True):
    """One step of the run and of the networks beside it."""

    frame: Frame
    lanes: Mapping[str, Frame]
    nbytes: int

    def lacks(self, observations: Iterable[Observation[Any]]) -> tuple[Observation[Any], ...]:
        """Those of the observations that it does not bring."""
        frames = (self.frame, *self.lanes.values())
        return tuple(each for each in observations if any(each not in frame.observations for frame in frames))


class RecomputedFrames:
    """Those that were shown last are kept."""

    def __init__(self, budget: int = USUAL_BYTES) -> None:
        self.nbytes = 0
        """Of all of them."""
        self._budget = budget
        self._moments: OrderedDict[int, Moment] = OrderedDict()

    def __len__(self) -> int:
        return len(self._moments)

    def clear(self) -> None:
        self._moments.clear()
        self.nbytes = 0

    def at(self, step: int) -> Moment | None:
        """What is known of a step."""
        moment = self._moments.get(step)
        if moment is not None:
            self._moments.move_to_end(step)
        return moment

    def keep(self, frame: Frame, lanes: Mapping[str, Frame]) -> None:
        """Take one in, with what is known of the same step already."""
        known = self._moments.pop(frame.step, None)
        if known is not None:
            self.nbytes -= known.nbytes
            frame = _together(known.frame, frame)
            lanes = {name: _together(known.lanes.get(name), lane) for name, lane in lanes.items()}
        moment = Moment(frame, lanes, sum(map(size_of, (frame, *lanes.values()))))
        self._moments[frame.step] = moment
        self.nbytes += moment.nbytes
        self._fit()

    @property
    def budget(self) -> int:
        """Bytes that all may take together, but for the last one."""
        return self._budget

    @budget.setter
    def budget(self, nbytes: int) -> None:
        self._budget = nbytes
        self._fit()

    def _fit(self) -> None:
        while self.nbytes > self._budget and len(self._moments) > 1:
            _, oldest = self._moments.popitem(last=False)
            self.nbytes -= oldest.nbytes


def _together(known: Frame | None, new: Frame) -> Frame:
    if known is None:
        return new
    return replace(new, observations={**known.observations, **new.observations})


def size_of(frame: Frame) -> int:
    """About how many bytes a frame takes beside what all of its run share."""
    return len(pickle.dumps((frame.measures, frame.observations), protocol=5))
