"""A worker beside a run that cuts the loss of its network, races on it, and computes contours, coarse ones first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.experiment.experiment import ExperimentError
from simulator.landscape.function import Window
from simulator.landscape.grid import values_on
from simulator.landscape.landscape import Landscape
from simulator.landscape.network_slice import NetworkSlice
from simulator.landscape.race import RacedPath, run
from simulator.landscape.readings import curvature
from simulator.landscape.slice import Slice
from simulator.network.threads import limited_blas
from simulator.running.inbox import Inbox
from simulator.running.messages import Failed, Stop, failure
from simulator.running.side_session import Cancel
from simulator.running.slicing_messages import AskSlice, Bent, Contoured, Cut, Raced, Reply, Sliced, Slicing
from simulator.system.progress import CancelledError, Meter, listening

STAGES = (12, 24, 48, 96)
"""Cells along each axis, one after the other."""
TOLD_AFTER = 0.3
Command = AskSlice | Cancel


class SlicingWorker:
    """One request at a time; a newer one takes the place of what is being done, and what both share stays."""

    def __init__(self, inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> None:
        self._inbox, self._post = inbox, post
        self._held: Command | Stop | None = None
        """What came meanwhile, and ended it."""
        self._id = 0
        self._meter = Meter(lambda progress: self._post(Slicing(self._id, progress)), TOLD_AFTER)
        self._cut: tuple[tuple[Slice, int], NetworkSlice] | None = None
        self._raced: tuple[Landscape, tuple[RacedPath, ...]] | None = None
        self._contoured: tuple[Window, int] | None = None
        """Of which window contours are there, and with how many cells."""

    def loop(self) -> None:
        """Work until told to stop."""
        while True:
            command, self._held = self._held or self._inbox.get(None), None
            if isinstance(command, Stop):
                return
            if isinstance(command, AskSlice):
                self._answer(command)

    def _answer(self, command: AskSlice) -> None:
        self._id = command.id
        try:
            with listening(self._listen), limited_blas(1):
                self._make(command)
        except CancelledError:
            return
        except (ExperimentError, ValueError) as error:
            self._post(Failed(str(error)))
        except Exception as error:
            self._post(failure(error))

    def _make(self, command: AskSlice) -> None:
        ground = self._ground(command)
        places = ground.trail
        self._post(Sliced(command.id, ground.window, places.steps, places.places, ground.directions.note))
        paths = self._race(command.landscape, ground)
        self._post(Raced(command.id, paths))
        ends = [path.places[min(command.step, path.steps)] for path in paths]
        self._post(Bent(command.id, command.step, tuple(curvature(ground, (x, y)) for x, y in ends)))
        window = command.window or ground.window
        for cells in STAGES:
            if self._contoured is None or self._contoured[0] != window or self._contoured[1] < cells:
                values = values_on(ground, window, cells)
                self._contoured = window, cells
                self._post(Contoured(command.id, window, values))

    def _ground(self, command: AskSlice) -> NetworkSlice:
        function = command.landscape.function
        assert isinstance(function, Slice)
        key = function, 0 if command.cut is None else command.cut.id
        if self._cut is None or self._cut[0] != key:
            self._cut = key, _cut(function, command.cut)
            self._raced = self._contoured = None
        return self._cut[1]

    def _race(self, landscape: Landscape, ground: NetworkSlice) -> tuple[RacedPath, ...]:
        if self._raced is None or self._raced[0] != landscape:
            self._raced = landscape, tuple(run(landscape, ground))
        return self._raced[1]

    def _listen(self, doing: str, done: float, total: float, unit: str) -> None:
        self._held = self._held or self._inbox.get(0)
        if self._held is not None:
            raise CancelledError(doing)
        self._meter(doing, done, total, unit)


def _cut(function: Slice, cut: Cut | None) -> NetworkSlice:
    with np.errstate(all="ignore"):
        return function.ground() if cut is None else function.cut(cut.replay, cut.end)


def slicing_worker(inbox: Inbox[Command], post: Callable[[Reply | Failed], None]) -> Callable[[], None]:
    """Hires one."""
    return SlicingWorker(inbox, post).loop
