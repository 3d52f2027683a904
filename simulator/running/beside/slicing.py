"""A worker beside a run that cuts the loss of its network, races on it, and computes contours, coarse ones first."""

from __future__ import annotations

import numpy as np

from simulator.landscape.function import Window
from simulator.landscape.grid import values_on
from simulator.landscape.landscape import Landscape
from simulator.landscape.network_slice import NetworkSlice
from simulator.landscape.race import RacedPath, run
from simulator.landscape.readings import curvature
from simulator.landscape.slice import Slice
from simulator.network.threads import limited_blas
from simulator.running.beside.side_session import SideSession
from simulator.running.beside.side_worker import Post, SideInbox, SideWorker
from simulator.running.beside.slicing_messages import (
    AskSlice,
    Contoured,
    Curvatures,
    CutRun,
    Raced,
    Sliced,
    SlicingReply,
)

STAGES = (12, 24, 48, 96)
"""Cells along each axis, one after the other."""


class SlicingWorker(SideWorker[AskSlice, SlicingReply]):
    """What one request shares with the one before stays."""

    def __init__(self, inbox: SideInbox[AskSlice], post: Post[SlicingReply]) -> None:
        super().__init__(inbox, post)
        self._cut: tuple[tuple[Slice, int], NetworkSlice] | None = None
        self._raced: tuple[Landscape, tuple[RacedPath, ...]] | None = None
        self._contoured: tuple[Window, int] | None = None
        """Of which window contours are there, and with how many cells."""

    def answer(self, request: AskSlice) -> None:
        with limited_blas(1):
            self._make(request)

    def _make(self, request: AskSlice) -> None:
        objective = self._objective(request)
        places = objective.trail
        self.post(Sliced(request.id, objective.window, places.steps, places.places, objective.directions.note))
        paths = self._race(request.landscape, objective)
        self.post(Raced(request.id, paths))
        ends = [path.places[min(request.step, path.steps)] for path in paths]
        self.post(Curvatures(request.id, request.step, tuple(curvature(objective, (x, y)) for x, y in ends)))
        window = request.window or objective.window
        for cells in STAGES:
            if self._contoured is None or self._contoured[0] != window or self._contoured[1] < cells:
                values = values_on(objective, window, cells)
                self._contoured = window, cells
                self.post(Contoured(request.id, window, values))

    def _objective(self, request: AskSlice) -> NetworkSlice:
        function = request.landscape.function
        assert isinstance(function, Slice)
        key = function, 0 if request.cut is None else request.cut.id
        if self._cut is None or self._cut[0] != key:
            self._cut = key, _cut(function, request.cut)
            self._raced = self._contoured = None
        return self._cut[1]

    def _race(self, landscape: Landscape, objective: NetworkSlice) -> tuple[RacedPath, ...]:
        if self._raced is None or self._raced[0] != landscape:
            self._raced = landscape, tuple(run(landscape, objective))
        return self._raced[1]


def _cut(function: Slice, cut: CutRun | None) -> NetworkSlice:
    with np.errstate(all="ignore"):
        return function.objective() if cut is None else function.cut(cut.replay, cut.end)


class SlicingSession(SideSession[AskSlice, SlicingReply]):
    """A landscape goes in; plane, paths, curvatures and contours come back.

    A newer request takes the place of what is being done.
    """

    name = "slicing"
    niceness = 5
    worker = SlicingWorker

    def ask(self, landscape: Landscape, cut: CutRun | None, window: Window | None, step: int) -> None:
        """Ask for all of a landscape; see :class:`AskSlice`."""
        self._ask(lambda number: AskSlice(number, landscape, cut, window, step))
